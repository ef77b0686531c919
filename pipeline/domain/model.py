"""What a model is and what it can do: one description, made of its small files, that everything else asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import SettingsError
from .families import Family
from .parameters import Parameter
from .problems import Problem
from .settings import DRAFT_DECODE, HEIGHT, NEGATIVE_PROMPT, PARAMETERS, WIDTH, GenerationSettings

MINIATURE = "sana-miniature"  # the source of the bundled model


@dataclass(frozen=True)
class ModelDescription:
    """Everything about a model that can be known before its weights are read.

    `native_size` is the side in pixels that it was trained at; `min_size` and `max_size` are those of its pictures.
    `defaults` holds the values, by the names of parameters, that it takes when nothing else is asked for. `components`
    holds compression and measured parity of each component, `pictures` "psnr_db" and "ssim" of what a few prompts give
    against the uncompressed checkpoint.
    """

    source: str
    revision: str | None
    family: Family
    compression: str
    native_size: int
    min_size: int
    max_size: int
    defaults: Mapping[str, Any]
    has_draft_decoder: bool = False
    has_vae_encoder: bool = False
    has_draft_encoder: bool = False
    components: Mapping[str, Any] = field(default_factory=dict)
    pictures: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """For a menu: the last part of the source, and the compression."""
        return f"{self.source.rstrip('/').rpartition('/')[2]} ({self.compression})"

    @property
    def is_miniature(self) -> bool:
        return self.source == MINIATURE

    def default(self, parameter: Parameter) -> Any:
        """Return the value that a parameter has for this model when nothing else is asked for."""
        return self.defaults.get(parameter.name, parameter.default)

    def limits(self, parameter: Parameter) -> dict[str, Any]:
        """Return the limits of a parameter that are this model's own, narrower than those of the table."""
        return {"minimum": self.min_size, "maximum": self.max_size} if parameter in (WIDTH, HEIGHT) else {}

    def problems(self, values: Mapping[str, Any]) -> dict[str, Problem]:
        """Return what this model does not take of `values` (by parameter name), in one pass over the table."""
        problems = {}
        for parameter in PARAMETERS:
            if parameter.name in values and (problem := self._problem(parameter, values[parameter.name])):
                problems[parameter.name] = problem
        return problems

    def check(self, settings: GenerationSettings) -> None:
        """Raise SettingsError for the first setting that this model does not take.

        The only place where the limits of a model are enforced, whoever asks.
        """
        for problem in self.problems(settings.values()).values():
            raise SettingsError(problem)

    def _problem(self, parameter: Parameter, value: Any) -> Problem | None:
        if problem := parameter.problem(value, **self.limits(parameter)):
            return problem
        if parameter is NEGATIVE_PROMPT and value.strip() and not self.family.has_negative_prompt:
            return Problem("negative prompt", {"family": self.family.name.capitalize()})
        if parameter is DRAFT_DECODE and value and not self.has_draft_decoder:
            return Problem("draft decoder", {})
        return None
