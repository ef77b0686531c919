"""The configurations of a model's parts, checked each by itself and all together, without the weights."""

import os
from dataclasses import dataclass
from pathlib import Path

from ..domain.catalogue import ModelVariant, recognise
from ..domain.errors import ArtifactError
from ..domain.problems import shown
from ..domain.size_parameters import SIZE_MULTIPLE
from .folder_layout import SCHEDULER_CONFIG, TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG
from .model_index import ModelIndex
from .part_configs import (
    DpmSolverConfig,
    FlowMatchEulerConfig,
    SchedulerConfig,
    ScmConfig,
    TextEncoderConfig,
    TokenizerConfig,
    TransformerConfig,
    VaeConfig,
)
from .schema import read_record

_SCHEDULERS: dict[str, type[SchedulerConfig]] = {
    "DPMSolverMultistepScheduler": DpmSolverConfig,
    "FlowMatchEulerDiscreteScheduler": FlowMatchEulerConfig,
    "SCMScheduler": ScmConfig,
}


@dataclass(frozen=True)
class Configurations:
    """The configurations of one model. `text_encoder` is None for an export of optimum-intel without one."""

    index: ModelIndex
    scheduler: SchedulerConfig
    text_encoder: TextEncoderConfig | None
    transformer: TransformerConfig
    vae: VaeConfig

    def published(self, name: str | None) -> ModelVariant | None:
        """Return the published checkpoint with the same kind of transformer, or None; `name` decides among several."""
        part = self.transformer
        heads = part.num_attention_heads * part.attention_head_dim // 32
        return recognise(name, self.index.family, part.native_size, part.num_layers, heads, part.qk_norm is not None)


def read_configurations(folder: Path, vae: Path) -> Configurations:
    """Read and check the configurations in a model's folder; `vae` is the folder of its VAE.

    Raises:
        ArtifactError: a file is missing or malformed, or the parts do not fit together.
    """
    index = ModelIndex.read(folder)
    transformer = read_record(folder / TRANSFORMER_CONFIG, TransformerConfig)
    if transformer.guidance_embeds != index.family.embeds_guidance:
        raise ArtifactError(
            f"{folder} is not of one family: its pipeline is {index.family.name}, its transformer the other's."
        )
    index.check_class("tokenizer")
    scheduler = _SCHEDULERS[index.check_class("scheduler")]
    has_text_encoder = os.path.lexists(folder / TEXT_ENCODER_CONFIG)
    configurations = Configurations(
        index,
        read_record(folder / SCHEDULER_CONFIG, scheduler),
        read_record(folder / TEXT_ENCODER_CONFIG, TextEncoderConfig) if has_text_encoder else None,
        transformer,
        read_record(vae / "config.json", VaeConfig),
    )
    tokenizer = folder / "tokenizer" / "tokenizer_config.json"
    if os.path.lexists(tokenizer):
        read_record(tokenizer, TokenizerConfig)
    _check_together(folder, vae, configurations)
    return configurations


def _check_together(folder: Path, vae_folder: Path, configurations: Configurations) -> None:
    transformer, vae = configurations.transformer, configurations.vae
    for part, config, expected in (
        (folder / "transformer", transformer, "SanaTransformer2DModel"),
        (vae_folder, vae, "AutoencoderDC"),
    ):
        if config.class_name not in (None, expected):
            raise ArtifactError(f"{part} holds a {shown(config.class_name)[1:-1]}; supported is {expected}.")
    if transformer.out_channels not in (None, transformer.in_channels):
        raise ArtifactError(
            f"{folder / TRANSFORMER_CONFIG}: latents go in with {transformer.in_channels} channels and come out with "
            f"{transformer.out_channels}."
        )
    if configurations.text_encoder and configurations.text_encoder.hidden_size != transformer.caption_channels:
        raise ArtifactError(
            f"{folder}: its text encoder makes embeddings of {configurations.text_encoder.hidden_size} channels; its "
            f"transformer reads {transformer.caption_channels}."
        )
    if vae.latent_channels != transformer.in_channels:
        raise ArtifactError(
            f"{vae_folder} decodes latents of {vae.latent_channels} channels; the transformer makes "
            f"{transformer.in_channels}."
        )
    if vae.growth != SIZE_MULTIPLE:
        raise ArtifactError(
            f"{vae_folder} makes {vae.growth}x{vae.growth} pixels of a latent; only {SIZE_MULTIPLE}x{SIZE_MULTIPLE} "
            "fits."
        )
