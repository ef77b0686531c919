"""The sampler of each family: the denoising loop of its diffusers pipeline.

One more family is one more file here, and a line in SAMPLERS.
"""

from collections.abc import Callable, Iterator

from ...domain.families import FLOW, SPRINT, Family
from .flow import flow_steps
from .sampling import DenoisedStep, GivenLatents, SamplerInputs
from .sprint import sprint_steps

__all__ = ["SAMPLERS", "DenoisedStep", "GivenLatents", "SamplerInputs"]

SAMPLERS: dict[Family, Callable[[SamplerInputs], Iterator[DenoisedStep]]] = {FLOW: flow_steps, SPRINT: sprint_steps}
