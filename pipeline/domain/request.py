"""A request of a person or a program: unchecked values by parameter name, and the settings made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import SettingsError
from .model import ModelDescription
from .picture_parameters import ENLARGE, MASK_IMAGE
from .presets import PRESET, preset_values
from .problems import Problem
from .settings import (
    MAX_PROMPT,
    MODEL,
    PARAMETERS,
    RANDOM_SEED,
    SETTINGS,
    GenerationSettings,
    counting_seed,
    random_seed,
)
from .styles import apply_style, find_style
from .variation_parameters import VARIATION_STRENGTH, last_seed_problem

BATCH_INDEX = "batch_index"  # an extra value in pictures of earlier versions, for `GenerationSettings`


@dataclass(frozen=True)
class Request:
    """Unchecked values for a model by parameter name.

    An absent value stands for that of the preset, if one is given, or the model's default. A picture and a mask are
    values by their hashes.
    `picture_size` is the size at which to draw the picture, unless a size is given.
    """

    model: ModelDescription
    given: Mapping[str, Any]
    picture_size: tuple[int, int] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """All values except the model's name, defaults included, normalised."""
        own = (parameter for parameter in PARAMETERS if parameter is not MODEL)
        defaults: dict[str, Any] = {}
        if self.picture_size:
            has_mask, enlarge = self.given.get(MASK_IMAGE.name) is not None, bool(self.given.get(ENLARGE.name))
            defaults = self.model.picture_defaults(*self.picture_size, has_mask, enlarge)
        # A switch is always sent: one that is off is nobody's wish.
        own_values = {name: value for name, value in self.given.items() if value is not False}
        given = {**self.given, **defaults, **preset_values(self._preset, self.model), **own_values}
        values = {each.name: each.normalize(given.get(each.name, self.model.default(each))) for each in own}
        if isinstance(values["seed"], int) and values["seed"] == RANDOM_SEED and values["randomize_seed"] is False:
            values["randomize_seed"] = True
        return values

    def problems(self) -> dict[str, Problem]:
        """Return the problems by parameter name, at most one for each."""
        values = self.values
        if values["randomize_seed"] is True:
            del values["seed"]  # `settings` takes a random one
        problems = self.model.problems(values)
        if problem := PRESET.problem(self._preset):
            problems[PRESET.name] = problem
        if not problems.keys() & {"prompt", "negative_prompt", "style"}:
            problems |= self._style_problem(values)
        counting = counting_seed(values)
        known = values.keys() - problems.keys()
        if self.given.get(BATCH_INDEX) is None and {counting.name, "num_images", VARIATION_STRENGTH.name} <= known:
            problem = last_seed_problem(counting, values[counting.name], values["num_images"])
            problems |= {counting.name: problem} if problem else {}
        return problems

    def settings(self) -> GenerationSettings:
        """Return checked settings, with the style's words in the prompts and the random seed chosen.

        Raises:
            SettingsError: for the first value that the model refuses.
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

    @property
    def _preset(self) -> Any:
        return PRESET.normalize(self.given.get(PRESET.name, PRESET.default))

    def _styled(self, values: Mapping[str, Any]) -> tuple[str, str]:
        return apply_style(values["style"], values["prompt"], values["negative_prompt"], self.model.family)

    def _style_problem(self, values: Mapping[str, Any]) -> dict[str, Problem]:
        for name, text in zip(("prompt", "negative_prompt"), self._styled(values), strict=True):
            if len(text) > MAX_PROMPT:
                facts = {"style": find_style(values["style"]).label, "count": len(text), "maximum": MAX_PROMPT}
                return {name: Problem("style length", facts)}
        return {}
