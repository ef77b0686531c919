"""Requests as jobs: who waits, who is next, who follows, which model runs, and how long it takes on this machine."""
