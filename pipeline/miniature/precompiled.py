"""The IR folder of the bundled checkpoint: in the user's cache, named by all that decides its content."""

import dataclasses
import hashlib
import shutil
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from ..domain.errors import ArtifactError
from ..domain.model import ModelDescription
from ..domain.progress import OnProgress, Progress
from ..model_folder.files import read_json, sha256
from ..model_folder.folder_layout import DRAFT_FILE, MANIFEST
from ..model_folder.integrity import verify
from ..model_folder.manifest import FORMAT_VERSION, TOOLS, read_manifest
from ..model_folder.model_index import ModelIndex
from ..runtime.folders import cache_entry
from .export_process import export

COMPRESSION = "fp16"
EXPORT_SOURCES = Path(__file__).parents[1] / "export"


class PrecompiledMiniature:
    """The folder that this version makes of a checkpoint; an update of anything makes it another one."""

    def __init__(self, checkpoint: Path) -> None:
        self._checkpoint = checkpoint

    def describe(self) -> ModelDescription:
        """Describe the folder, or before it is there the checkpoint; raise ArtifactError for a damaged checkpoint."""
        if (self._folder / MANIFEST).is_file():
            with suppress(ArtifactError):  # a damaged one is made again
                return read_manifest(self._folder).model
        return describe_checkpoint(self._checkpoint)

    def folder(self, on_progress: OnProgress) -> Path:
        """Return the folder, whole; make it first if it is not there, or damaged. Raises SanaError."""
        if not self._is_intact():
            shutil.rmtree(self._folder, ignore_errors=True)  # damaged, or nothing
            export(self._checkpoint, self._folder, COMPRESSION, lambda progress: _tell_parts(progress, on_progress))
        return self._folder

    @cached_property
    def _folder(self) -> Path:
        return cache_entry(f"miniature-{COMPRESSION}-{_fingerprint(self._checkpoint)}")

    def _is_intact(self) -> bool:
        try:
            verify(self._folder, read_manifest(self._folder))
        except ArtifactError:
            return False
        return True


def describe_checkpoint(checkpoint: Path) -> ModelDescription:
    """Describe a checkpoint by its `sana.json`, before it is precompiled; raise ArtifactError if that is damaged."""
    record = read_json(checkpoint / "sana.json")
    try:
        return ModelDescription(
            source=record.get("name", checkpoint.name),
            revision=None,
            family=ModelIndex.read(checkpoint).family,
            compression=COMPRESSION,
            native_size=record["defaults"]["width"],
            min_size=record["min_size"],
            max_size=record["max_size"],
            defaults=record["defaults"],
            has_draft_decoder=(checkpoint / DRAFT_FILE).is_file(),
        )
    except KeyError as error:
        raise ArtifactError(f"{checkpoint / 'sana.json'} has no {error}.") from error


def _tell_parts(progress: Progress, on_progress: OnProgress) -> None:
    """Tell of an export only how many of its parts are done."""
    if progress.stage == "export" and progress.total is not None:
        text = f"Preparing the model for this machine, once: {progress.done} of {progress.total} parts are done"
        on_progress(dataclasses.replace(progress, stage="prepare", text=text))


def _fingerprint(checkpoint: Path) -> str:
    """Return a hash over everything that decides what the export makes; reads the whole checkpoint."""
    digest = hashlib.sha256(f"format {FORMAT_VERSION}".encode())
    for tool in TOOLS:
        digest.update(f"{tool} {version(tool)}".encode())
    for folder, pattern in ((EXPORT_SOURCES, "*.py"), (checkpoint, "*")):
        for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}".encode())
    return digest.hexdigest()[:12]
