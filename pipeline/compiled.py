"""Compiled models, kept between starts: OpenVINO's own cache, which would trust a file that was damaged since."""

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import openvino as ov

from .artifacts import sha256

_SEAL = "seal.json"

Shapes = dict[str, tuple[int, ...]]  # of inputs by name; -1 where any length will do


class CompileCache:
    """A folder with an entry for each IR file, device, configuration and shape: OpenVINO's blobs, which refer to the
    weights in the IR, and a seal that says what they were made of and their sha256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compile(
        self, core: ov.Core, path: Path, device: str, config: dict[str, Any], shapes: Shapes | None = None
    ) -> ov.CompiledModel:
        """What `core.compile_model` gives and raises, from the cache where that is sound; the cache is then renewed.

        With `shapes`, the model is compiled for inputs of those. A folder that cannot be written is no error: the model
        is compiled each time.
        """
        key = json.dumps([str(path.resolve()), device, config, shapes])
        entry = self._folder / hashlib.sha256(key.encode()).hexdigest()
        source = shaped(core, path, shapes) if shapes else path
        ingredients = {
            "openvino": ov.get_version(),
            "device": core.get_property(device, "FULL_DEVICE_NAME"),
            "ir": [[each.stat().st_size, each.stat().st_mtime_ns] for each in (path, path.with_suffix(".bin"))],
        }
        try:
            if _seal(entry) != {**ingredients, "blobs": _blobs(entry)}:
                shutil.rmtree(entry, ignore_errors=True)
            entry.mkdir(parents=True, exist_ok=True)
            (entry / _SEAL).unlink(missing_ok=True)  # a blob that ends the process is not read a second time
        except OSError:
            return core.compile_model(source, device, config)
        cached = {"CACHE_DIR": str(entry), "CACHE_MODE": "OPTIMIZE_SIZE"}
        if "WEIGHTS_PATH" in core.get_property(device, "SUPPORTED_PROPERTIES"):
            cached["WEIGHTS_PATH"] = str(path.with_suffix(".bin"))  # OpenVINO forgets it of models that were reshaped
        compiled = core.compile_model(source, device, {**config, **cached})
        with suppress(OSError):  # without a seal it is made again
            (entry / _SEAL).write_text(json.dumps({**ingredients, "blobs": _blobs(entry)}), encoding="utf-8")
        return compiled


def shaped(core: ov.Core, path: Path, shapes: Shapes) -> ov.Model:
    """The model of an IR file, for inputs of these shapes."""
    model = core.read_model(path)
    model.reshape(shapes)
    return model


def _seal(entry: Path) -> Any:
    try:
        return json.loads((entry / _SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _blobs(entry: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(entry.glob("*.blob"))}
