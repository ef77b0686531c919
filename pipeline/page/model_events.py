"""The events of the menu of models."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.settings import MODEL, SETTINGS
from ..domain.updates import PreparationUpdate
from ..jobs.service import GenerationService
from .controls import Controls, carried_over, filled
from .model_updates import ModelUpdates
from .queueing import FOLLOWING, QUIET
from .visitor import Visitor
from .words import English

POLL_SECONDS = 0.5  # between two looks at a model that is loading; chosen: looks immediate to a person


def connect_models(app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, shown = service.models, ModelUpdates(parts, controls, service.models, words)

    def choose(menu: str | None, fitted: str | None, *values: Any) -> dict[Any, Any]:
        """Fit the controls to a newly chosen model. What the visitor has set stays, where the model allows it."""
        name = models.find(menu)
        if name == fitted:  # Gradio's menu reports some choices twice
            return {parts.fitted: gr.skip()}
        before, model = models.describe(models.find(fitted)), models.describe(name)
        own = dict(zip([each.name for each in SETTINGS], values, strict=True))
        return {**controls.updates(filled(carried_over(own, before, model), model, words)), **shown.show(name)}

    async def load(menu: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        name, visitor = models.find(menu), Visitor.of(app, request)
        try:
            job = service.prepare(name, visitor.name, visitor.address)
            async with job.follow() as updates, visitor.listening(updates.leave):
                async for update in updates:
                    if isinstance(update, PreparationUpdate):
                        yield shown.about(name)
        except SanaError:  # the loading holds it for `about`
            pass
        yield shown.about(name)

    async def follow(menu: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Yield the progress of the first model's loading to a page opened meanwhile."""
        name, has_left = models.find(menu), asyncio.Event()
        async with Visitor.of(app, request).listening(has_left.set):
            while (loading := models.loading) and not (loading.settled.is_set() or has_left.is_set()):
                yield shown.about(name)
                await asyncio.sleep(POLL_SECONDS)
        yield shown.about(name)

    def look(menu: str | None) -> dict[Any, Any]:
        return shown.about(models.find(menu))

    menu = controls[MODEL.name]
    own = [controls[each.name] for each in SETTINGS]
    outputs = list(dict.fromkeys([*controls.values(), *shown.outputs]))
    chosen = menu.input(choose, [menu, parts.fitted, *own], outputs, preprocess=False, **QUIET)
    parts.model_chosen = chosen
    chosen.then(load, menu, shown.state, **FOLLOWING)
    app.load(follow, menu, shown.state, **FOLLOWING)
    parts.badge.input(look, menu, shown.state, **QUIET)  # whoever comes back: another tab may have chosen another model
