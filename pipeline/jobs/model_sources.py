"""Where a model of the menu comes from: loaded already, a folder or Hub name, or the bundled checkpoint."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..domain.model import ModelDescription
from ..domain.progress import OnProgress, Progress
from ..domain.settings import GenerationSettings
from ..domain.updates import Update
from ..generation.given_picture import GivenPicture
from ..hub.resolve import resolve, resolve_description
from ..miniature.precompiled import PrecompiledMiniature
from ..model_folder.description import describe_folder, describe_unverified
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import MANIFEST
from ..model_folder.integrity import verify

if TYPE_CHECKING:
    from ..generation.pipeline import SanaPipeline

SMALL = 64 << 20  # bytes of a folder that is verified in a moment, before the page is up


class Pipeline(Protocol):
    """What drawing needs of a pipeline; `SanaPipeline` has it."""

    threads: int | None

    @property
    def precision(self) -> str: ...

    def generate(
        self, settings: GenerationSettings, *, given: GivenPicture | None = None
    ) -> Generator[Update, None, None]: ...

    def check(self, settings: GenerationSettings) -> None: ...


class ModelSource(Protocol):
    """A model that can be described at once, and loaded later; both raise SanaError."""

    device: str

    def describe(self) -> ModelDescription: ...

    def load(self, on_progress: OnProgress) -> Pipeline:
        """Take seconds to minutes, and tell what is being done."""


class LoadedSource:
    """A pipeline that the caller has loaded."""

    def __init__(self, pipeline: "SanaPipeline") -> None:
        self.device = pipeline.device
        self._pipeline = pipeline

    def describe(self) -> ModelDescription:
        return self._pipeline.model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return self._pipeline


class NamedSource:
    """A folder that precompile.py or optimum-intel wrote, here or on the Hub."""

    def __init__(self, name: str, device: str, low_memory: bool = False) -> None:
        self.device = device
        self._name = name
        self._low_memory = low_memory

    def describe(self) -> ModelDescription:
        folder = resolve_description(self._name)
        if folder != expand_home(self._name):  # of the Hub: the same commit is loaded, even if a tag moves
            self._name = f"{self._name.partition('@')[0]}@{folder.name}"
            return (describe_folder if (folder / MANIFEST).is_file() else describe_unverified)(folder).model
        manifest = describe_folder(folder)
        if manifest.size() <= SMALL:
            verify(folder, manifest)
        return manifest.model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return _load(resolve(self._name, on_progress), self.device, self._low_memory, on_progress)


class BundledSource:
    """The bundled checkpoint: on first start it is precompiled into the user's cache folder."""

    def __init__(self, checkpoint: Path, device: str, low_memory: bool = False) -> None:
        self.device = device
        self._miniature = PrecompiledMiniature(checkpoint)
        self._low_memory = low_memory

    def describe(self) -> ModelDescription:
        return self._miniature.describe()

    def load(self, on_progress: OnProgress) -> Pipeline:
        return _load(self._miniature.folder(on_progress), self.device, self._low_memory, on_progress)


def _load(folder: Path, device: str, low_memory: bool, on_progress: OnProgress) -> Pipeline:
    on_progress(Progress("load", "Loading the model"))
    # torch, diffusers and transformers take seconds, while the page is already up
    from ..generation.pipeline import SanaPipeline

    return SanaPipeline.from_pretrained(folder, device, low_memory, on_progress)
