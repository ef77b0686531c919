"""The recolouring of sprites, and their softening for smaller sizes."""

import math

import torch
import torch.nn.functional as F

PALETTE = {
    "red": (214, 46, 42), "orange": (242, 136, 28), "yellow": (250, 212, 48), "green": (54, 158, 72),
    "blue": (44, 98, 212), "purple": (136, 66, 180), "pink": (246, 140, 186), "brown": (130, 84, 48),
    "black": (40, 40, 44), "white": (250, 250, 246),
}  # fmt: skip
"""The RGB values of COLOURS, in their order."""


def premultiplied(sprites: torch.Tensor) -> torch.Tensor:
    """Return RGBA [..., 4, H, W] with the colours multiplied by alpha."""
    return torch.cat((sprites[..., :3, :, :] * sprites[..., 3:, :, :], sprites[..., 3:, :, :]), -3)


def softened(sprite: torch.Tensor, side: int) -> torch.Tensor:
    """Soften sprites f32 [N, 4, SIZE, SIZE] to a resolution of `side` pixels."""
    if side == sprite.shape[-1]:
        return sprite
    small = F.interpolate(sprite, (side, side), mode="bilinear", antialias=True)
    return F.interpolate(small, sprite.shape[-2:], mode="bilinear")


def recoloured(sprite: torch.Tensor, colour: int) -> torch.Tensor:
    """Turn the dominant hue of RGBA sprites f32 [N, 4, H, W] in [0, 1] into a colour.

    `colour` is 0 to keep the sprites, or 1 + an index of COLOURS. Pixels that are nearly grey or of another hue, such
    as the leaf of an apple, keep their colour.
    """
    if colour == 0:
        return sprite
    rgb, alpha = sprite[:, :3], sprite[:, 3]
    value, lowest = rgb.amax(1), rgb.amin(1)
    chroma = value - lowest
    red, green, blue = rgb.unbind(1)
    angle = torch.atan2(math.sqrt(3) * (green - blue), 2 * red - green - blue)  # the hue, in radians
    weight = chroma * alpha * (chroma > 0.15 * value)
    tops = torch.linspace(-math.pi, math.pi, 25, device=sprite.device)[:-1]
    near = torch.cos(angle[:, None] - tops[None, :, None, None]).clamp(min=0) ** 8
    dominant = tops[(near * weight[:, None]).sum((2, 3)).argmax(1)][:, None, None]
    share = ((torch.cos(angle - dominant) - math.cos(1.0)) / 0.25).clamp(0, 1) * (chroma / 0.12).clamp(0, 1)
    # The dark and light parts of the dominant colour stay darker and lighter than the rest.
    middle = (value * weight * share).sum((1, 2)) / (weight * share).sum((1, 2)).clamp(min=1e-6)
    light = (value / middle[:, None, None].clamp(min=0.05)).clamp(0.45, 1.3)[:, None]
    paleness = (1 - chroma / value.clamp(min=1e-3))[:, None] * 0.5
    target = torch.tensor(tuple(PALETTE.values())[colour - 1], device=sprite.device)[None, :, None, None] / 255
    painted = torch.lerp((target * light).clamp(0, 1), torch.ones_like(target), paleness * (light > 0.8))
    return torch.cat((torch.lerp(rgb, painted, share[:, None]), alpha[:, None]), 1)
