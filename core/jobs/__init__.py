"""The work itself: job queues, categories, entries, claims, runs, log, recovery."""
