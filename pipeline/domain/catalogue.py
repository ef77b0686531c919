"""The published Sana checkpoints as data, and the choice of their weight files."""

from dataclasses import dataclass

from .families import FLOW, SPRINT, Family


@dataclass(frozen=True)
class Terms:
    """A licence: its `title` for people, its `name` in the Hub's terms, and the page where it can be read, if any."""

    title: str
    name: str
    link: str | None = None


# What the cards said when they were last read, and they change: a licence that a checkpoint brings along wins.
NSCL = Terms("NVIDIA NSCL v2-custom", "nscl-v2-custom")
OPEN_MODEL = Terms(
    "NVIDIA Open Model License",
    "nvidia-open-model-license",
    "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/",
)


@dataclass(frozen=True)
class ModelVariant:
    """A published checkpoint.

    `size` is the native side in pixels. `layers`, `heads` (of 32 channels) and `normalised` (queries and keys) identify
    its kind of transformer. `steps` and `guidance` are its defaults. `weights` is the variant of the weight files to
    load: "fp16" in `diffusion_pytorch_model.fp16.safetensors`, None for names without a variant. `clip` is true for a
    model trained in float16, whose linear attention clips its output to the range of float16. `multilingual` is true
    if its prompts may be in English, in Chinese and of emoji, also mixed; false if they are in English. `terms` do not
    include those of Gemma, its text encoder.
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
    multilingual: bool = True
    terms: Terms = NSCL

    @property
    def repo(self) -> str:
        return f"Efficient-Large-Model/{self.name}"

    @property
    def kind(self) -> tuple[Family, int, int, int, bool]:
        return self.family, self.size, self.layers, self.heads, self.normalised


# Of several with one kind of transformer, the first stands for fine-tuned ones. Which are multilingual is told by the
# table of models in NVlabs' repository (asset/docs/model_zoo.md), the terms of Sprint 1.6B by its issue 332.
CATALOGUE = (
    ModelVariant("Sana_Sprint_0.6B_1024px_diffusers", SPRINT, 1024, 28, 36, True, 2, 4.5, None, False),
    ModelVariant(
        "Sana_Sprint_1.6B_1024px_diffusers", SPRINT, 1024, 20, 70, True, 2, 4.5, None, False, True, OPEN_MODEL
    ),
    ModelVariant("SANA1.5_1.6B_1024px_diffusers", FLOW, 1024, 20, 70, True, 20, 4.5, None, False),
    ModelVariant("SANA1.5_4.8B_1024px_diffusers", FLOW, 1024, 60, 70, True, 20, 4.5, None, False),
    ModelVariant("Sana_600M_512px_diffusers", FLOW, 512, 28, 36, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_600M_1024px_diffusers", FLOW, 1024, 28, 36, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_1600M_512px_diffusers", FLOW, 512, 20, 70, False, 20, 4.5, "fp16", True, multilingual=False),
    ModelVariant("Sana_1600M_512px_MultiLing_diffusers", FLOW, 512, 20, 70, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_1600M_1024px_BF16_diffusers", FLOW, 1024, 20, 70, False, 20, 4.5, "bf16", False),
    ModelVariant("Sana_1600M_1024px_diffusers", FLOW, 1024, 20, 70, False, 20, 4.5, "fp16", True, multilingual=False),
    ModelVariant("Sana_1600M_1024px_MultiLing_diffusers", FLOW, 1024, 20, 70, False, 20, 4.5, "fp16", True),
    ModelVariant("Sana_1600M_2Kpx_BF16_diffusers", FLOW, 2048, 20, 70, False, 20, 4.5, "bf16", False),
    ModelVariant("Sana_1600M_4Kpx_BF16_diffusers", FLOW, 4096, 20, 70, False, 20, 4.5, "bf16", False),
)

# What activations are divided by for f16 on GPUs, as published with OpenVINO's notebook of Sana: in a transformer with
# and without normalised queries and keys, and in the VAE decoder. Nothing is published for the other parts.
TRANSFORMER_SCALES = {True: 96.0, False: 384.0}
DECODER_SCALE = 2560.0
LANGUAGES = {True: "English, Chinese, emoji", False: "English"}
"""What the prompts of a checkpoint may be in, by `multilingual`."""
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


def recognise(
    name: str | None, family: Family, size: int, layers: int, heads: int, normalised: bool
) -> ModelVariant | None:
    """Return the published checkpoint that a model is or was fine-tuned from, or None.

    The kind of its transformer identifies it, whatever its folder is called. Among several of that kind, its name does.
    """
    alike = [each for each in CATALOGUE if each.kind == (family, size, layers, heads, normalised)]
    return next((each for each in alike if name in (each.name, each.repo)), alike[0] if alike else None)
