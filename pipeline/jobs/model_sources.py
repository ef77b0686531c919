"""The sources of models: a loaded pipeline, a folder or Hub name, or the bundled checkpoint."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..domain.model import ModelDescription
from ..domain.progress import OnProgress, Progress
from ..domain.prompt_length import PromptLength
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

SMALL = 64 << 20  # bytes; chosen: hashing a folder of this size before the page is up takes a moment


class Pipeline(Protocol):
    """The part of `SanaPipeline` that this room uses."""

    threads: int | None

    @property
    def precision(self) -> str: ...

    def generate(
        self, settings: GenerationSettings, *, given: GivenPicture | None = None
    ) -> Generator[Update, None, None]: ...

    def check(self, settings: GenerationSettings) -> None: ...

    def prompt_length(self, prompt: str, is_negative: bool = False) -> PromptLength: ...


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
    """The source of a folder written by precompile.py or optimum-intel, local or on the Hub."""

    def __init__(self, name: str, device: str, low_memory: bool = False) -> None:
        self.device = device
        self._name = name
        self._low_memory = low_memory

    def describe(self) -> ModelDescription:
        folder = resolve_description(self._name)
        if folder != expand_home(self._name):  # on the Hub: pin the commit, so that `load` ignores a moved tag
            self._name = f"{self._name.partition('@')[0]}@{folder.name}"
            return (describe_folder if (folder / MANIFEST).is_file() else describe_unverified)(folder).model
        manifest = describe_folder(folder)
        if manifest.size() <= SMALL:
            verify(folder, manifest)
        return manifest.model

    def load(self, on_progress: OnProgress) -> Pipeline:
        return _load(resolve(self._name, on_progress), self.device, self._low_memory, on_progress)


class BundledSource:
    """The source of the bundled checkpoint, precompiled into the user's cache folder on first start."""

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
    # Importing torch, diffusers and transformers takes seconds: the page is already up by now.
    from ..generation.pipeline import SanaPipeline

    return SanaPipeline.from_pretrained(folder, device, low_memory, on_progress)
