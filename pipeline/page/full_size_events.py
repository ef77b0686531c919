"""The way from the miniature to a full-size model: what it is, a button that makes it, and how far that is."""

import asyncio
import html
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.settings import MODEL
from ..jobs.full_size import FullSize
from ..jobs.service import GenerationService
from .controls import Controls
from .explore import axis_choices
from .queueing import FOLLOWING, QUIET
from .visitor import Visitor
from .words import English

POLL_SECONDS = 0.5  # between two looks at the progress; chosen: looks immediate to a person


def build_full_size(parts: SimpleNamespace, full_size: FullSize | None, words: English) -> None:
    is_offered = full_size is not None and full_size.name is None
    with gr.Column(visible=is_offered, elem_id="full-size") as parts.full_size:
        parts.offer = gr.HTML("")
        parts.look_up = gr.Button(words.full_size["look up"], size="sm")
        parts.make = gr.Button(words.full_size["make"], size="sm", visible=False)


def connect_full_size(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, full_size: FullSize, words: English
) -> None:
    menu = controls[MODEL.name]

    async def look_up() -> dict[Any, Any]:
        try:
            offer = await asyncio.to_thread(full_size.look_up)
        except SanaError as error:
            return {parts.offer: _paragraph(words.error(error)), parts.look_up: gr.update(interactive=True)}
        page = f'<a href="{offer.page}" target="_blank" rel="noopener">{html.escape(offer.repo)}</a>'
        said = html.escape(words.offer(offer.size, offer.licence))
        return {
            parts.offer: f"<p>{page}: {said}</p>",
            parts.look_up: gr.update(visible=False),
            parts.make: gr.update(visible=True),
        }

    async def make(request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        full_size.start()
        async for update in states(request):
            yield update

    async def states(request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Yield the progress of the making while it goes on, and the menu."""
        has_left = asyncio.Event()
        async with Visitor.of(app, request).listening(has_left.set):
            while full_size.is_running and not has_left.is_set():
                buttons = {each: gr.update(visible=False) for each in (parts.look_up, parts.make)}
                yield {parts.offer: _progress(full_size, words), **buttons}
                await asyncio.sleep(POLL_SECONDS)
        names = service.models.names
        updates: dict[Any, Any] = {menu: gr.update(choices=names, visible=len(names) > 1)}
        first, _, second, _ = parts.grid.values()
        for axis, choices in zip((first, second), axis_choices(service.models, words), strict=True):
            updates[axis] = gr.update(choices=choices)
        if full_size.error:
            updates |= {parts.offer: _paragraph(words.error(full_size.error)), parts.make: gr.update(visible=True)}
        elif full_size.name and full_size.progress:
            updates[parts.offer] = _paragraph(words.made(full_size.name))
        yield updates

    outputs = [parts.offer, parts.look_up, parts.make, menu, *parts.grid.values()]
    asked = f"() => [{json.dumps(_paragraph(words.one_moment))}, {{__type__: 'update', interactive: false}}]"
    parts.look_up.click(None, None, [parts.offer, parts.look_up], js=asked, **QUIET)
    parts.look_up.click(look_up, None, outputs, **QUIET)
    parts.make.click(make, None, outputs, **FOLLOWING)
    app.load(states, None, outputs, **FOLLOWING)


def _progress(full_size: FullSize, words: English) -> str:
    progress = full_size.progress
    assert progress
    share = progress.done / progress.total if progress.done is not None and progress.total else None
    bar = f'<div class="bar"><div style="width: {100 * share:.1f}%"></div></div>' if share is not None else ""
    return f"{_paragraph(words.preparation(progress))}{bar}"


def _paragraph(text: str) -> str:
    return f'<p role="status">{html.escape(text)}</p>'
