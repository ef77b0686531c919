"""The settings of one generation: frozen, validated on construction, never rounded silently."""

from dataclasses import dataclass
from typing import TypeGuard

from .errors import SettingsError

SIZE_MULTIPLE = 32  # the autoencoder (DC-AE f32) makes 32x32 pixels from one latent position
MIN_SIZE = 128
MAX_SIZE = 4096
MAX_STEPS = 100
MIN_GUIDANCE = 0.0
MAX_GUIDANCE = 20.0
MAX_SEED = 2**32 - 1
MAX_IMAGES = 8
MAX_PROMPT = 10_000  # characters; the text encoder keeps about 300 tokens of them


@dataclass(frozen=True)
class GenerationSettings:
    """Everything that decides what a model draws; the same settings give the same picture.

    Raises:
        SettingsError: for the first setting that is out of range, in one sentence.
    """

    prompt: str
    negative_prompt: str = ""
    width: int = 1024
    height: int = 1024
    num_inference_steps: int = 20
    guidance_scale: float = 4.5
    seed: int = 0
    num_images_per_prompt: int = 1
    use_resolution_binning: bool = True
    draft_decode: bool = False

    def __post_init__(self) -> None:
        _check_text("prompt", self.prompt)
        if not self.prompt.strip():
            raise SettingsError("The prompt is empty: describe the picture in a few words.")
        _check_text("negative prompt", self.negative_prompt)
        check_size("width", self.width)
        check_size("height", self.height)
        _check_integer("number of steps", self.num_inference_steps, 1, MAX_STEPS)
        _check_guidance(self.guidance_scale)
        _check_integer("seed", self.seed, 0, MAX_SEED)
        _check_integer("number of images", self.num_images_per_prompt, 1, MAX_IMAGES)
        check_switch("Resolution binning", self.use_resolution_binning)
        check_switch("Draft decoding", self.draft_decode)


def check_size(name: str, value: object, minimum: int = MIN_SIZE, maximum: int = MAX_SIZE) -> None:
    """Raises SettingsError unless `value` pixels is a multiple of 32 from `minimum` to `maximum`."""
    if not _is_integer(value) or not minimum <= value <= maximum or value % SIZE_MULTIPLE:
        raise SettingsError(
            f"The {name} must be a multiple of {SIZE_MULTIPLE} from {minimum} to {maximum} pixels, not {_shown(value)}."
        )


def check_negative_prompt(value: str, family: str) -> None:
    """Raises SettingsError for a negative prompt to a model of the Sprint family."""
    if family == "sprint" and value.strip():
        raise SettingsError("A Sprint model has no negative prompt: leave it empty.")


def check_draft(value: bool, has_draft: bool) -> None:
    """Raises SettingsError for a draft of a model that has no decoder for it."""
    if value and not has_draft:
        raise SettingsError("This model has no draft decoder: turn draft decoding off, or precompile it with one.")


def check_switch(name: str, value: object) -> bool:
    """That value; raises SettingsError unless it is true or false."""
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be true or false, not {_shown(value)}.")
    return value


def _check_integer(name: str, value: object, minimum: int, maximum: int) -> None:
    if not _is_integer(value) or not minimum <= value <= maximum:
        raise SettingsError(f"The {name} must be a whole number from {minimum} to {maximum}, not {_shown(value)}.")


def _check_guidance(value: object) -> None:
    # NaN lies in no range, so it is refused by the comparison.
    if not (_is_integer(value) or isinstance(value, float)) or not MIN_GUIDANCE <= value <= MAX_GUIDANCE:
        raise SettingsError(
            f"The guidance scale must be a number from {MIN_GUIDANCE:g} to {MAX_GUIDANCE:g}, not {_shown(value)}."
        )


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise SettingsError(f"The {name} must be text, not {_shown(value)}.")
    if any("\ud800" <= character <= "\udfff" for character in value):  # half of a pair: no encoding has it
        raise SettingsError(f"The {name} holds a character that is not valid Unicode.")
    if len(value) > MAX_PROMPT:
        raise SettingsError(f"The {name} must have at most {MAX_PROMPT:,} characters, not {len(value):,}.")


def _is_integer(value: object) -> TypeGuard[int]:
    # bool is an int in Python, but a seed or a width of True is a mistake.
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
