"""The menu of models, and what is said of the one that runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ...errors import SanaError
from ..about import badge, facts, note
from ..controls import Controls, fit, options
from ..description import Description
from ..examples import examples
from ..models import Models
from .queueing import CONCURRENCY_ID, QUIET


def connect_menu(app: gr.Blocks, parts: SimpleNamespace, controls: Controls, models: Models) -> None:
    def choose(name: str) -> dict[Any, Any]:
        model = models.describe(name)
        return {
            **controls.updates(fit(model)),
            parts.shape: gr.update(**options("shape", model)),
            parts.examples: gr.update(samples=examples(model.is_miniature)),
            parts.note: note(model),
            **about(name, "Waiting for the model"),
        }

    def load(name: str) -> Iterator[dict[Any, Any]]:
        try:
            for update in models.prepare(name):
                yield about(name, update.line)
        except SanaError as error:
            yield about(name, str(error))
            return
        yield about(name, None)

    def about(name: str, line: str | None) -> dict[Any, Any]:
        model: Description = models.describe(name)
        device = models.device(name)
        return {parts.badge: badge(model, device, line), parts.facts: facts(model, device)}

    async def follow(name: str) -> AsyncIterator[dict[Any, Any]]:
        """What is being done until the first model is ready, for whoever opens the page meanwhile."""
        while (loading := models.loading) and not loading.settled.is_set():
            yield about(name, loading.line)
            await asyncio.sleep(0.5)
        yield about(name, None)

    about_parts = [parts.badge, parts.facts]
    chosen = controls.model.input(
        choose,
        controls.model,
        [*controls.inputs, parts.shape, parts.examples, parts.note, *about_parts],
        **QUIET,
    )
    chosen.then(
        load,
        controls.model,
        about_parts,
        concurrency_limit=1,
        concurrency_id=CONCURRENCY_ID,
        show_progress="hidden",
        api_visibility="private",
    )
    app.load(
        follow,
        controls.model,
        about_parts,
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )
