"""The output folder: made aside, continued there after an interruption, and put in its place when it is complete."""

import dataclasses
import gc
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import ArtifactError
from ..model_folder.files import read_json
from ..model_folder.folder_layout import MANIFEST
from ..model_folder.integrity import verify
from ..model_folder.manifest import Manifest, read_manifest, write_manifest
from .output_place import is_vacant, place_aside, put_in_place, take_back

PROGRESS = "progress.json"


@dataclass(frozen=True)
class Inputs:
    """What decides the result of an export; a folder made from the same inputs need not be made again."""

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


class PartialFolder:
    """The folder of `place_aside`, in which an export is made.

    `folder` inside of it becomes the output, `reference` keeps what the uncompressed checkpoint draws. `components`
    holds the records of the finished components, kept in `progress.json` together with the inputs. An export that was
    begun with other inputs is begun again.
    """

    def __init__(self, output: Path, inputs: Inputs) -> None:
        """Make the folder, or go on with it; raise ArtifactError if something else is there."""
        self._output = output
        self._root = place_aside(output)
        self._inputs = dataclasses.asdict(inputs)
        self.folder = self._root / "ir"
        self.reference = self._root / "reference"
        self.components: dict[str, dict[str, Any]] = {}
        if (self._root / PROGRESS).is_file():
            progress = read_json(self._root / PROGRESS)
            if progress["inputs"] == self._inputs:
                self.components = progress["components"]
            else:
                shutil.rmtree(self._root)
        elif self._root.exists() and not (self._root.is_dir() and not any(self._root.iterdir())):
            raise ArtifactError(f"{self._root} exists and precompile.py did not write it: remove it or rename it.")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self._write_progress()
            self.folder.mkdir(exist_ok=True)
            take_back(self.folder, output)
            self.reference.mkdir(exist_ok=True)
        except OSError as error:
            raise ArtifactError(f"{output} cannot be written ({error.strerror}): give another --output.") from error

    def finish(self, name: str, record: dict[str, Any]) -> None:
        """Remember that a component's folder is complete; `record` is what the manifest says of it."""
        self.components[name] = record
        self._write_progress()

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest, and give the folder its final name."""
        write_manifest(self.folder, manifest)
        gc.collect()  # models that were tried: Windows moves no file that is still mapped
        put_in_place(self.folder, self._output)
        shutil.rmtree(self._root)

    def _write_progress(self) -> None:
        text = json.dumps({"inputs": self._inputs, "components": self.components})
        (self._root / "progress.new").write_text(text, encoding="utf-8")
        (self._root / "progress.new").replace(self._root / PROGRESS)  # whole or not at all
