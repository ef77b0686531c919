"""Where a model of the page comes from: loaded already, a folder or Hub name, or the bundled checkpoint."""

import shutil
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..artifacts import (
    COMPONENTS,
    DRAFT_DECODER,
    MANIFEST,
    is_exported_by_optimum,
    read_manifest,
    resolve,
    resolve_description,
    verify,
)
from ..errors import ArtifactError
from ..settings import GenerationSettings
from ..updates import Update
from .bundled import precompile
from .cache import COMPRESSION, cached_folder
from .description import Description, describe_checkpoint, describe_folder, describe_manifest

if TYPE_CHECKING:
    from ..sana import SanaPipeline

Tell = Callable[[str], None]
SMALL = 64 << 20  # bytes of a folder that is verified in a moment, before the page is up


class Pipeline(Protocol):
    """What drawing needs of a pipeline; `SanaPipeline` has it."""

    threads: int | None

    @property
    def precision(self) -> str: ...

    def generate(self, settings: GenerationSettings) -> Generator[Update, None, None]: ...

    def check(self, settings: GenerationSettings) -> None: ...


class Source(Protocol):
    """A model that can be described at once, and loaded later; both raise SanaError."""

    device: str

    def describe(self) -> Description: ...

    def load(self, tell: Tell) -> Pipeline:
        """Takes seconds to minutes, and says what is being done."""


class LoadedSource:
    """A pipeline that the caller has loaded."""

    def __init__(self, pipeline: "SanaPipeline") -> None:
        self.device = pipeline.device
        self._pipeline = pipeline

    def describe(self) -> Description:
        return describe_manifest(self._pipeline.manifest, self._pipeline.sample_size)

    def load(self, tell: Tell) -> Pipeline:
        return self._pipeline


class NamedSource:
    """A folder that precompile.py or optimum-intel wrote, here or on the Hub."""

    def __init__(self, name: str, device: str, low_memory: bool = False) -> None:
        self.device = device
        self._name = name
        self._low_memory = low_memory

    def describe(self) -> Description:
        folder = resolve_description(self._name)
        if folder != Path(self._name).expanduser():  # of the Hub: the same commit is loaded, even if a tag moves
            self._name = f"{self._name.partition('@')[0]}@{folder.name}"
            return describe_folder(folder, by_optimum=not (folder / MANIFEST).is_file())
        by_optimum = is_exported_by_optimum(folder)
        description = describe_folder(folder, by_optimum)
        if not by_optimum and read_manifest(folder).size() <= SMALL:
            verify(folder)
        return description

    def load(self, tell: Tell) -> Pipeline:
        return _load(resolve(self._name, tell), self.device, self._low_memory, tell)


class BundledSource:
    """The bundled checkpoint: on first start it is precompiled into the user's cache folder."""

    def __init__(self, checkpoint: Path, device: str, low_memory: bool = False) -> None:
        self.device = device
        self._checkpoint = checkpoint
        self._low_memory = low_memory

    @cached_property
    def _folder(self) -> Path:
        return cached_folder(self._checkpoint)  # reads the whole checkpoint

    def describe(self) -> Description:
        if (self._folder / MANIFEST).is_file():
            with suppress(ArtifactError):  # a damaged one is made again
                return describe_folder(self._folder, by_optimum=False)
        return describe_checkpoint(self._checkpoint, COMPRESSION)

    def load(self, tell: Tell) -> Pipeline:
        if not _is_intact(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)  # damaged, or nothing
            precompile(self._checkpoint, self._folder, COMPRESSION, self._counted(tell))
        return _load(self._folder, self.device, self._low_memory, tell)

    def _counted(self, tell: Tell) -> Tell:
        """Takes what precompile.py prints, of which one line is for each part, and tells how many parts are done."""
        names = (*COMPONENTS, DRAFT_DECODER) if self.describe().has_draft else COMPONENTS
        done: set[str] = set()

        def count(line: str) -> None:
            if (name := line.partition(":")[0]) in names:
                done.add(name)
                say()

        def say() -> None:
            tell(f"Preparing the model for this machine, once: {len(done)} of {len(names)} parts are done")

        say()
        return count


def _load(folder: Path, device: str, low_memory: bool, tell: Tell) -> Pipeline:
    tell("Loading the model")
    from ..sana import SanaPipeline  # torch, diffusers and transformers: seconds, while the page is already up

    return SanaPipeline.from_pretrained(folder, device, low_memory, tell)


def _is_intact(folder: Path) -> bool:
    try:
        verify(folder)
    except ArtifactError:
        return False
    return True
