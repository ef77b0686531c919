"""The status of a job, as a record for the browser and for programs."""

import time
from dataclasses import dataclass
from typing import Any

from ..domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    JobUpdate,
    PictureUpdate,
    PreparationUpdate,
    QueueUpdate,
    RestartUpdate,
    Result,
    SheetUpdate,
    StepUpdate,
    StoppedUpdate,
)
from ..jobs.submitted_request import SubmittedRequest
from ..jobs.timings import Timings
from .course import Course
from .words import English


@dataclass(frozen=True)
class Status:
    """One status.

    `kind` is "begun", "queue", "preparation", "restart", "encode", "step", "decode", "picture", "done", "stopped",
    "failed", "lost" or "note". `done` of `total` counts `unit`; None if that has no meaning.
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
        self._words = words
        self._job = submitted.job
        self._course = Course(timings, submitted)
        self._decode_start = time.monotonic()

    def begun(self) -> Status:
        return Status("begun", self._words.reading_prompt + self._words.left(self._course.estimate))

    def status(self, update: JobUpdate) -> Status:
        words, course = self._words, self._course
        match update:
            case QueueUpdate():
                text = words.queue(update) + words.left(self._left_in_queue(update))
                return Status("queue", text, update.ahead, None, "requests")
            case PreparationUpdate(progress=progress):
                # Another model of a grid: the bar stays where it is.
                of_model = progress.done / progress.total if progress.done is not None and progress.total else None
                share = of_model if course.done is None else course.done
                text = words.preparation(progress)
                return Status("preparation", text, progress.done, progress.total, "parts", share=share)
            case RestartUpdate():
                return Status("restart", words.begun_again(update))
            case EncodeUpdate():
                share = course.share(update)
                return Status("encode", words.encode(update), update.band, update.bands, "bands", share=share)
            case StepUpdate():
                text = words.step(update, self._left_after_step(update))
                return Status("step", text, update.step, update.steps, "steps", share=course.share(update))
            case DecodeUpdate():
                text = words.decode(update, self._left_after_band(update))
                return Status("decode", text, update.band, update.bands, "bands", share=course.share(update))
            case PictureUpdate():
                text = words.picture(update)
                return Status("picture", text, update.image, update.images, "pictures", share=course.share(update))
            case SheetUpdate():
                return Status("picture", words.explore["drawn"], share=1.0)
            case Result():
                return Status("done", words.done(self._job.told_at - self._job.worked_since, update.times))
            case StoppedUpdate():
                is_unfinished = update.last is not None and update.last.preview is not None
                return Status("stopped", words.stopped(update), is_unfinished=is_unfinished)

    def _left_in_queue(self, update: QueueUpdate) -> float | None:
        if update.seconds is None or self._course.estimate is None:
            return None
        return update.seconds + self._course.estimate

    def _left_after_step(self, update: StepUpdate) -> float | None:
        self._decode_start = time.monotonic()
        decoding, others = self._course.decodings[update.image - 1], self._course.after(update.image)
        if update.step == update.steps:
            return None if decoding is None else decoding + others
        return update.seconds / update.step * (update.steps - update.step) + (decoding or 0.0) + others

    def _left_after_band(self, update: DecodeUpdate) -> float | None:
        share = update.band / update.bands
        others = self._course.after(update.image)
        left = (time.monotonic() - self._decode_start) * (1 - share) / share + others
        return left or None
