"""The events of Generate and Stop, and the estimate of the time."""

import asyncio
import html
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.axes import cells
from ..domain.errors import SanaError
from ..domain.picture_parameters import MASK_IMAGE
from ..domain.problems import Problem
from ..domain.prompt_list import count_prompts, read_prompts
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED, SEED
from ..jobs.service import GenerationService
from ..jobs.submitted_request import SubmittedRequest
from ..jobs.timings import TIME_PARAMETERS
from .alerts import alert
from .browser_values import MASK, NEW_TOKEN, with_values
from .controls import Controls
from .explore import arrangement, cells_line, read_form
from .following import Followed, follow
from .given_files import of_page
from .kept_tokens import read_requests, read_token
from .list_switch import LISTED
from .live_events import held_seed, is_quick
from .model_updates import ModelUpdates
from .page_requests import PageRequests
from .picture_gallery import Arrangement, stage
from .queueing import FOLLOWING, QUIET
from .status import Status, said
from .visitor import Visitor
from .waiting_list import connect_waiting
from .words import English

BEGIN = "() => { window.sana.begin(); return ''; }"
# The fold of the grid is far from the pictures.
BEGIN_IN_SIGHT = "() => { window.sana.begin(); window.sana.bring('#result'); return ''; }"
# The seed that is drawn is shown, but never in place of one that was typed: that turns "random" off.
SHOWN_SEED = "(status, isRandom, seed) => isRandom && status?.seed != null ? status.seed : seed"
PAUSE = 0.2  # seconds between two states of a job; chosen: looks alive, and more would cost drawing time
KEPT_EARLIER = 16  # pictures of earlier requests that are sent again, for the history; chosen: two requests of eight
TOKEN = "token"
ENDS = ("done", "stopped")
TELLS_OF_MODEL = ("preparation", *ENDS)  # the statuses at which a model has been loaded, or is


