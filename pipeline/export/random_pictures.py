"""Random pictures for autoencoders, with areas of colour, edges, and detail at all scales, as in real ones."""

import torch
import torch.nn.functional as F


def random_picture(generator: torch.Generator, size: int) -> torch.Tensor:
    """Return a random picture f32 [3, size, size] in [-1, 1].

    It is a sum of coloured noise at several scales, weaker at finer ones, each either smooth or with hard edges.
    """
    picture = torch.randn(3, 1, 1, generator=generator).expand(3, size, size)
    side = 2
    while side < size:
        noise = torch.randn(1, 3, side, side, generator=generator) * 4 / side**0.5
        hard = bool(torch.rand((), generator=generator) < 0.5)
        picture = picture + F.interpolate(noise, size, mode="nearest" if hard else "bicubic")[0]
        side *= 2
    return torch.tanh(picture / 2)
