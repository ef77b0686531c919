"""The events of the menu of models, and the facts about the chosen one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.settings import MODEL
from ..domain.updates import PreparationUpdate
from ..jobs.service import GenerationService
from .about import badge, facts, note
from .controls import Controls, fit
from .examples import examples
from .queueing import FOLLOWING, QUIET
from .setting_events import shape_choices
from .visitor import Visitor
from .words import English

POLL_SECONDS = 0.5  # between two looks at a model that is loading; chosen: looks immediate to a person


def connect_models(app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models = service.models

    def choose(name: str | None) -> dict[Any, Any]:
        name = models.find(name)
        model = models.describe(name)
        return {
            **controls.updates(fit(model, words)),
            parts.shape: gr.update(**shape_choices(model, words)),
            parts.examples: gr.update(samples=examples(model)),
            parts.note: note(model, words),
            **about(name, words.waiting_for_model),
        }

    async def load(name: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        name, visitor = models.find(name), Visitor.of(app, request)
        try:
            job = service.prepare(name, visitor.name, visitor.address)
            async with job.follow() as updates, visitor.listening(job.cancel):
                async for update in updates:
                    if isinstance(update, PreparationUpdate):
                        yield about(name, words.preparation(update.progress))
        except SanaError as error:
            yield about(name, words.error(error))
            return
        yield about(name, None)

    def about(name: str, line: str | None) -> dict[Any, Any]:
        model, pipeline = models.describe(name), models.loaded(name)
        device = models.device(name)
        if pipeline:
            device = words.device(device, pipeline.threads, pipeline.precision)
        return {parts.badge: badge(model, device, line, words), parts.facts: facts(model, device, words)}

    async def follow(name: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Yield the progress of the first model's loading to a page opened meanwhile."""
        name, has_left = models.find(name), asyncio.Event()
        async with Visitor.of(app, request).listening(has_left.set):
            while (loading := models.loading) and not (loading.settled.is_set() or has_left.is_set()):
                yield about(name, words.preparation(loading.progress))
                await asyncio.sleep(POLL_SECONDS)
        yield about(name, None)

    about_parts = [parts.badge, parts.facts]
    menu = controls[MODEL.name]
    chosen = menu.input(
        choose, menu, [*controls.values(), parts.shape, parts.examples, parts.note, *about_parts], **QUIET
    )
    parts.model_chosen = chosen
    chosen.then(load, menu, about_parts, **FOLLOWING)
    app.load(follow, menu, about_parts, **FOLLOWING)
