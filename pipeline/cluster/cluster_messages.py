"""What a replica sends while it draws: the typed updates, small enough to be sent often."""

import dataclasses
import io
import time
from dataclasses import dataclass

from PIL import Image

from ..domain import errors
from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.updates import DecodeUpdate, EncodeUpdate, PictureUpdate, Result, StepUpdate, Update
from ..generation.prompt_tokens import PromptTokens

PROCESSOR = "processor"  # the name of a replica's kind of processor among its routing statistics
PAUSE = 0.2  # seconds between two reports of progress; chosen, as the page's own: five a second look alive
QUALITY = 90  # of a preview's JPEG; chosen: no difference can be seen


@dataclass(frozen=True)
class Hello:
    """The first message: who draws. `processor` is the name of its kind, `threads` and `precision` the pipeline's."""

    processor: str
    threads: int | None
    precision: str


@dataclass(frozen=True)
class Introduction:
    """What a replica says of itself when it is ready: the Hello, and what counts the tokens of its model's prompts.

    The tokenizer of a full-size model has tens of megabytes, so it is sent once.
    """

    hello: Hello
    prompt_tokens: PromptTokens


@dataclass(frozen=True)
class Failure:
    """The last message of a generation that failed: the name of a class in `domain.errors`, and what it takes."""

    kind: str
    what: Problem | str

    @classmethod
    def of(cls, error: SanaError) -> "Failure":
        return cls(type(error).__name__, error.problem or str(error))

    @property
    def error(self) -> SanaError:
        kind: type[SanaError] = getattr(errors, self.kind)
        return kind(self.what)


@dataclass(frozen=True)
class Report:
    """An update, whose preview is sent as JPEG. A result is sent without its pictures, which were sent before."""

    update: Update
    preview: bytes | None = None

    @classmethod
    def of(cls, update: Update) -> "Report":
        if isinstance(update, StepUpdate) and update.preview:
            content = io.BytesIO()
            update.preview.save(content, format="JPEG", quality=QUALITY)
            return cls(dataclasses.replace(update, preview=None), content.getvalue())
        return cls(dataclasses.replace(update, images=[]) if isinstance(update, Result) else update)

    def read(self) -> Update:
        if self.preview is None:
            return self.update
        assert isinstance(self.update, StepUpdate)
        with Image.open(io.BytesIO(self.preview), formats=["JPEG"]) as preview:
            preview.load()
            return dataclasses.replace(self.update, preview=preview.copy())


Message = Hello | Report | Failure


class Pace:
    """Says which updates are sent: all pictures, each picture's first and last step, and else one in PAUSE seconds."""

    def __init__(self) -> None:
        self._sent = 0.0

    def is_due(self, update: Update) -> bool:
        now = time.monotonic()
        match update:
            case PictureUpdate() | Result():
                return True
            case StepUpdate(step=step, steps=steps) if step in (1, steps):
                pass
            case StepUpdate() | EncodeUpdate() | DecodeUpdate() if now < self._sent + PAUSE:
                return False
        self._sent = now
        return True
