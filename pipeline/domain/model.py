"""The description of a model: its origin, its limits and its defaults, known before its weights are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .catalogue import LANGUAGES, find_variant
from .errors import SettingsError
from .families import Family
from .lora import Lora
from .parameters import Parameter
from .picture_parameters import ENLARGE, ENLARGE_STRENGTH, IMAGE, MASK_IMAGE, STRENGTH
from .problems import Problem
from .schedule_parameters import schedule_problem
from .settings import DRAFT_DECODE, NEGATIVE_PROMPT, NUM_INFERENCE_STEPS, PARAMETERS, PROMPT, GenerationSettings
from .size_parameters import HEIGHT, MAX_SIZE, WIDTH

MINIATURE = "sana-miniature"  # `source` of the bundled model
OWN = ("source", "revision", "compression", "components", "pictures", "loras")
"""The fields of a description that say where a model comes from and how good it is, and not what it takes."""


@dataclass(frozen=True)
class ModelDescription:
    """A model, as its small files describe it.

    `source` is the name or path of its checkpoint, `revision` the commit on the Hub, if any. `native_size` is the
    trained side in pixels; `min_size` and `max_size` limit the sides of pictures. `defaults` holds the model's own
    default values by parameter name. `components` holds the compression and measured parity of each component.
    `pictures` compares the pictures of a few prompts with the uncompressed checkpoint's ("psnr_db" and "ssim"). `loras`
    are fused into its transformer.
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
    loras: tuple[Lora, ...] = ()

    @property
    def name(self) -> str:
        """The name in a menu: the last parts of the names of source and LoRAs, and the compression."""
        names = (self.source, *(lora.name for lora in self.loras))
        return f"{' + '.join(name.rstrip('/').rpartition('/')[2] for name in names)} ({self.compression})"

    @property
    def is_miniature(self) -> bool:
        return self.source == MINIATURE

    @property
    def takes_styles(self) -> bool:
        """True if the words of a style help its pictures: the miniature knows none of them."""
        return not self.is_miniature

    @property
    def languages(self) -> str | None:
        """What prompts may be in, such as "English, Chinese, emoji"; None if unknown."""
        published = find_variant(self.source)
        return LANGUAGES[published.multilingual] if published else None

    def takes_settings_of(self, other: "ModelDescription") -> bool:
        """True if both models take the same settings, with the same defaults: any request to one suits the other."""
        alike = (each.name for each in fields(self) if each.name not in OWN)
        return self.is_miniature == other.is_miniature and all(getattr(self, n) == getattr(other, n) for n in alike)

    def default(self, parameter: Parameter) -> Any:
        """Return this model's default value of a parameter."""
        return self.defaults.get(parameter.name, parameter.default)

    def picture_defaults(self, width: int, height: int, has_mask: bool, enlarge: bool) -> dict[str, Any]:
        """Return the default values where a picture is given, for a size at which to draw it, by parameter name.

        All of what a mask marks is drawn anew.
        """
        strength = STRENGTH.maximum if has_mask else self.family.image_strength
        steps = self.family.image_steps or self.default(NUM_INFERENCE_STEPS)
        return {
            WIDTH.name: width,
            HEIGHT.name: height,
            NUM_INFERENCE_STEPS.name: steps,
            STRENGTH.name: ENLARGE_STRENGTH if enlarge and not has_mask else strength,
        }

    def limits(self, parameter: Parameter, has_picture: bool = False) -> dict[str, Any]:
        """Return this model's own limits of a parameter, other than the table's; {} if it has none.

        A picture to start from gives the layout, so that the model can draw larger ones than it was trained for. It
        may stand for a prompt, too.
        """
        if parameter in (WIDTH, HEIGHT):
            return {"minimum": self.min_size, "maximum": MAX_SIZE if has_picture else self.max_size}
        return {"required": False} if parameter is PROMPT and has_picture else {}

    def problems(self, values: Mapping[str, Any]) -> dict[str, Problem]:
        """Return the problems of `values` with this model; both are keyed by parameter name."""
        problems = {}
        for parameter in PARAMETERS:
            if parameter.name in values and (problem := self._problem(parameter, values)):
                problems[parameter.name] = problem
        return problems

    def check(self, settings: GenerationSettings) -> None:
        """Raise SettingsError for the first setting that this model refuses.

        No other place enforces the limits of a model.
        """
        for problem in self.problems(settings.values()).values():
            raise SettingsError(problem)

    def _problem(self, parameter: Parameter, values: Mapping[str, Any]) -> Problem | None:
        value, has_picture = values[parameter.name], values.get(IMAGE.name) is not None
        if problem := parameter.problem(value, **self.limits(parameter, has_picture)):
            return problem
        if parameter is IMAGE and value and not self.has_vae_encoder:
            return Problem("no encoder", {})
        if parameter is MASK_IMAGE and value and not has_picture:
            return Problem("mask without picture", {})
        if parameter is STRENGTH and value != STRENGTH.default and not has_picture:
            return Problem("strength without picture", {})
        if parameter is ENLARGE and value and not has_picture:
            return Problem("nothing to enlarge", {})
        if parameter is NEGATIVE_PROMPT and value.strip() and not self.family.has_negative_prompt:
            return Problem("negative prompt", {"family": self.family.name.capitalize()})
        if problem := schedule_problem(parameter, values, values.get(NUM_INFERENCE_STEPS.name), self.family):
            return problem
        if parameter is DRAFT_DECODE and value and not self.has_draft_decoder:
            return Problem("draft decoder", {})
        return None
