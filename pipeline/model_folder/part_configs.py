"""The schemas of the parts' configurations. Defaults are those of the classes in diffusers and transformers.

Upper limits are chosen far above any Sana, so that a hostile file cannot exhaust the memory.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ..domain.size_parameters import MAX_SIZE, MIN_SIZE, SIZE_MULTIPLE
from .schema import Count, Name, Positive, Record


class Configuration(Record):
    """A part's `config.json`. A file that names code of its own is refused: such code is never run."""

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
    """The configuration of diffusers' `SanaTransformer2DModel`."""

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
        """The trained side in pixels."""
        return self.sample_size * SIZE_MULTIPLE


class TextEncoderConfig(Configuration):
    """The configuration of transformers' `Gemma2Model`."""

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
    """The configuration of a tokenizer of any class."""

    model_max_length: Positive | None = None


_Depths = Annotated[list[Annotated[int, Field(ge=0, le=100)]], Field(min_length=1, max_length=20)]


class VaeConfig(Configuration):
    """The configuration of diffusers' `AutoencoderDC`."""

    latent_channels: Count = 32
    attention_head_dim: Count = 32
    scaling_factor: Positive = 1.0
    encoder_layers_per_block: _Depths | None = None
    decoder_layers_per_block: _Depths | None = None
    encoder_block_out_channels: Annotated[list[Count], Field(min_length=1, max_length=20)] | None = None
    decoder_block_out_channels: Annotated[list[Count], Field(min_length=1, max_length=20)] = [1] * 6

    @property
    def growth(self) -> int:
        """The pixels per side that one latent position becomes: each stage except one doubles the side."""
        return 1 << (len(self.decoder_block_out_channels) - 1)


class SchedulerConfig(Record):
    """The configuration common to all schedulers, which make tables of `num_train_timesteps` entries."""

    num_train_timesteps: Annotated[int, Field(ge=1, le=100_000)] = 1000


class DpmSolverConfig(SchedulerConfig):
    """The configuration of diffusers' `DPMSolverMultistepScheduler`, restricted to flow models such as Sana."""

    prediction_type: Literal["flow_prediction"]
    use_flow_sigmas: Literal[True]
    flow_shift: Positive = 1.0
    solver_order: Annotated[int, Field(ge=1, le=3)] = 2


class FlowMatchEulerConfig(SchedulerConfig):
    """The configuration of diffusers' `FlowMatchEulerDiscreteScheduler`."""

    shift: Positive = 1.0
    use_dynamic_shifting: Literal[False] = False


class ScmConfig(SchedulerConfig):
    """The configuration of diffusers' `SCMScheduler`."""

    prediction_type: Literal["trigflow"] = "trigflow"
    sigma_data: Positive = 0.5
