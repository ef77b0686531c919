"""Live drawing: while its switch is on, the picture follows the typing. See browser/live.js."""

import asyncio
import html
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.picture_parameters import MASK_IMAGE
from ..domain.settings import NUM_IMAGES, RANDOMIZE_SEED, SEED
from ..jobs.service import GenerationService
from .browser_scripts import script
from .browser_values import MASK, with_values
from .controls import Controls
from .following import follow
from .given_files import of_page
from .picture_gallery import stage
from .queueing import FOLLOWING
from .status import said
from .visitor import Visitor
from .words import English

LIVE_SECONDS = 3.0  # of one picture; chosen: a preview is there after a part of it
PAUSE = 0.1  # seconds between two previews; chosen: more are not seen


def build_live(words: English) -> Any:
    """Add the switch, which the browser shows where one picture is quick."""
    box = f'<label class="off"><input type="checkbox"> {html.escape(words.live)}</label>'
    return gr.HTML(None, html_template=box, js_on_load=script("live", words={}), elem_id="live")


def is_quick(service: GenerationService, values: Mapping[str, Any]) -> bool:
    """Return True if one picture with these values is known to take at most LIVE_SECONDS."""
    seconds = service.estimate({**values, NUM_IMAGES.name: 1})
    return seconds is not None and seconds <= LIVE_SECONDS


def held_seed(names: Sequence[str]) -> dict[int, str]:
    """Return JavaScript, by place in an event's values, that puts the seed of live drawing in place of a random one."""
    seed, random = names.index(SEED.name), names.index(RANDOMIZE_SEED.name)
    held = "(window.sana.heldSeed?.() ?? null)"
    return {
        seed: f"values[{random}] ? {held} ?? values[{seed}] : values[{seed}]",
        random: f"values[{random}] && {held} === null",
    }


def connect_live(app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    nothing = {parts.status: gr.skip()}

    async def live(request: gr.Request, **values: Any) -> AsyncIterator[dict[Any, Any]]:
        asked, visitor = {**of_page(values), NUM_IMAGES.name: 1}, Visitor.of(app, request)
        if await asyncio.to_thread(service.problems, asked):  # such as a prompt that is still empty
            service.live.end(visitor.name)
            yield nothing
            return
        try:
            submitted = await asyncio.to_thread(service.live.submit, asked, visitor.name, visitor.address)
            if submitted is None:
                yield {parts.status: said(words.live_waits)}
                return
            async with aclosing(follow(service, words, submitted, visitor, PAUSE)) as updates:
                async for pictures, preview, _, status in updates:
                    if submitted.job.is_cancelled:
                        break
                    if status.kind == "step" and preview:
                        yield {parts.pictures: stage([], preview, is_new=False)}
                    if status.kind == "picture":
                        shown = {parts.pictures: stage(pictures, is_new=False)}
                        yield {**shown, parts.status: said(words.live_done)}
        except SanaError as error:
            yield {parts.status: said(words.error(error))}
            return
        yield nothing  # Gradio sends the last update twice, and the second time perhaps after those of the next request

    names = list(controls)
    of_browser = {names.index(MASK_IMAGE.name): MASK, **held_seed(names)}
    parts.live.input(
        live,
        inputs_kwargs=dict(controls),
        outputs=[parts.pictures, parts.status],
        js=with_values(of_browser),
        trigger_mode="multiple",
        preprocess=False,
        postprocess=False,
        **FOLLOWING,
    )
