"""The drawing of a request with its updates, shared by the page and the endpoint."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ..domain.updates import PictureUpdate, StepUpdate
from ..jobs.service import GenerationService
from .picture_files import PictureFiles
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
    service: GenerationService, words: English, values: Mapping[str, Any], visitor: Visitor, interface: str = "page"
) -> AsyncGenerator[Followed, None]:
    """Submit a request and yield the state after each update.

    Closing the generator cancels the job within a step.

    Raises:
        SanaError: the request is refused, the generation fails, or a picture cannot be written.
    """
    # A thread: the given picture is read again, by whoever may have changed it since the check.
    submitted = await asyncio.to_thread(service.submit, values, visitor.name, visitor.address, interface)
    settings, job = submitted.settings, submitted.job
    tracker = StatusTracker(words, service.timings, submitted.model, settings)
    files = PictureFiles(picture_folder(visitor.session), settings)
    preview: str | None = None
    async with job.follow() as updates, visitor.listening(job.cancel):
        yield Followed([], None, settings.seed, tracker.begun())
        async for update in updates:
            match update:
                case StepUpdate(preview=Image.Image() as rough):
                    preview = await asyncio.to_thread(preview_address, rough)
                case PictureUpdate():
                    await asyncio.to_thread(files.write, update.picture, update.image - 1)  # a large PNG takes seconds
                    preview = None
            yield Followed(list(files.finished), preview, settings.seed, tracker.status(update))
