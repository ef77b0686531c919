"""The IR folder of the bundled checkpoint, packed: `python -m pipeline.miniature.training.packing`.

With it, a first start takes seconds. Run this after `assemble`, and after each change of what an export makes;
`tests/test_packed_folder.py` sees that it was done.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from safetensors import safe_open

from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.packed_folder import ORIGIN, TENSORS, PackedFolder, origin

SMALL = 64  # bytes: smaller constants stay in the archive; chosen
MOMENT = (1980, 1, 1, 0, 0, 0)  # of each file in the archive, so that its bytes do not depend on the time


def pack(folder: Path, checkpoint: Path, archive: Path) -> None:
    """Write the archive of an IR folder of a checkpoint."""
    known = _tensors(checkpoint)
    places: dict[str, list[tuple[str, str, int]]] = {}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as target:

        def add(name: str, data: bytes) -> None:
            target.writestr(zipfile.ZipInfo(name, MOMENT), data, zipfile.ZIP_LZMA)

        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name, data = path.relative_to(folder).as_posix(), bytearray(path.read_bytes())
            if path.suffix == ".bin":
                for offset, size in _constants(path.with_suffix(".xml")):
                    found = known.get(bytes(data[offset : offset + size]))
                    if found and size >= SMALL:
                        weights, tensor = found
                        places.setdefault(weights, []).append((tensor, name, offset))
                        data[offset : offset + size] = bytes(size)
            add(name, bytes(data))
        add(TENSORS, json.dumps(places).encode())
        add(ORIGIN, json.dumps(origin(checkpoint)).encode())


def _tensors(checkpoint: Path) -> dict[bytes, tuple[str, str]]:
    """Return the file and the name of each tensor of a checkpoint, by its bytes."""
    found = {}
    for path in sorted(checkpoint.rglob("*.safetensors")):
        with safe_open(path, "np") as tensors:
            for name in tensors.keys():  # noqa: SIM118  # it is no mapping
                found[np.ascontiguousarray(tensors.get_tensor(name)).tobytes()] = (
                    path.relative_to(checkpoint).as_posix(), name,
                )  # fmt: skip
    return found


def _constants(graph: Path) -> Iterator[tuple[int, int]]:
    """Yield offset and size in bytes of each constant of an IR graph."""
    for data in ElementTree.parse(graph).iter("data"):
        if "offset" in data.attrib:
            yield int(data.attrib["offset"]), int(data.attrib["size"])


def main() -> None:
    """Export the checkpoint, and write the archive beside it."""
    packed = PackedFolder(CHECKPOINT)
    with tempfile.TemporaryDirectory() as work:
        pack(precompile(CHECKPOINT, Path(work) / "folder"), CHECKPOINT, packed.path)
    print(f"{packed.path.name}: {packed.path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
