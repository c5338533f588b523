"""The pictures in `screenshots/`: what is drawn (`gallery`), from which company (`stage`), how (`drawing`, `svg`)."""
