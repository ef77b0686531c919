"""The cache of compiled models between starts: OpenVINO's own, with a check for damaged files, which it lacks."""

import hashlib
import json
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import openvino as ov

from ..domain.json_text import json_object
from ..model_folder.files import sha256
from ..model_folder.whole_files import write_whole
from .file_lock import try_lock
from .graph.exact_input import keep_exact

# Chosen: room for some models at many sizes of pictures. A transformer has an entry for each size, of some megabytes on
# devices that read the weights from the IR, and of all its weights on others.
MAX_ENTRIES = 64
MAX_BYTES = 16e9
_SEAL, _LOCK = "seal.json", "lock"

Shapes = dict[str, tuple[int, ...]]  # of inputs by name; -1 for a dynamic dimension


class CompileCache:
    """A folder with an entry for each IR file, device, configuration and shape. The entries used last are kept.

    An entry holds OpenVINO's blobs, and a seal: the SHA-256 of the blobs, and the versions and files that they were
    made from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def compile(
        self,
        core: ov.Core,
        path: Path,
        device: str,
        config: dict[str, Any],
        shapes: Shapes | None = None,
        exact_input: str | None = None,
    ) -> ov.CompiledModel:
        """Return and raise what `core.compile_model` does. Use the cache's entry if it is intact, else make it again.

        With `shapes`, the model is compiled as `read_reshaped` returns it. If the folder cannot be written, or another
        process is using the entry, the model is compiled without the cache.
        """
        key = json.dumps([str(path.resolve()), device, config, shapes, *filter(None, [exact_input])])
        entry = self._folder / hashlib.sha256(key.encode()).hexdigest()
        source = read_reshaped(core, path, shapes, exact_input) if shapes else path
        try:
            if entry.exists() and not entry.is_dir():
                entry.unlink()
            entry.mkdir(parents=True, exist_ok=True)
            lock = try_lock(entry / _LOCK)
        except OSError:
            lock = None
        if lock is None:
            return core.compile_model(source, device, config)
        try:
            return self._compile(core, source, path, device, config, entry)
        finally:
            lock.release()

    def _compile(
        self, core: ov.Core, source: ov.Model | Path, path: Path, device: str, config: dict[str, Any], entry: Path
    ) -> ov.CompiledModel:
        try:
            ingredients = {
                "openvino": ov.get_version(),
                "device": core.get_property(device, "FULL_DEVICE_NAME"),
                "ir": [[each.stat().st_size, each.stat().st_mtime_ns] for each in (path, path.with_suffix(".bin"))],
            }
            is_new = _read_seal(entry) != {**ingredients, "blobs": _blob_hashes(entry)}
            if is_new:
                _empty(entry)
            (entry / _SEAL).unlink(missing_ok=True)  # so that a blob that crashes the process is not read a second time
        except OSError:
            return core.compile_model(source, device, config)
        cached = {"CACHE_DIR": str(entry), "CACHE_MODE": "OPTIMIZE_SIZE"}
        if "WEIGHTS_PATH" in core.get_property(device, "SUPPORTED_PROPERTIES"):
            cached["WEIGHTS_PATH"] = str(path.with_suffix(".bin"))  # OpenVINO does not find it for a reshaped model
        compiled = core.compile_model(source, device, {**config, **cached})
        with suppress(OSError):  # an entry without a seal is made again
            write_whole(entry / _SEAL, json.dumps({**ingredients, "blobs": _blob_hashes(entry)}))
            if is_new:
                self._thin_out()
        return compiled

    def _thin_out(self) -> None:
        """Remove the least recently used entries beyond MAX_ENTRIES or MAX_BYTES, except those in use."""
        entries = [path for path in self._folder.iterdir() if re.fullmatch("[0-9a-f]{64}", path.name)]
        size = 0
        for number, entry in enumerate(sorted(entries, key=lambda path: path.stat().st_mtime_ns, reverse=True), 1):
            size += sum(path.stat().st_size for path in entry.rglob("*"))
            if number > 1 and (number > MAX_ENTRIES or size > MAX_BYTES) and (lock := try_lock(entry / _LOCK)):
                shutil.rmtree(entry, ignore_errors=True)
                lock.release()


def read_reshaped(core: ov.Core, path: Path, shapes: Shapes, exact_input: str | None = None) -> ov.Model:
    """Return the model of an IR file for inputs of these shapes, one of which is read in f32 if it is named."""
    model = core.read_model(path)
    model.reshape(shapes)
    if exact_input:
        keep_exact(model, exact_input)
    return model


def _read_seal(entry: Path) -> dict[str, Any] | None:
    try:
        return json_object((entry / _SEAL).read_text(encoding="utf-8")) if (entry / _SEAL).is_file() else None
    except (OSError, ValueError):
        return None


def _blob_hashes(entry: Path) -> dict[str, str | None]:
    """Return the SHA-256 of each blob by name, or None if it is no file: such an entry never equals a seal."""
    return {path.name: sha256(path) if path.is_file() else None for path in sorted(entry.glob("*.blob"))}


def _empty(entry: Path) -> None:
    """Remove everything in an entry except the lock."""
    for path in entry.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()
