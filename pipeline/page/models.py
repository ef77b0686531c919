"""The models of the page's menu, of which one at a time is loaded: the one that was asked for last."""

import gc
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from ..errors import SanaError, SettingsError
from ..settings import GenerationSettings
from ..updates import Update
from .description import Description
from .sources import Pipeline, Source

PATIENCE = 0.5  # seconds between two looks of a waiting request, so that a Stop acts soon


@dataclass(frozen=True)
class PreparationUpdate:
    """The model is not ready yet; `line` says what is being done."""

    line: str


class Loading:
    """One model on its way into memory: `run` it once, then `pipeline` or `error` is there."""

    def __init__(self, name: str, source: Source, before: "Loading | None") -> None:
        self.name = name
        self.line = "Preparing the model"
        self.pipeline: Pipeline | None = None
        self.description: Description | None = None  # with what is known only of the loaded model
        self.error: SanaError | None = None
        self.settled = threading.Event()
        self._source = source
        self._before = before

    def run(self, report: Callable[[str], None] = lambda line: None) -> None:
        """Frees the model before, and loads this one; raises nothing but what is no SanaError."""

        def tell(line: str) -> None:
            self.line = line
            report(line)

        try:
            if self._before:
                self._before.settled.wait()
                self._before.pipeline = None
                self._before = None
                gc.collect()  # both would not fit where one does
            pipeline = self._source.load(tell)
            self.description = self._source.describe()
            self.pipeline = pipeline
        except SanaError as error:
            self.error = error
        except OSError as error:  # a disk that is full, or was taken away
            self.error = SanaError(f"{self.name} cannot be loaded: {error.strerror or error}.")
        finally:
            self.error = self.error or (
                None if self.pipeline else SanaError("The model cannot be loaded: see the terminal of app.py.")
            )
            self.settled.set()


class Models:
    """The menu: names with descriptions, and the requests' way to a loaded model."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Describes each; raises SanaError for the first that cannot be."""
        self._sources: dict[str, Source] = {}
        self._descriptions: dict[str, Description] = {}
        for source in sources:
            description = source.describe()
            name, same = description.name, sum(each.name == description.name for each in self._descriptions.values())
            if same:  # the same model in another folder
                name += f" {same + 1}"
            self._sources[name], self._descriptions[name] = source, description
        self._loading: Loading | None = None
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return list(self._sources)

    @property
    def loading(self) -> Loading | None:
        """What is loaded, or on its way."""
        return self._loading

    def check(self, name: object) -> str:
        """That name, or the first for None or ""; raises SettingsError for an unknown one."""
        if name in (None, ""):
            return self.names[0]
        if not isinstance(name, str) or name not in self._sources:
            raise SettingsError(f"There is no model {str(name)[:80]!r}; there are: {', '.join(self.names)}.")
        return name

    def describe(self, name: str) -> Description:
        loading = self._loading
        loaded = loading.description if loading and loading.name == name else None
        return loaded or self._descriptions[name]

    def device(self, name: str) -> str:
        """Where that model computes; once it is loaded, how precisely and with how many threads."""
        device, pipeline = self._sources[name].device, self._loaded(name)
        if pipeline is None:
            return device
        threads = f", {pipeline.threads} thread{'s' * (pipeline.threads > 1)}" if pipeline.threads else ""
        return f"{device}{threads}, computing in {pipeline.precision}"

    def check_room(self, name: str, settings: GenerationSettings) -> None:
        """Raises SettingsError for what that model, once it is loaded, refuses on this machine."""
        if pipeline := self._loaded(name):
            pipeline.check(settings)

    def start(self, report: Callable[[str], None]) -> None:
        """Loads the first model in this thread; raises SanaError."""
        loading, is_new = self._load(self.names[0])
        if is_new:
            loading.run(report)
        if loading.error:
            raise loading.error

    def prepare(self, name: str) -> Generator[PreparationUpdate, None, Pipeline]:
        """The loaded model of that name, after the updates of loading it, which frees another; raises SanaError."""
        loading, is_new = self._load(name)
        if is_new:
            threading.Thread(target=loading.run, daemon=True, name=f"load {name}").start()
        while not loading.settled.wait(PATIENCE):
            yield PreparationUpdate(loading.line)
        if loading.pipeline is None:
            raise loading.error or SanaError(f"{name} has made room for another model: try again.")
        return loading.pipeline

    def generate(self, name: str, settings: GenerationSettings) -> Generator[Update | PreparationUpdate, None, None]:
        """Updates of one generation by the model of that name."""
        pipeline = yield from self.prepare(name)
        yield from pipeline.generate(settings)

    def _loaded(self, name: str) -> Pipeline | None:
        loading = self._loading
        return loading.pipeline if loading and loading.name == name else None

    def _load(self, name: str) -> tuple[Loading, bool]:
        """The loading of that model, and whether it is new and has to be run."""
        with self._lock:
            current = self._loading
            if current and current.name == name and not current.error:
                return current, False
            self._loading = Loading(name, self._sources[name], current)
            return self._loading, True
