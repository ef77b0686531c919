"""The output folder: made aside, continued there after an interruption, and put in its place when it is complete."""

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
    """What decides the result of an export; a folder made from the same inputs need not be made again.

    `tools` are the versions of what makes it: of packages, and of the exporter itself.
    """

    fingerprint: str
    compression: str
    tools: dict[str, str]


def is_complete(output: Path, inputs: Inputs) -> bool:
    """Return whether `output` holds the result of these inputs; False if there is nothing yet.

    Raises:
        ArtifactError: something else is there, or a damaged result; it is left as it is.
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
            f"{output} was made from another checkpoint, compression or tool version: remove it, or give another "
            f"--output."
        )
    return True


@contextmanager
def sole_writer(output: Path, on_wait: OnWait) -> Iterator[None]:
    """Be the only process that makes `output` inside of the context; `on_wait` is told of another that does.

    Raises:
        ArtifactError: something else lies in the place of the partial folder, or it cannot be written.
    """
    root = place_aside(output)
    _check_own(root)
    lock = _lock(root, output, on_wait)
    try:
        yield
    finally:
        lock.release()
        if root.is_dir() and {path.name for path in root.iterdir()} <= {LOCK}:  # nothing is begun there
            shutil.rmtree(root, ignore_errors=True)


def remove_leftover(output: Path) -> None:
    """Remove what a process that was killed has left beside a complete output."""
    for root in places_aside(output):
        if root.is_dir() and _is_own(root):
            with suppress(OSError):
                if lock := try_lock(root / LOCK):  # else somebody works there
                    shutil.rmtree(root, ignore_errors=True)
                    lock.release()


class PartialFolder:
    """The folder of `place_aside`, in which an export is made.

    `folder` inside of it becomes the output, `reference` keeps what the uncompressed checkpoint draws. `components`
    holds the records of the finished components, kept in `progress.json` together with the inputs, and with size and
    SHA-256 of what each has written. What is not as it was written is made again, and so is all that was begun with
    other inputs.
    """

    def __init__(self, output: Path, inputs: Inputs) -> None:
        """Make the folder, or go on with it; raise ArtifactError if something else is there."""
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
        """Remember that a component's folder is complete; `record` is what the manifest says of it."""
        files: dict[str, dict[str, Any]] = {}
        for folder in (f"{FOLDER}/{name}", REFERENCE):
            files |= {f"{folder}/{file}": entry for file, entry in describe_files(self._root / folder).items()}
        self._finished[name] = {"record": record, "files": files}
        self._write_progress()

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest, and give the folder its final name."""
        write_manifest(self.folder, manifest)
        flush_folder(self.folder)
        gc.collect()  # models that were tried: Windows moves no file that is still mapped
        put_in_place(self.folder, self._output)
        shutil.rmtree(self._root, ignore_errors=True)

    def _read_progress(self) -> dict[str, dict[str, Any]]:
        """Return the entries of the components that are still as they were finished; none of a damaged file."""
        try:
            progress = read_json(self._root / PROGRESS)
            if progress["inputs"] != self._inputs:
                return {}
            return {name: entry for name, entry in progress["components"].items() if self._is_whole(entry["files"])}
        except (ArtifactError, KeyError, TypeError, AttributeError, RecursionError):
            return {}

    def _is_whole(self, files: dict[str, dict[str, Any]]) -> bool:
        return not any(difference(self._root / file, expected) for file, expected in files.items())

    def _remove_unfinished(self) -> None:
        kept = {file for entry in self._finished.values() for file in entry["files"]} | {LOCK}
        for path in sorted(self._root.rglob("*"), reverse=True):  # what lies in a folder before the folder
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):  # something in it is kept
                    path.rmdir()
            elif path.relative_to(self._root).as_posix() not in kept:
                path.unlink()

    def _write_progress(self) -> None:
        write_whole(self._root / PROGRESS, json.dumps({"inputs": self._inputs, "components": self._finished}))


def _is_own(root: Path) -> bool:
    """Return whether an export made this folder, or would begin in it."""
    names = {path.name for path in root.iterdir() if not path.name.endswith(ASIDE)}
    return not names or (names <= {PROGRESS, LOCK, FOLDER, REFERENCE} and bool(names & {PROGRESS, LOCK}))


def _check_own(root: Path) -> None:
    if root.exists() and not (root.is_dir() and _is_own(root)):
        raise ArtifactError(f"{root} exists and precompile.py did not write it: remove it or rename it.")


def _lock(root: Path, output: Path, on_wait: OnWait) -> BaseFileLock:
    """Return the lock of a partial folder, held; another process may remove that folder when it has finished."""
    while True:
        try:
            root.mkdir(parents=True, exist_ok=True)
            return wait_for_lock(root / LOCK, on_wait)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> ArtifactError:
    return ArtifactError(f"{output} cannot be written ({error.strerror}): give another --output.")
