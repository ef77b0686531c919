"""`manifest.json`: the description of an IR folder and its origin. Written last, it marks a complete folder."""

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..domain.errors import ArtifactError
from ..domain.families import find_family
from ..domain.lora import Lora
from ..domain.model import ModelDescription
from ..domain.problems import shown
from .files import difference, read_json
from .folder_layout import (
    DRAFT_DECODER,
    DRAFT_ENCODER,
    MANIFEST,
    OPTIONAL_COMPONENTS,
    REQUIRED_FILES,
    TRANSFORMER_CONFIG,
    VAE_ENCODER,
    model_files,
)
from .manifest_schema import ManifestRecord
from .part_configs import TransformerConfig
from .part_files import check_inside
from .schema import explain, read_record
from .whole_files import write_whole

FORMAT_VERSION = 2
TOOLS = ("openvino", "nncf", "torch", "diffusers", "transformers")  # the packages whose versions decide an export
DEFAULTS = ("width", "height", "num_inference_steps", "guidance_scale")
ADVICE = "write the folder again with precompile.py."


@dataclass(frozen=True)
class Manifest:
    """The model of an IR folder, with the data to run and to verify it.

    `tools` holds the versions that decide its content; `program_version`, for people only, names the version of this
    program that wrote it, None if unknown. `preview` is the linear map from latents to RGB ("matrix" [3, C],
    "bias" [3]), or empty. `files` maps each relative path to its "size" in bytes and its "sha256". For a draft decoder,
    `model.components` also holds the "preview" of its features, and as "draft_db" the PSNR of its pictures against the
    VAE decoder's.
    """

    model: ModelDescription
    tools: dict[str, str]
    complex_human_instruction: list[str]
    max_sequence_length: int
    preview: dict[str, Any]
    files: dict[str, dict[str, Any]]
    program_version: str | None = None

    def size(self, folder: str = "") -> int:
        """Return the bytes of the files below `folder`, by default of all."""
        return sum(entry["size"] for file, entry in self.files.items() if file.startswith(folder))


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json`, and the native size from the transformer's configuration.

    Raises:
        ArtifactError: the folder has no manifest, a damaged one, or one of another format version.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise ArtifactError(f"{folder} is no model folder (it has no {MANIFEST}): give one that precompile.py wrote.")
    check_inside(folder, [path])
    try:
        record = read_json(path)
    except ArtifactError as error:
        reason = str(error).removeprefix(f"{path} ").rstrip(".")
        raise ArtifactError(f"{path} is damaged (it {reason}): {ADVICE}") from error
    _check_version(folder, record.get("format_version"))
    try:
        checked = ManifestRecord.model_validate(record)
    except ValidationError as error:
        raise ArtifactError(f"{path} is damaged ({explain(error)}): {ADVICE}") from error
    _check_files(folder, record["files"], checked.components)
    return _from_record(checked, record, read_record(folder / TRANSFORMER_CONFIG, TransformerConfig))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`. Call this last: its presence marks a complete folder."""
    text = json.dumps(_to_record(manifest), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / MANIFEST, text)


def _check_version(folder: Path, version: object) -> None:
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {shown(version)}, newer than the {FORMAT_VERSION} of this program: update the "
            "program."
        )
    if version != FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {shown(version)}, this program reads format {FORMAT_VERSION}: {ADVICE}"
        )


def _check_files(folder: Path, files: dict[str, Any], components: Collection[str]) -> None:
    optional = (name for name in OPTIONAL_COMPONENTS if name in components)
    required = (*REQUIRED_FILES, *(file for name in optional for file in model_files(name)))
    missing = [name for name in required if name not in files]
    if missing:
        raise ArtifactError(f"{folder / MANIFEST} does not list {missing[0]}: {ADVICE}")
    check_inside(folder, (folder / name for name in files))
    # The description needs this file now; the other files are verified before they are loaded.
    path = folder / TRANSFORMER_CONFIG
    if problem := difference(path, files[TRANSFORMER_CONFIG]):
        raise ArtifactError(f"{path} {problem}: {ADVICE}")


def _from_record(checked: ManifestRecord, record: dict[str, Any], transformer: TransformerConfig) -> Manifest:
    defaults = checked.defaults
    model = ModelDescription(
        source=checked.source,
        revision=checked.revision,
        family=find_family(checked.family),
        compression=checked.compression,
        native_size=transformer.native_size,
        min_size=defaults.min_size,
        max_size=defaults.max_size,
        defaults={name: getattr(defaults, name) for name in DEFAULTS},
        has_draft_decoder=DRAFT_DECODER in checked.components,
        has_vae_encoder=VAE_ENCODER in checked.components,
        has_draft_encoder=DRAFT_ENCODER in checked.components,
        components=record["components"],
        pictures=tuple(record["pictures"]),
        loras=tuple(Lora(**lora.model_dump()) for lora in checked.loras),
    )
    kept = ("tools", "complex_human_instruction", "max_sequence_length", "preview", "files")
    return Manifest(model, **{name: record[name] for name in kept}, program_version=checked.program_version)


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
        "program_version": manifest.program_version,
        "tools": manifest.tools,
        "defaults": {**model.defaults, "min_size": model.min_size, "max_size": model.max_size},
        "complex_human_instruction": manifest.complex_human_instruction,
        "max_sequence_length": manifest.max_sequence_length,
        "preview": manifest.preview,
        "files": manifest.files,
        # Earlier versions know no LoRAs, and refuse a folder that has some.
        **({"loras": [dataclasses.asdict(lora) for lora in model.loras]} if model.loras else {}),
    }
