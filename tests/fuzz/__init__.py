"""Foreign bytes for everything that reads them: `python -m tests.fuzz READER MINUTES`."""
