"""The segments of a partitioned graph on a device."""

from collections.abc import Sequence

import openvino as ov

from .compile_cache import Shapes
from .compiled_model import ExclusiveResidency, ShapedModel
from .device import EXACT, Device
from .graph.channels_last import put_channels_last
from .graph.convolutions import rewrite_convolutions
from .graph.partition import Segment
from .processor import instruction_set


class SegmentModel(ShapedModel):
    """A segment, from features [1, h, w, C] to [1, H, W, D], with its large convolutions rewritten for CPUs.

    They are f32, or bf16 where it `reads` or `writes` that; NumPy knows no bf16, so its bits are in arrays of float16.
    The returned array is the request's own buffer: the next call overwrites it. After `release_activations()` it is
    safe to keep.
    """

    _SHARES_OUTPUT = True
    _model: ov.Model

    def __init__(
        self,
        device: Device,
        model: ov.Model,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
        reads: ov.Type = ov.Type.f32,
        writes: ov.Type = ov.Type.f32,
    ) -> None:
        super().__init__(device, model, precision, residency)
        self._reads, self._writes = reads, writes

    def _compile(self, shapes: Shapes | None) -> ov.CompiledModel:
        reshaped = self._model.clone()
        reshaped.reshape({name: (1, shape[3], *shape[1:3]) for name, shape in (shapes or {}).items()})
        reshaped = put_channels_last(reshaped, self._reads, self._writes)
        if self._device.name == "CPU":  # the rewriting was only measured on CPUs
            rewrite_convolutions(reshaped, _beats_8_bit(self.precision))
        return self._device.compile(reshaped, self.precision)


def on_device(
    device: Device, segments: Sequence[Segment], precision: str = EXACT, residency: ExclusiveResidency | None = None
) -> list[SegmentModel]:
    """Return the models of a chain of segments, which reads and writes f32.

    In between, they hand over `handed_over`.
    """
    types = [ov.Type.f32, *[handed_over(device, precision)] * (len(segments) - 1), ov.Type.f32]
    return [
        SegmentModel(device, segment.model, precision, residency, reads, writes)
        for segment, reads, writes in zip(segments, types[:-1], types[1:], strict=True)
    ]


def handed_over(device: Device, precision: str) -> ov.Type:
    """Return the type that segments in a precision hand over: bf16 on a CPU that computes in it, else f32.

    That takes half the memory. With f32, OpenVINO would compute what comes after the last product of a segment in f32
    as well, which takes up to a quarter of its time.
    """
    is_rounded = device.name == "CPU" and precision == "bf16"  # it was only measured on CPUs
    return ov.Type.bf16 if is_rounded else ov.Type.f32


def _beats_8_bit(precision: str) -> bool:
    """Return True if rewritten convolutions are faster in a precision of this CPU than 8-bit ones.

    By `python -m tests.benchmark --tuning` on a CPU with AVX512-BF16, Winograd's filtering is, 1.2 to 1.8 times in
    bf16, and not in f32. A convolution with a folded shortcut takes 84 ms there, and in 8 bits beside the shortcut 115
    ms. On CPUs with AMX, where 8-bit convolutions are several times as fast, it was not measured.
    """
    return precision == "bf16" and instruction_set() != "AMX"
