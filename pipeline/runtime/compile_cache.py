"""Compiled models kept between starts: OpenVINO's own cache, which would trust a file that was damaged since."""

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import openvino as ov

from ..model_folder.files import sha256

_SEAL = "seal.json"

Shapes = dict[str, tuple[int, ...]]  # of inputs by name; -1 where any length will do


class CompileCache:
    """A folder with an entry for each IR file, device, configuration and shape.

    An entry holds OpenVINO's blobs, which refer to the weights in the IR, and a seal: what the blobs were made of, and
    their sha256.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compile(
        self, core: ov.Core, path: Path, device: str, config: dict[str, Any], shapes: Shapes | None = None
    ) -> ov.CompiledModel:
        """Return and raise what `core.compile_model` does, from the cache where its entry is sound; else renew it.

        With `shapes`, the model is compiled for inputs of these shapes. A folder that cannot be written is no error:
        the model is compiled each time.
        """
        key = json.dumps([str(path.resolve()), device, config, shapes])
        entry = self._folder / hashlib.sha256(key.encode()).hexdigest()
        source = read_reshaped(core, path, shapes) if shapes else path
        ingredients = {
            "openvino": ov.get_version(),
            "device": core.get_property(device, "FULL_DEVICE_NAME"),
            "ir": [[each.stat().st_size, each.stat().st_mtime_ns] for each in (path, path.with_suffix(".bin"))],
        }
        try:
            if _read_seal(entry) != {**ingredients, "blobs": _blob_hashes(entry)}:
                shutil.rmtree(entry, ignore_errors=True)
            entry.mkdir(parents=True, exist_ok=True)
            (entry / _SEAL).unlink(missing_ok=True)  # a blob that ends the process is not read a second time
        except OSError:
            return core.compile_model(source, device, config)
        cached = {"CACHE_DIR": str(entry), "CACHE_MODE": "OPTIMIZE_SIZE"}
        if "WEIGHTS_PATH" in core.get_property(device, "SUPPORTED_PROPERTIES"):
            cached["WEIGHTS_PATH"] = str(path.with_suffix(".bin"))  # OpenVINO forgets it of models that were reshaped
        compiled = core.compile_model(source, device, {**config, **cached})
        with suppress(OSError):  # an entry without a seal is made again
            (entry / _SEAL).write_text(json.dumps({**ingredients, "blobs": _blob_hashes(entry)}), encoding="utf-8")
        return compiled


def read_reshaped(core: ov.Core, path: Path, shapes: Shapes) -> ov.Model:
    """Return the model of an IR file, reshaped for inputs of these shapes."""
    model = core.read_model(path)
    model.reshape(shapes)
    return model


def _read_seal(entry: Path) -> Any:
    try:
        return json.loads((entry / _SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _blob_hashes(entry: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(entry.glob("*.blob"))}
