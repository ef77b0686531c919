"""A request drawn and followed, for the page and for the endpoint: the pictures there are, the seed, and the status."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from ..jobs.service import GenerationService
from .picture_files import PictureFiles
from .status import Status, StatusTracker
from .words import English


class Followed(NamedTuple):
    """What there is after an update: finished pictures and last perhaps a preview, the seed, and how far it is."""

    pictures: list[Path]
    seed: int
    status: Status


def client_of(request: gr.Request) -> str:
    """Return who asks: a browser's tab, or a client's session."""
    return request.session_hash or request.client.host


async def draw(
    service: GenerationService, words: English, values: Mapping[str, Any], client: str
) -> AsyncGenerator[Followed, None]:
    """Submit a request and yield after each update. Closing this ends the work within a step. Raises SanaError."""
    submitted = service.submit(values, client)
    settings = submitted.settings
    tracker = StatusTracker(words, service.timings, submitted.model, settings)
    with PictureFiles(settings) as files:
        async with submitted.job.follow() as updates:
            yield Followed([], settings.seed, tracker.begun())
            async for update in updates:
                pictures = await asyncio.to_thread(files.write, update)  # a large PNG takes seconds
                yield Followed(pictures, settings.seed, tracker.status(update))
