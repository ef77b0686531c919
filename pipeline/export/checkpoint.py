"""A checkpoint to export: its description, and its parts as torch models."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..domain.catalogue import ModelVariant, find_variant
from ..domain.errors import ArtifactError
from ..domain.model import ModelDescription
from ..generation.scheduler_check import check_scheduler
from ..hub.lora_source import LoraSource
from ..model_folder.files import one_sentence
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER
from ..model_folder.hub_cache import find_snapshot, own_name
from ..model_folder.manifest import DEFAULTS
from ..model_folder.tokenizer_and_scheduler import load_tokenizer, new_scheduler
from .attention import clip_linear_attention
from .checkpoint_files import MODELS, CheckpointFiles, fingerprint, read_checkpoint_files
from .lora_fusing import FittingLora, fuse_loras, fused_weights, read_lora
from .mixed_precision import compute_in_f32
from .quiet import quiet
from .taesana import read_draft
from .weights import WeightFiles, check_adapters, read_weight_files


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose small files were read and checked.

    The revision of `model` is a fingerprint of the files. `instruction` comes before each prompt, and
    `max_sequence_length` tokens of the prompt are kept. `weights` are the weight files of each part. `published` is the
    checkpoint of the catalogue that this is or was fine-tuned from, None if it is neither.
    """

    model: ModelDescription
    instruction: list[str]
    max_sequence_length: int
    files: CheckpointFiles
    weights: Mapping[str, WeightFiles]
    published: ModelVariant | None

    def load_model(self, part: str) -> Any:
        """Return the torch model of a part. It computes in f32; its weights keep the type they are stored in.

        Raises:
            ArtifactError: the part cannot be loaded, or weights are missing from its files.
        """
        stored = self.weights[part]
        # With accelerate, diffusers reads the weights where the files are mapped. Without, it copies all files but one.
        with one_sentence(f"{stored.folder} cannot be loaded"):
            model, info = self.files.configurations.index.part_class(part).from_pretrained(
                stored.folder,
                torch_dtype=stored.dtype,
                variant=stored.variant,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
            )
        missing = sorted(info["missing_keys"])
        if missing:  # the libraries fill them with random numbers
            raise ArtifactError(f"{stored.folder} lacks {len(missing)} weights, the first is {missing[0]}.")
        model.eval().requires_grad_(False)
        if part == "transformer":
            fuse_loras(self.files.loras, model)
        compute_in_f32(model)
        # diffusers clips linear attention in float16. A float16 checkpoint relies on it, and an f32 model has no clip.
        is_clipped = stored.dtype == torch.float16 or bool(self.published and self.published.clip)
        if part == "transformer" and is_clipped:
            clip_linear_attention(model)
        return model

    @property
    def fused_bytes(self) -> int:
        """The bytes of memory that the transformer's weights take which LoRAs are fused into."""
        stored = self.weights["transformer"]
        return fused_weights(self.files.loras, stored.shapes) * (4 if stored.dtype == torch.float32 else 2)

    def load_draft(self, component: str) -> nn.Sequential:
        """Return the draft decoder or draft encoder, as `component` names it.

        Raises:
            ArtifactError: the file holds another network, or one that is not for the transformer's latents.
        """
        path = self.files.drafts[component]
        found, network = read_draft(path, self.files.configurations.transformer.in_channels)
        if found != component:
            raise ArtifactError(f"{path} holds a {found.replace('_', ' ')}, not a {component.replace('_', ' ')}.")
        return network

    def load_tokenizer(self) -> Any:
        """Return the tokenizer, of the class that `model_index.json` names."""
        return load_tokenizer(self.files.folders["tokenizer"], self.files.configurations)

    def new_scheduler(self) -> Any:
        """Return a new scheduler. Each picture needs its own, since schedulers keep state."""
        return new_scheduler(self.files.configurations)


