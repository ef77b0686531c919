"""The picture that is given on the page, and what the panel shows with and without one."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ..domain.model import ModelDescription
from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_INVERT, STRENGTH, kept_steps
from ..domain.resolutions import nearest_size
from ..domain.settings import NUM_INFERENCE_STEPS
from ..domain.size_parameters import HEIGHT, USE_RESOLUTION_BINNING, WIDTH
from ..generation.given_picture import GivenPicture
from .alerts import alert
from .controls import Controls, size_limits
from .picture_gallery import preview_address
from .picture_panel import no_encoder
from .queueing import QUIET
from .words import English

REPLACED = (WIDTH, HEIGHT, NUM_INFERENCE_STEPS, USE_RESOLUTION_BINNING)
"""What a given picture changes, and what comes back when it is taken away."""
PREVIEW_SIDE = 1024  # pixels of the picture to paint on; chosen: sharp on a phone, some 100 kB


@dataclass(frozen=True, eq=False)  # Gradio hashes states, and a mapping has no hash
class Given:
    """A given picture: its file, its size and hash, a preview, and the sizes and steps that it replaced."""

    path: str
    size: tuple[int, int]
    sha256: str
    preview: str
    before: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, before: Mapping[str, Any]) -> "Given":
        """Read a picture; raise SanaError. This takes seconds for a large one."""
        picture = GivenPicture.open(path)
        preview = Image.fromarray(picture.pixels)
        preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        return cls(str(path), picture.size, picture.image_sha256, preview_address(preview), before)

    def mask_sha256(self, mask: Path | None) -> str | None:
        """Return the hash of a mask for this picture, or None for none; raise SanaError."""
        return GivenPicture.open(Path(self.path), mask).mask_sha256

    def values(self, model: ModelDescription) -> dict[str, Any]:
        """Return the values with which a model draws this picture, by parameter name."""
        return picture_values(model, nearest_size(model, *self.size), enlarge=False)

    def instead_of(self, other: "Given | None") -> "Given":
        """Return this picture in the place of another one, which had replaced sizes and steps already."""
        return replace(self, before=other.before) if other else self


def picture_values(model: ModelDescription, size: tuple[int, int], enlarge: bool) -> dict[str, Any]:
    """Return the values with which a model draws a picture at a size, by parameter name."""
    values = {**model.picture_defaults(*size, has_mask=False, enlarge=enlarge), ENLARGE.name: enlarge}
    if model.family.image_steps is None:  # then those in the control stay
        del values[NUM_INFERENCE_STEPS.name]
    return values


@dataclass(frozen=True, eq=False)  # Gradio hashes states, and a mapping has no hash
class Wanted:
    """The picture that the filled in settings start from: its hash, their values that are of it, and a painted mask."""

    sha256: str
    values: Mapping[str, Any]
    mask: str | None = None  # a data URL


def before_picture(model: ModelDescription, values: Iterable[Any]) -> dict[str, Any]:
    """Return the values of REPLACED that come back when a picture is taken away; for a refused one, the default."""
    named = zip(REPLACED, values, strict=True)
    return {each.name: model.default(each) if each.problem(value) else value for each, value in named}


class PanelUpdates:
    """The updates of the panel, by component."""

    def __init__(self, parts: Any, controls: Controls, words: English) -> None:
        self._parts, self._controls, self._words = parts, controls, words
        own = (parts.accordion, parts.panel, parts.no_encoder, parts.picture_problem, parts.with_picture)
        lines = (parts.painter, parts.mask_settings, parts.size_line, parts.kept, parts.given, parts.wanted)
        filled = (IMAGE, STRENGTH, MASK_INVERT, ENLARGE, WIDTH, HEIGHT, NUM_INFERENCE_STEPS, USE_RESOLUTION_BINNING)
        self.outputs = [*own, *lines, *(controls[each.name] for each in filled)]

    def show(
        self,
        given: Given,
        model: ModelDescription,
        values: Mapping[str, Any],
        *,
        mask: str | None = None,
        paints: bool = False,
    ) -> dict[Any, Any]:
        """Show a picture with an unpainted sheet, or with a mask as a data URL; `paints` opens the tools."""
        width, height = given.size
        picture = {"picture": given.preview, "sha256": given.sha256, "width": width, "height": height}
        parts = self._parts
        return {
            **self.fill(given, model, values),
            parts.accordion: gr.update(open=True),
            parts.picture_problem: "",
            parts.with_picture: gr.update(visible=True),
            parts.painter: {**picture, "mask": mask, "paints": paints},
            parts.mask_settings: gr.update(visible=mask is not None),
            parts.given: given,
            parts.wanted: None,
            self._controls[IMAGE.name]: given.path,
        }

    def fill(self, given: Given, model: ModelDescription, values: Mapping[str, Any]) -> dict[Any, Any]:
        """Fill in the values of a given picture, and what is said of them."""
        return {
            **self._numbers(model, values, has_picture=True),
            self._parts.size_line: self.size(given, values.get(WIDTH.name), values.get(HEIGHT.name)),
        }

    def take_away(
        self, model: ModelDescription, values: Mapping[str, Any], wanted: Wanted | None = None
    ) -> dict[Any, Any]:
        """Show the empty panel, with these values in the controls; open it if a picture is wanted."""
        return {
            **self._numbers(model, values, has_picture=wanted is not None),
            **({self._parts.accordion: gr.update(open=True)} if wanted else {}),
            self._parts.with_picture: gr.update(visible=False),
            self._parts.mask_settings: gr.update(visible=False),
            self._parts.painter: None,
            self._parts.given: None,
            self._parts.wanted: wanted,
            self._controls[IMAGE.name]: None,
        }

    def refuse(self, text: str) -> dict[Any, Any]:
        """Say why a picture cannot be taken, and leave the panel empty."""
        return {
            self._parts.accordion: gr.update(open=True),
            self._parts.picture_problem: alert(text),
            self._controls[IMAGE.name]: None,
        }

    def fit(self, model: ModelDescription) -> dict[Any, Any]:
        """Offer the panel if the model can start from a picture, or say that it cannot."""
        return {
            self._parts.no_encoder: no_encoder(model, self._words),
            self._parts.panel: gr.update(visible=model.has_vae_encoder),
        }

    def size(self, given: Given | None, width: Any, height: Any) -> str:
        """Return the line about the sizes; "" without a picture or with values that are no sizes."""
        if given is None or not (isinstance(width, int) and isinstance(height, int)):
            return ""
        return f"<p>{html.escape(self._words.picture_size(given.size, (width, height)))}</p>"

    def kept(self, steps: Any, strength: Any) -> str:
        """Return the line about the steps that are run; "" for values that the settings refuse."""
        if NUM_INFERENCE_STEPS.problem(steps) or STRENGTH.problem(strength):
            return ""
        return f"<p>{html.escape(self._words.kept_steps(kept_steps(steps, strength), steps))}</p>"

    def say_kept(self, event: Any) -> Any:
        """Say how many steps are run, after an event that may fill them in; return the event that does so.

        Their own controls report no change while they are out of sight.
        """
        kept = [self._controls[each.name] for each in (NUM_INFERENCE_STEPS, STRENGTH)]
        return event.then(self.kept, kept, self._parts.kept, preprocess=False, **QUIET)

    def _numbers(self, model: ModelDescription, values: Mapping[str, Any], has_picture: bool) -> dict[Any, Any]:
        updates = size_limits(model, self._words, has_picture)
        for name, value in values.items():
            updates[name] = {**updates.get(name, {}), "value": value}
        return self._controls.updates({name: gr.update(**update) for name, update in updates.items()})
