"""The published Sana checkpoints: what differs between them, as data, and what a model does by default."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Defaults:
    """Defaults and size limits of a model; sides in pixels. Stored in the manifest of its IR folder."""

    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    min_size: int
    max_size: int

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Defaults":
        """From what a `sana.json` says; raises KeyError or TypeError where it does not."""
        return cls(**record["defaults"], min_size=record["min_size"], max_size=record["max_size"])


@dataclass(frozen=True)
class ModelVariant:
    """One published checkpoint.

    `size` is the native side in pixels, `weights` the variant of the weight files to load ("fp16" in
    `diffusion_pytorch_model.fp16.safetensors`; None: those without a variant in their names). `clip` says that it was
    trained in float16, with the output of linear attention clipped to what float16 can hold. `activation_scale` and
    `vae_activation_scale` keep activations within float16 on GPUs (OpenVINO's ACTIVATIONS_SCALE_FACTOR).
    """

    repo: str
    family: str
    size: int
    steps: int
    guidance: float
    weights: str | None
    clip: bool
    activation_scale: float
    vae_activation_scale: float = 2560.0
    licence: str = "NVIDIA NSCL v2-custom; Gemma Terms of Use"

    @property
    def name(self) -> str:
        return self.repo.partition("/")[2]


def _variant(name: str, *values: object) -> ModelVariant:
    return ModelVariant(f"Efficient-Large-Model/{name}", *values)  # type: ignore[arg-type]


CATALOGUE = (
    _variant("Sana_Sprint_0.6B_1024px_diffusers", "sprint", 1024, 2, 4.5, None, False, 96.0),
    _variant("Sana_Sprint_1.6B_1024px_diffusers", "sprint", 1024, 2, 4.5, None, False, 96.0),
    _variant("SANA1.5_1.6B_1024px_diffusers", "flow", 1024, 20, 4.5, None, False, 96.0),
    _variant("SANA1.5_4.8B_1024px_diffusers", "flow", 1024, 20, 4.5, None, False, 96.0),
    _variant("Sana_600M_512px_diffusers", "flow", 512, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_600M_1024px_diffusers", "flow", 1024, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_1600M_512px_diffusers", "flow", 512, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_1600M_1024px_BF16_diffusers", "flow", 1024, 20, 4.5, "bf16", False, 384.0),
    _variant("Sana_1600M_2Kpx_BF16_diffusers", "flow", 2048, 20, 4.5, "bf16", False, 384.0),
    _variant("Sana_1600M_4Kpx_BF16_diffusers", "flow", 4096, 20, 4.5, "bf16", False, 384.0),
)


WEIGHTS = ("fp16", "bf16")
DRAFT_SUFFIXES = (".pth", ".safetensors")  # of a draft decoder's file
DRAFT_FILE = "draft_decoder.safetensors"  # in a checkpoint that brings one


def weights_variant(file_name: str) -> str | None:
    """The variant of a weight file, "fp16" for `diffusion_pytorch_model.fp16.safetensors`; None: one without."""
    return next((variant for variant in WEIGHTS if f".{variant}" in file_name), None)


def choose_weights(found: set[str | None], wanted: str | None) -> str | None:
    """The variant to load of those there are: the one wanted, else the files without one, else the only one."""
    if wanted in found:
        return wanted
    return None if None in found or not found else next(variant for variant in WEIGHTS if variant in found)


def find_variant(name: str) -> ModelVariant | None:
    """The published checkpoint of that name or Hub id; None for a model of one's own."""
    return next((variant for variant in CATALOGUE if name in (variant.name, variant.repo)), None)
