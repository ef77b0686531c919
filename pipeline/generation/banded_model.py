"""A convolutional network that is computed in horizontal bands, to save memory.

The graph is a chain of segments. A segment that needs its whole input runs at once; a local one runs in bands. Both are
exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..runtime.compiled_model import ExclusiveResidency
from ..runtime.device import EXACT, Device
from ..runtime.graph.partition import Segment, partition
from ..runtime.segment_model import SegmentModel, on_device
from .bands import Band, fits_at_once, in_precision, min_bytes, plan_bands, rows_that_fit


@dataclass(frozen=True)
class Computed:
    """The progress after band `band` of `bands`, counted from 1 over all segments.

    After the last band, `features` is the model's output f32 [C, h, w]; before, it is None.
    """

    band: int
    bands: int
    features: np.ndarray | None


class BandedModel:
    """A decoder or encoder on a device."""

    def __init__(
        self,
        device: Device,
        path: Path,
        scaling_factor: float = 1.0,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
    ) -> None:
        """Read the model at `path`. It is compiled in the first call.

        The transformer's latents are `scaling_factor` times the model's own, which `run` takes or gives.

        Raises:
            DeviceError: the file is damaged; or, in the first call, the device cannot take the model.
        """
        self._model = device.read(path)
        self.scaling_factor = scaling_factor
        self._device, self.precision, self._residency = device, precision, residency
        self._seconds = 0.0
        self.segments = self._coarse = in_precision(partition(self._model), precision)
        self._models = self._on_device(self.segments)

    @property
    def seconds(self) -> float:
        """Return the seconds spent in the model so far."""
        return self._seconds + sum(model.seconds for model in self._models)

    def prepare(self, height: int, width: int) -> None:
        """Compile for an input of `height` x `width` cells in another thread, in bands that fit the memory free now."""
        self._use(self._segments_for(height, width))
        for segment, model, plan in zip(self.segments, self._models, self._plans(height, width, None), strict=True):
            rows = plan[0].window.stop - plan[0].window.start
            model.prepare({segment.input_name: (1, rows, width, segment.channels)})
            width = segment.grown(width)

    def memory(self, height: int, width: int) -> float:
        """Estimate the least bytes that an input of `height` x `width` cells takes."""
        needed = 0.0
        for segment in self._segments_for(height, width):
            needed = max(needed, min_bytes(segment, height, width))
            height, width = segment.grown(height), segment.grown(width)
        return needed

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Map the only input f32 [1, C, h, w] to the output f32 [1, D, H, W]."""
        (features,) = inputs.values()
        *_, last = self.run(features)
        assert last.features is not None
        return last.features[None]

    def run(self, features: np.ndarray, rows: int | None = None) -> Iterator[Computed]:
        """Compute the output for an input f32 [1, C, h, w], and yield after each band of each segment.

        A band is computed from at most `rows` rows of the segment's input, by default as many as the free memory
        allows.
        """
        features = np.ascontiguousarray(features.transpose(0, 2, 3, 1))  # so that a window needs no copy
        height, width = features.shape[1:3]
        self._use(self._segments_for(height, width))
        plans = self._plans(height, width, rows)
        done, count = 0, sum(len(plan) for plan in plans)
        for segment, model, plan in zip(self.segments, self._models, plans, strict=True):
            whole: np.ndarray | None = None
            for band in plan:
                output = model({segment.input_name: features[:, band.window]})
                if whole is None:  # a single band needs no copy
                    shape = (1, segment.grown(features.shape[1]), *output.shape[2:])
                    whole = output if len(plan) == 1 else np.empty(shape, output.dtype)
                if whole is not output:
                    first, last, start = (segment.grown(row) for row in (band.first, band.last, band.window.start))
                    whole[:, first:last] = output[:, first - start : last - start]
                done += 1
                if done < count:
                    yield Computed(done, count, None)
            model.release_activations()
            assert whole is not None
            features = whole
        yield Computed(count, count, features[0].transpose(2, 0, 1))

    def _plans(self, height: int, width: int, rows: int | None) -> list[list[Band]]:
        """Return the bands of each segment; `rows` is as in `run`."""
        plans = []
        for segment in self.segments:
            plans.append(plan_bands(segment, height, rows or rows_that_fit(segment, height, width)))
            height, width = segment.grown(height), segment.grown(width)
        return plans

    def _segments_for(self, height: int, width: int) -> list[Segment]:
        """Return the segments for an input; the finer partition if a segment that runs at once would be too large."""
        return self._coarse if fits_at_once(self._coarse, height, width) else self._fine

    @cached_property
    def _fine(self) -> list[Segment]:
        return in_precision(partition(self._model, finely=True), self.precision)

    def _use(self, segments: list[Segment]) -> None:
        if segments is not self.segments:
            self._seconds = self.seconds
            self.segments = segments
            self._models = self._on_device(segments)

    def _on_device(self, segments: list[Segment]) -> list[SegmentModel]:
        return on_device(self._device, segments, self.precision, self._residency)
