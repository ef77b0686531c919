"""The first-block cache: a transformer's deep blocks are not computed again while the first one hardly changes.

After ParaAttention (https://github.com/chengzeyi/ParaAttention), which diffusers has as `FirstBlockCacheConfig`. Those
compare what the first block adds to its input; here the states behind it are compared, which a graph has in one place.
"""

import numpy as np

from .blocks import STATES
from .components import Infer


class FirstBlockCache:
    """A transformer, in three pieces, for the steps of one generation.

    What the deep blocks added to the first one's states is added again until those have changed by more than
    `threshold` since it was computed: in mean absolute difference, as part of the mean absolute value.
    """

    def __init__(self, first: Infer, deep: Infer, last: Infer, threshold: float) -> None:
        self._first, self._deep, self._last = first, deep, last
        self._threshold = threshold
        self._known = self._added = np.empty(0, np.float32)
        self.computed = 0  # how often the deep blocks were

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        states = self._first(inputs)
        if not self._is_near(states):
            self._added = self._deep({**inputs, STATES: states}) - states
            self.computed += 1
            self._known = states.copy()  # over which a compiled model writes its next answer
        return self._last({**inputs, STATES: states + self._added})

    def _is_near(self, states: np.ndarray) -> bool:
        if states.shape != self._known.shape:  # the first step
            return False
        return bool(np.abs(states - self._known).mean() <= self._threshold * np.abs(self._known).mean())
