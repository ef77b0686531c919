"""The kinds of parameters: which values each accepts, and how links and forms spell them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, TypeGuard

from .problems import Problem, shown

TIME, MEMORY, PIXELS = "time", "memory", "pixels"
MAX_EXACT = 2**53  # a float64 holds every whole number up to here exactly


@dataclass(frozen=True)
class Parameter(ABC):
    """A parameter of a request.

    `name` identifies it at `/generate`, in links and in histories. `setting` is its field in `GenerationSettings`, or
    None if only requests have it. `label` appears on the page, `noun` in sentences, `doc` in the endpoint's
    documentation. `affects` holds the properties that depend on its value: TIME, MEMORY, PIXELS.
    """

    name: str
    label: str
    noun: str
    doc: str
    _: KW_ONLY
    default: Any
    setting: str | None = None
    affects: frozenset[str] = frozenset()
    type: ClassVar[type]

    @abstractmethod
    def problem(self, value: object, **limits: Any) -> Problem | None:
        """Return the problem of a value, or None; `limits` replace this parameter's own."""

    def normalize(self, value: object) -> Any:
        """Convert a value to this parameter's `type`: 256.0 to 256, NumPy's True to True.

        Return other values unchanged: `problem` refuses them.
        """
        return _plain(value)

    def parse(self, text: str) -> Any:
        """Parse a value from a link; return other text unchanged: `problem` refuses it."""
        return text

    def _problem(self, code: str, value: object = None, **facts: Any) -> Problem:
        return Problem(code, {"noun": self.noun, "value": value if isinstance(value, float) else shown(value), **facts})


@dataclass(frozen=True)
class Text(Parameter):
    """At most `maximum` characters; if `required`, not only blanks."""

    _: KW_ONLY
    maximum: int
    required: bool = False
    type = str

    def problem(self, value: object, **limits: Any) -> Problem | None:
        if not isinstance(value, str):
            return self._problem("text", value)
        if any("\ud800" <= character <= "\udfff" for character in value):  # lone surrogates cannot be encoded
            return self._problem("unicode")
        if len(value) > self.maximum:
            return self._problem("length", maximum=self.maximum, count=len(value))
        return self._problem("empty") if limits.get("required", self.required) and not value.strip() else None


@dataclass(frozen=True)
class WholeNumber(Parameter):
    """A whole number from `minimum` to `maximum`."""

    _: KW_ONLY
    minimum: int
    maximum: int
    type = int

    def problem(self, value: object, **limits: Any) -> Problem | None:
        limits = {"minimum": self.minimum, "maximum": self.maximum, **limits}
        if _is_whole(value) and limits["minimum"] <= value <= limits["maximum"] and self._is_step(value):
            return None
        return self._refused(value, limits)

    def normalize(self, value: object) -> Any:
        plain = _plain(value)
        is_whole = isinstance(plain, float) and plain.is_integer() and abs(plain) <= MAX_EXACT
        return int(plain) if is_whole else plain

    def parse(self, text: str) -> Any:
        try:
            return int(text)
        except ValueError:
            return _decimal(text)

    def _is_step(self, value: int) -> bool:
        return True

    def _refused(self, value: object, limits: Mapping[str, Any]) -> Problem:
        return self._problem("whole number", value, **limits)


@dataclass(frozen=True)
class Pixels(WholeNumber):
    """A side of a picture, a multiple of `step` pixels."""

    _: KW_ONLY
    step: int
    type = int

    def _is_step(self, value: int) -> bool:
        return value % self.step == 0

    def _refused(self, value: object, limits: Mapping[str, Any]) -> Problem:
        return self._problem("size", value, step=self.step, **limits)


@dataclass(frozen=True)
class Number(Parameter):
    """A number from `minimum` to `maximum`; a slider moves it by `step`."""

    _: KW_ONLY
    minimum: float
    maximum: float
    step: float
    type = float

    def problem(self, value: object, **limits: Any) -> Problem | None:
        # The comparison refuses NaN too.
        if (_is_whole(value) or isinstance(value, float)) and self.minimum <= value <= self.maximum:
            return None
        return self._problem("number", value, minimum=self.minimum, maximum=self.maximum)

    def normalize(self, value: object) -> Any:
        plain = _plain(value)
        return float(plain) if _is_whole(plain) and abs(plain) <= MAX_EXACT else plain

    def parse(self, text: str) -> Any:
        return _decimal(text)


@dataclass(frozen=True)
class Switch(Parameter):
    """True or false."""

    type = bool
    _SPELLINGS: ClassVar = {"true": True, "1": True, "false": False, "0": False}

    def problem(self, value: object, **limits: Any) -> Problem | None:
        return None if isinstance(value, bool) else self._problem("switch", value)

    def parse(self, text: str) -> Any:
        return self._SPELLINGS.get(text.lower(), text)


@dataclass(frozen=True)
class Picture(Parameter):
    """A picture, named by the SHA-256 of its pixels in hexadecimal digits; None: no picture.

    Its file is read before, by whoever takes it in.
    """

    type = str

    def problem(self, value: object, **limits: Any) -> Problem | None:
        is_hash = isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)
        return None if value is None or is_hash else self._problem("picture hash", value)


@dataclass(frozen=True)
class Choice(Parameter):
    """One of `choices`, or an alias of one.

    The menu of models, known only at run time, passes its choices to `problem` as a limit.
    """

    _: KW_ONLY
    choices: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    type = str

    def problem(self, value: object, **limits: Any) -> Problem | None:
        choices = limits.get("choices", self.choices)
        if value in (*choices, *self.aliases):
            return None
        return self._problem("choice", value, choices=", ".join(choices))

    def normalize(self, value: object) -> Any:
        plain = _plain(value)
        return self.aliases.get(plain, plain) if isinstance(plain, str) else plain

    def parse(self, text: str) -> Any:
        return self.normalize(text)


def _plain(value: object) -> Any:
    """Convert a NumPy or torch scalar to a Python number; return any other value unchanged."""
    is_scalar = getattr(value, "shape", None) == () and callable(getattr(value, "item", None))
    return value.item() if is_scalar else value  # type: ignore[attr-defined]


def _decimal(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _is_whole(value: object) -> TypeGuard[int]:
    # A bool is an int in Python, but a seed or width of True is a mistake.
    return isinstance(value, int) and not isinstance(value, bool)
