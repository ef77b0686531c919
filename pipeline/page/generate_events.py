"""The events of Generate and Stop, and the estimate of the time."""

import asyncio
import html
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.picture_parameters import MASK_IMAGE
from ..domain.settings import MODEL, PROMPT, SEED
from ..jobs.service import GenerationService
from ..jobs.submitted_request import SubmittedRequest
from ..jobs.timings import TIME_PARAMETERS
from .alerts import alert
from .browser_values import MASK, NEW_TOKEN, with_values
from .controls import Controls
from .following import Followed, follow, submit
from .given_files import of_page
from .kept_tokens import read_requests, read_token
from .live_events import held_seed, is_quick
from .model_updates import ModelUpdates
from .picture_gallery import stage
from .queueing import FOLLOWING, QUIET
from .status import Status, said
from .visitor import Visitor
from .words import English

# The browser enables and disables the buttons at once. Stop is enabled by the server, when there is a job to stop.
BUSY = "() => [{__type__: 'update', interactive: false}, '', null]"
IDLE = "() => [{__type__: 'update', interactive: true}, {__type__: 'update', interactive: false}]"
PAUSE = 0.2  # seconds between two states of a job; chosen: looks alive, and more would cost drawing time
TOKEN = "token"
ENDS = ("done", "stopped")
TELLS_OF_MODEL = ("preparation", *ENDS)  # the statuses at which a model has been loaded, or is


def connect_generate(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    model = ModelUpdates(parts, controls, service.models, words)

    def estimate(**values: Any) -> str:
        asked = of_page(values)
        seconds = service.estimate(asked)
        if seconds is None:
            return ""
        live = " data-live" if is_quick(service, asked) else ""
        return f"<p{live}>{html.escape(words.estimate(seconds))}</p>"

    async def show(request: gr.Request, **values: Any) -> AsyncIterator[dict[Any, Any]]:
        token, asked = read_token(values.pop(TOKEN)), of_page(values)
        # This may estimate memory, and reads the given picture: both take time.
        if problems := await asyncio.to_thread(service.problems, asked):
            yield refusal(" ".join(words.problem(problem) for problem in problems.values()))
            return
        visitor = Visitor.of(app, request)
        try:
            submitted = await submit(service, asked, visitor, "page", token)
        except SanaError as error:
            yield refusal(words.error(error))
            return
        async with aclosing(states(submitted, visitor, token)) as updates:
            async for update in updates:
                yield update

    async def resume(kept: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Follow the request that this tab drew before it was loaded anew, or one that another tab has left."""
        tab, browser = read_requests(kept)
        token, submitted = tab.token, service.find(tab.token)
        if submitted is None and browser.token and (left := service.find(browser.token)) and left.job.left_at:
            token, submitted = browser.token, left
        if submitted is not None:
            async with aclosing(states(submitted, Visitor.of(app, request), token)) as updates:
                async for update in updates:
                    yield update
        elif tab.token and not tab.has_ended:
            yield {parts.status: Status("lost", words.lost, action=words.draw_again).record()}
        else:
            yield {parts.run: gr.skip()}  # without any update, Gradio would empty all outputs

    async def states(submitted: SubmittedRequest, visitor: Visitor, token: str) -> AsyncGenerator[dict[Any, Any], None]:
        try:
            async with aclosing(follow(service, words, submitted, visitor, PAUSE)) as updates:
                async for followed in updates:
                    told = model.about(submitted.model) if followed.status.kind in TELLS_OF_MODEL else {}
                    yield {**shown(followed, token), **told}
        except SanaError as error:
            yield {**refusal(words.error(error)), **model.about(submitted.model)}

    def refusal(text: str) -> dict[Any, Any]:
        """Return the update that shows a problem beside the button."""
        return {parts.problem: alert(text), parts.status: Status("failed", "").record()}

    def shown(followed: Followed, token: str) -> dict[Any, Any]:
        """Return the update for a state. It keeps the old pictures until a preview exists."""
        pictures, preview, seed, status = followed
        updates: dict[Any, Any] = {parts.status: replace(status, token=token).record()}
        if status.kind == "begun":
            updates[controls[SEED.name]] = seed
        if status.kind not in ENDS:
            updates |= {parts.stop: gr.update(interactive=True), parts.run: gr.update(interactive=False)}
        if (pictures or preview) and status.kind in ("step", "picture"):
            updates[parts.pictures] = stage(pictures, preview)
        return updates

    def stop(token: str | None) -> None:
        service.cancel(read_token(token))

    priced = {parameter.name: controls[parameter.name] for parameter in (MODEL, *TIME_PARAMETERS)}
    changes = [each.change for each in priced.values()]
    always_last: dict[str, Any] = {"trigger_mode": "always_last", "preprocess": False, **QUIET}
    gr.on([*changes, app.load], estimate, inputs_kwargs=priced, outputs=parts.estimate, **always_last)
    triggers = [parts.run.click, controls[PROMPT.name].submit]
    gr.on(triggers, None, None, [parts.run, parts.problem, parts.status], js=BUSY, **QUIET)
    asked = {**controls, TOKEN: parts.from_browser}
    of_browser = {
        list(asked).index(MASK_IMAGE.name): MASK,
        list(asked).index(TOKEN): NEW_TOKEN,
        **held_seed(list(asked)),
    }
    drawn = [parts.pictures, controls[SEED.name], parts.status, parts.problem, parts.stop, parts.run, *model.state]
    following: dict[str, Any] = {
        "outputs": drawn,
        "preprocess": False,  # the service checks the plain values, so Gradio need not
        "postprocess": False,
        **FOLLOWING,
    }
    for running in (
        gr.on(triggers, show, inputs_kwargs=asked, js=with_values(of_browser), **following),
        app.load(resume, parts.from_browser, js="() => window.sanaKept.request()", **following),
    ):
        running.then(None, None, [parts.run, parts.stop], js=IDLE, **QUIET)
        # `then` does not run after a failure: the server was out of reach, or its answer was lost.
        lost = f"() => [...({IDLE})(), {json.dumps(alert(words.server_gone))}]"
        running.failure(None, None, [parts.run, parts.stop, parts.problem], js=lost, **QUIET)
        running.success(estimate, inputs_kwargs=priced, outputs=parts.estimate, preprocess=False, **QUIET)
    # The browser shows this status itself: one from the server could arrive after the job's last status.
    stopping = json.dumps(said(words.stopping))
    parts.stop.click(None, None, parts.status, js=f"() => ({stopping})", **QUIET)
    parts.stop.click(stop, parts.from_browser, None, js="() => window.sanaKept.token()", **QUIET)
