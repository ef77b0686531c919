"""The service behind every interface: checks, estimates, submits and cancels requests."""

import itertools
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

from ..domain.axes import Axes
from ..domain.errors import SanaError, SettingsError
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, SOME_PICTURE
from ..domain.problems import Problem
from ..domain.prompt_length import PromptLength
from ..domain.request import Request
from ..domain.settings import MODEL, NEGATIVE_PROMPT, PROMPT, STYLE
from ..domain.size_parameters import HEIGHT
from ..domain.styles import apply_style
from ..domain.updates import AnyUpdate, PictureUpdate, PreparationUpdate, Result, SheetUpdate
from ..generation.given_picture import check_given
from .grid_drawing import Grid, cell_changes
from .job import Job
from .job_queue import JobQueue
from .kept_requests import KeptRequests
from .live_requests import LiveRequests
from .models import Models
from .saved_pictures import SavedPictures
from .settling import SettledRequest, Values, open_given, request_of, settle
from .statistics import REFUSED, Statistics
from .submitted_request import SubmittedRequest
from .timings import REST, TIME_PARAMETERS, Timings

TEXTS = (PROMPT, NEGATIVE_PROMPT, STYLE)
"""What the text encoder reads, and the style that adds words to it."""


class GenerationService:
    """A menu of models behind one queue, called by the page, the endpoint and any other interface."""

    def __init__(self, models: Models, timings: Timings, queue: JobQueue, saved: SavedPictures | None = None) -> None:
        """Make the service. `saved` gets each finished picture, whoever asked for it."""
        self.models = models
        self.timings = timings
        self.statistics = Statistics()
        self.live = LiveRequests(self, queue)
        self.kept = KeptRequests()
        self._queue = queue
        self._numbers = itertools.count()
        self._saved = saved

    def problems(self, values: Values) -> dict[str, Problem]:
        """Return the problems of a request by parameter name.

        A size too large for this machine's memory is a problem of the height.
        """
        if problem := self.models.problem(values.get(MODEL.name)):
            without = {name: value for name, value in values.items() if name not in (IMAGE.name, MASK_IMAGE.name)}
            return {MODEL.name: problem, **Request(self.models.describe(self.models.names[0]), without).problems()}
        try:
            given = open_given(values)
        except SettingsError as error:
            return {IMAGE.name: error.problem}
        name, request = request_of(self.models, values, given)
        if problems := request.problems():
            return problems
        settings = request.settings()
        try:
            check_given(settings, given)
        except SettingsError as error:
            return {MASK_IMAGE.name: error.problem}
        try:
            self.models.check(name, settings)
        except SettingsError as error:
            return {HEIGHT.name: error.problem}
        return {}

    def estimate(self, values: Values) -> float | None:
        """Return the seconds that a request will take; None if unknown, or if a value is refused."""
        decisive = self._decisive(values)
        return self.timings.estimate(*decisive) if decisive else None

    def estimate_grid(self, values: Values, axes: Axes) -> float | None:
        """Return the seconds that a grid will take; None if unknown, or if a value is refused."""
        drawings = [self._decisive({**values, **change}) for change in cell_changes(values, axes)]
        known = [each for each in drawings if each]
        return self.timings.known().total(known) if len(known) == len(drawings) else None

    def prompt_lengths(self, values: Values) -> dict[str, PromptLength]:
        """Return the lengths of prompt and negative prompt, with the style's words, by parameter name.

        {} while the model is not loaded, and for values that are refused.
        """
        texts = {each.name: each.normalize(values.get(each.name, each.default)) for each in TEXTS}
        if self.models.problem(values.get(MODEL.name)) or any(each.problem(texts[each.name]) for each in TEXTS):
            return {}
        name = self.models.find(values.get(MODEL.name))
        pipeline = self.models.loaded(name)
        if pipeline is None:
            return {}
        prompt, negative_prompt = apply_style(
            texts[STYLE.name], texts[PROMPT.name], texts[NEGATIVE_PROMPT.name], self.models.describe(name).family
        )
        return {
            PROMPT.name: pipeline.prompt_tokens.length(prompt),
            NEGATIVE_PROMPT.name: pipeline.prompt_tokens.length(negative_prompt, is_negative=True),
        }

    @property
    def queue_counts(self) -> tuple[int, int]:
        """The numbers of waiting and of running requests."""
        return self._queue.counts

    def settle(self, values: Values) -> SettledRequest:
        """Check a request, and choose a random seed if it asks for one; raise SettingsError for a refused value."""
        return settle(self.models, values, [{}])[0]

    def submit(
        self, values: Values, client: str, address: str = "", interface: str = "page", token: str | None = None
    ) -> SubmittedRequest:
        """Put a request into the queue.

        `client` names the sender; `address` is its public address, or "". `interface` is counted in the statistics.
        A request with a secret `token` goes on for a while without followers: `kept` holds it.
        Live requests give way to it.

        Raises:
            SettingsError: a value is refused.
            BusyError: too many requests wait, or this client has too many.
        """
        return self._submit(lambda: [self.settle(values)], client, address, interface, token)[0]

    def submit_list(
        self, values: Values, prompts: Sequence[str], client: str, address: str, interface: str, token: str
    ) -> list[SubmittedRequest]:
        """Put a request for each prompt into the queue, or none; values and errors are as in `submit`."""
        changes = [{PROMPT.name: prompt} for prompt in prompts]
        return self._submit(lambda: settle(self.models, values, changes), client, address, interface, token)

    def submit_grid(
        self, values: Values, axes: Axes, client: str, address: str, interface: str, token: str
    ) -> SubmittedRequest:
        """Put a grid into the queue, as one request; values and errors are as in `submit`."""

        def settle_grid() -> list[Grid]:
            return [Grid(axes, tuple(settle(self.models, values, cell_changes(values, axes))))]

        return self._submit(settle_grid, client, address, interface, token)[0]

    def room(self, client: str, address: str) -> int:
        """Return how many more requests this client may submit now."""
        return self._queue.room(client, address)

    def move(self, token: str, number: int, places: int) -> None:
        """Move a waiting request of a token by some places, if there is one with this number."""
        if request := self.kept.find_one(token, number):
            self._queue.move(request.job, places)

    def prepare(self, model: str, client: str, address: str = "") -> Job:
        """Put the loading of a model into the queue; raise SanaError as `submit` does."""
        name = self.models.find(model)
        return self._queue.submit(lambda: self.models.prepare(name), client, address, lane=self.models.lane(name))

    def draw(self, request: SettledRequest, is_saved: bool = True) -> Generator[AnyUpdate, None, None]:
        """Yield the updates of a request in this thread, past the queue; raise SanaError if it fails."""
        start = time.monotonic()
        for update in self.models.generate(request.model, request.settings, request.given):
            if isinstance(update, PreparationUpdate):
                start = time.monotonic()
            if isinstance(update, PictureUpdate) and self._saved and is_saved:
                self._saved.save(update.picture, request.settings.of_picture(update.image - 1))
            if isinstance(update, Result):
                rest = max(time.monotonic() - start - sum(update.times.values()), 0.0)
                self.timings.learn(request.model, request.settings.values(), {**update.times, REST: rest})
                self.statistics.spend(update.times)
            yield update

    def draw_grid(self, grid: Grid) -> Generator[AnyUpdate | SheetUpdate, None, None]:
        """Yield the updates of a grid likewise. Its sheet is saved as well."""
        with closing(grid.draw(self.draw)) as updates:
            for update in updates:
                if isinstance(update, SheetUpdate) and self._saved:
                    self._saved.save(update.sheet, grid.settings)
                yield update

    def _decisive(self, values: Values) -> tuple[str, dict[str, Any]] | None:
        """Return the model's name and the values that decide how long a request takes; None if one is refused."""
        if self.models.problem(values.get(MODEL.name)):
            return None
        some = SOME_PICTURE if values.get(IMAGE.name) else None
        name, request = request_of(self.models, {**values, IMAGE.name: some}, None)
        complete = request.values
        decisive = {parameter.name: complete[parameter.name] for parameter in TIME_PARAMETERS}
        return None if request.model.problems(decisive) else (name, decisive)

    def _submit(
        self,
        settle_all: Callable[[], Sequence[SettledRequest | Grid]],
        client: str,
        address: str,
        interface: str,
        token: str | None,
    ) -> list[SubmittedRequest]:
        submitted: list[SubmittedRequest] = []
        try:
            settled = settle_all()
            self.live.give_way()
            for each in settled:
                submitted.append(self._queued(each, client, address, interface, is_kept=token is not None))
        except SanaError:
            self.statistics.count(interface, REFUSED)
            for queued in reversed(submitted):
                queued.job.cancel()
            raise
        if token is not None:
            for queued in submitted:
                self.kept.add(token, queued)
        return submitted

    def _queued(
        self, asked: SettledRequest | Grid, client: str, address: str, interface: str, is_kept: bool
    ) -> SubmittedRequest:
        job = self._queue.submit(
            lambda: self.draw_grid(asked) if isinstance(asked, Grid) else self.draw(asked),
            client,
            address,
            lambda job: self.statistics.count(interface, job.outcome),
            is_kept,
            self.models.lane(asked.model),
            self.timings.known().total((model, settings.values()) for model, settings in asked.drawings),
        )
        grid = asked if isinstance(asked, Grid) else None
        return SubmittedRequest(asked.model, asked.settings, job, next(self._numbers), grid)
