"""The published Sana checkpoints as data, and the choice of their weight files."""

from dataclasses import dataclass

from .families import FLOW, SPRINT, Family


@dataclass(frozen=True)
class ModelVariant:
    """A published checkpoint.

    `size` is the native side in pixels. `layers`, `heads` (of 32 channels) and `normalised` (queries and keys) identify
    its transformer. `steps` and `guidance` are its defaults. `weights` is the variant of the weight files to load:
    "fp16" in `diffusion_pytorch_model.fp16.safetensors`, None for names without a variant. `clip` is true for a model
    trained in float16, whose linear attention clips its output to the range of float16.
    """

    name: str
    family: Family
    size: int
    layers: int
    heads: int
    normalised: bool
    steps: int
    guidance: float
    weights: str | None
    clip: bool
    licence: str = "NVIDIA NSCL v2-custom; Gemma Terms of Use"

    @property
    def repo(self) -> str:
        return f"Efficient-Large-Model/{self.name}"


CATALOGUE = (
    ModelVariant("Sana_Sprint_0.6B_1024px_diffusers", SPRINT, 1024, 28, 36, True, 2, 4.5, None, False),
    ModelVariant("Sana_Sprint_1.6B_1024px_diffusers", SPRINT, 1024, 20, 70, True, 2, 4.5, None, False),
    ModelVariant("SANA1.5_1.6B_1024px_diffusers", FLOW, 1024, 20, 70, True, 20, 4.5, None, False),
    ModelVariant("SANA1.5_4.8B_1024px_diffusers", FLOW, 1024, 60, 70, True, 20, 4.5, None, False),
    ModelVariant("Sana_600M_512px_diffusers", FLOW, 512, 28, 36, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_600M_1024px_diffusers", FLOW, 1024, 28, 36, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_1600M_512px_diffusers", FLOW, 512, 20, 70, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_1600M_1024px_BF16_diffusers", FLOW, 1024, 20, 70, False, 20, 4.5, "bf16", False),
    ModelVariant("Sana_1600M_2Kpx_BF16_diffusers", FLOW, 2048, 20, 70, False, 20, 4.5, "bf16", False),
    ModelVariant("Sana_1600M_4Kpx_BF16_diffusers", FLOW, 4096, 20, 70, False, 20, 4.5, "bf16", False),
)

WEIGHTS = ("fp16", "bf16")
DRAFT_SUFFIXES = (".pth", ".safetensors")  # file name endings of a draft decoder


def weights_variant(file_name: str) -> str | None:
    """Return the variant of a weight file, "fp16" for `diffusion_pytorch_model.fp16.safetensors`; None without one."""
    return next((variant for variant in WEIGHTS if f".{variant}" in file_name), None)


def choose_weights(found: set[str | None], wanted: str | None) -> str | None:
    """Return the variant to load: the wanted one if it was found, else None (files without a variant), else any."""
    if wanted in found:
        return wanted
    return None if None in found or not found else next(variant for variant in WEIGHTS if variant in found)


def find_variant(name: str) -> ModelVariant | None:
    """Return the published checkpoint with this name or Hub id, or None."""
    return next((variant for variant in CATALOGUE if name in (variant.name, variant.repo)), None)


def recognise(family: Family, size: int, layers: int, heads: int, normalised: bool) -> ModelVariant | None:
    """Return the published checkpoint with this kind of transformer, or None.

    The content identifies a checkpoint whatever its folder is called, and also a fine-tuned one.
    """
    kind = (family, size, layers, heads, normalised)
    return next(
        (each for each in CATALOGUE if kind == (each.family, each.size, each.layers, each.heads, each.normalised)), None
    )
