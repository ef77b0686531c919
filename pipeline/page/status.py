"""The status of a job, as a record for the browser and for programs."""

import time
from dataclasses import dataclass, replace
from typing import Any

from ..domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    JobUpdate,
    PictureUpdate,
    PreparationUpdate,
    QueueUpdate,
    Result,
    StepUpdate,
    StoppedUpdate,
)
from ..jobs.submitted_request import SubmittedRequest
from ..jobs.timings import Timings
from .words import English

UNKNOWN_DECODING_SHARE = 0.5  # before the first picture of a model; chosen


@dataclass(frozen=True)
class Status:
    """One status.

    `kind` is "begun", "queue", "preparation", "encode", "step", "decode", "picture", "done", "stopped", "failed",
    "lost" or "note". `done` of `total` counts `unit`; None if that has no meaning.
    `is_unfinished` is true if the page shows the preview of a picture that was stopped. `share` is the part of the
    request, or of the loading of its model, that is done, from 0 to 1.
    `token` and `seed` are those of the request, and `waiting` counts the page's requests after it. `action` is the
    label of the button of a lost request.
    """

    kind: str
    text: str
    done: float | None = None
    total: float | None = None
    unit: str = ""
    is_unfinished: bool = False
    share: float | None = None
    token: str = ""
    seed: int | None = None
    waiting: int = 0
    action: str = ""

    def record(self) -> dict[str, Any]:
        return dict(vars(self))


def said(line: str) -> dict[str, Any]:
    """Return the record of a status that only says a sentence."""
    return Status("note", line).record()


class StatusTracker:
    """The maker of a job's statuses. Its own steps give the time left, earlier jobs give that of the other stages."""

    def __init__(self, words: English, timings: Timings, submitted: SubmittedRequest) -> None:
        model, values = submitted.model, submitted.settings.values()
        self._words = words
        self._job = submitted.job
        self._estimate = timings.estimate(model, values)
        self._picture = timings.picture(model, values)
        self._decoding = timings.decoding(model, values)
        self._decode_start = time.monotonic()

    def begun(self) -> Status:
        return self._status("begun", self._words.reading_prompt + self._words.left(self._estimate))

    def status(self, update: JobUpdate) -> Status:
        words = self._words
        match update:
            case QueueUpdate():
                return self._status("queue", words.queue(update), update.ahead, None, "requests")
            case PreparationUpdate(progress=progress):
                return self._status("preparation", words.preparation(progress), progress.done, progress.total, "parts")
            case EncodeUpdate():
                return self._status("encode", words.encode(update), update.band, update.bands, "bands")
            case StepUpdate():
                text = words.step(update, self._left_after_step(update))
                share = self._share(update, (1 - self._decoding_share) * update.step / update.steps)
                return self._status("step", text, update.step, update.steps, "steps", share)
            case DecodeUpdate():
                text = words.decode(update, self._left_after_band(update))
                share = self._share(update, 1 - self._decoding_share * (1 - update.band / update.bands))
                return self._status("decode", text, update.band, update.bands, "bands", share)
            case PictureUpdate():
                share = self._share(update, 1.0)
                return self._status("picture", words.picture(update), update.image, update.images, "pictures", share)
            case Result():
                return self._status("done", words.done(self._job.told_at - self._job.worked_since, update.times))
            case StoppedUpdate():
                is_unfinished = update.last is not None and update.last.preview is not None
                return replace(self._status("stopped", words.stopped(update)), is_unfinished=is_unfinished)

    def _status(
        self,
        kind: str,
        text: str,
        done: float | None = None,
        total: float | None = None,
        unit: str = "",
        share: float | None = None,
    ) -> Status:
        if share is None and done is not None and total:
            share = done / total
        return Status(kind, text, done, total, unit, share=share)

    @property
    def _decoding_share(self) -> float:
        """The share of the decoding in the time of a picture."""
        return self._decoding / self._picture if self._decoding and self._picture else UNKNOWN_DECODING_SHARE

    @staticmethod
    def _share(update: StepUpdate | DecodeUpdate | PictureUpdate, of_picture: float) -> float:
        return (update.image - 1 + of_picture) / update.images

    def _left_after_step(self, update: StepUpdate) -> float | None:
        self._decode_start = time.monotonic()
        others = (self._picture or 0.0) * (update.images - update.image)
        if update.step == update.steps:
            return None if self._decoding is None else self._decoding + others
        return update.seconds / update.step * (update.steps - update.step) + (self._decoding or 0.0) + others

    def _left_after_band(self, update: DecodeUpdate) -> float | None:
        share = update.band / update.bands
        others = (self._picture or 0.0) * (update.images - update.image)
        left = (time.monotonic() - self._decode_start) * (1 - share) / share + others
        return left or None
