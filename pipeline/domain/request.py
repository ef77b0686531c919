"""A request as people and programs make it: values by the names of the table, and the settings that come of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import SettingsError
from .model import ModelDescription
from .problems import Problem
from .settings import (
    MAX_PROMPT,
    MODEL,
    PARAMETERS,
    RANDOM_SEED,
    SETTINGS,
    GenerationSettings,
    last_seed_problem,
    random_seed,
)
from .styles import apply_style, find_style

BATCH_INDEX = "batch_index"  # what a picture of an earlier version adds to the values, for `GenerationSettings`


@dataclass(frozen=True)
class Request:
    """Unchecked values for a model, by the names of parameters; what is left out has the model's default."""

    model: ModelDescription
    given: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """All values but the model's name, defaults included, in the spelling of their types."""
        own = (parameter for parameter in PARAMETERS if parameter is not MODEL)
        values = {each.name: each.normalize(self.given.get(each.name, self.model.default(each))) for each in own}
        if isinstance(values["seed"], int) and values["seed"] == RANDOM_SEED and values["randomize_seed"] is False:
            values["randomize_seed"] = True
        return values

    def problems(self) -> dict[str, Problem]:
        """Return what is wrong, by the name of the parameter, at most one problem for each."""
        values = self.values
        if values["randomize_seed"] is True:
            del values["seed"]  # another one is taken
        problems = self.model.problems(values)
        if not problems.keys() & {"prompt", "negative_prompt", "style"}:
            problems |= self._style_problem(values)
        if "seed" in values and self.given.get(BATCH_INDEX) is None and not problems.keys() & {"seed", "num_images"}:
            problem = last_seed_problem(values["seed"], values["num_images"])
            problems |= {"seed": problem} if problem else {}
        return problems

    def settings(self) -> GenerationSettings:
        """Return checked settings, with the words of the style in the prompts, and a new seed if one is asked for.

        Raises:
            SettingsError: for the first value that this model does not take.
        """
        for problem in self.problems().values():
            raise SettingsError(problem)
        values = self.values
        if values["randomize_seed"]:
            values["seed"] = random_seed()
        values["prompt"], values["negative_prompt"] = self._styled(values)
        return GenerationSettings(
            **{str(parameter.setting): values[parameter.name] for parameter in SETTINGS},
            batch_index=None if values["randomize_seed"] else self.given.get(BATCH_INDEX),
        )

    def _styled(self, values: Mapping[str, Any]) -> tuple[str, str]:
        return apply_style(values["style"], values["prompt"], values["negative_prompt"], self.model.family)

    def _style_problem(self, values: Mapping[str, Any]) -> dict[str, Problem]:
        for name, text in zip(("prompt", "negative_prompt"), self._styled(values), strict=True):
            if len(text) > MAX_PROMPT:
                facts = {"style": find_style(values["style"]).label, "count": len(text), "maximum": MAX_PROMPT}
                return {name: Problem("style length", facts)}
        return {}
