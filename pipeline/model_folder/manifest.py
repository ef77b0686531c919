"""`manifest.json`: what an IR folder is and how it was made. It is written last: a folder that has one is complete."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..domain.errors import ArtifactError
from ..domain.families import find_family
from ..domain.model import ModelDescription
from ..domain.settings import SIZE_MULTIPLE
from .files import difference, one_line, read_json
from .folder_layout import DRAFT_DECODER, MANIFEST, REQUIRED_FILES, TRANSFORMER_CONFIG
from .whole_files import write_whole

FORMAT_VERSION = 2
TOOLS = ("openvino", "nncf", "torch", "diffusers", "transformers")  # the packages whose versions decide an export
DEFAULTS = ("width", "height", "num_inference_steps", "guidance_scale")
ADVICE = "write the folder again with precompile.py."
_KEYS = {
    *("format_version", "source", "revision", "family", "compression", "components", "pictures", "tools", "defaults"),
    *("complex_human_instruction", "max_sequence_length", "preview", "files"),
}


@dataclass(frozen=True)
class Manifest:
    """The model of an IR folder, and what it takes to run and to verify it.

    `tools` are the versions that made it. `preview` is the linear map from latents to RGB ("matrix" 3 x C, "bias" 3),
    empty where there is none. `files` maps each relative path to its "size" in bytes and "sha256". The record of a
    draft decoder in `model.components` has the "preview" of its features, and as "draft_db" the PSNR of its pictures
    against the VAE decoder's.
    """

    model: ModelDescription
    tools: dict[str, str]
    complex_human_instruction: list[str]
    max_sequence_length: int
    preview: dict[str, list]
    files: dict[str, dict[str, Any]]

    def size(self, folder: str = "") -> int:
        """Return the bytes of the files below `folder`, by default of all."""
        return sum(entry["size"] for file, entry in self.files.items() if file.startswith(folder))


def native_size(transformer_config: dict[str, Any]) -> int:
    """Return the side in pixels that a model was trained at; diffusers' default of `sample_size` is 32."""
    return transformer_config.get("sample_size", 32) * SIZE_MULTIPLE


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json`, and what it leaves to the transformer's configuration.

    Raises:
        ArtifactError: the folder is no IR folder of this version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(f"{folder} is no model folder (it has no {MANIFEST}): give one that precompile.py wrote.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        _check_version(folder, record["format_version"])
        if record.keys() != _KEYS:
            raise ValueError(f"it has other entries: {', '.join(sorted(record.keys() ^ _KEYS))}")
        _check_files(path, record["files"])
        return _from_record(record, _read_transformer_config(folder, record["files"]))
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ArtifactError(f"{path} is damaged ({one_line(error)}): {ADVICE}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`; its presence says that the folder is complete, so it is the last file to write."""
    text = json.dumps(_to_record(manifest), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / MANIFEST, text)


def _check_version(folder: Path, version: object) -> None:
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {version}, newer than the {FORMAT_VERSION} of this program: update the program."
        )
    if version != FORMAT_VERSION:
        raise ArtifactError(f"{folder} has format {version}, this program reads format {FORMAT_VERSION}: {ADVICE}")


def _check_files(path: Path, files: dict[str, Any]) -> None:
    for name, entry in files.items():
        int(entry["size"]), str(entry["sha256"])
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ArtifactError(f"{path} lists {name}, which lies outside of the folder.")
    missing = [name for name in REQUIRED_FILES if name not in files]
    if missing:
        raise ArtifactError(f"{path} does not list {missing[0]}: {ADVICE}")


def _read_transformer_config(folder: Path, files: dict[str, Any]) -> dict[str, Any]:
    # Verified here, since the description is made of it; the other files are verified before they are loaded.
    path = folder / TRANSFORMER_CONFIG
    if problem := difference(path, files[TRANSFORMER_CONFIG]):
        raise ArtifactError(f"{path} {problem}: {ADVICE}")
    return read_json(path)


def _from_record(record: dict[str, Any], transformer_config: dict[str, Any]) -> Manifest:
    defaults = record["defaults"]
    model = ModelDescription(
        source=record["source"],
        revision=record["revision"],
        family=find_family(record["family"]),
        compression=record["compression"],
        native_size=native_size(transformer_config),
        min_size=int(defaults["min_size"]),
        max_size=int(defaults["max_size"]),
        defaults={name: defaults[name] for name in DEFAULTS},
        has_draft_decoder=DRAFT_DECODER in record["components"],
        components=record["components"],
        pictures=tuple(record["pictures"]),
    )
    kept = ("tools", "complex_human_instruction", "max_sequence_length", "preview", "files")
    return Manifest(model, **{name: record[name] for name in kept})


def _to_record(manifest: Manifest) -> dict[str, Any]:
    model = manifest.model
    return {
        "format_version": FORMAT_VERSION,
        "source": model.source,
        "revision": model.revision,
        "family": model.family.name,
        "compression": model.compression,
        "components": model.components,
        "pictures": model.pictures,
        "tools": manifest.tools,
        "defaults": {**model.defaults, "min_size": model.min_size, "max_size": model.max_size},
        "complex_human_instruction": manifest.complex_human_instruction,
        "max_sequence_length": manifest.max_sequence_length,
        "preview": manifest.preview,
        "files": manifest.files,
    }
