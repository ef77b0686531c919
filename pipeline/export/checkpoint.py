"""A checkpoint to export: what it is, and its parts as torch models; refused in a sentence if it cannot be exported."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from ..domain.catalogue import find_variant
from ..domain.errors import ArtifactError, SanaError, SettingsError
from ..domain.model import ModelDescription
from ..domain.settings import WIDTH, GenerationSettings
from ..model_folder.manifest import DEFAULTS, native_size
from .attention import clip_linear_attention
from .autoencoder_check import latent_channels
from .checkpoint_files import MODELS, SANA, CheckpointFiles, fingerprint, read_checkpoint_files
from .mixed_precision import compute_in_f32
from .taesana import read_draft
from .weights import WeightFiles, read_weight_files

_LOADING_ERRORS = (OSError, ValueError, RuntimeError, TypeError, KeyError, AttributeError, SafetensorError)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose small files are read and checked.

    The revision of `model` is a fingerprint of the files. `instruction` goes before each prompt, of which
    `max_sequence_length` tokens are kept. `weights` are by part.
    """

    model: ModelDescription
    instruction: list[str]
    max_sequence_length: int
    files: CheckpointFiles
    weights: Mapping[str, WeightFiles]

    def load_model(self, part: str) -> Any:
        """Return the torch model of a part, which computes in f32 with its weights as they are stored.

        Raises:
            ArtifactError: it cannot be loaded, or weights are missing from the file.
        """
        stored = self.weights[part]
        with _one_sentence(stored.folder):
            model, info = self.files.index.part_class(part).from_pretrained(
                stored.folder,
                torch_dtype=stored.dtype,
                variant=stored.variant,
                local_files_only=True,
                output_loading_info=True,
            )
        missing = sorted(info["missing_keys"])
        if missing:  # the libraries would go on with random numbers in their place
            raise ArtifactError(f"{stored.folder} lacks {len(missing)} weights, the first is {missing[0]}.")
        model.eval().requires_grad_(False)
        compute_in_f32(model)
        published = find_variant(self.model.source)
        # A checkpoint in float16 was trained with diffusers' clip for that type, which an f32 model would not apply.
        if part == "transformer" and (published.clip if published else stored.dtype == torch.float16):
            clip_linear_attention(model)
        return model

    def load_draft(self) -> nn.Sequential:
        """Return the draft decoder, for the transformer's latents; raise ArtifactError if it is no such decoder."""
        assert self.files.draft
        return read_draft(self.files.draft, latent_channels(self.files.configs["transformer"]))

    def load_tokenizer(self) -> Any:
        """Return the tokenizer, of the class that `model_index.json` names, as at run time."""
        folder = self.files.folders["tokenizer"]
        with _one_sentence(folder):
            return self.files.index.part_class("tokenizer").from_pretrained(folder, local_files_only=True)

    def new_scheduler(self) -> Any:
        """Return a fresh scheduler of the checkpoint: they keep state."""
        return self.files.index.part_class("scheduler").from_config(self.files.configs["scheduler"])


def read_checkpoint(folder: Path, vae: Path | None = None, name: str | None = None) -> Checkpoint:
    """Read a checkpoint, and check it as far as its small files and the headers of its weights tell.

    Args:
        folder: in diffusers' layout.
        vae: another autoencoder's folder, or a draft decoder's file.
        name: the Hub's name of a checkpoint that lies in its cache.

    Raises:
        ArtifactError: the checkpoint cannot be exported.
    """
    files = read_checkpoint_files(folder, vae)
    name = name or files.options.get("name", folder.resolve().name)
    published = find_variant(name)
    wanted = published.weights if published else None
    weights = {part: read_weight_files(files.folders[part], wanted) for part in MODELS}
    try:
        checkpoint = Checkpoint(
            model=_describe(files, name),
            instruction=list(files.options["complex_human_instruction"]),
            max_sequence_length=int(files.options["max_sequence_length"]),
            files=files,
            weights=weights,
        )
    except (KeyError, TypeError, ValueError, SanaError) as error:
        raise ArtifactError(f"{folder / SANA} is not as it should be ({_first_line(error)}).") from error
    if files.draft:
        checkpoint.load_draft()
    return checkpoint


def _describe(files: CheckpointFiles, name: str) -> ModelDescription:
    """Return the description of a checkpoint.

    Raises:
        KeyError, TypeError, ValueError, SettingsError: an option is missing, or not as it should be.
    """
    options, defaults = files.options, files.options["defaults"]
    for limit in ("min_size", "max_size"):
        if problem := dataclasses.replace(WIDTH, noun=limit).problem(options[limit]):
            raise SettingsError(problem)
    GenerationSettings("any", **defaults)
    if other := defaults.keys() - set(DEFAULTS):
        raise ValueError(f"its defaults have {', '.join(sorted(other))}")
    return ModelDescription(
        source=name,
        revision=fingerprint(files),
        family=files.index.family,
        compression="none",
        native_size=native_size(files.configs["transformer"]),
        min_size=options["min_size"],
        max_size=options["max_size"],
        defaults={key: defaults[key] for key in DEFAULTS},
        has_draft_decoder=files.draft is not None,
    )


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except _LOADING_ERRORS as error:
        raise ArtifactError(f"{path} cannot be loaded ({_first_line(error)}).") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")
