"""Requests as jobs: one queue, their followers, the menu of models, and timings on this machine."""