def check_checkpoint(folder: Path, vae: Sequence[Path] = (), loras: Sequence[LoraSource] = ()) -> CheckpointFiles:
    """Read and check the small files of a checkpoint. Its weights may not be fetched yet.

    Args:
        folder: the checkpoint, in diffusers' layout.
        vae: another autoencoder's folder, and files of a draft decoder and of a draft encoder.
        loras: to be fused into the transformer.

    Raises:
        ArtifactError: the small files show that the checkpoint cannot be exported.
    """
    files = read_checkpoint_files(folder, vae)
    given = {lora.path.resolve() for lora in loras}
    check_adapters(folder, (path for path in folder.iterdir() if path.resolve() not in given))
    for part in MODELS:
        check_adapters(files.folders[part], files.parts[part])
    files = dataclasses.replace(files, loras=_fitting(files, loras))
    configurations, options = files.configurations, files.options
    with quiet():
        check_scheduler(
            files.folders["scheduler"],
            configurations.index.family,
            configurations.transformer.model_dump(),
            partial(new_scheduler, configurations),
        )
        tokenizer = load_tokenizer(files.folders["tokenizer"], configurations)
    longest = len(tokenizer("\n".join(options.complex_human_instruction)).input_ids) + options.max_sequence_length
    assert configurations.text_encoder
    window = configurations.text_encoder.sliding_window
    if window and longest > window:
        raise ArtifactError(
            f"{folder} reads prompts of {longest} tokens, more than the text encoder's sliding window of {window}, "
            "which is not supported."
        )
    return files


def read_checkpoint(
    folder: Path, vae: Sequence[Path] = (), name: str | None = None, loras: Sequence[LoraSource] = ()
) -> Checkpoint:
    """Read and check the small files of a checkpoint and the headers of its weight files.

    Args:
        folder: the checkpoint, in diffusers' layout.
        vae: another autoencoder's folder, and files of a draft decoder and of a draft encoder.
        name: the checkpoint's name on the Hub, where its folder does not tell.
        loras: to be fused into the transformer.

    Raises:
        ArtifactError: the checkpoint cannot be exported.
    """
    files = check_checkpoint(folder, vae, loras)
    snapshot = find_snapshot(folder)
    name = name or (snapshot.repo if snapshot else None)
    found = files.configurations.published(name or own_name(folder))  # `git clone` calls a folder after its repo
    published = found or (find_variant(name) if name else None)
    wanted = published.weights if published else None
    weights = {part: read_weight_files(files.folders[part], files.parts[part], wanted) for part in MODELS}
    for part in ("transformer", "vae"):  # not the text encoder: transformers renames its weights when loading
        weights[part].check(partial(_build, files, part))
    checkpoint = Checkpoint(
        model=_describe(files, name or files.options.name or own_name(folder)),
        instruction=files.options.complex_human_instruction,
        max_sequence_length=files.options.max_sequence_length,
        files=files,
        weights=weights,
        published=published,
    )
    for component in files.drafts:
        checkpoint.load_draft(component)
    return checkpoint


def _fitting(files: CheckpointFiles, loras: Sequence[LoraSource]) -> list[FittingLora]:
    """Return the LoRAs, checked against the transformer; raise ArtifactError if one does not fit."""
    if not loras:
        return []
    with one_sentence(f"{files.folders['transformer'] / 'config.json'} makes no model"), torch.device("meta"):
        transformer = _build(files, "transformer")
    return [read_lora(lora, transformer) for lora in loras]


def _build(files: CheckpointFiles, part: str) -> nn.Module:
    """Return the diffusers model of a part's configuration, with weights not loaded."""
    config = getattr(files.configurations, part).model_dump(by_alias=True, exclude_unset=True)
    model: nn.Module = files.configurations.index.part_class(part).from_config(config)
    return model


def _describe(files: CheckpointFiles, name: str) -> ModelDescription:
    options, configurations = files.options, files.configurations
    return ModelDescription(
        source=name,
        revision=fingerprint(files),
        family=configurations.index.family,
        compression="none",
        native_size=configurations.transformer.native_size,
        min_size=options.min_size,
        max_size=options.max_size,
        defaults={key: getattr(options.defaults, key) for key in DEFAULTS},
        has_draft_decoder=DRAFT_DECODER in files.drafts,
        has_vae_encoder=True,
        has_draft_encoder=DRAFT_ENCODER in files.drafts,
        loras=tuple(each.source.lora for each in files.loras),
    )
