"""Timings of this machine in a small JSON file, from which the page estimates the time of a request."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..domain.json_text import json_object
from ..domain.parameters import TIME
from ..domain.picture_parameters import IMAGE, STRENGTH, kept_steps
from ..domain.settings import DRAFT_DECODE, GUIDANCE_SCALE, NUM_IMAGES, NUM_INFERENCE_STEPS, PARAMETERS
from ..domain.size_parameters import HEIGHT, WIDTH
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER, VAE_DECODER, VAE_ENCODER
from ..model_folder.whole_files import write_whole

FILE = "timings.json"
REST = "rest"  # the seconds of a request outside of compiled models: previews, noise, records
MAX_ENTRIES = 100  # models, and sizes of each; chosen: more than anybody uses
MAX_BYTES = 4 << 20  # of the file; chosen: 100 x 100 sizes of about 100 bytes are 1 MB
MAX_SECONDS = 1e6  # of one entry; chosen: 12 days, longer than any real time
TIME_PARAMETERS = tuple(parameter for parameter in PARAMETERS if TIME in parameter.affects)

Values = Mapping[str, Any]  # a request's values by parameter name, at least those of TIME_PARAMETERS


class Timings:
    """The latest seconds per text encoding, step and decoding, for each model and size."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def learn(self, model: str, values: Values, times: Mapping[str, float]) -> None:
        """Remember the `times` of a `Result`, and REST if it is among them.

        Errors of writing the file are ignored: the picture matters more.
        """
        parts = ("text_encoder", "transformer", DRAFT_DECODER if values[DRAFT_DECODE.name] else VAE_DECODER)
        if not all(part in times for part in parts):
            return
        text, transformer, decoder = (times[part] for part in parts)
        images = values[NUM_IMAGES.name]
        models = self._read()
        sizes = models.pop(model, {})
        known = sizes.pop(_size(values), {})
        known[_step_key(values)] = transformer / _steps(values) / images
        known[_decode_key(values)] = decoder / images
        known[REST] = times.get(REST, 0.0) / images
        # a remembered prompt takes no time, and neither does a remembered picture
        known["text"] = max(text, known.get("text", 0.0))
        encoder = times.get(VAE_ENCODER, 0.0) + times.get(DRAFT_ENCODER, 0.0)
        known[_encode_key(values)] = max(encoder, known.get(_encode_key(values), 0.0))
        sizes = _newest({**sizes, _size(values): known})
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.is_dir() and not self._path.is_symlink():
                shutil.rmtree(self._path)
            write_whole(self._path, json.dumps(_newest({**models, model: sizes}), indent=1), is_durable=False)

    def known(self) -> "KnownTimes":
        """Return what the file tells now."""
        return KnownTimes(self._read())

    def estimate(self, model: str, values: Values) -> float | None:
        """As `KnownTimes.estimate`."""
        return self.known().estimate(model, values)

    def _read(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return all entries by model and size, the latest last. Invalid parts of the file are ignored."""
        try:
            if not self._path.is_file() or self._path.stat().st_size > MAX_BYTES:
                return {}
            value = json_object(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {
            model: {
                size: {key: seconds for key, seconds in _items(entry) if _is_time(seconds)}
                for size, entry in _items(sizes)
                if _is_size(size)
            }
            for model, sizes in _items(value)
        }


class KnownTimes:
    """The times that were known at one moment, and the estimates that follow from them."""

    def __init__(self, models: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
        """Take the seconds by model, size and part."""
        self._models = models

    def estimate(self, model: str, values: Values) -> float | None:
        """Return the seconds that a request will take; None if nothing like it ever ran."""
        known = self._nearest(model, values)
        if known is None:
            return None
        entry, scale = known
        once = entry["text"] + scale * (entry.get(_encode_key(values), 0.0) if values[IMAGE.name] else 0.0)
        images: int = values[NUM_IMAGES.name]
        return once + images * self._picture(values, entry, scale)

    def picture(self, model: str, values: Values) -> float | None:
        """Return the seconds that one more picture of a request will take; None if unknown."""
        known = self._nearest(model, values)
        return known and self._picture(values, *known)

    def total(self, drawings: Iterable[tuple[str, Values]]) -> float | None:
        """Return the seconds of the pictures of one prompt, by model and values; None if one is unknown.

        Prompt and picture are encoded once for each model.
        """
        seconds, seen = 0.0, set[str]()
        for model, values in drawings:
            more = self.picture(model, values) if model in seen else self.estimate(model, values)
            if more is None:
                return None
            seconds += more
            seen.add(model)
        return seconds

    def decoding(self, model: str, values: Values) -> float | None:
        """Return the seconds that decoding one picture will take; None if unknown."""
        known = self._nearest(model, values)
        return known and known[0][_decode_key(values)] * known[1]

    def encoding(self, model: str, values: Values) -> float | None:
        """Return the seconds that encoding the given picture will take; None or 0 if unknown, or if there is none."""
        known = self._nearest(model, values) if values[IMAGE.name] else None
        return known and known[0].get(_encode_key(values), 0.0) * known[1]

    def _picture(self, values: Values, entry: Mapping[str, float], scale: float) -> float:
        steps = _steps(values) * entry[_step_key(values)]
        return (steps + entry[_decode_key(values)] + entry.get(REST, 0.0)) * scale

    def _nearest(self, model: str, values: Values) -> tuple[Mapping[str, float], float] | None:
        """Return the entry of the size nearest in pixels, and the ratio of the wanted pixels to its own."""
        pixels = values[WIDTH.name] * values[HEIGHT.name]
        best: tuple[Mapping[str, float], float] | None = None
        for size, entry in self._models.get(model, {}).items():
            width, _, height = size.partition("x")
            scale = pixels / (int(width) * int(height))
            usable = {_step_key(values), _decode_key(values), "text"} <= set(entry)
            if usable and (best is None or abs(scale - 1) < abs(best[1] - 1)):
                best = entry, scale
        return best


def _items(value: object) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_SECONDS


def _is_size(text: str) -> bool:
    return re.fullmatch(r"[1-9]\d{0,5}x[1-9]\d{0,5}", text, re.ASCII) is not None


def _newest(known: dict[str, Any]) -> dict[str, Any]:
    """Return the latest MAX_ENTRIES of models or sizes."""
    return dict(list(known.items())[-MAX_ENTRIES:])


def _size(values: Values) -> str:
    return f"{values[WIDTH.name]}x{values[HEIGHT.name]}"


def _step_key(values: Values) -> str:
    return "guided step" if values[GUIDANCE_SCALE.name] > 1 else "step"  # a step without guidance is half the work


def _steps(values: Values) -> int:
    return kept_steps(values[NUM_INFERENCE_STEPS.name], values[STRENGTH.name])


def _encode_key(values: Values) -> str:
    return "draft encode" if values[DRAFT_DECODE.name] else "encode"


def _decode_key(values: Values) -> str:
    return "draft" if values[DRAFT_DECODE.name] else "decode"
