"""The published Sana checkpoints: what differs between them, as data; and which of their weight files to load."""

from dataclasses import dataclass

from .families import FLOW, SPRINT, Family


@dataclass(frozen=True)
class ModelVariant:
    """One published checkpoint.

    `size` is the native side in pixels; `layers`, `heads` (of 32 channels) and `normalised` (queries and keys) tell its
    transformer from the others'. `weights` the variant of the weight files to load ("fp16" in
    `diffusion_pytorch_model.fp16.safetensors`; None: those without a variant in their names). `clip` says that it was
    trained in float16, with the output of linear attention clipped to what float16 can hold. `activation_scale` and
    `vae_activation_scale` keep activations within float16 on GPUs (OpenVINO's ACTIVATIONS_SCALE_FACTOR).
    """

    repo: str
    family: Family
    size: int
    layers: int
    heads: int
    normalised: bool
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
    _variant("Sana_Sprint_0.6B_1024px_diffusers", SPRINT, 1024, 28, 36, True, 2, 4.5, None, False, 96.0),
    _variant("Sana_Sprint_1.6B_1024px_diffusers", SPRINT, 1024, 20, 70, True, 2, 4.5, None, False, 96.0),
    _variant("SANA1.5_1.6B_1024px_diffusers", FLOW, 1024, 20, 70, True, 20, 4.5, None, False, 96.0),
    _variant("SANA1.5_4.8B_1024px_diffusers", FLOW, 1024, 60, 70, True, 20, 4.5, None, False, 96.0),
    _variant("Sana_600M_512px_diffusers", FLOW, 512, 28, 36, False, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_600M_1024px_diffusers", FLOW, 1024, 28, 36, False, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_1600M_512px_diffusers", FLOW, 512, 20, 70, False, 20, 4.5, "fp16", True, 384.0),
    _variant("Sana_1600M_1024px_BF16_diffusers", FLOW, 1024, 20, 70, False, 20, 4.5, "bf16", False, 384.0),
    _variant("Sana_1600M_2Kpx_BF16_diffusers", FLOW, 2048, 20, 70, False, 20, 4.5, "bf16", False, 384.0),
    _variant("Sana_1600M_4Kpx_BF16_diffusers", FLOW, 4096, 20, 70, False, 20, 4.5, "bf16", False, 384.0),
)


WEIGHTS = ("fp16", "bf16")
DRAFT_SUFFIXES = (".pth", ".safetensors")  # of a draft decoder's file


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


def recognise(family: Family, size: int, layers: int, heads: int, normalised: bool) -> ModelVariant | None:
    """Return the published checkpoint that has a transformer of this kind; None for one that no published one has.

    So a checkpoint is known by what is in it, also one that was trained on from a published one.
    """
    kind = (family, size, layers, heads, normalised)
    return next(
        (each for each in CATALOGUE if kind == (each.family, each.size, each.layers, each.heads, each.normalised)), None
    )
