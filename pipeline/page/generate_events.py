"""The events of Generate and Stop, and the estimate of the time."""

import asyncio
import html
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.picture_parameters import MASK_IMAGE
from ..domain.settings import MODEL, PROMPT, SEED
from ..jobs.service import GenerationService
from ..jobs.timings import TIME_PARAMETERS
from .controls import Controls
from .following import Followed, draw
from .given_files import of_page
from .mask import with_mask
from .picture_gallery import stage
from .queueing import FOLLOWING, QUIET
from .status import Status
from .visitor import Visitor
from .words import English

# The browser enables and disables the buttons at once. Stop is enabled by the server, when there is a job to stop.
BUSY = "() => [{__type__: 'update', interactive: false}, '', null]"
IDLE = "() => [{__type__: 'update', interactive: true}, {__type__: 'update', interactive: false}]"


def connect_generate(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    def estimate(**values: Any) -> str:
        seconds = service.estimate(of_page(values))
        return f"<p>{html.escape(words.estimate(seconds))}</p>" if seconds is not None else ""

    async def show(request: gr.Request, **values: Any) -> AsyncIterator[dict[Any, Any]]:
        asked = of_page(values)
        # This may estimate memory, and reads the given picture: both take time.
        if problems := await asyncio.to_thread(service.problems, asked):
            yield refusal(" ".join(words.problem(problem) for problem in problems.values()))
            return
        last: Followed | None = None
        try:
            async with aclosing(draw(service, words, asked, Visitor.of(app, request))) as updates:
                async for last in updates:
                    yield shown(last)
        except SanaError as error:
            yield refusal(words.error(error), last.status.finished if last else 0)

    def refusal(text: str, finished: int = 0) -> dict[Any, Any]:
        """Return the update that shows a problem beside the button."""
        return {parts.problem: alert(text), parts.status: Status("failed", "", finished=finished).record()}

    def shown(followed: Followed) -> dict[Any, Any]:
        """Return the update for a state. It keeps the old pictures until a preview exists."""
        pictures, preview, seed, status = followed
        updates: dict[Any, Any] = {parts.status: status.record()}
        if status.kind == "begun":  # later, the visitor may have filled in another one
            updates |= {parts.stop: gr.update(interactive=True), controls[SEED.name]: seed}
        if (pictures or preview) and status.kind in ("step", "picture"):
            updates[parts.pictures] = stage(pictures, preview)
        return updates

    def stop(request: gr.Request) -> None:
        service.cancel(Visitor.of(app, request).name)

    priced = {parameter.name: controls[parameter.name] for parameter in (MODEL, *TIME_PARAMETERS)}
    changes = [each.change for each in priced.values()]
    always_last: dict[str, Any] = {"trigger_mode": "always_last", "preprocess": False, **QUIET}
    gr.on([*changes, app.load], estimate, inputs_kwargs=priced, outputs=parts.estimate, **always_last)
    triggers = [parts.run.click, controls[PROMPT.name].submit]
    gr.on(triggers, None, None, [parts.run, parts.problem, parts.status], js=BUSY, **QUIET)
    running = gr.on(
        triggers,
        show,
        inputs_kwargs=dict(controls),
        outputs=[parts.pictures, controls[SEED.name], parts.status, parts.problem, parts.stop],
        js=with_mask(list(controls).index(MASK_IMAGE.name)),
        preprocess=False,  # the service checks the plain values, so Gradio need not
        postprocess=False,
        **FOLLOWING,
    )
    running.then(None, None, [parts.run, parts.stop], js=IDLE, **QUIET)
    # `then` does not run after a failure: the server was out of reach, or its answer was lost.
    lost = f"() => [...({IDLE})(), {json.dumps(alert(words.server_gone))}]"
    running.failure(None, None, [parts.run, parts.stop, parts.problem], js=lost, **QUIET)
    running.success(estimate, inputs_kwargs=priced, outputs=parts.estimate, preprocess=False, **QUIET)
    # The browser shows this status itself: one from the server could arrive after the job's last status.
    stopping = json.dumps(Status("note", words.stopping).record())
    parts.stop.click(None, None, parts.status, js=f"() => ({stopping})", **QUIET)
    parts.stop.click(stop, None, None, **QUIET)


def alert(text: str) -> str:
    """Return text as HTML that a screen reader announces at once."""
    return f'<p role="alert">{html.escape(text)}</p>'
