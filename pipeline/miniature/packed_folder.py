"""An IR folder as an archive of what differs from its checkpoint: the graphs, without the weights.

The weights of an `fp16` folder are the checkpoint's own, tensor by tensor. The archive has zeros in their place, and
TENSORS tells which tensor goes where. `training/packing.py` writes it.
"""

import hashlib
import json
import shutil
import zipfile
from functools import cached_property
from pathlib import Path

from safetensors import safe_open

from ..domain.errors import SanaError
from ..model_folder.files import sha256
from ..model_folder.integrity import verify
from ..model_folder.manifest import FORMAT_VERSION, read_manifest
from ..model_folder.whole_files import flush_folder

TENSORS, ORIGIN = "tensors.json", "origin.json"  # in the archive, but not in the folder


class PackedFolder:
    """The archive beside a checkpoint, which may be missing."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.path = checkpoint.with_name("ir-folder.zip")

    @cached_property
    def fits(self) -> bool:
        """Return True if the archive is there and was made of this checkpoint. The first time reads the checkpoint."""
        if not self.path.is_file():
            return False
        with zipfile.ZipFile(self.path) as archive:
            made_of: dict[str, object] = json.loads(archive.read(ORIGIN))
        return made_of == origin(self.checkpoint)

    def unpack(self, folder: Path) -> None:
        """Write the IR folder, which is complete or absent at any time.

        Raises:
            SanaError: it cannot be written.
            ArtifactError: the archive is damaged.
        """
        aside = folder.with_name(f"{folder.name}.unpacking")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            with zipfile.ZipFile(self.path) as archive:
                archive.extractall(aside)
            places = json.loads((aside / TENSORS).read_text(encoding="utf-8"))
            for name in (TENSORS, ORIGIN):
                (aside / name).unlink()
            for weights, tensors in places.items():
                with safe_open(self.checkpoint / weights, "np") as source:
                    for tensor, file, offset in tensors:
                        with (aside / file).open("r+b") as target:
                            target.seek(offset)
                            target.write(source.get_tensor(tensor).tobytes())
            verify(aside, read_manifest(aside))
            flush_folder(aside)
            aside.rename(folder)
        except OSError as error:
            raise SanaError(f"The bundled model cannot be unpacked to {folder.parent}: {error.strerror}.") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def origin(checkpoint: Path) -> dict[str, object]:
    """Return what an archive is made of: a hash of the checkpoint's files, and the version of the folder's format."""
    digest = hashlib.sha256()
    update_with_files(digest, checkpoint)
    return {"checkpoint": digest.hexdigest(), "format": FORMAT_VERSION}


def update_with_files(digest: "hashlib._Hash", folder: Path, pattern: str = "*") -> None:
    """Update a digest with the names and contents of all files below a folder that match a pattern."""
    for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}".encode())
