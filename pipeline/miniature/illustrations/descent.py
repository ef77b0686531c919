"""The steps of a training, each launched at once on a GPU.

A small model's step is hundreds of short kernels, and launching them one by one takes longer than they do. So a step,
from the invention of its batch to the averaging of the weights, is recorded as a CUDA graph, and replayed.
"""

import copy
from collections.abc import Callable
from types import MethodType
from typing import TypeVar

import torch
import torch.nn.functional as F
from diffusers.models.normalization import RMSNorm

from pipeline.miniature.illustrations.budget import Run

Model = TypeVar("Model", bound=torch.nn.Module)
WARMUPS = 3  # steps before a recording, in which libraries allocate what they keep; PyTorch's own number
REPORTED = 0.02  # the weight of the latest step in the reported losses; chosen


class Descent:
    """The optimizer steps of a run.

    `losses(model, kind)` makes a batch of some kind, and returns the loss and further numbers to report. On a GPU,
    `model` is a copy of the run's in bf16, whose gradients move the run's own weights in f32, unless the run is
    `in_full` precision. The function must not wait for the GPU nor copy to it.
    """

    def __init__(
        self,
        run: Run,
        losses: Callable[[torch.nn.Module, str], tuple[torch.Tensor, ...]],
        device: str | torch.device,
        in_full: bool = False,
    ):
        self.run, self.losses, self.device = run, losses, torch.device(device)
        self.recorded = self.device.type == "cuda"
        self.model = run.model if in_full else ready(run.model)
        self.averages = [run.average[name] for name, _ in run.model.named_parameters()]
        self.kept = torch.zeros((), device=device)  # the share of the average that a step keeps
        self.reported: torch.Tensor | None = None
        self._graphs: dict[str, torch.cuda.CUDAGraph] = {}
        for group in run.optimizer.param_groups:
            group["lr"] = torch.tensor(float(group["lr"]), device=device)
            group["capturable"] = self.recorded

    def __call__(self, kind: str = "") -> None:
        """Take one step."""
        for group, peak in zip(self.run.optimizer.param_groups, self.run.peaks, strict=True):
            group["lr"].fill_(float(peak) * self.run.learning_rate())
        self.kept.fill_(min(self.run.decay, (1 + self.run.step) / (10 + self.run.step)))
        if not self.recorded:
            self._step(kind)
        elif kind in self._graphs:
            self._graphs[kind].replay()
        else:
            self._record(kind)

    def report(self) -> str:
        """Return the recent means of what `losses` returns, as text."""
        return "" if self.reported is None else " ".join(f"{value:.4f}" for value in self.reported.tolist())

    def _record(self, kind: str) -> None:
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARMUPS):
                self._step(kind)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(kind)
        self._graphs[kind] = graph

    def _step(self, kind: str) -> None:
        losses = self.losses(self.model, kind)
        weights: list[torch.Tensor] = list(self.run.model.parameters())
        working: list[torch.Tensor] = list(self.model.parameters())
        found = torch.autograd.grad(losses[0], working, allow_unused=True, materialize_grads=True)
        with torch.no_grad():
            gradients = [gradient.float() for gradient in found]
            length = torch.stack(torch._foreach_norm(gradients)).norm()
            torch._foreach_mul_(gradients, (1 / (length + 1e-6)).clamp(max=1.0))
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = gradient
            self.run.optimizer.step()
            for weight in weights:
                weight.grad = None
            torch._foreach_mul_(self.averages, self.kept)
            torch._foreach_add_(self.averages, list(torch._foreach_mul(weights, 1 - self.kept)))
            if self.model is not self.run.model:
                torch._foreach_copy_(working, weights)
            values = torch.stack([value.detach().float() for value in losses])
            if self.reported is None:
                self.reported = values.clone()
            self.reported.lerp_(values, REPORTED)


def ready(model: Model) -> Model:
    """Return a finished model as it runs fastest on its device: on a GPU, a copy in bf16."""
    return in_half(model) if next(model.parameters()).is_cuda else model


def in_half(model: Model) -> Model:
    """Return a copy of a model in bf16, whose RMS norms are one kernel each."""
    model = copy.deepcopy(model).bfloat16()
    for module in model.modules():
        if isinstance(module, RMSNorm):
            module.forward = MethodType(_rms_norm, module)
    return model


def _rms_norm(norm: RMSNorm, states: torch.Tensor) -> torch.Tensor:
    normed = F.rms_norm(states, tuple(norm.dim), norm.weight, norm.eps)
    return normed if norm.bias is None else normed + norm.bias
