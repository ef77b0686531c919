"""TAESANA, a small decoder distilled from the DC-AE (madebyollin/taesd, MIT): `taesana_decoder.pth` or .safetensors.

It takes latents as the transformer makes them, and gives pixels in [0, 1] with fine detail simplified.
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

BLOCKS, STAGES = 3, 5  # of each stage; each doubles the resolution
_FIRST, _STAGE = 3, BLOCKS + 2  # where the first stage begins, and the layers of one
_WIDTHS = [1, *(_FIRST + _STAGE * stage - 1 for stage in range(1, STAGES + 1))]  # the convolutions that change it


class Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(_conv(width, width), nn.ReLU(), _conv(width, width), nn.ReLU(), _conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + x)


def build_draft(channels: int, widths: list[int]) -> nn.Sequential:
    """Return a decoder of latents f32 [1, channels, h, w] to pixels f32 [1, 3, 32h, 32w].

    `widths` are the channels of the five stages and of the layers after them: 256, 128, 64, 64, 64, 64 for TAESANA.
    """
    return nn.Sequential(*_layers(channels, widths))


def front_length(growth: int) -> int:
    """Return how many layers of the decoder come before one latent position grows to more than `growth` x `growth`."""
    return _FIRST + _STAGE * growth.bit_length() - 2


def read_draft(path: Path, channels: int) -> nn.Sequential:
    """Return the decoder in a file, for latents of so many channels.

    Raises:
        ArtifactError: it cannot be read, or its weights are not those of this structure, by name and shape.
    """
    weights = _load(path)
    try:
        widths = [weights[f"{layer}.weight"].shape[0] for layer in _WIDTHS]
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise ArtifactError(f"{path} is no TAESANA decoder: it lacks {error}.") from error
    decoder = build_draft(channels, widths)
    for name in (*decoder.state_dict(), *weights):
        wanted, found = (_shape(each, name) for each in (decoder.state_dict(), weights))
        if wanted != found:
            raise ArtifactError(
                f"{path} is no TAESANA decoder of {channels} latent channels: its {name} is {found}, not {wanted}."
            )
    decoder.load_state_dict(weights)
    return decoder.eval().requires_grad_(False)


def _shape(weights: dict[str, Tensor], name: str) -> object:
    """Return the shape of a weight, () if it is no tensor, and "none" if it is missing."""
    return tuple(getattr(weights[name], "shape", ())) if name in weights else "none"


def _load(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError, SafetensorError) as error:
        raise ArtifactError(f"{path} cannot be read as weights ({str(error).splitlines()[0]}).") from error


def _layers(channels: int, widths: list[int]) -> Iterator[nn.Module]:
    yield from (Clamp(), _conv(channels, widths[0]), nn.ReLU())
    for width, next_width in pairwise(widths):
        yield from (Block(width) for _ in range(BLOCKS))
        yield nn.Upsample(scale_factor=2)
        yield _conv(width, next_width, bias=False)
    yield from (Block(widths[-1]), _conv(widths[-1], 3))


def _conv(channels: int, width: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, padding=1, bias=bias)
