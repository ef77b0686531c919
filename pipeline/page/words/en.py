"""The page in English: labels, and sentences made from the program's records."""

import html
from collections.abc import Mapping
from typing import Any

from ...domain.errors import SanaError
from ...domain.model import ModelDescription
from ...domain.parameters import Parameter
from ...domain.problems import SENTENCES, Problem, shown
from ...domain.progress import Progress
from ...domain.styles import PLACE, find_style
from ...domain.updates import DecodeUpdate, EncodeUpdate, PictureUpdate, QueueUpdate, StepUpdate, StoppedUpdate
from .en_gallery import GalleryWords
from .en_pictures import PictureWords


class English(PictureWords, GalleryWords):
    """The words in English. A translation is a subclass called `Words`."""

    # Head, buttons, fields
    title = "Sana"
    motto = "Describe a picture. It is drawn on this machine."
    placeholder = "What do you want to see?"
    generate, stop = "Generate", "Stop"
    examples = "Try one of these"
    pictures = "Pictures"
    reuse_seed = "Reuse last seed"
    more_settings, about = "More settings", "What is running"
    shape = "Shape"
    drop = "Settings from a picture: drop a PNG made here"
    no_style = "(No style)"
    empty_field = "empty"
    ready = "Ready"
    miniature_note = (
        "The bundled miniature draws picture-book scenes only: houses, trees, flowers, cars, boats, stars and the "
        "like, in plain colours."
    )

    # The call when a picture is done
    call = "When it is done:"
    calls: Mapping[str, str] = {"": "no call", "sound": "a sound", "notification": "a notification"}
    called: Mapping[str, str] = {"done": "Your picture is done", "failed": "Your picture could not be drawn"}

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
    server_gone = "No picture: the answer did not come. Try again in a moment."
    offline = "No connection: trying again"
    lost = "This picture is lost: the program was started again, or nobody came back for it in time."
    draw_again = "Draw it again"
    picture_again = "The picture to start from is needed again."
    one_moment = "One moment"
    loaded_when_needed = "Is loaded when it draws"
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
    """Nouns of parameters in those sentences, by their English nouns."""

    def label(self, parameter: Parameter) -> str:
        return self.labels.get(parameter.name, parameter.label)

    def key_label(self, key: str, label: str) -> str:
        """Return the label of a style or a shape."""
        return self.labels.get(key, label)

    def size_hint(self, minimum: int, maximum: int, step: int) -> str:
        return f"{minimum} to {maximum}, by {step}"

    def negative_prompt_hint(self, has_one: bool) -> str:
        if has_one:
            return "What to avoid. It has an effect where guidance is above 1."
        return "A Sprint model has none, so this is left empty."

    def problem(self, problem: Problem) -> str:
        facts = dict(problem.facts)
        if "noun" in facts:
            facts["noun"] = self.nouns.get(facts["noun"], facts["noun"])
        if facts.get("value") == shown(None):  # an emptied field
            facts["value"] = self.empty_field
        return self.sentences.get(problem.code, SENTENCES[problem.code]).format(**facts)

    def error(self, error: SanaError) -> str:
        """Return the sentence of an error. Errors without a `problem`, such as a damaged model, are English only."""
        return self.problem(error.problem) if error.problem else str(error)

    def preparation(self, progress: Progress, left: float | None = None) -> str:
        return progress.text + self.left(left)

    def queue(self, update: QueueUpdate) -> str:
        before = "one request is" if update.ahead == 1 else f"{update.ahead} requests are"
        return f"In the queue: {before} before yours"

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
        listed = ", ".join(f"{name.replace('_', ' ')} {seconds:.1f} s" for name, seconds in parts.items())
        return f"Done in {total:.1f} s: {listed}"

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
        return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"

    def left(self, seconds: float | None) -> str:
        return "" if seconds is None else f", {self.duration(seconds)} left"

    def estimate(self, seconds: float) -> str:
        return f"Takes {self.duration(seconds)} on this machine"

    def link_problems(self, problems: str) -> str:
        return f"The link is not right in all: {problems}"

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
            return "The prompt goes to the model as it is."
        before, after = (part.strip(" .") for part in style.template.split(PLACE))
        adds = f"Adds “{before}” before and “{after}” after the prompt"
        if has_negative_prompt:
            return f"{adds}; avoids “{style.avoid}”."
        return f"{adds}; its negative part is left out: Sprint has none."

    def device(self, device: str, threads: int | None, precision: str) -> str:
        threads_part = f", {threads} thread{'s' * (threads > 1)}" if threads else ""
        return f"{device}{threads_part}, computing in {precision}"

    def facts(self, model: ModelDescription, device: str, used: float, free: float) -> list[tuple[str, str]]:
        """Return the rows of the table "What is running"; `used` and `free` are bytes of memory."""
        return [
            ("Model", model.name),
            ("Source", f"{model.source}, {model.revision}" if model.revision else model.source),
            ("Kind", "Sana with guidance" if model.family.has_negative_prompt else self._few_steps),
            *([("LoRAs", ", ".join(map(str, model.loras)))] if model.loras else []),
            *([("Prompts in", model.languages)] if model.languages else []),
            ("Compression", model.compression),
            ("Compared with torch", self._parity(model)),
            ("Device", device),
            ("Memory", f"{used / 1e9:.1f} GB in use, {free / 1e9:.1f} GB free"),
        ]

    def about_miniature(self, command: str) -> str:
        """Return HTML that describes the bundled model and the way to another one."""
        return (
            "<p>This is the bundled miniature, a very small Sana trained for this program: it draws picture-book "
            "scenes of circles, squares, triangles, stars, hearts, suns, moons, clouds, houses, trees, flowers, "
            "mushrooms, cars, boats, balloons and fish, in ten colours, by day, at night, at sea or in the desert. It "
            "knows nothing else.</p><p>For any other picture, turn a full-size checkpoint into a folder with "
            f"<code>precompile.py</code> (see the README) and start <code>{html.escape(command)}</code></p>"
        )

    _few_steps = "Sana Sprint: few steps, no negative prompt"

    def _picture(self, update: StepUpdate | DecodeUpdate) -> str:
        return f"Picture {update.image} of {update.images}. " if update.images > 1 else ""

    def _parity(self, model: ModelDescription) -> str:
        measured = [
            f"{name.replace('_', ' ')} {part['parity_db']:.0f} dB"
            for name, part in model.components.items()
            if isinstance(part, Mapping) and "parity_db" in part
        ]
        if model.pictures:
            worst: Mapping[str, Any] = min(model.pictures, key=lambda picture: picture["psnr_db"])
            measured.append(f"pictures at least {worst['psnr_db']:.0f} dB")
        return ", ".join(measured) or "not known yet: it is measured when the model is precompiled"
