"""The noise of a variation: between that of two seeds."""

import torch


def interpolate(noise: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Return noise f32 [N, C, h, w] at a `share` of the way from `noise` to `other`, picture by picture.

    Spherical interpolation: the way is the arc between the two, so that the result is as strong as noise has to be. A
    share of 0 gives `noise`, one of 1 gives `other`.
    """
    mixed = [_on_the_arc(one, two, share) for one, two in zip(noise, other, strict=True)]
    return torch.stack(mixed)


def _on_the_arc(one: torch.Tensor, two: torch.Tensor, share: float) -> torch.Tensor:
    if torch.equal(one, two):  # there is no arc
        return one
    # In 64 bits, so that the order of the sums does not reach the weights, which are of 32 bits.
    first, second = one.double(), two.double()
    cosine = (first * second).sum() / (first.norm() * second.norm())
    angle = torch.acos(cosine)
    weights = torch.sin((1 - share) * angle) / torch.sin(angle), torch.sin(share * angle) / torch.sin(angle)
    return weights[0].float() * one + weights[1].float() * two
