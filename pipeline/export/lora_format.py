"""diffusers' format of LoRAs: the names of their tensors, their metadata, and the reasons against other formats."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from ..domain.problems import shown
from ..model_folder.schema import Count, Positive, Record

A, B, BIAS = "lora_A.weight", "lora_B.weight", "lora_B.bias"
_NAME = re.compile(r"transformer\.(?P<layer>[\w.]+)\.(?P<kind>lora_[AB]\.weight|lora_B\.bias)", re.ASCII)
# Formats of other programs, by what is in a tensor's name.
_FOREIGN = (
    (
        r"^lora_(unet|te|transformer)|lora_(down|up)",
        "{name} is of kohya's format, whose names do not tell where a layer's name ends: save it with diffusers' "
        "save_lora_weights",
    ),
    ("dora_scale|lora_magnitude_vector", "{name} makes it a DoRA, and only plain LoRAs are fused"),
    (r"\.(lokr|hada|loha|oft)_", "{name} makes it a LoKr, LoHa or OFT, and only plain LoRAs are fused"),
    (r"^base_model\.", "{name} is as peft saves it: save it with diffusers' save_lora_weights"),
    (r"^text_encoder", "{name} changes the text encoder, and diffusers changes only the transformer of a Sana"),
)
# Of peft's ways to begin a training, these also change the weights that the LoRA is added to.
_PLAIN_STARTS = (True, False, None, "gaussian", "eva", "orthogonal")


def foreign_format(names: Iterable[str]) -> str | None:
    """Return why a file with tensors of these names is no LoRA in diffusers' format, or None if it is one."""
    names = list(names)
    if not names:
        return "it is empty"
    for pattern, reason in _FOREIGN:
        if found := next((name for name in names if re.search(pattern, name)), None):
            return reason.format(name=shown(found))
    other = next((name for name in names if not _NAME.fullmatch(name)), None)
    return f"{shown(other)} is not of diffusers' format, which is transformer.LAYER.{A} or {B}" if other else None


def layers_of(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the names of tensors by layer, and by A, B and BIAS."""
    layers: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _NAME.fullmatch(name):
            layers.setdefault(match["layer"], {})[match["kind"]] = name
    return layers


def _of_names(patterns: dict[str, Any]) -> dict[str, Any]:
    # peft takes any regular expressions; diffusers writes names.
    for pattern in patterns:
        if not re.fullmatch(r"\^?[\w.]+", pattern, re.ASCII):
            raise ValueError(f"{shown(pattern)} is no name of a layer")
    return patterns


def _plain_start(value: Any) -> Any:
    if value not in _PLAIN_STARTS:
        raise ValueError(f"its training began as {shown(value)}, which changed the checkpoint as well")
    return value


class LoraMetadata(Record):
    """The parts of peft's `LoraConfig` that decide what a LoRA means, with peft's defaults."""

    r: Count = 8
    lora_alpha: Positive = 8
    rank_pattern: Annotated[dict[str, Count], AfterValidator(_of_names)] = Field({})
    alpha_pattern: Annotated[dict[str, Positive], AfterValidator(_of_names)] = Field({})
    use_rslora: bool = False
    use_dora: Literal[False] = False
    init_lora_weights: Annotated[Any, AfterValidator(_plain_start)] = True

    def factor(self, layer: str, rank: int) -> float | None:
        """Return the factor of a layer's product of `rank`; None if the metadata names another rank."""
        if _find(self.rank_pattern, layer, self.r) != rank:
            return None
        alpha: float = _find(self.alpha_pattern, layer, self.lora_alpha)
        return alpha / rank**0.5 if self.use_rslora else alpha / rank


def _find(patterns: dict[str, Any], layer: str, default: Any) -> Any:
    """Return the value of the first pattern that a layer's name ends with, or that begins with "^" and is its name."""
    for pattern, value in patterns.items():
        name = pattern.removeprefix("^")
        if layer == name or (name == pattern and layer.endswith(f".{name}")):
            return value
    return default
