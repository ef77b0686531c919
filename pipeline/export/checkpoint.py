"""Reading a checkpoint in diffusers' folder layout, and refusing in one sentence what cannot be exported."""

import hashlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from safetensors import SafetensorError

from ..artifacts import read_family, read_json, sha256
from ..errors import ArtifactError, SanaError
from ..settings import MAX_SIZE, MIN_SIZE, SIZE_MULTIPLE, GenerationSettings, check_size
from ..variants import Defaults

MODEL_CLASSES: dict[str, Any] = {
    "text_encoder": transformers.Gemma2Model,
    "transformer": diffusers.SanaTransformer2DModel,
    "vae": diffusers.AutoencoderDC,
}
CONFIGS = {**dict.fromkeys(MODEL_CLASSES, "config.json"), "scheduler": "scheduler_config.json"}
PARTS = (*CONFIGS, "tokenizer")
SANA = "sana.json"  # what diffusers' layout has no place for; Sana's own checkpoints do without
_VARIANTS = ("fp16", "bf16")
_LOADING_ERRORS = (OSError, ValueError, RuntimeError, TypeError, KeyError, AttributeError, SafetensorError)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's folder, its name, a fingerprint of its contents, and how prompts are put to it."""

    folder: Path
    name: str
    fingerprint: str
    instruction: list[str]
    max_sequence_length: int
    defaults: Defaults

    def load_model(self, part: str) -> Any:
        """The torch model of a part, in f32; raises ArtifactError, also where weights are missing from the file."""
        folder = self.folder / part
        with _one_sentence(folder):
            model, info = MODEL_CLASSES[part].from_pretrained(
                folder,
                torch_dtype=torch.float32,
                variant=_variant(folder),
                local_files_only=True,
                output_loading_info=True,
            )
        missing = sorted(info["missing_keys"])
        if missing:  # the libraries would go on with random numbers in their place
            raise ArtifactError(f"{folder} lacks {len(missing)} weights, the first is {missing[0]}.")
        return model.eval().requires_grad_(False)

    def load_tokenizer(self) -> Any:
        """The tokenizer, of the class that model_index.json names, as at run time."""
        with _one_sentence(self.folder / "tokenizer"):
            class_name = read_json(self.folder / "model_index.json")["tokenizer"][1]
            return getattr(transformers, class_name).from_pretrained(self.folder / "tokenizer", local_files_only=True)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Checks a checkpoint as far as its small files tell; raises SanaError."""
    if folder.is_file():
        raise ArtifactError(f"{folder} is a file: give the folder of a checkpoint in diffusers' layout.")
    if not folder.is_dir():
        raise ArtifactError(f"There is no folder {folder}: give the folder of a checkpoint in diffusers' layout.")
    if not (folder / "model_index.json").is_file():
        raise ArtifactError(f"{folder} is no checkpoint in diffusers' layout: it has no model_index.json.")
    if read_family(folder) != "flow":
        raise SanaError(f"{folder} holds a model of the Sprint family, which is not supported yet.")
    _check_classes(folder)
    sana = read_json(folder / SANA) if (folder / SANA).is_file() else _without_sana_json(folder)
    try:
        for limit in ("min_size", "max_size"):
            check_size(limit, sana[limit])
        GenerationSettings("any", **sana["defaults"])
        return Checkpoint(
            folder,
            sana.get("name", folder.resolve().name),
            _fingerprint(folder),
            list(sana["complex_human_instruction"]),
            int(sana["max_sequence_length"]),
            Defaults(**sana["defaults"], min_size=sana["min_size"], max_size=sana["max_size"]),
        )
    except (KeyError, TypeError, ValueError, SanaError) as error:
        raise ArtifactError(f"{folder / SANA} is not as it should be ({_one_line(error)}).") from error


def _check_classes(folder: Path) -> None:
    index = read_json(folder / "model_index.json")
    for part in PARTS:
        entry = index.get(part)
        if not isinstance(entry, list) or len(entry) != 2:
            raise ArtifactError(f"{folder / 'model_index.json'} names no {part}.")
        if not (folder / part).is_dir():
            raise ArtifactError(f"{folder} has no folder {part}.")
        if part in CONFIGS:
            read_json(folder / part / CONFIGS[part])
        expected = MODEL_CLASSES.get(part)
        if expected and entry[1] != expected.__name__:
            raise ArtifactError(f"{folder} has a {part} of class {entry[1]}; supported is {expected.__name__}.")
        if not any(hasattr(library, str(entry[1])) for library in (diffusers, transformers)):
            raise ArtifactError(f"{folder / 'model_index.json'} names an unknown {part}, {entry[1]}.")


def _without_sana_json(folder: Path) -> dict[str, Any]:
    """What diffusers' `SanaPipeline.__call__` does by default, at the model's native size."""
    parameters = inspect.signature(diffusers.SanaPipeline.__call__).parameters
    sample_size = read_json(folder / "transformer" / "config.json").get("sample_size", 32)
    native = sample_size * SIZE_MULTIPLE
    return {
        "complex_human_instruction": parameters["complex_human_instruction"].default,
        "max_sequence_length": parameters["max_sequence_length"].default,
        "defaults": {
            "width": native,
            "height": native,
            "num_inference_steps": parameters["num_inference_steps"].default,
            "guidance_scale": parameters["guidance_scale"].default,
        },
        "min_size": MIN_SIZE,
        "max_size": min(2 * native, MAX_SIZE),
    }


def _fingerprint(folder: Path) -> str:
    """A hash over path and content of every file that an export reads."""
    paths = [folder / "model_index.json", folder / SANA]
    for part in PARTS:
        paths += sorted((folder / part).rglob("*"))
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}\n".encode())
    return f"sha256:{digest.hexdigest()[:16]}"


def _variant(folder: Path) -> str | None:
    """The weight variant to load: None unless the folder holds nothing but, say, model.fp16.safetensors."""
    names = [path.name for path in folder.glob("*.safetensors")]
    found = {next((variant for variant in _VARIANTS if f".{variant}" in name), None) for name in names}
    return None if None in found or not found else next(variant for variant in _VARIANTS if variant in found)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except _LOADING_ERRORS as error:
        raise ArtifactError(f"{path} cannot be loaded ({_one_line(error)}).") from error


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")
