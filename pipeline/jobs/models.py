"""The menu of models. One at a time is loaded: the one requested last."""

import logging
import threading
from collections.abc import Generator, Sequence

from ..domain.errors import ArtifactError, DeviceError, SanaError, SettingsError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.progress import OnProgress
from ..domain.settings import MODEL, GenerationSettings
from ..domain.updates import PreparationUpdate, Update
from ..generation.given_picture import GivenPicture
from .model_loading import ModelLoading
from .model_sources import ModelSource, Pipeline

_LOG = logging.getLogger(__name__)
PATIENCE = 0.5  # seconds between two looks at a loading model; chosen: a Stop acts soon


class Models:
    """The menu: model descriptions by name, and access to the loaded model."""

    def __init__(self, sources: Sequence[ModelSource]) -> None:
        """Describe each source; raise SanaError for the first that fails."""
        self._sources: dict[str, ModelSource] = {}
        self._descriptions: dict[str, ModelDescription] = {}
        self._loading: ModelLoading | None = None
        self._lock = threading.Lock()
        for source in sources:
            self.add(source)

    def add(self, source: ModelSource) -> str:
        """Put another model at the end of the menu, and return its name; raise SanaError if it cannot be described."""
        model = source.describe()
        with self._lock:
            name, same = model.name, sum(each.name == model.name for each in self._descriptions.values())
            if same:  # the same model in another folder
                name += f" {same + 1}"
            # New ones, since other threads may go through the old.
            self._descriptions = {**self._descriptions, name: model}
            self._sources = {**self._sources, name: source}
        return name

    @property
    def names(self) -> list[str]:
        return list(self._sources)

    @property
    def loading(self) -> ModelLoading | None:
        """The latest loading, finished or not; None before the first."""
        return self._loading

    def problem(self, name: object) -> Problem | None:
        """Return a problem if `name` is not in the menu, else None.

        None and "" mean the first model. A source, as pictures record it, means the first model of that source.
        """
        if name in (None, "") or name in [model.source for model in self._descriptions.values()]:
            return None
        return MODEL.problem(name, choices=tuple(self._sources))

    def find(self, name: object) -> str:
        """Return the menu's name for a model name or source; raise SettingsError for an unknown one."""
        if problem := self.problem(name):
            raise SettingsError(problem)
        if name in self._sources:
            return str(name)
        return next((own for own, model in self._descriptions.items() if model.source == name), self.names[0])

    def describe(self, name: str) -> ModelDescription:
        loading = self._loading
        loaded = loading.model if loading and loading.name == name else None
        return loaded or self._descriptions[name]

    def device(self, name: str) -> str:
        """Return the OpenVINO device of a model."""
        return self._sources[name].device

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
    ) -> Generator[Update | PreparationUpdate, None, None]:
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
            current, is_new = self._loading, False
            while current and current.name != name and current.give_up():
                current = current.before  # nobody waits for it any more
            if current is None or current.name != name or current.error:
                current, is_new = ModelLoading(name, self._sources[name], current), True
            current.wanted += 1
            self._loading = current
            return current, is_new
