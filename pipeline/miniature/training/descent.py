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

from pipeline.miniature.training.flat_weights import laid, line, pieces
from pipeline.miniature.training.training_run import Run

Model = TypeVar("Model", bound=torch.nn.Module)
WARMUPS = 3  # steps before a recording, in which libraries allocate what they keep; PyTorch's own number
EVERY = 500  # steps between two printed losses; chosen
REPORTED = 0.02  # the weight of the latest step in the reported losses; chosen


class Descent:
    """The optimizer steps of a run.

    The run's optimizer is one of `flatten`. `losses(model, kind)` makes a batch of some kind, and returns the loss and
    further numbers to report. On a GPU, `model` is a copy of the run's in bf16, whose gradients move the run's own
    weights in f32, unless the run is `in_full` precision. The function must not wait for the GPU nor copy to it.
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
        working = dict(self.model.named_parameters())
        # The pieces of each of the optimizer's groups: its weights in f32, those that are computed with, the average.
        self.groups: list[tuple[torch.Tensor, list[torch.Tensor], torch.Tensor, torch.Tensor]] = []
        for group in run.optimizer.param_groups:
            (weights,) = group["params"]
            names = pieces(weights, run.model)
            used: list[torch.Tensor] = [working[name] for name in names]
            computed = weights if self.model is run.model else laid(used)
            self.groups.append((weights, used, computed, laid([run.average[name] for name in names])))
            group["lr"] = torch.tensor(float(group["lr"]), device=device)
            group["capturable"] = self.recorded
        self.kept = torch.zeros((), device=device)  # the share of the average that a step keeps
        self.reported: torch.Tensor | None = None
        self._graphs: dict[str, torch.cuda.CUDAGraph] = {}

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

    def through(self, kind: Callable[[], str] = str) -> None:
        """Take the steps of the whole run, each of a `kind()`. Print the losses every EVERY steps and at the end."""
        name = self.run.path.stem
        for step in self.run:
            self(kind())
            if step % EVERY == 0:
                print(f"{name}: step {step} losses {self.report()}, {self.run.seconds:.0f} s", flush=True)
        print(f"{name}: {self.run.step} steps in {self.run.seconds:.0f} s, losses {self.report()}", flush=True)

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
        used = [weight for _, some, _, _ in self.groups for weight in some]
        found = iter(torch.autograd.grad(losses[0], used, allow_unused=True, materialize_grads=True))
        with torch.no_grad():
            gradients = [line([next(found) for _ in some]).float() for _, some, _, _ in self.groups]
            length = torch.stack([gradient.norm() for gradient in gradients]).norm()
            for (weights, *_), gradient in zip(self.groups, gradients, strict=True):
                weights.grad = gradient * (1 / (length + 1e-6)).clamp(max=1.0)
            self.run.optimizer.step()
            for weights, _, computed, average in self.groups:
                weights.grad = None
                average.lerp_(weights, 1 - self.kept)
                if computed is not weights:
                    computed.copy_(weights)
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
