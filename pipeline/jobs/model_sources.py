"""The sources of models: a loaded pipeline, a folder or Hub name, or the bundled checkpoint."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .. import miniature
from ..domain.model import ModelDescription
from ..domain.progress import OnProgress, Progress
from ..domain.settings import GenerationSettings
from ..domain.updates import AnyUpdate
from ..generation.given_picture import GivenPicture
from ..generation.prompt_tokens import PromptTokens
from ..hub.resolve import resolve, resolve_description
from ..miniature.precompiled import PrecompiledMiniature
from ..model_folder.description import describe_folder, describe_unverified
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import MANIFEST
from ..model_folder.integrity import verify

if TYPE_CHECKING:
    from ..generation.pipeline import SanaPipeline

SMALL = 64 << 20  # bytes; chosen: hashing a folder of this size before the page is up takes a moment


class Pipeline(Protocol):
    """What drawing needs of a pipeline: `SanaPipeline` on this machine, `RemotePipeline` over a cluster."""

    threads: int | None

    @property
    def precision(self) -> str: ...

    def generate(
        self, settings: GenerationSettings, *, given: GivenPicture | None = None
    ) -> Generator[AnyUpdate, None, None]: ...

    def check(self, settings: GenerationSettings) -> None: ...

    @property
    def prompt_tokens(self) -> PromptTokens: ...


class ModelSource(Protocol):
    """A model that can be described at once and loaded later. Both raise SanaError if that fails."""

    device: str

    def describe(self) -> ModelDescription: ...

    def load(self, on_progress: OnProgress) -> Pipeline:
        """Load the model, which takes seconds to minutes, and report the progress."""


class LoadedSource:
    """The source of a pipeline that the caller has loaded."""

    def __init__(self, pipeline: "SanaPipeline") -> None:
        self.device = pipeline.device
        self._pipeline = pipeline

    def describe(self) -> ModelDescription:
        return self._pipeline.model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return self._pipeline


class NamedSource:
    """The source of a folder written by precompile.py or optimum-intel, local or on the Hub.

    Once it was described, `name` has the commit on the Hub, and `size` the bytes of the model's files.
    """

    size = 0

    def __init__(self, name: str, device: str, low_memory: bool = False, max_threads: int | None = None) -> None:
        self.device = device
        self.name = name
        self._options = low_memory, max_threads

    def describe(self) -> ModelDescription:
        folder = resolve_description(self.name)
        if folder != expand_home(self.name):  # on the Hub: pin the commit, so that `load` ignores a moved tag
            self.name = f"{self.name.partition('@')[0]}@{folder.name}"
            manifest = (describe_folder if (folder / MANIFEST).is_file() else describe_unverified)(folder)
            self.size = manifest.size()
            return manifest.model
        manifest = describe_folder(folder)
        self.size = _size(folder)
        if manifest.size() <= SMALL:
            verify(folder, manifest)
        return manifest.model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return _load(resolve(self.name, on_progress), self.device, *self._options, on_progress)


class BundledSource:
    """The source of the bundled checkpoint, whose IR folder is made in the user's cache folder on first start.

    `size` is the bytes of its files.
    """

    def __init__(self, checkpoint: Path, device: str, low_memory: bool = False, max_threads: int | None = None) -> None:
        self.device = device
        self.size = _size(checkpoint)
        self._miniature = PrecompiledMiniature(checkpoint)
        self._options = low_memory, max_threads

    def describe(self) -> ModelDescription:
        return self._miniature.describe()

    def load(self, on_progress: OnProgress) -> Pipeline:
        return _load(self._miniature.folder(on_progress), self.device, *self._options, on_progress)


def source_of(
    name: str | None, device: str, low_memory: bool = False, max_threads: int | None = None
) -> NamedSource | BundledSource:
    """Return the source of a folder or a name on the Hub, or of the bundled checkpoint if there is no name.

    `max_threads` is that of `SanaPipeline.from_pretrained`.
    """
    if name is not None:  # "" names no folder, and is refused
        return NamedSource(name, device, low_memory, max_threads)
    return BundledSource(miniature.CHECKPOINT, device, low_memory, max_threads)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _load(folder: Path, device: str, low_memory: bool, max_threads: int | None, on_progress: OnProgress) -> Pipeline:
    on_progress(Progress("load", "Loading the model"))
    # Importing torch, diffusers and transformers takes seconds: the page is already up by now.
    from ..generation.pipeline import SanaPipeline

    pipeline = SanaPipeline.from_pretrained(folder, device, low_memory, on_progress, max_threads=max_threads)
    pipeline.prepare()
    return pipeline
