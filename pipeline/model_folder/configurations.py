"""The configurations of a model's parts: each checked by itself, and whether together they are one Sana.

All that can be known of a model before its weights are there. What a file leaves out is as in diffusers' and
transformers' classes.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ..domain.catalogue import ModelVariant, recognise
from ..domain.errors import ArtifactError
from ..domain.problems import shown
from ..domain.settings import MAX_SIZE, MIN_SIZE, SIZE_MULTIPLE
from .folder_layout import SCHEDULER_CONFIG, TEXT_ENCODER_CONFIG, TRANSFORMER_CONFIG
from .model_index import ModelIndex
from .schema import Count, Name, Positive, Record, read_record


class Configuration(Record):
    """A part's `config.json`; code of the folder's own is never run, so a file that names some is refused."""

    class_name: Name | None = Field(None, alias="_class_name")
    quantization_config: Any = None
    auto_map: Any = None

    @field_validator("auto_map")
    @classmethod
    def _no_code(cls, value: Any) -> Any:
        if value is not None:
            raise ValueError('its "auto_map" names code of its own, which is never run')
        return value


class TransformerConfig(Configuration):
    """diffusers' `SanaTransformer2DModel`."""

    sample_size: Annotated[int, Field(ge=MIN_SIZE // SIZE_MULTIPLE, le=MAX_SIZE // SIZE_MULTIPLE)] = 32
    in_channels: Count = 32
    out_channels: Count | None = 32
    num_layers: Annotated[int, Field(ge=1, le=1000)] = 20
    num_attention_heads: Count = 70
    attention_head_dim: Count = 32
    num_cross_attention_heads: Count | None = 20
    cross_attention_head_dim: Count | None = 112
    cross_attention_dim: Count | None = 2240
    caption_channels: Count = 2304
    mlp_ratio: Positive = 2.5
    patch_size: Literal[1] = 1
    norm_eps: Positive = 1e-6
    qk_norm: Name | None = None
    interpolation_scale: Positive | None = None
    timestep_scale: Positive = 1.0
    guidance_embeds: bool = False
    guidance_embeds_scale: Positive = 0.1

    @property
    def native_size(self) -> int:
        """The side in pixels that the model was trained at."""
        return self.sample_size * SIZE_MULTIPLE


class TextEncoderConfig(Configuration):
    """transformers' `Gemma2Model`."""

    model_type: Literal["gemma2"] = "gemma2"
    vocab_size: Annotated[int, Field(ge=1, le=10_000_000)] = 256_000
    hidden_size: Count = 2304
    intermediate_size: Count = 9216
    num_hidden_layers: Annotated[int, Field(ge=1, le=1000)] = 26
    num_attention_heads: Count = 8
    num_key_value_heads: Count = 4
    head_dim: Count = 256
    sliding_window: Count | None = 4096
    query_pre_attn_scalar: Positive = 256
    attn_logit_softcapping: Positive | None = 50.0
    rms_norm_eps: Positive = 1e-6


class TokenizerConfig(Configuration):
    """That of any class of tokenizers."""

    model_max_length: Positive | None = None


_Depths = Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1, max_length=20)]


class VaeConfig(Configuration):
    """diffusers' `AutoencoderDC`."""

    latent_channels: Count = 32
    attention_head_dim: Count = 32
    scaling_factor: Positive = 1.0
    encoder_layers_per_block: _Depths | None = None
    decoder_layers_per_block: _Depths | None = None
    encoder_block_out_channels: Annotated[list[Count], Field(min_length=1, max_length=20)] | None = None
    decoder_block_out_channels: Annotated[list[Count], Field(min_length=1, max_length=20)] = [1] * 6

    @property
    def growth(self) -> int:
        """How many pixels a side one latent position becomes: all stages but one double."""
        return 2 ** (len(self.decoder_block_out_channels) - 1)


class SchedulerConfig(Record):
    """What all of them have; of more steps than this, a table of them would fill the memory."""

    num_train_timesteps: Annotated[int, Field(ge=1, le=100_000)] = 1000


class DpmSolverConfig(SchedulerConfig):
    """It solves other differential equations too; Sana is a flow."""

    prediction_type: Literal["flow_prediction"]
    use_flow_sigmas: Literal[True]
    flow_shift: Positive = 1.0
    solver_order: Annotated[int, Field(ge=1, le=3)] = 2


class FlowMatchEulerConfig(SchedulerConfig):
    shift: Positive = 1.0
    use_dynamic_shifting: Literal[False] = False


class ScmConfig(SchedulerConfig):
    prediction_type: Literal["trigflow"] = "trigflow"
    sigma_data: Positive = 0.5


_SCHEDULERS: dict[str, type[SchedulerConfig]] = {
    "DPMSolverMultistepScheduler": DpmSolverConfig,
    "FlowMatchEulerDiscreteScheduler": FlowMatchEulerConfig,
    "SCMScheduler": ScmConfig,
}


@dataclass(frozen=True)
class Configurations:
    """The configurations of one model. `text_encoder` is None where an export of optimum-intel has none."""

    index: ModelIndex
    scheduler: SchedulerConfig
    text_encoder: TextEncoderConfig | None
    transformer: TransformerConfig
    vae: VaeConfig

    @property
    def published(self) -> ModelVariant | None:
        """The published checkpoint that this is, or was trained on from."""
        part = self.transformer
        heads = part.num_attention_heads * part.attention_head_dim // 32
        return recognise(self.index.family, part.native_size, part.num_layers, heads, part.qk_norm is not None)


def read_configurations(folder: Path, vae: Path) -> Configurations:
    """Read the configurations in a model's folder, and check that they are of one model; `vae` is the VAE's folder.

    Raises:
        ArtifactError: a file is missing or not as it should be, or the parts do not fit together.
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
