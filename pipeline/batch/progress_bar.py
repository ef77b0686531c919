"""A bar in the terminal: how many pictures are done, and the time that is left."""

import sys
import time

WIDTH = 30  # characters
QUIET_SECONDS = 30.0  # between two lines where the output is no terminal


class ProgressBar:
    """Counts pictures; those that were there already say nothing about the time."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = self._drawn = 0
        self._begun = self._shown = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def advance(self, is_drawn: bool) -> None:
        self._done += 1
        self._drawn += is_drawn
        now = time.monotonic()
        if self._is_terminal:
            full = WIDTH * self._done // self._total
            bar = "#" * full + "." * (WIDTH - full)
            print(f"\r[{bar}] {self._text(now)}", end="", file=sys.stderr, flush=True)
        elif now > self._shown + QUIET_SECONDS:
            self._shown = now
            print(self._text(now), file=sys.stderr, flush=True)

    def interrupt(self) -> None:
        """Begin a new line of the terminal, for something else."""
        if self._is_terminal and self._done:
            print(file=sys.stderr)

    def _text(self, now: float) -> str:
        text = f"{self._done} of {self._total}"
        if not self._drawn or self._done == self._total:
            return f"{text}{' ' * 20}"
        seconds = (now - self._begun) / self._drawn * (self._total - self._done)
        return f"{text}, {_duration(seconds)} left   "


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
