"""TAESANA, a small autoencoder distilled from the DC-AE (github.com/madebyollin/taesd, MIT licence).

Its decoder and its encoder are in files of their own, `taesana_decoder.pth` and `taesana_encoder.pth`, or .safetensors.
Latents are as the transformer returns them, and pixels in [0, 1]. Fine detail is simplified.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..domain.errors import ArtifactError
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER

BLOCKS, STAGES = 3, 5  # blocks in each stage, and stages, each of which doubles or halves the resolution
_FIRST, _STAGE = 3, BLOCKS + 2  # index of the first stage's first layer, and number of layers in a stage
# The layers that change the number of channels.
_DECODER_WIDTHS = [1, *(_FIRST + _STAGE * stage - 1 for stage in range(1, STAGES + 1))]
_ENCODER_WIDTHS = [0, 2]


class Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(_conv(width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + x)


def build_draft_decoder(channels: int, widths: list[int]) -> nn.Sequential:
    """Return a decoder from latents f32 [1, channels, h, w] to pixels f32 [1, 3, 32h, 32w].

    `widths` are the channels of the five stages and of the layers after them. TAESANA has 256, 128, 64, 64, 64, 64.
    """
    return nn.Sequential(*_decoder_layers(channels, widths))


def build_draft_encoder(channels: int, widths: list[int]) -> nn.Sequential:
    """Return an encoder from pixels f32 [1, 3, 32h, 32w] to latents f32 [1, channels, h, w].

    `widths` are the channels at half the resolution and at all coarser ones. TAESANA has 32, 64.
    """
    return nn.Sequential(*_encoder_layers(channels, widths))


def front_length(growth: int) -> int:
    """Return how many layers come before the features are finer than `growth` x `growth` for each latent position."""
    return _FIRST + _STAGE * growth.bit_length() - 2


def read_draft(path: Path, channels: int) -> tuple[str, nn.Sequential]:
    """Read a decoder or encoder for latents with `channels` channels; return DRAFT_DECODER or DRAFT_ENCODER, and it.

    Raises:
        ArtifactError: the file cannot be read, or names and shapes of its weights are not those of either network.
    """
    weights = _load(path)
    is_encoder = _is_encoder(weights)
    kind = "encoder" if is_encoder else "decoder"
    build, layers = (build_draft_encoder, _ENCODER_WIDTHS) if is_encoder else (build_draft_decoder, _DECODER_WIDTHS)
    try:
        widths = [weights[f"{layer}.weight"].shape[0] for layer in layers]
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise ArtifactError(f"{path} is no TAESANA {kind}: it lacks {error}.") from error
    network = build(channels, widths)
    for name in (*network.state_dict(), *weights):
        wanted, found = (_shape(each, name) for each in (network.state_dict(), weights))
        if wanted != found:
            raise ArtifactError(
                f"{path} is no TAESANA {kind} of {channels} latent channels: its {name} is {found}, not {wanted}."
            )
    network.load_state_dict(weights)
    return DRAFT_ENCODER if is_encoder else DRAFT_DECODER, network.eval().requires_grad_(False)


def _is_encoder(weights: dict[str, Tensor]) -> bool:
    """Return True if the first layer is a convolution of three colours. A decoder's first layer has no weights."""
    return isinstance(weights, dict) and getattr(weights.get("0.weight"), "shape", ())[1:2] == (3,)


def _shape(weights: dict[str, Tensor], name: str) -> object:
    """Return the shape of a weight, () if it is no tensor, "none" if it is missing."""
    return tuple(getattr(weights[name], "shape", ())) if name in weights else "none"


def _load(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return weights
    except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError, SafetensorError) as error:
        raise ArtifactError(f"{path} cannot be read as weights ({str(error).splitlines()[0]}).") from error


def _decoder_layers(channels: int, widths: list[int]) -> Iterator[nn.Module]:
    yield from (Clamp(), _conv(channels, widths[0]), nn.ReLU())
    for width, next_width in pairwise(widths):
        yield from (Block(width) for _ in range(BLOCKS))
        yield nn.Upsample(scale_factor=2)
        yield _conv(width, next_width, bias=False)
    yield from (Block(widths[-1]), _conv(widths[-1], 3))


def _encoder_layers(channels: int, widths: list[int]) -> Iterator[nn.Module]:
    first, width = widths
    yield from (_conv(3, first, stride=2), nn.ReLU(), _conv(first, width, stride=2), nn.ReLU(), Block(width))
    for _ in range(STAGES - 2):
        yield _conv(width, width, bias=False, stride=2)
        yield from (Block(width) for _ in range(BLOCKS))
    yield _conv(width, channels)


def _conv(channels: int, width: int, bias: bool = True, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, stride, padding=1, bias=bias)