def connect_generate(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    model, requests = ModelUpdates(parts, controls, service.models, words), PageRequests(service.kept)

    def estimate(**values: Any) -> tuple[str, str]:
        """Return how long the request takes, and what is said of the grid, as HTML."""
        fields = {name: values.pop(name) for name in parts.grid}
        asked = of_page(values)
        return estimate_line(asked), cells_line(service, asked, fields, words)

    def estimate_line(asked: Mapping[str, Any]) -> str:
        seconds = service.estimate(asked)
        if seconds is None:
            return ""
        live = " data-live" if is_quick(service, asked) else ""
        return f"<p{live}>{html.escape(words.estimate(seconds))}</p>"

    async def show(request: gr.Request, **values: Any) -> AsyncIterator[dict[Any, Any]]:
        token, listed = read_token(values.pop(TOKEN)), values.pop(LISTED) is True
        grid = {name: values.pop(name) for name in parts.grid if name in values}  # only if a grid is asked for
        asked, visitor = of_page(values), Visitor.of(app, request)
        try:
            # A thread: this may estimate memory, and reads the given picture.
            submitted = await asyncio.to_thread(submit, asked, grid, listed, visitor, token)
        except SanaError as error:
            yield refusal(words.error(error), requests.are_followed(visitor.session, token))
            return
        if requests.are_followed(visitor.session, token):
            await requests.hold(visitor.session, token, submitted)
            yield {parts.waiting: requests.waiting(visitor.session, token)}
            return
        async with aclosing(states(visitor, token)) as updates:
            async for update in updates:
                yield update

    def submit(
        values: dict[str, Any], grid: dict[str, Any], listed: bool, visitor: Visitor, token: str
    ) -> list[SubmittedRequest]:
        """Submit what was asked for, or each prompt of the list; raise SanaError if it is refused."""
        text, sender = values[PROMPT.name], (visitor.name, visitor.address, "page", token)
        axes = read_form(grid, service.models) if grid else {}
        prompts = [text]
        if listed and isinstance(text, str):
            if axes and (count := count_prompts(text)) > 1:
                raise SanaError(Problem("grid of a list", {"count": count}))
            prompts = read_prompts(text, service.room(*sender[:2]))
        first = {**values, PROMPT.name: prompts[0]}
        if problems := service.problems({**first, **cells(axes)[0]}):
            raise SanaError(" ".join(words.problem(problem) for problem in problems.values()))
        if axes:
            return [service.submit_grid(first, axes, *sender)]
        return service.submit_list(values, prompts, *sender)

    async def resume(kept: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Follow the requests that this tab drew before it was loaded anew, or those that another tab has left."""
        tab, browser = read_requests(kept)
        token = tab.token if service.kept.find(tab.token) else browser.token
        found = service.kept.find(token)
        if found and (token == tab.token or have_been_left(found)):
            async with aclosing(states(Visitor.of(app, request), token, again=True)) as updates:
                async for update in updates:
                    yield update
        elif tab.token and not tab.has_ended:
            yield {parts.status: Status("lost", words.lost, action=words.draw_again).record()}
        else:
            yield {parts.run: gr.skip()}  # without any update, Gradio would empty all outputs

    async def states(visitor: Visitor, token: str, again: bool = False) -> AsyncGenerator[dict[Any, Any], None]:
        earlier: list[Path] = []
        # Without any update, Gradio empties all outputs.
        yield {parts.waiting: requests.waiting(visitor.session, token)}
        async with aclosing(requests.follow(visitor.session, token, again)) as coming:
            async for submitted in coming:
                pictures: list[Path] = []
                arranged, drawings = arrangement(submitted, words), submitted.drawings
                try:
                    async with aclosing(follow(service, words, submitted, visitor, PAUSE)) as updates:
                        async for followed in updates:
                            pictures = followed.pictures
                            waiting = requests.waiting(visitor.session, token)
                            name, _ = drawings[min(len(pictures), len(drawings) - 1)]  # the model that draws now
                            told = model.about(name) if followed.status.kind in TELLS_OF_MODEL else {}
                            yield {**shown(followed, token, waiting, earlier, arranged), **told}
                except SanaError as error:
                    waiting = requests.waiting(visitor.session, token)
                    refused = refusal(words.error(error), goes_on=bool(waiting["requests"]))
                    yield {**refused, **model.about(submitted.model), parts.waiting: waiting}
                earlier = [*earlier, *pictures][-KEPT_EARLIER:]

    def refusal(text: str, goes_on: bool) -> dict[Any, Any]:
        """Return the update that shows a problem beside the button; `goes_on` says that something is drawn."""
        ended = {parts.status: Status("failed", "").record(), parts.stop: gr.update(interactive=False)}
        return {parts.problem: alert(text), **({} if goes_on else ended)}

    def shown(
        followed: Followed, token: str, waiting: dict[str, Any], earlier: Sequence[Path], arranged: Arrangement
    ) -> dict[Any, Any]:
        """Return the update for a state. It keeps the old pictures until a preview exists."""
        pictures, preview, seed, status = followed
        others = len(waiting["requests"])
        updates: dict[Any, Any] = {
            parts.status: replace(status, token=token, seed=seed, waiting=others).record(),
            parts.waiting: waiting,
            parts.stop: gr.update(interactive=status.kind not in ENDS or others > 0),
        }
        if (pictures or preview) and status.kind in ("step", "picture"):
            updates[parts.pictures] = stage(pictures, preview, earlier=earlier, arrangement=arranged)
        return updates

    def stop(token: str | None) -> None:
        service.kept.cancel(read_token(token))

    connect_waiting(parts, service, requests)
    priced = {parameter.name: controls[parameter.name] for parameter in (MODEL, *TIME_PARAMETERS)}
    priced |= parts.grid
    changes = [each.change for each in priced.values()]
    estimates = [parts.estimate, parts.cells]
    always_last: dict[str, Any] = {"trigger_mode": "always_last", "preprocess": False, **QUIET}
    gr.on([*changes, app.load], estimate, inputs_kwargs=priced, outputs=estimates, **always_last)
    triggers = [parts.run.click, controls[PROMPT.name].submit]
    gr.on(triggers, None, None, parts.problem, js=BEGIN, **QUIET)
    parts.explore.click(None, None, parts.problem, js=BEGIN_IN_SIGHT, **QUIET)
    asked = {**controls, TOKEN: parts.from_browser, LISTED: parts.listed}
    of_browser = {
        list(asked).index(MASK_IMAGE.name): MASK,
        list(asked).index(TOKEN): NEW_TOKEN,
        **held_seed(list(asked)),
    }
    drawn = [parts.pictures, parts.status, parts.problem, parts.stop, parts.run, parts.waiting]
    following: dict[str, Any] = {
        "outputs": [*drawn, *model.state],
        "preprocess": False,  # the service checks the plain values, so Gradio need not
        "postprocess": False,
        **FOLLOWING,
    }
    for running in (
        gr.on(triggers, show, inputs_kwargs=asked, js=with_values(of_browser), trigger_mode="multiple", **following),
        gr.on(
            [parts.explore.click],
            show,
            inputs_kwargs={**asked, **parts.grid},
            js=with_values(of_browser),
            trigger_mode="multiple",
            **following,
        ),
        app.load(resume, parts.from_browser, js="() => window.sanaKept.request()", **following),
    ):
        # The server was out of reach, or its answer was lost.
        lost = f"() => [{{__type__: 'update', interactive: false}}, {json.dumps(alert(words.server_gone))}]"
        running.failure(None, None, [parts.stop, parts.problem], js=lost, **QUIET)
        running.success(estimate, inputs_kwargs=priced, outputs=estimates, preprocess=False, **QUIET)
    seeds = [parts.status, controls[RANDOMIZE_SEED.name], controls[SEED.name]]
    parts.status.change(None, seeds, controls[SEED.name], js=SHOWN_SEED, **QUIET)
    # The browser shows this status itself: one from the server could arrive after the job's last status.
    stopping = json.dumps(said(words.stopping))
    parts.stop.click(None, None, parts.status, js=f"() => ({stopping})", **QUIET)
    parts.stop.click(stop, parts.from_browser, None, js="() => window.sanaKept.token()", **QUIET)


def have_been_left(requests: Sequence[SubmittedRequest]) -> bool:
    """Return True if nobody follows those that are not done, or, if all are, nobody followed the last to its end."""
    going_on = [each for each in requests if not each.job.is_finished] or requests[-1:]
    return all(each.job.left_at for each in going_on)
