"""Where a generation is, in one line: for the page, which draws a bar of it, and for whoever asks over HTTP."""

import time

from ..settings import GenerationSettings
from ..updates import DecodeUpdate, Result, StepUpdate
from .timings import Timings, in_words


class Progress:
    """The lines of one generation. The time left comes from its own steps, and that of decoding from earlier ones."""

    def __init__(self, model: str, settings: GenerationSettings, timings: Timings) -> None:
        self._decoding = timings.decoding(model, settings)
        self._estimate = timings.estimate(model, settings)
        self._start = self._decode_start = time.monotonic()

    def first(self) -> str:
        return "Reading the prompt" + _left(self._estimate)

    def step(self, update: StepUpdate) -> str:
        self._decode_start = time.monotonic()
        if update.step == update.steps:
            return f"Step {update.step} of {update.steps}, decoding{_left(self._decoding)}"
        left = update.seconds / update.step * (update.steps - update.step) + (self._decoding or 0.0)
        return f"Step {update.step} of {update.steps}{_left(left)}"

    def decode(self, update: DecodeUpdate) -> str:
        done = (update.image - 1 + update.band / update.bands) / update.images
        left = (time.monotonic() - self._decode_start) * (1 - done) / done
        picture = f"picture {update.image} of {update.images}, " if update.images > 1 else ""
        return f"Decoding: {picture}band {update.band} of {update.bands}{_left(left if done < 1 else None)}"

    def done(self, result: Result) -> str:
        total = time.monotonic() - self._start
        times = {**result.times, "the rest": total - sum(result.times.values())}
        parts = ", ".join(f"{name.replace('_', ' ')} {spent:.1f} s" for name, spent in times.items())
        return f"Done in {total:.1f} s: {parts}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {in_words(seconds)} left"
