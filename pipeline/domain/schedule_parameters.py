"""The parameters of the schedule: at which noise levels the steps are. None stands for what the model's scheduler does.

Names, meaning and defaults are those of diffusers' `SanaSprintPipeline` and of its flow schedulers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .families import Family
from .parameters import PIXELS, Number, Parameter
from .problems import Problem

MAX_TIME = 1.5708  # pure noise, as diffusers rounds pi / 2


@dataclass(frozen=True)
class OptionalNumber(Number):
    """A number as `Number`, or None. A text holds the number; an empty one means None."""

    def problem(self, value: object, **limits: Any) -> Problem | None:
        return None if value is None else super().problem(value, **limits)

    def normalize(self, value: object) -> Any:
        if isinstance(value, str):
            return self.parse(value.strip()) if value.strip() else None
        return super().normalize(value)


@dataclass(frozen=True)
class Times(Parameter):
    """Falling times from at most MAX_TIME to at least 0, or None. A text has commas between them."""

    type = tuple

    def problem(self, value: object, **limits: Any) -> Problem | None:
        if value is None:
            return None
        is_falling = (
            isinstance(value, tuple)
            and len(value) > 1
            and not any(_TIME.problem(time) for time in value)
            and all(later < earlier for earlier, later in pairwise(value))
        )
        return None if is_falling else self._problem("times", value, maximum=MAX_TIME)

    def normalize(self, value: object) -> Any:
        if isinstance(value, str):
            words = value.strip().strip("()[]").split(",")
            return tuple(_TIME.parse(word) for word in words) if value.strip() else None
        times = value.tolist() if callable(getattr(value, "tolist", None)) else value  # type: ignore[attr-defined]
        return tuple(_TIME.normalize(time) for time in times) if isinstance(times, list | tuple) else times

    def parse(self, text: str) -> Any:
        return self.normalize(text)

    def spell(self, value: tuple[float, ...] | None) -> str:
        """Return times as `normalize` reads them."""
        return ", ".join(map(str, value or ()))


_TIME = Number("time", "Time", "time", "", default=0.0, minimum=0.0, maximum=MAX_TIME, step=0.01)
_OPTIONAL: dict[str, Any] = {"default": None, "affects": frozenset({PIXELS})}

MAX_TIMESTEPS = OptionalNumber(
    "max_timesteps",
    "First time",
    "first time",
    "Sprint only: the time of the first step, 0.01 to 1.5708, which is pure noise. None: 1.5708.",
    setting="max_timesteps",
    minimum=0.01,
    maximum=MAX_TIME,
    step=0.01,
    **_OPTIONAL,
)
INTERMEDIATE_TIMESTEPS = OptionalNumber(
    "intermediate_timesteps",
    "Second time, of two steps",
    "second time",
    "Sprint only, with two steps: the time of the second, below the first. None: 1.3.",
    setting="intermediate_timesteps",
    minimum=0.01,
    maximum=MAX_TIME,
    step=0.01,
    **_OPTIONAL,
)
TIMESTEPS = Times(
    "timesteps",
    "All times",
    "list of times",
    "Sprint only: the times of all steps and of the end, falling from at most 1.5708 to at least 0, such as "
    '"1.5708, 1.1, 0.5, 0" for three steps. In place of the first and the second time.',
    setting="timesteps",
    **_OPTIONAL,
)
FLOW_SHIFT = OptionalNumber(
    "flow_shift",
    "Flow shift",
    "flow shift",
    "Not for Sprint: above 1, more steps are spent on the layout; below, on detail. 0.1 to 20; None: the model's own.",
    setting="flow_shift",
    minimum=0.1,
    maximum=20.0,  # chosen: the published models have 3
    step=0.1,
    **_OPTIONAL,
)

SCHEDULE_PARAMETERS: tuple[Parameter, ...] = (MAX_TIMESTEPS, INTERMEDIATE_TIMESTEPS, TIMESTEPS, FLOW_SHIFT)


def schedule_problem(parameter: Parameter, values: Mapping[str, Any], steps: object, family: Family) -> Problem | None:
    """Return the problem of a schedule parameter with the other `values`, and with a family; None if there is none."""
    value = values.get(parameter.name)
    if parameter not in SCHEDULE_PARAMETERS or value is None:
        return None
    facts = {"noun": parameter.noun}
    if parameter.name not in family.schedule:
        return Problem("no such schedule", {**facts, "family": family.title})
    if parameter is TIMESTEPS and isinstance(steps, int) and len(value) != steps + 1:
        return Problem("number of times", {**facts, "steps": steps, "count": steps + 1, "given": len(value)})
    if parameter is not TIMESTEPS and values.get(TIMESTEPS.name) is not None:
        return Problem("times are listed", facts)
    if parameter is INTERMEDIATE_TIMESTEPS and steps != 2:
        return Problem("time between", {**facts, "steps": steps})
    first = values.get(MAX_TIMESTEPS.name) or MAX_TIME
    if parameter is INTERMEDIATE_TIMESTEPS and isinstance(first, float) and value >= first:
        return Problem("time order", {**facts, "value": value, "first": first})
    return None
