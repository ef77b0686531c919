"""How long things took on this machine, so that the page can say how long they will take: a small JSON file."""

import json
import re
from pathlib import Path

from ..artifacts import DRAFT_DECODER, VAE_DECODER
from ..settings import GenerationSettings

FILE = "timings.json"


class Timings:
    """Seconds of one text encoding, one step and one decoding of each model at each size, as they were last time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def learn(self, model: str, settings: GenerationSettings, times: dict[str, float]) -> None:
        """Remembers the `times` of a `Result`; a file that cannot be written is no reason to lose a picture."""
        parts = ("text_encoder", "transformer", DRAFT_DECODER if settings.draft_decode else VAE_DECODER)
        if not all(part in times for part in parts):
            return
        text, transformer, decoder = (times[part] for part in parts)
        images = settings.num_images_per_prompt
        sizes = self._read().get(model, {})
        known = sizes.get(_size(settings), {})
        known[_step_key(settings)] = transformer / settings.num_inference_steps / images
        known[_decode_key(settings)] = decoder / images
        known["text"] = max(text, known.get("text", 0.0))  # a remembered prompt costs nothing
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({**self._read(), model: {**sizes, _size(settings): known}}, indent=1))
        except OSError:
            pass

    def estimate(self, model: str, settings: GenerationSettings) -> float | None:
        """Seconds that these settings will take; None where nothing like it ever ran."""
        known = self._nearest(model, settings)
        if known is None:
            return None
        entry, scale = known
        images = settings.num_images_per_prompt
        steps = settings.num_inference_steps * images * entry[_step_key(settings)] * scale
        return entry["text"] + steps + images * entry[_decode_key(settings)] * scale

    def decoding(self, model: str, settings: GenerationSettings) -> float | None:
        """Seconds that decoding all pictures of these settings will take; None where it is not known."""
        known = self._nearest(model, settings)
        return known and settings.num_images_per_prompt * known[0][_decode_key(settings)] * known[1]

    def _nearest(self, model: str, settings: GenerationSettings) -> tuple[dict[str, float], float] | None:
        """What is known of the size nearest in pixels, and how many times as many pixels are wanted."""
        pixels = settings.width * settings.height
        best: tuple[dict[str, float], float] | None = None
        for size, entry in self._read().get(model, {}).items():
            width, _, height = size.partition("x")
            scale = pixels / (int(width) * int(height))
            usable = {_step_key(settings), _decode_key(settings), "text"} <= set(entry)
            if usable and (best is None or abs(scale - 1) < abs(best[1] - 1)):
                best = entry, scale
        return best

    def _read(self) -> dict[str, dict[str, dict[str, float]]]:
        """By model and size; a file that makes no sense counts as empty."""
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


def in_words(seconds: float) -> str:
    """ "about 50 s", "about 4 min": no more digits than are true."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {round(seconds) if seconds < 20 else round(seconds / 5) * 5} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def _is_size(text: str) -> bool:
    return re.fullmatch(r"[1-9]\d*x[1-9]\d*", text, re.ASCII) is not None


def _size(settings: GenerationSettings) -> str:
    return f"{settings.width}x{settings.height}"


def _step_key(settings: GenerationSettings) -> str:
    return "guided step" if settings.guidance_scale > 1 else "step"  # without guidance, half of the work


def _decode_key(settings: GenerationSettings) -> str:
    return "draft" if settings.draft_decode else "decode"
