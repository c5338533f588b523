"""The command line: one module per noun, each a thin door to the use cases of `postroom.core`."""
