"""The service behind every interface: checks, estimates, submits and cancels requests."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.errors import SanaError, SettingsError
from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_IMAGE, SOME_PICTURE
from ..domain.problems import Problem
from ..domain.request import Request
from ..domain.resolutions import drawn_size
from ..domain.settings import HEIGHT, MODEL, GenerationSettings
from ..domain.updates import JobUpdate, PictureUpdate, PreparationUpdate, Result
from ..generation.given_picture import GivenPicture, check_given
from .job import Job
from .job_queue import JobQueue
from .kept_requests import KeptRequests
from .models import Models
from .saved_pictures import SavedPictures
from .statistics import REFUSED, Statistics
from .submitted_request import SubmittedRequest
from .timings import REST, TIME_PARAMETERS, Timings

Values = Mapping[str, Any]
"""A request: unchecked values by parameter name. A picture is the path of its file, or the open file."""


@dataclass(frozen=True)
class SettledRequest:
    """A checked request: the name of its model, its settings, and the picture that it starts from, if any."""

    model: str
    settings: GenerationSettings
    given: GivenPicture | None


class GenerationService:
    """A menu of models behind one queue, called by the page, the endpoint and any other interface."""

    def __init__(self, models: Models, timings: Timings, queue: JobQueue, saved: SavedPictures | None = None) -> None:
        """Make the service. `saved` gets each finished picture, whoever asked for it."""
        self.models = models
        self.timings = timings
        self.statistics = Statistics()
        self._queue = queue
        self._kept = KeptRequests()
        self._saved = saved

    def problems(self, values: Values) -> dict[str, Problem]:
        """Return the problems of a request by parameter name.

        A size too large for this machine's memory is a problem of the height.
        """
        if problem := self.models.problem(values.get(MODEL.name)):
            without = {name: value for name, value in values.items() if name not in (IMAGE.name, MASK_IMAGE.name)}
            return {MODEL.name: problem, **Request(self.models.describe(self.models.names[0]), without).problems()}
        try:
            name, request, given = self._request(values)
        except SettingsError as error:
            return {IMAGE.name: error.problem}
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
        if self.models.problem(values.get(MODEL.name)):
            return None
        name = self.models.find(values.get(MODEL.name))
        pictures = {each.name: values.get(each.name) and SOME_PICTURE for each in (IMAGE, MASK_IMAGE)}
        request = Request(self.models.describe(name), {**values, **pictures})
        complete = request.values
        decisive = {parameter.name: complete[parameter.name] for parameter in TIME_PARAMETERS}
        if request.model.problems(decisive):
            return None
        return self.timings.estimate(name, decisive)

    @property
    def queue_counts(self) -> tuple[int, int]:
        """The numbers of waiting and of running requests."""
        return self._queue.counts

    def settle(self, values: Values) -> SettledRequest:
        """Check a request, and choose a random seed if it asks for one; raise SettingsError for a refused value."""
        name, request, given = self._request(values)
        settings = request.settings()
        check_given(settings, given)
        return SettledRequest(name, settings, given)

    def submit(
        self, values: Values, client: str, address: str = "", interface: str = "page", token: str | None = None
    ) -> SubmittedRequest:
        """Put a request into the queue.

        `client` names the sender; `address` is its public address, or "". `interface` is counted in the statistics.
        A request with a secret `token`, which must be new, goes on for a while without followers: `find` finds it.

        Raises:
            SettingsError: a value is refused.
            BusyError: too many requests wait, or this client has too many.
        """
        try:
            settled = self.settle(values)
            job = self._queue.submit(
                lambda: self.draw(settled),
                client,
                address,
                lambda job: self.statistics.count(interface, job.outcome),
                is_kept=token is not None,
            )
        except SanaError:
            self.statistics.count(interface, REFUSED)
            raise
        submitted = SubmittedRequest(settled.model, settled.settings, job)
        if token is not None:
            self._kept.add(token, submitted)
        return submitted

    def find(self, token: str) -> SubmittedRequest | None:
        """Return the request with a token; None if there is none, or no longer."""
        return self._kept.find(token)

    def prepare(self, model: str, client: str, address: str = "") -> Job:
        """Put the loading of a model into the queue; raise SanaError as `submit` does."""
        name = self.models.find(model)
        return self._queue.submit(lambda: self.models.prepare(name), client, address)

    def draw(self, request: SettledRequest) -> Generator[JobUpdate, None, None]:
        """Yield the updates of a request in this thread, past the queue; raise SanaError if it fails."""
        start = time.monotonic()
        for update in self.models.generate(request.model, request.settings, request.given):
            if isinstance(update, PreparationUpdate):
                start = time.monotonic()
            if isinstance(update, PictureUpdate) and self._saved:
                self._saved.save(update.picture, request.settings.of_picture(update.image - 1))
            if isinstance(update, Result):
                rest = max(time.monotonic() - start - sum(update.times.values()), 0.0)
                self.timings.learn(request.model, request.settings.values(), {**update.times, REST: rest})
                self.statistics.spend(update.times)
            yield update

    def cancel(self, token: str) -> None:
        """Cancel the request with a token, if there is one; a running one stops within a step."""
        if submitted := self._kept.find(token):
            submitted.job.cancel()

    def _request(self, values: Values) -> tuple[str, Request, GivenPicture | None]:
        """Return the name of the model, the request, and the picture that it starts from, if it gives one.

        Raises:
            SettingsError: the picture or the mask cannot be used.
        """
        name = self.models.find(values.get(MODEL.name))
        model = self.models.describe(name)
        image, mask_image = values.get(IMAGE.name), values.get(MASK_IMAGE.name)
        if image is None:
            return name, Request(model, {**values, MASK_IMAGE.name: mask_image and SOME_PICTURE}), None
        given = GivenPicture.open(image, mask_image)
        hashes = {IMAGE.name: given.image_sha256, MASK_IMAGE.name: given.mask_sha256}
        return (
            name,
            Request(model, {**values, **hashes}, drawn_size(model, *given.size, bool(values.get(ENLARGE.name)))),
            given,
        )
