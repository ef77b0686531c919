"""Weights that lie one after another in memory, so that an optimizer's step is a few kernels and not hundreds."""

from collections.abc import Iterable

import torch


def flatten(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Lay the weights of each of an optimizer's groups into one tensor, which the optimizer gets in their place."""
    for group in optimizer.param_groups:
        group["params"] = [torch.nn.Parameter(laid(group["params"]))]
    return optimizer


def pieces(flat: torch.Tensor, model: torch.nn.Module) -> list[str]:
    """Return the names of the weights that lie in a tensor of `flatten`, in their order there."""
    memory = flat.untyped_storage().data_ptr()
    own = [(name, each) for name, each in model.named_parameters() if each.untyped_storage().data_ptr() == memory]
    return [name for name, _ in sorted(own, key=lambda pair: pair[1].storage_offset())]


def laid(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """Lay tensors into one of their type, and make them views of it; return it."""
    tensors = list(tensors)
    flat = line([tensor.detach() for tensor in tensors])
    for tensor, piece in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.data = _shaped(piece, tensor)
    return flat


def line(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return the values of tensors in one line, those of convolutions with their channels last."""
    return torch.cat([(each.permute(0, 2, 3, 1) if each.ndim == 4 else each).reshape(-1) for each in tensors])


def _shaped(piece: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if like.ndim != 4:
        return piece.view(like.shape)
    outputs, inputs, height, width = like.shape
    return piece.view(outputs, height, width, inputs).permute(0, 3, 1, 2)
