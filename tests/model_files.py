"""The small files of a model without weights: of an IR folder, of optimum-intel's export, of a checkpoint."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from pipeline.model_folder.folder_layout import COMPONENTS, MANIFEST, REQUIRED_FILES
from pipeline.model_folder.integrity import describe_files
from pipeline.model_folder.manifest import Manifest, write_manifest
from tests import descriptions

IR, OPTIMUM, CHECKPOINT = "ir", "optimum", "checkpoint"
MODEL = dataclasses.replace(
    descriptions.MODEL,
    components={"transformer": {"compression": "fp16", "parity_db": 80.0}},
    pictures=({"prompt": "a house", "psnr_db": 60.0, "ssim": 1.0},),
)
INDEX = {
    "_class_name": "SanaPipeline",
    "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
    "text_encoder": ["transformers", "Gemma2Model"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "transformer": ["diffusers", "SanaTransformer2DModel"],
    "vae": ["diffusers", "AutoencoderDC"],
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "model_index.json": INDEX,
    "scheduler/scheduler_config.json": {"prediction_type": "flow_prediction", "use_flow_sigmas": True},
    "text_encoder/config.json": {"model_type": "gemma2", "hidden_size": 64, "vocab_size": 320},
    "tokenizer/tokenizer_config.json": {"model_max_length": 512},
    "transformer/config.json": {"_class_name": "SanaTransformer2DModel", "sample_size": 8, "caption_channels": 64},
    "vae/config.json": {"_class_name": "AutoencoderDC", "scaling_factor": 0.4, "latent_channels": 32},
}
SANA = {
    "complex_human_instruction": ["Draw:", ""],
    "max_sequence_length": 300,
    "defaults": dict(MODEL.defaults),
    "min_size": 128,
    "max_size": 384,
}


def write_files(folder: Path, layout: str) -> Path:
    """Write the small files of a layout, and for IR empty stand-ins of the large ones; return the folder."""
    files = {**CONFIGURATIONS, "sana.json": SANA} if layout == CHECKPOINT else dict(CONFIGURATIONS)
    for name, record in files.items():
        write(folder / (name if layout == CHECKPOINT else name.replace("vae/", "vae_decoder/")), record)
    if layout != CHECKPOINT:
        for part in COMPONENTS:
            (folder / part / "openvino_model.xml").write_text("nothing")
            (folder / part / "openvino_model.bin").write_text("nothing")
    if layout == IR:
        (folder / "text_encoder" / "prefix.safetensors").write_text("nothing")
        list_files(folder)
    return folder


def list_files(folder: Path) -> None:
    """Write a manifest of the files that are in an IR folder."""
    missing = {name: {"size": 0, "sha256": "0" * 64} for name in REQUIRED_FILES}
    preview: dict[str, list[Any]] = {"matrix": [[0.0] * 32] * 3, "bias": [0.0] * 3}
    (folder / MANIFEST).unlink(missing_ok=True)
    files = {**missing, **describe_files(folder)}
    write_manifest(folder, Manifest(MODEL, {"openvino": "1"}, ["Draw:"], 300, preview, files))


def write(path: Path, record: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def edit(path: Path, field: str, value: object) -> None:
    """Set a field of a JSON file; `...` removes it. Dots in the name lead into objects and lists."""
    record: Any = json.loads(path.read_text())
    *way, last = field.split(".")
    place = record
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    key: Any = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    write(path, record)


def renamed(folder: Path, other: Path) -> Path:
    """Copy an IR folder to `other`, as another model that takes the same settings and draws the same; return it."""
    shutil.copytree(folder, other)
    manifest = other / MANIFEST
    record = json.loads(manifest.read_text())
    record["source"] = other.name
    manifest.write_text(json.dumps(record))
    return other
