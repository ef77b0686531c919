"""The IR folder of the bundled checkpoint, in the user's cache: unpacked from the archive beside the checkpoint.

Where the archive does not fit, as in a training, it is exported. Its name has a hash of all that it is made from.
"""

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.progress import OnProgress, Progress
from ..model_folder.files import sha256
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER, DRAFT_FILES, MANIFEST
from ..model_folder.integrity import verify
from ..model_folder.manifest import FORMAT_VERSION, TOOLS, read_manifest
from ..model_folder.model_index import ModelIndex
from ..model_folder.schema import Options, read_record
from ..model_folder.whole_files import write_whole
from ..runtime.file_lock import wait_for_lock
from ..runtime.folders import cache_entry
from .export_process import export
from .packed_folder import PackedFolder, update_with_files

COMPRESSION = "fp16"
PREFIX, LOCK = "miniature-", "miniature.lock"  # in the cache folder
MAX_OTHERS = 2  # folders of other versions that are kept, of 55 MB each; chosen: for going back to one
EXPORT_SOURCES = Path(__file__).parents[1] / "export"


class PrecompiledMiniature:
    """The IR folder that this version of the program makes of a checkpoint. Another version has another folder."""

    def __init__(self, checkpoint: Path) -> None:
        self._checkpoint = checkpoint
        self._packed = PackedFolder(checkpoint)

    def describe(self) -> ModelDescription:
        """Return the description of the folder or, if it is not made yet, of the checkpoint.

        Raises:
            ArtifactError: the checkpoint is damaged.
        """
        return read_manifest(self._folder).model if self._is_intact() else describe_checkpoint(self._checkpoint)

    def folder(self, on_progress: OnProgress) -> Path:
        """Return the path of the complete folder. Make the folder first if it is missing or damaged.

        If another process is making it, wait.

        Raises:
            SanaError: the folder cannot be made.
        """
        with self._sole_maker(on_progress):
            if not self._is_intact():
                _remove(self._folder)  # if it is there, it is damaged
                if not (partial := self._folder.with_name(f"{self._folder.name}.partial")).is_dir():
                    _remove(partial)
                self._make(on_progress)
                with suppress(OSError):  # without the seal, the next start makes the folder again
                    write_whole(self._seal, sha256(self._folder / MANIFEST))
            self._thin_out()
        return self._folder

    def _make(self, on_progress: OnProgress) -> None:
        if self._packed.fits:
            on_progress(Progress("prepare", "Unpacking the model, once"))
            self._packed.unpack(self._folder)
        else:
            export(self._checkpoint, self._folder, COMPRESSION, lambda progress: _tell_parts(progress, on_progress))

    @contextmanager
    def _sole_maker(self, on_progress: OnProgress) -> Iterator[None]:
        def wait(holder: str) -> None:
            on_progress(Progress("prepare", f"Waiting for {holder}, which prepares the model"))

        lock = None
        with suppress(OSError):  # in a read-only cache, the folder may be there; if not, the export reports the error
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            lock = wait_for_lock(self._folder.with_name(LOCK), wait)
        try:
            yield
        finally:
            if lock:
                lock.release()

    def _thin_out(self) -> None:
        """Remove the folders of other versions, except the MAX_OTHERS that were used last."""
        with suppress(OSError):
            os.utime(self._folder)
            folders = [
                path for path in self._folder.parent.glob(f"{PREFIX}*") if path.is_dir() and path != self._folder
            ]
            for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[MAX_OTHERS:]:
                _remove(path)
                _remove(_seal_of(path))

    @property
    def _seal(self) -> Path:
        return _seal_of(self._folder)

    @cached_property
    def _folder(self) -> Path:
        made_of = sha256(self._packed.path)[:12] if self._packed.fits else _fingerprint(self._checkpoint)
        return cache_entry(f"{PREFIX}{COMPRESSION}-{made_of}")

    def _is_intact(self) -> bool:
        """Return True if the folder is unchanged: the seal beside it holds the hash of its manifest."""
        try:
            manifest = self._folder / MANIFEST
            if not (manifest.is_file() and self._seal.is_file()) or self._seal.read_text() != sha256(manifest):
                return False
            verify(self._folder, read_manifest(self._folder))
        except (SanaError, OSError, ValueError):
            return False
        return True


def _seal_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.seal")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # it is missing, or cannot be removed; then the export in its place reports the error
            path.unlink()


def describe_checkpoint(checkpoint: Path) -> ModelDescription:
    """Describe a checkpoint that is not precompiled, by its `sana.json`; raise ArtifactError if that is damaged."""
    options = read_record(checkpoint / "sana.json", Options)
    return ModelDescription(
        source=options.name or checkpoint.name,
        revision=None,
        family=ModelIndex.read(checkpoint).family,
        compression=COMPRESSION,
        native_size=options.defaults.width,
        min_size=options.min_size,
        max_size=options.max_size,
        defaults=options.defaults.model_dump(),
        has_draft_decoder=(checkpoint / DRAFT_FILES[DRAFT_DECODER]).is_file(),
        has_vae_encoder=True,
        has_draft_encoder=(checkpoint / DRAFT_FILES[DRAFT_ENCODER]).is_file(),
    )


def _tell_parts(progress: Progress, on_progress: OnProgress) -> None:
    """Pass on the progress of an export in the user's words, as the number of finished parts."""
    if progress.stage == "export" and progress.total is not None:
        text = f"Preparing the model for this machine, once: {progress.done} of {progress.total} parts are done"
        on_progress(dataclasses.replace(progress, stage="prepare", text=text))


def _fingerprint(checkpoint: Path) -> str:
    """Return a hash of everything that the export's result depends on. It reads the whole checkpoint."""
    digest = hashlib.sha256(f"format {FORMAT_VERSION}".encode())
    for tool in TOOLS:
        digest.update(f"{tool} {version(tool)}".encode())
    for folder, pattern in ((EXPORT_SOURCES, "*.py"), (checkpoint, "*")):
        update_with_files(digest, folder, pattern)
    return digest.hexdigest()[:12]
