"""The menu of models. One at a time is loaded: the one requested last."""

import logging
import threading
from collections.abc import Generator, Sequence

from ..domain.errors import ArtifactError, DeviceError, SanaError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.progress import OnProgress
from ..domain.settings import GenerationSettings
from ..domain.updates import AnyUpdate, PreparationUpdate
from ..generation.given_picture import GivenPicture
from .menu import Entry, Menu
from .model_loading import ModelLoading
from .model_sources import ModelSource, Pipeline

_LOG = logging.getLogger(__name__)
PATIENCE = 0.5  # seconds between two looks at a loading model; chosen: a Stop acts soon


class Models:
    """The menu: model descriptions by name, and access to the loaded model."""

    def __init__(self, sources: Sequence[ModelSource], have_own_machines: bool = False) -> None:
        """Describe each source; raise SanaError for the first that fails.

        With `have_own_machines`, each model has machines of its own, and stays loaded there.
        """
        self._have_own_machines = have_own_machines
        self._menu = Menu()
        self._loading: ModelLoading | None = None
        self._lock = threading.Lock()
        for source in sources:
            self.add(source)

    def add(self, source: ModelSource) -> str:
        """Put another model at the end of the menu, and return its name; raise SanaError if it cannot be described."""
        entry = Entry(source, source.describe())
        with self._lock:
            self._menu, name = self._menu.with_entry(entry)
        return name

    def replace(self, name: str, source: ModelSource) -> str:
        """Put another model in the place of one of the menu, and return its name; the old name stands for it as well.

        Requests that wait for the old model are drawn by the new one, so it must take the same settings.

        Raises:
            SanaError: it cannot be described.
        """
        entry = Entry(source, source.describe())
        with self._lock:
            old = self._menu.find(name)
            self._menu, new = self._menu.with_replaced(old, entry)
            if self._loading and self._loading.name == old:
                self._loading = None  # who draws with the old pipeline holds it
        return new

    @property
    def names(self) -> list[str]:
        return self._menu.names

    @property
    def loading(self) -> ModelLoading | None:
        """The latest loading, finished or not; None before the first."""
        return self._loading

    def problem(self, name: object) -> Problem | None:
        """Return a problem if `name` is not in the menu, else None.

        None and "" mean the first model. A source, as pictures record it, means the first model of that source. A name
        that a model had before it was replaced means the one in its place.
        """
        return self._menu.problem(name)

    def find(self, name: object) -> str:
        """Return the menu's name for a model name or source; raise SettingsError for an unknown one."""
        return self._menu.find(name)

    def describe(self, name: str) -> ModelDescription:
        loading = self._loading
        loaded = loading.model if loading and loading.name == name else None
        return loaded or self._menu[name].model

    def lane(self, name: str) -> str:
        """Return the lane in the queue of a model's requests: models that share machines share one."""
        return str(self.names.index(self.find(name))) if self._have_own_machines else ""

    def device(self, name: str) -> str:
        """Return the OpenVINO device of a model."""
        return self._menu[name].source.device

    def loaded(self, name: str) -> Pipeline | None:
        """Return the pipeline of a model, or None if another one or none is in memory."""
        loading = self._loading
        return loading.pipeline if loading and loading.name == name else None

    def check(self, name: str, settings: GenerationSettings) -> None:
        """Raise SettingsError if the model, when loaded, refuses the settings on this machine."""
        if pipeline := self.loaded(name):
            pipeline.check(settings)

    def start(self, on_progress: OnProgress) -> None:
        """Load the first model in this thread; raise SanaError if that fails."""
        loading, is_new = self._load(self.names[0])
        if is_new:
            loading.run(on_progress)
        if loading.error:
            raise loading.error

    def prepare(self, name: str) -> Generator[PreparationUpdate, None, Pipeline]:
        """Yield updates while a model loads in place of another; return its pipeline. Raises SanaError on failure."""
        loading, is_new = self._load(name)
        if is_new:
            threading.Thread(target=loading.run, daemon=True, name=f"load {name}").start()
        try:
            while not loading.settled.wait(PATIENCE):
                yield PreparationUpdate(loading.progress)
        finally:
            with self._lock:
                loading.wanted -= 1
        if loading.error and not loading.error.problem:  # for the terminal only, since it may name folders
            _LOG.error("%s cannot be loaded: %s", name, loading.error)
            raise SanaError(Problem("model unloadable", {"model": name})) from loading.error
        if loading.pipeline is None:
            raise loading.error or SanaError(Problem("model released", {"model": name}))
        return loading.pipeline

    def generate(
        self, name: str, settings: GenerationSettings, given: GivenPicture | None = None
    ) -> Generator[AnyUpdate, None, None]:
        """Yield the updates of one generation, after those of loading the model; raise SanaError if it fails."""
        pipeline = yield from self.prepare(name)
        try:
            yield from pipeline.generate(settings, given=given)
        except (ArtifactError, DeviceError, OSError) as error:  # for example, the folder was removed or changed
            _LOG.error("%s is given up: %s", name, error)
            raise self._give_up(pipeline, name) from error

    def _give_up(self, pipeline: Pipeline, name: str) -> SanaError:
        """Forget a possibly damaged pipeline, so that the next request loads the model anew; return the error."""
        error = SanaError(Problem("model files", {"model": name}))
        with self._lock:
            if self._loading and self._loading.pipeline is pipeline:
                self._loading.error, self._loading.pipeline = error, None
        return error

    def _load(self, name: str) -> tuple[ModelLoading, bool]:
        """Return the loading of a model, wanted once more, and whether it is new, so that the caller must run it."""
        with self._lock:
            name = self._menu.find(name)
            current, is_new = self._loading, False
            while current and current.name != name and current.give_up():
                current = current.before  # nobody waits for it any more
            if current is None or current.name != name or current.error:
                current, is_new = ModelLoading(name, self._menu[name].source, current), True
            current.wanted += 1
            self._loading = current
            return current, is_new
