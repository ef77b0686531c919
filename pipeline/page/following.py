"""The drawing of a request with its updates, shared by the page and the endpoint."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ..domain.updates import DecodeUpdate, PictureUpdate, SheetUpdate, StepUpdate
from ..jobs.service import GenerationService
from ..jobs.submitted_request import SubmittedRequest
from .picture_files import PictureFiles, file_name, sheet_name
from .picture_gallery import preview_address
from .status import Status, StatusTracker
from .visitor import Visitor, picture_folder
from .words import English


class Followed(NamedTuple):
    """The state after an update. `preview` is a data URL of the next picture's preview, or None."""

    pictures: list[Path]
    preview: str | None
    seed: int
    status: Status


async def draw(
    service: GenerationService, words: English, values: Mapping[str, Any], visitor: Visitor, interface: str
) -> AsyncGenerator[Followed, None]:
    """Submit a request and yield the state after each update.

    Closing the generator cancels the job within a step.

    Raises:
        SanaError: the request is refused, the generation fails, or a picture cannot be written.
    """
    # A thread: the given picture is read again, by whoever may have changed it since the check.
    submitted = await asyncio.to_thread(service.submit, values, visitor.name, visitor.address, interface)
    async with aclosing(follow(service, words, submitted, visitor)) as states:
        async for state in states:
            yield state


async def follow(
    service: GenerationService,
    words: English,
    submitted: SubmittedRequest,
    visitor: Visitor,
    pause: float = 0.0,
) -> AsyncGenerator[Followed, None]:
    """Yield the state of a submitted request after each of its updates, from the first.

    Steps and bands are skipped if the state before is younger than `pause` in seconds. Closing the generator leaves the
    job.

    Raises:
        SanaError: the generation fails, or a picture cannot be written.
    """
    settings, job = submitted.settings, submitted.job
    tracker = StatusTracker(words, service.timings, submitted)
    files = PictureFiles(picture_folder(visitor.session), submitted.key)
    names = [file_name(own) for _, own in submitted.drawings]
    preview: str | None = None
    said = 0.0
    async with job.follow() as updates, visitor.listening(updates.leave):
        yield Followed([], None, settings.seed, tracker.begun())
        async for update in updates:
            status = tracker.status(update)
            match update:
                case StepUpdate() | DecodeUpdate() if time.monotonic() - said < pause:
                    continue
                case StepUpdate(preview=Image.Image() as rough):
                    preview = await asyncio.to_thread(preview_address, rough)
                case PictureUpdate():
                    # A thread: a large PNG takes seconds.
                    await asyncio.to_thread(files.write, update.picture, names[update.image - 1])
                    preview = None
                case SheetUpdate():
                    await asyncio.to_thread(files.write, update.sheet, sheet_name(settings))
            said = time.monotonic()
            yield Followed(list(files.finished), preview, settings.seed, status)
