"""The folder in which an export is made and, after an interruption, continued. Complete, it becomes the output."""

import dataclasses
import gc
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import BaseFileLock

from ..domain.errors import ArtifactError
from ..model_folder.files import difference, read_json
from ..model_folder.folder_layout import MANIFEST
from ..model_folder.integrity import describe_files, verify
from ..model_folder.manifest import Manifest, read_manifest, write_manifest
from ..model_folder.whole_files import ASIDE, flush_folder, write_whole
from ..runtime.file_lock import OnWait, try_lock, wait_for_lock
from .output_place import is_vacant, place_aside, places_aside, put_in_place, take_back

PROGRESS, LOCK, FOLDER, REFERENCE = "progress.json", "lock", "ir", "reference"


@dataclass(frozen=True)
class Inputs:
    """Everything that the result of an export depends on. The same inputs give the same folder.

    `fingerprint` is the checkpoint's. `tools` are the versions of the packages, and of the exporter itself.
    """

    fingerprint: str
    compression: str
    tools: dict[str, str]


def is_complete(output: Path, inputs: Inputs) -> bool:
    """Return True if `output` holds the result of these inputs, False if there is nothing yet.

    Raises:
        ArtifactError: `output` holds something else, or a damaged result. It is left as it is.
    """
    if is_vacant(output):
        return False
    if not (output / MANIFEST).is_file():
        raise ArtifactError(f"{output} exists and precompile.py did not write it: give another --output.")
    try:
        manifest = read_manifest(output)
        verify(output, manifest)
    except ArtifactError as error:
        raise ArtifactError(f"{error} Remove {output} first, or give another --output.") from error
    if Inputs(str(manifest.model.revision), manifest.model.compression, manifest.tools) != inputs:
        raise ArtifactError(
            f"{output} was made from another checkpoint, LoRA, compression or tool version: remove it, or give another "
            f"--output."
        )
    return True


@contextmanager
def sole_writer(output: Path, on_wait: OnWait) -> Iterator[None]:
    """Hold the lock for making `output` inside of the context, so that no other process makes it.

    If another process holds the lock, call `on_wait` with its name, and wait.

    Raises:
        ArtifactError: something else lies in the place of the partial folder, or the folder cannot be written.
    """
    root = place_aside(output)
    _check_own(root)
    lock = _lock(root, output, on_wait)
    try:
        yield
    finally:
        lock.release()
        if root.is_dir() and {path.name for path in root.iterdir()} <= {LOCK}:  # nothing was begun
            shutil.rmtree(root, ignore_errors=True)


def remove_leftover(output: Path) -> None:
    """Remove the partial folder that a killed process has left beside a complete output."""
    for root in places_aside(output):
        if root.is_dir() and _is_own(root):
            with suppress(OSError):
                if lock := try_lock(root / LOCK):  # else another process works there
                    shutil.rmtree(root, ignore_errors=True)
                    lock.release()


class PartialFolder:
    """The folder of `place_aside`, in which an export is made.

    Its `folder` becomes the output, and its `reference` keeps the results of the uncompressed checkpoint. `components`
    are the manifest's records of the finished components, by name. `progress.json` keeps these records, the inputs, and
    size and SHA-256 of each finished file. A component is made again if its files have changed, or if it was made from
    other inputs.
    """

    def __init__(self, output: Path, inputs: Inputs) -> None:
        """Make the folder, or continue one that is there.

        Raises:
            ArtifactError: something else is there, or the folder cannot be written.
        """
        self._output = output
        self._root = place_aside(output)
        self._inputs = dataclasses.asdict(inputs)
        self.folder = self._root / FOLDER
        self.reference = self._root / REFERENCE
        _check_own(self._root)
        try:
            take_back(self.folder, output)
            self._finished = self._read_progress()
            self._remove_unfinished()
            self.folder.mkdir(parents=True, exist_ok=True)
            self.reference.mkdir(exist_ok=True)
            self._write_progress()
        except OSError as error:
            raise _unwritable(output, error) from error

    @property
    def components(self) -> dict[str, dict[str, Any]]:
        return {name: entry["record"] for name, entry in self._finished.items()}

    def finish(self, name: str, record: dict[str, Any]) -> None:
        """Mark a component as finished, with its record for the manifest."""
        files: dict[str, dict[str, Any]] = {}
        for folder in (f"{FOLDER}/{name}", REFERENCE):
            files |= {f"{folder}/{file}": entry for file, entry in describe_files(self._root / folder).items()}
        self._finished[name] = {"record": record, "files": files}
        self._write_progress()

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest, and put the folder in its final place."""
        write_manifest(self.folder, manifest)
        flush_folder(self.folder)
        gc.collect()  # frees models that map these files: Windows cannot move a mapped file
        put_in_place(self.folder, self._output)
        shutil.rmtree(self._root, ignore_errors=True)

    def _read_progress(self) -> dict[str, dict[str, Any]]:
        """Return the entries of finished components whose files are unchanged; none if `progress.json` is damaged."""
        try:
            progress = read_json(self._root / PROGRESS)
            if progress["inputs"] != self._inputs:
                return {}
            return {name: entry for name, entry in progress["components"].items() if self._is_whole(entry["files"])}
        except (ArtifactError, KeyError, TypeError, AttributeError):
            return {}

    def _is_whole(self, files: dict[str, dict[str, Any]]) -> bool:
        return not any(difference(self._root / file, expected) for file, expected in files.items())

    def _remove_unfinished(self) -> None:
        kept = {file for entry in self._finished.values() for file in entry["files"]} | {LOCK}
        for path in sorted(self._root.rglob("*"), reverse=True):  # a folder's content comes before the folder
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):  # the folder is not empty: a file in it is kept
                    path.rmdir()
            elif path.relative_to(self._root).as_posix() not in kept:
                path.unlink()

    def _write_progress(self) -> None:
        write_whole(self._root / PROGRESS, json.dumps({"inputs": self._inputs, "components": self._finished}))


def _is_own(root: Path) -> bool:
    """Return True if the folder is an export's partial folder, or empty."""
    names = {path.name for path in root.iterdir() if not path.name.endswith(ASIDE)}
    return not names or (names <= {PROGRESS, LOCK, FOLDER, REFERENCE} and bool(names & {PROGRESS, LOCK}))


def _check_own(root: Path) -> None:
    if root.exists() and not (root.is_dir() and _is_own(root)):
        raise ArtifactError(f"{root} exists and precompile.py did not write it: remove it or rename it.")


def _lock(root: Path, output: Path, on_wait: OnWait) -> BaseFileLock:
    """Wait for the lock of a partial folder and return it, held."""
    while True:  # another process may remove the folder when it has finished; then begin again
        try:
            root.mkdir(parents=True, exist_ok=True)
            return wait_for_lock(root / LOCK, on_wait)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> ArtifactError:
    return ArtifactError(f"{output} cannot be written ({error.strerror}): give another --output.")
