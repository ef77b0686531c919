"""The loop of each family, as its pipeline in diffusers runs it. One more family is a file here, and a line below."""

from collections.abc import Callable, Iterator

from ...domain.families import FLOW, SPRINT, Family
from .flow import flow_steps
from .sampling import DenoisedStep, SamplerInputs
from .sprint import sprint_steps

__all__ = ["SAMPLERS", "DenoisedStep", "SamplerInputs"]

SAMPLERS: dict[Family, Callable[[SamplerInputs], Iterator[DenoisedStep]]] = {FLOW: flow_steps, SPRINT: sprint_steps}
