"""Reading a checkpoint in diffusers' folder layout, and refusing in one sentence what cannot be exported."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from safetensors import SafetensorError
from torch import nn

from ..artifacts import read_family, read_json, sha256
from ..classes import named_class, pipeline_defaults
from ..errors import ArtifactError, SanaError
from ..settings import GenerationSettings, check_size
from ..variants import DRAFT_FILE, DRAFT_SUFFIXES, Defaults, find_variant
from .attention import clip_linear_attention
from .draft import read_draft
from .half import compute_in_f32
from .vae import check_vae_fits, find_vae
from .weights import check_weights, choose_variant, count_weights, stored_type

MODEL_CLASSES: dict[str, Any] = {
    "text_encoder": transformers.Gemma2Model,
    "transformer": diffusers.SanaTransformer2DModel,
    "vae": diffusers.AutoencoderDC,
}
CONFIGS = {**dict.fromkeys(MODEL_CLASSES, "config.json"), "scheduler": "scheduler_config.json"}
PARTS = (*CONFIGS, "tokenizer")
SANA = "sana.json"  # what diffusers' layout has no place for; Sana's own checkpoints do without
_LOADING_ERRORS = (OSError, ValueError, RuntimeError, TypeError, KeyError, AttributeError, SafetensorError)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's folder and that of its autoencoder, its name and family, a fingerprint of its contents, how
    prompts are put to it, and the file of a draft decoder, if there is one."""

    folder: Path
    vae_folder: Path
    name: str
    family: str
    fingerprint: str
    instruction: list[str]
    max_sequence_length: int
    defaults: Defaults
    draft: Path | None

    def load_model(self, part: str) -> Any:
        """The torch model of a part, which computes in f32 with its weights as they are stored; raises ArtifactError,
        also where weights are missing from the file."""
        folder, variant = self._weights(part)
        stored = stored_type(folder, variant)
        with _one_sentence(folder):
            model, info = MODEL_CLASSES[part].from_pretrained(
                folder, torch_dtype=stored, variant=variant, local_files_only=True, output_loading_info=True
            )
        missing = sorted(info["missing_keys"])
        if missing:  # the libraries would go on with random numbers in their place
            raise ArtifactError(f"{folder} lacks {len(missing)} weights, the first is {missing[0]}.")
        model.eval().requires_grad_(False)
        compute_in_f32(model)
        published = find_variant(self.name)
        # A checkpoint in float16 was trained with diffusers' clip for that type, which an f32 model would not apply.
        if part == "transformer" and (published.clip if published else stored == torch.float16):
            clip_linear_attention(model)
        return model

    def count_weights(self, part: str) -> tuple[int, int]:
        """How many weights a part has, and its largest tensor; 0 where that cannot be told without loading."""
        return count_weights(*self._weights(part))

    def _weights(self, part: str) -> tuple[Path, str | None]:
        folder = self.vae_folder if part == "vae" else self.folder / part
        published = find_variant(self.name)
        return folder, choose_variant(folder, published.weights if published else None)

    def load_draft(self, path: Path) -> nn.Sequential:
        """The draft decoder in a file, for the transformer's latents; raises ArtifactError."""
        return read_draft(path, read_json(self.folder / "transformer" / "config.json").get("in_channels", 32))

    def load_tokenizer(self) -> Any:
        """The tokenizer, of the class that model_index.json names, as at run time."""
        with _one_sentence(self.folder / "tokenizer"):
            tokenizer = named_class(self.folder, "tokenizer")
            return tokenizer.from_pretrained(self.folder / "tokenizer", local_files_only=True)


def read_checkpoint(folder: Path, vae: Path | None = None, name: str | None = None) -> Checkpoint:
    """Checks a checkpoint as far as its small files tell; `vae` is another autoencoder's folder or a draft decoder's
    file, `name` the Hub's name of a checkpoint that lies in its cache. Raises SanaError."""
    _check_folder(folder)
    family = read_family(folder)
    _check_classes(folder)
    guided = read_json(folder / "transformer" / "config.json").get("guidance_embeds", False)
    if guided != (family == "sprint"):
        raise ArtifactError(f"{folder} is not of one family: its pipeline is {family}, its transformer the other's.")
    draft = folder / DRAFT_FILE if (folder / DRAFT_FILE).is_file() else None
    vae_folder = folder / "vae"
    if vae and vae.suffix in DRAFT_SUFFIXES:
        draft = vae
    elif vae:
        vae_folder = find_vae(vae)
    check_vae_fits(vae_folder, folder / "transformer")
    for models in (folder / "text_encoder", folder / "transformer", vae_folder):
        check_weights(models)
    sana = read_json(folder / SANA) if (folder / SANA).is_file() else pipeline_defaults(folder)
    try:
        for limit in ("min_size", "max_size"):
            check_size(limit, sana[limit])
        GenerationSettings("any", **sana["defaults"])
        checkpoint = Checkpoint(
            folder,
            vae_folder,
            name or sana.get("name", folder.resolve().name),
            family,
            _fingerprint(folder, vae_folder, draft),
            list(sana["complex_human_instruction"]),
            int(sana["max_sequence_length"]),
            Defaults.from_record(sana),
            draft,
        )
    except (KeyError, TypeError, ValueError, SanaError) as error:
        raise ArtifactError(f"{folder / SANA} is not as it should be ({_one_line(error)}).") from error
    if draft:
        checkpoint.load_draft(draft)
    return checkpoint


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise ArtifactError(f"{folder} is a file: give the folder of a checkpoint in diffusers' layout.")
    if not folder.is_dir():
        raise ArtifactError(
            f"There is no folder {folder}: give that of a checkpoint in diffusers' layout, or OWNER/NAME on the Hub."
        )
    if not (folder / "model_index.json").is_file():
        raise ArtifactError(f"{folder} is no checkpoint in diffusers' layout: it has no model_index.json.")


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


def _fingerprint(folder: Path, vae_folder: Path, draft: Path | None) -> str:
    """A hash over path and content of every file that an export reads."""
    paths = {file: folder / file for file in ("model_index.json", SANA)}
    for part in PARTS:
        root = vae_folder if part == "vae" else folder / part
        paths |= {f"{part}/{path.relative_to(root).as_posix()}": path for path in sorted(root.rglob("*"))}
    if draft:
        paths["draft_decoder"] = draft
    digest = hashlib.sha256()
    for name, path in paths.items():
        if path.is_file():
            digest.update(f"{name} {sha256(path)}\n".encode())
    return f"sha256:{digest.hexdigest()[:16]}"


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except _LOADING_ERRORS as error:
        raise ArtifactError(f"{path} cannot be loaded ({_one_line(error)}).") from error


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")
