"""Many clients of all kinds for some minutes: `python -m tests.soak MINUTES`."""
