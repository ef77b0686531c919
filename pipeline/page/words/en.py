"""The page in English: labels, and sentences made from the program's records."""

import string
from collections.abc import Callable, Mapping
from typing import Any

from ...domain.errors import SanaError
from ...domain.parameters import Parameter
from ...domain.problems import SENTENCES, Problem, shown
from ...domain.progress import MACHINE, Progress
from ...domain.styles import PLACE, find_style
from ...domain.updates import (
    DecodeUpdate,
    EncodeUpdate,
    PictureUpdate,
    QueueUpdate,
    RestartUpdate,
    StepUpdate,
    StoppedUpdate,
)
from .en_explore import ExploreWords
from .en_gallery import GalleryWords
from .en_model import ModelWords
from .en_pictures import PictureWords
from .en_prompt import PromptWords

_WORDS_IN_FACTS = {"noun", "colour", "reason"}


class English(PictureWords, PromptWords, GalleryWords, ModelWords, ExploreWords):
    """The words in English. A translation is a subclass called `Words`."""

    language, direction = "en", "ltr"  # as HTML's `lang` and `dir`

    # Head, buttons, fields
    title = "Sana"
    motto = "Describe a picture, and Sana draws it."
    placeholder = "What do you want to see?"
    generate, stop = "Generate", "Stop"
    examples = "Try one of these"
    pictures = "Pictures"
    reuse_seed = "Reuse last seed"
    more_settings, about = "More settings", "What is running"
    shape = "Shape"
    drop = "Settings from a picture: drop a PNG made here"
    no_style, plain_prompt = "(No style)", "The prompt goes to the model as it is."
    empty_field = "empty"
    ready = "Ready"
    # The call when a picture is done
    call = "When it is done:"
    calls: Mapping[str, str] = {"": "do nothing", "sound": "play a sound", "notification": "notify me"}
    called: Mapping[str, str] = {"done": "Your picture is done", "failed": "Your picture could not be drawn"}

    # Live drawing
    live = "Live: the picture follows the typing"
    live_done = "Live: Enter draws it in full, and keeps it."
    live_waits = "Something else is being drawn: live drawing waits."

    # Texts in the style sheet
    painted: Mapping[str, str] = {
        "unfinished": "unfinished",
        "drop": "Drop a PNG that was made here, to get its settings back",
    }

    # Statuses after a press
    filled = "The settings of this picture are filled in: Generate makes it again."
    unfinished = "An unfinished picture holds no settings: let one finish, or take it from the history."
    no_picture = "There is no picture yet: describe one and press Generate."
    picture_gone = "This picture is gone from the server: take it from the history."
    linked = "The link to these settings is in the address bar."
    linked_without_picture = "The link is in the address bar, without the picture that these settings start from."
    server_gone = "The answer did not arrive. Try again in a moment."
    space = " "  # between sentences
    offline = "No connection: trying again"
    lost = "This picture is lost: the program was started again, or nobody came back for it in time."
    draw_again = "Draw it again"
    picture_again = "The picture to start from is needed again."
    one_moment = "One moment"
    no_free_machine = "Waiting for a free machine"
    loaded_when_needed = "Loads when it draws"
    reading_prompt = "Reading the prompt"
    stopping = "Stopping"

    schedule_hints: Mapping[str, str] = {
        "max_timesteps": "Empty: 1.5708, which is pure noise",
        "intermediate_timesteps": "Empty: 1.3",
        "timesteps": "Such as 1.5708, 1.1, 0.5, 0 for three steps",
        "flow_shift": "Empty: as trained. A higher one spends more steps on the layout, a lower one on detail.",
    }

    labels: Mapping[str, str] = {}
    """Labels of parameters by name, and of styles and shapes by key; the table's labels fill the gaps."""
    sentences: Mapping[str, str] = {}
    """Sentences of problems by code; `domain.problems.SENTENCES` fills the gaps."""
    nouns: Mapping[str, str] = {}
    """Nouns of parameters in those sentences, and their other facts that are words, by the English ones."""

    def label(self, parameter: Parameter) -> str:
        return self.labels.get(parameter.name, parameter.label)

    def key_label(self, key: str, label: str) -> str:
        """Return the label of a style or a shape."""
        return self.labels.get(key, label)

    def size_hint(self, minimum: int, maximum: int, step: int) -> str:
        return f"{minimum} to {maximum}, by {step}"

    def presets(self, steps: Mapping[str, int]) -> str:
        """Return what the presets of a model cost, from the steps of each; less than two presets need no words."""
        if len(steps) < 2:
            return ""
        most, *fewer = steps.values()
        if set(fewer) == {most}:
            return "The fastest simplifies fine detail."
        return f"Fewer steps change details: {', '.join(map(str, fewer))} in place of {most}."

    def negative_prompt_hint(self, has_one: bool) -> str:
        if has_one:
            return "What to avoid. It has an effect where guidance is above 1."
        return "A Sprint model has none, so this is left empty."

    def problem(self, problem: Problem) -> str:
        facts = dict(problem.facts)
        facts |= {name: self.nouns.get(facts[name], facts[name]) for name in _WORDS_IN_FACTS & facts.keys()}
        if facts.get("value") == shown(None):  # an emptied field
            facts["value"] = self.empty_field
        sentence = self.sentences.get(problem.code, SENTENCES[problem.code])
        return _Filler(self.number).format(sentence, **facts)

    def error(self, error: SanaError) -> str:
        """Return the sentence of an error. Errors without a `problem`, such as a damaged model, are English only."""
        return self.problem(error.problem) if error.problem else str(error)

    def preparation(self, progress: Progress, left: float | None = None) -> str:
        return (self.no_free_machine if progress.stage == MACHINE else progress.text) + self.left(left)

    def queue(self, update: QueueUpdate) -> str:
        before = "one request is" if update.ahead == 1 else f"{update.ahead} requests are"
        return f"In the queue: {before} before yours"

    def begun_again(self, update: RestartUpdate) -> str:
        precision = f", which is {self.precision(update.precision)}" if update.precision else ""
        return f"{self._picture(update)}The machine that drew this is gone: it begins again on another{precision}"

    def step(self, update: StepUpdate, left: float | None) -> str:
        decoding = ", decoding" if update.step == update.steps else ""
        return f"{self._picture(update)}Step {update.step} of {update.steps}{decoding}{self.left(left)}"

    def encode(self, update: EncodeUpdate) -> str:
        return f"Reading the picture: band {update.band} of {update.bands}"

    def decode(self, update: DecodeUpdate, left: float | None) -> str:
        return f"{self._picture(update)}Decoding: band {update.band} of {update.bands}{self.left(left)}"

    def picture(self, update: PictureUpdate) -> str:
        return f"Picture {update.image} of {update.images} is done"

    def done(self, total: float, times: Mapping[str, float]) -> str:
        """Return the times of a finished request in seconds: `times` by model, and the rest of `total`."""
        parts = {**times, "the rest": total - sum(times.values())}
        return self.finished(self.number(total, ".1f"), self.listed(parts))

    def finished(self, seconds: str, parts: str) -> str:
        return f"Done in {seconds} s: {parts}"

    def stopped(self, update: StoppedUpdate) -> str:
        if update.last is None:
            return "Stopped."
        unfinished = ": this picture is unfinished." if update.last.preview else "."
        return f"Stopped after step {update.last.step} of {update.last.steps}{unfinished}"

    def duration(self, seconds: float) -> str:
        """Return a duration, rounded as an estimate deserves: "about 50 s", "about 4 min"."""
        if seconds < 1.5:
            return "about a second"
        if seconds < 90:
            return f"about {round(seconds) if seconds < 20 else round(seconds / 5) * 5} s"
        return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {self.number(seconds / 3600, '.1f')} h"

    def left(self, seconds: float | None) -> str:
        return "" if seconds is None else f", {self.duration(seconds)} left"

    def estimate(self, seconds: float) -> str:
        return f"Takes {self.duration(seconds)}"

    def link_problems(self, problems: str) -> str:
        return f"Parts of the link are wrong: {problems}"

    def not_kept(self, problems: str) -> str:
        return f"What was typed is filled in again, but not all of it: {problems}"

    def other_model(self, source: object, compression: object) -> str:
        made_by = f"{str(source)[:80]} ({str(compression)[:40]})"
        return f"The settings are filled in, but {made_by} made this picture: another model draws another one."

    def drawn_together(self, index: int, count: int) -> str:
        return (
            f"The settings are filled in: this is picture {index + 1} of {count} that were drawn together, as earlier "
            "versions did. Generate makes it again."
        )

    def style_effect(self, name: str, has_negative_prompt: bool) -> str:
        style = find_style(name)
        if style.template == PLACE:
            return self.plain_prompt
        before, after = (part.strip(" .") for part in style.template.split(PLACE))
        return self.adds(before, after, style.avoid if has_negative_prompt else None)

    def adds(self, before: str, after: str, avoid: str | None) -> str:
        """Return what a style adds to the prompt, and what it avoids; None if the model avoids nothing."""
        adds = f"Adds “{before}” before and “{after}” after the prompt"
        if avoid is None:
            return f"{adds}; its negative part is left out: Sprint has none."
        return f"{adds}; avoids “{avoid}”."

    def _picture(self, update: StepUpdate | DecodeUpdate | RestartUpdate) -> str:
        return f"Picture {update.image} of {update.images}. " if update.images > 1 else ""


class _Filler(string.Formatter):
    """Fills facts into a sentence, numbers as the language writes them."""

    def __init__(self, number: Callable[[Any, str], str]) -> None:
        self._number = number

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._number(value, format_spec) if format_spec or isinstance(value, float) else str(value)
