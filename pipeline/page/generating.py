"""What is behind Generate, Stop and a page that is loaded anew: requests are submitted, and followed to their end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.axes import cells
from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.prompt_list import count_prompts, read_prompts
from ..domain.settings import PROMPT
from ..jobs.service import GenerationService
from ..jobs.submitted_request import SubmittedRequest
from .alerts import alert
from .explore import arrangement, read_form
from .following import Followed, follow
from .given_files import of_page
from .kept_tokens import read_requests, read_token
from .list_switch import LISTED
from .model_updates import ModelUpdates
from .page_requests import PageRequests
from .picture_gallery import Arrangement, stage
from .status import Status
from .visitor import Visitor
from .words import English

PAUSE = 0.2  # seconds between two states of a job; chosen: looks alive, and more would cost drawing time
KEPT_EARLIER = 16  # pictures of earlier requests that are sent again, for the history; chosen: two requests of eight
TOKEN = "token"
"""The name among an event's values of the token that the browser keeps for its requests."""
ENDS = ("done", "stopped")
TELLS_OF_MODEL = ("preparation", *ENDS)  # the statuses at which a model has been loaded, or is


class Generating:
    """The functions of one page's events. Each yields or returns updates by component."""

    def __init__(
        self, app: gr.Blocks, parts: Any, service: GenerationService, model: ModelUpdates, words: English
    ) -> None:
        self._app, self._parts, self._service, self._model, self._words = app, parts, service, model, words
        self.requests = PageRequests(service.kept)

    async def show(self, request: gr.Request, **values: Any) -> AsyncIterator[dict[Any, Any]]:
        """Submit what the page's values ask for, and follow it, unless another event of the page does already."""
        token, listed = read_token(values.pop(TOKEN)), values.pop(LISTED) is True
        grid = {name: values.pop(name) for name in self._parts.grid if name in values}  # only if a grid is asked for
        asked, visitor = of_page(values), Visitor.of(self._app, request)
        try:
            # A thread: this may estimate memory, and reads the given picture.
            submitted = await asyncio.to_thread(self._submit, asked, grid, listed, visitor, token)
        except SanaError as error:
            yield self._refusal(self._words.error(error), self.requests.are_followed(visitor.session, token))
            return
        if self.requests.are_followed(visitor.session, token):
            await self.requests.hold(visitor.session, token, submitted)
            yield {self._parts.waiting: self.requests.waiting(visitor.session, token)}
            return
        async with aclosing(self._states(visitor, token)) as updates:
            async for update in updates:
                yield update

    def stop(self, token: str | None) -> None:
        """Cancel all requests of a page."""
        self._service.kept.cancel(read_token(token))

    async def resume(self, kept: str | None, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Follow the requests that this tab drew before it was loaded anew, or those that another tab has left."""
        tab, browser = read_requests(kept)
        token = tab.token if self._service.kept.find(tab.token) else browser.token
        found = self._service.kept.find(token)
        if found and (token == tab.token or _have_been_left(found)):
            async with aclosing(self._states(Visitor.of(self._app, request), token, again=True)) as updates:
                async for update in updates:
                    yield update
        elif tab.token and not tab.has_ended:
            yield {self._parts.status: Status("lost", self._words.lost, action=self._words.draw_again).record()}
        else:
            yield {self._parts.run: gr.skip()}  # without any update, Gradio would empty all outputs

    def _submit(
        self, values: dict[str, Any], grid: dict[str, Any], listed: bool, visitor: Visitor, token: str
    ) -> list[SubmittedRequest]:
        """Submit what was asked for, or each prompt of the list; raise SanaError if it is refused."""
        text, sender = values[PROMPT.name], (visitor.name, visitor.address, "page", token)
        axes = read_form(grid, self._service.models) if grid else {}
        prompts = [text]
        if listed and isinstance(text, str):
            if axes and (count := count_prompts(text)) > 1:
                raise SanaError(Problem("grid of a list", {"count": count}))
            prompts = read_prompts(text, self._service.room(*sender[:2]))
        first = {**values, PROMPT.name: prompts[0]}
        if problems := self._service.problems({**first, **cells(axes)[0]}):
            raise SanaError(self._words.space.join(self._words.problem(problem) for problem in problems.values()))
        if axes:
            return [self._service.submit_grid(first, axes, *sender)]
        return self._service.submit_list(values, prompts, *sender)

    async def _states(self, visitor: Visitor, token: str, again: bool = False) -> AsyncGenerator[dict[Any, Any], None]:
        """Yield the updates of all requests of a page, one request after the other."""
        earlier: list[Path] = []
        # Without any update, Gradio empties all outputs.
        yield {self._parts.waiting: self.requests.waiting(visitor.session, token)}
        async with aclosing(self.requests.follow(visitor.session, token, again)) as coming:
            async for submitted in coming:
                pictures: list[Path] = []
                arranged, drawings = arrangement(submitted, self._words), submitted.drawings
                try:
                    async with aclosing(follow(self._service, self._words, submitted, visitor, PAUSE)) as updates:
                        async for followed in updates:
                            pictures = followed.pictures
                            waiting = self.requests.waiting(visitor.session, token)
                            name, _ = drawings[min(len(pictures), len(drawings) - 1)]  # the model that draws now
                            told = self._model.about(name) if followed.status.kind in TELLS_OF_MODEL else {}
                            yield {**self._shown(followed, token, waiting, earlier, arranged), **told}
                except SanaError as error:
                    waiting = self.requests.waiting(visitor.session, token)
                    refused = self._refusal(self._words.error(error), goes_on=bool(waiting["requests"]))
                    yield {**refused, **self._model.about(submitted.model), self._parts.waiting: waiting}
                earlier = [*earlier, *pictures][-KEPT_EARLIER:]

    def _refusal(self, text: str, goes_on: bool) -> dict[Any, Any]:
        """Return the update that shows a problem beside the button; `goes_on` says that something is drawn."""
        ended = {self._parts.status: Status("failed", "").record(), self._parts.stop: gr.update(interactive=False)}
        return {self._parts.problem: alert(text), **({} if goes_on else ended)}

    def _shown(
        self, followed: Followed, token: str, waiting: dict[str, Any], earlier: Sequence[Path], arranged: Arrangement
    ) -> dict[Any, Any]:
        """Return the update for a state. It keeps the old pictures until a preview exists."""
        pictures, preview, seed, status = followed
        others = len(waiting["requests"])
        updates: dict[Any, Any] = {
            self._parts.status: replace(status, token=token, seed=seed, waiting=others).record(),
            self._parts.waiting: waiting,
            self._parts.stop: gr.update(interactive=status.kind not in ENDS or others > 0),
        }
        # Again at the end: Gradio drops an update that another one follows at once.
        if (pictures or preview) and status.kind in ("step", "picture", *ENDS):
            updates[self._parts.pictures] = stage(pictures, preview, earlier=earlier, arrangement=arranged)
        return updates


def _have_been_left(requests: Sequence[SubmittedRequest]) -> bool:
    """Return True if nobody follows those that are not done, or, if all are, nobody followed the last to its end."""
    going_on = [each for each in requests if not each.job.is_finished] or requests[-1:]
    return all(each.job.left_at for each in going_on)
