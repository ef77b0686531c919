"""How long things took on this machine, so that the page can say how long they will take: a small JSON file."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..domain.parameters import TIME
from ..domain.settings import DRAFT_DECODE, GUIDANCE_SCALE, HEIGHT, NUM_IMAGES, NUM_INFERENCE_STEPS, PARAMETERS, WIDTH
from ..model_folder.folder_layout import DRAFT_DECODER, VAE_DECODER

FILE = "timings.json"
TIME_PARAMETERS = tuple(parameter for parameter in PARAMETERS if TIME in parameter.affects)

Values = Mapping[str, Any]  # of a request, by the names of parameters: those of TIME_PARAMETERS at least


class Timings:
    """Seconds of one text encoding, one step and one decoding of each model at each size, as they were last time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def learn(self, model: str, values: Values, times: Mapping[str, float]) -> None:
        """Remember the `times` of a `Result`; a file that cannot be written is no reason to lose a picture."""
        parts = ("text_encoder", "transformer", DRAFT_DECODER if values[DRAFT_DECODE.name] else VAE_DECODER)
        if not all(part in times for part in parts):
            return
        text, transformer, decoder = (times[part] for part in parts)
        images = values[NUM_IMAGES.name]
        sizes = self._read().get(model, {})
        known = sizes.get(_size(values), {})
        known[_step_key(values)] = transformer / values[NUM_INFERENCE_STEPS.name] / images
        known[_decode_key(values)] = decoder / images
        known["text"] = max(text, known.get("text", 0.0))  # a remembered prompt costs nothing
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({**self._read(), model: {**sizes, _size(values): known}}, indent=1))
        except OSError:
            pass

    def estimate(self, model: str, values: Values) -> float | None:
        """Return the seconds that a request will take; None where nothing like it ever ran."""
        known = self._nearest(model, values)
        if known is None:
            return None
        entry, scale = known
        return entry["text"] + values[NUM_IMAGES.name] * self._picture(values, entry, scale)

    def picture(self, model: str, values: Values) -> float | None:
        """Return the seconds that one more picture of a request will take; None where that is not known."""
        known = self._nearest(model, values)
        return known and self._picture(values, *known)

    def decoding(self, model: str, values: Values) -> float | None:
        """Return the seconds that decoding one picture will take; None where that is not known."""
        known = self._nearest(model, values)
        return known and known[0][_decode_key(values)] * known[1]

    def _picture(self, values: Values, entry: Mapping[str, float], scale: float) -> float:
        steps = values[NUM_INFERENCE_STEPS.name] * entry[_step_key(values)]
        return (steps + entry[_decode_key(values)]) * scale

    def _nearest(self, model: str, values: Values) -> tuple[dict[str, float], float] | None:
        """Return what is known of the size nearest in pixels, and how many times as many pixels are wanted."""
        pixels = values[WIDTH.name] * values[HEIGHT.name]
        best: tuple[dict[str, float], float] | None = None
        for size, entry in self._read().get(model, {}).items():
            width, _, height = size.partition("x")
            scale = pixels / (int(width) * int(height))
            usable = {_step_key(values), _decode_key(values), "text"} <= set(entry)
            if usable and (best is None or abs(scale - 1) < abs(best[1] - 1)):
                best = entry, scale
        return best

    def _read(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return all that is known by model and size; a file that makes no sense counts as empty."""
        try:
            value = json.loads(self._path.read_text())
            return {
                model: {
                    size: {key: float(entry[key]) for key in entry} for size, entry in sizes.items() if _is_size(size)
                }
                for model, sizes in value.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _is_size(text: str) -> bool:
    return re.fullmatch(r"[1-9]\d*x[1-9]\d*", text, re.ASCII) is not None


def _size(values: Values) -> str:
    return f"{values[WIDTH.name]}x{values[HEIGHT.name]}"


def _step_key(values: Values) -> str:
    return "guided step" if values[GUIDANCE_SCALE.name] > 1 else "step"  # without guidance, half of the work


def _decode_key(values: Values) -> str:
    return "draft" if values[DRAFT_DECODE.name] else "decode"
