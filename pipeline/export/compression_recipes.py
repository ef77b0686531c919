"""The compressions to choose from. One more is one more entry of `RECIPES`."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..model_folder.folder_layout import COMPONENTS, VAE_ENCODER


@dataclass(frozen=True)
class CompressionRecipe:
    """How the weights of one component are stored.

    `floor` is the least PSNR in dB against torch: an export below it fails. `bytes_per_weight` includes the scales, for
    the estimate of disk and memory. `mode` is NNCF's CompressWeightsMode; None stores weights as f16. `group_size`
    weights of a row share a scale; with None, the whole row does. With `activations`, activations are quantised to 8
    bits as well, after calibration.
    """

    name: str
    floor: float
    bytes_per_weight: float
    mode: str | None = None
    group_size: int | None = None
    activations: bool = False


@dataclass(frozen=True)
class Compression:
    """A compression of a whole model: its `meaning` in a line for people, and the recipe of each component.

    Drafts are not in `components`.
    """

    meaning: str
    components: Mapping[str, CompressionRecipe]

    def recipe(self, component: str) -> CompressionRecipe:
        """Return the recipe of a component. A draft is small and always gets FP16."""
        return self.components.get(component, FP16)


# The floors are chosen: low enough for any sound checkpoint, high enough to stop a broken export. The bytes per weight
# are estimates, rounded up: scales, and the few weights that keep 16 bits, add to the bits of each weight.
FP16 = CompressionRecipe("fp16", floor=45, bytes_per_weight=2.0)
INT8 = CompressionRecipe("int8", floor=25, bytes_per_weight=1.05, mode="int8_asym")
W8A8 = CompressionRecipe("w8a8", floor=15, bytes_per_weight=1.05, activations=True)
INT4 = CompressionRecipe("int4", floor=12, bytes_per_weight=0.6, mode="int4_sym", group_size=64)

_LARGE = (*COMPONENTS, VAE_ENCODER)
RECIPES = {
    "fp16": Compression("weights stored in 16 bits", dict.fromkeys(_LARGE, FP16)),
    "int8": Compression("weights in 8 bits", dict.fromkeys(_LARGE, INT8)),
    "int4": Compression(  # as in OpenVINO's notebook of Sana
        "the transformer's weights in 4 bits, the others' in 8",
        {**dict.fromkeys(_LARGE, INT8), "transformer": INT4},
    ),
    "w8a8": Compression(
        "weights and activations in 8 bits, the text encoder's weights only",
        {**dict.fromkeys(_LARGE, W8A8), "text_encoder": INT8},
    ),
}
