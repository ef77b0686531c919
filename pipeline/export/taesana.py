"""TAESANA, a small decoder distilled from the DC-AE (github.com/madebyollin/taesd, MIT licence).

It maps latents, as the transformer returns them, to pixels in [0, 1] with fine detail simplified. Its file is
`taesana_decoder.pth` or .safetensors.
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

BLOCKS, STAGES = 3, 5  # blocks in each stage, and stages, each of which doubles the resolution
_FIRST, _STAGE = 3, BLOCKS + 2  # index of the first stage's first layer, and number of layers in a stage
_WIDTHS = [1, *(_FIRST + _STAGE * stage - 1 for stage in range(1, STAGES + 1))]  # layers that change the channels


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
    """Return a decoder from latents f32 [1, channels, h, w] to pixels f32 [1, 3, 32h, 32w].

    `widths` are the channels of the five stages and of the layers after them. TAESANA has 256, 128, 64, 64, 64, 64.
    """
    return nn.Sequential(*_layers(channels, widths))


def front_length(growth: int) -> int:
    """Return how many layers come before the features are finer than `growth` x `growth` for each latent position."""
    return _FIRST + _STAGE * growth.bit_length() - 2


def read_draft(path: Path, channels: int) -> nn.Sequential:
    """Read a decoder of latents with `channels` channels from a file.

    Raises:
        ArtifactError: the file cannot be read, or names and shapes of its weights are not those of such a decoder.
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


def _layers(channels: int, widths: list[int]) -> Iterator[nn.Module]:
    yield from (Clamp(), _conv(channels, widths[0]), nn.ReLU())
    for width, next_width in pairwise(widths):
        yield from (Block(width) for _ in range(BLOCKS))
        yield nn.Upsample(scale_factor=2)
        yield _conv(width, next_width, bias=False)
    yield from (Block(widths[-1]), _conv(widths[-1], 3))


def _conv(channels: int, width: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, padding=1, bias=bias)
