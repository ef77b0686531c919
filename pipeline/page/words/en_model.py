"""The English words about the model that draws: its device, its parts, its memory."""

import html
from collections.abc import Mapping
from typing import Any

from ...domain.model import ModelDescription
from ...domain.progress import Progress


class ModelWords:
    """The part of `English` about what is running, and the form of its numbers."""

    miniature_note = (
        "The bundled miniature draws picture-book scenes only: up to three animals, fruits, houses, cars and the like, "
        "softly."
    )

    full_size: Mapping[str, str] = {"look up": "Get a full-size model", "make": "Fetch and convert it"}
    parts: Mapping[str, str] = {"the rest": "the rest"}
    """Names of a model's parts, by the names of their files; those fill the gaps."""

    # The table "What is running"
    rows: Mapping[str, str] = {
        "model": "Model",
        "source": "Source",
        "kind": "Kind",
        "loras": "LoRAs",
        "languages": "Prompts in",
        "compression": "Compression",
        "parity": "Compared with torch",
        "device": "Device",
        "memory": "Memory",
    }
    with_guidance, few_steps = "Sana with guidance", "Sana Sprint: few steps, no negative prompt"
    no_parity = "not known yet: it is measured when the model is precompiled"

    def number(self, value: float, form: str) -> str:
        """Return a number in a form such as ".1f" or ","."""
        return format(value, form)

    def listed(self, seconds: Mapping[str, float]) -> str:
        """Return the seconds of each part of a model as a list."""
        return ", ".join(f"{self._part(name)} {self.number(time, '.1f')} s" for name, time in seconds.items())

    def fetched(self, progress: Progress) -> tuple[str, str] | None:
        """Return the megabytes of a download that have arrived, and all; None if `progress` is that of another task."""
        if progress.stage != "fetch" or not progress.total:
            return None
        done, total = (self.number(amount / 1e6, ",.0f") for amount in (progress.done or 0, progress.total))
        return done, total

    def device(self, device: str, threads: int | None) -> str:
        return f"{device}, {threads} thread{'s' * (threads > 1)}" if threads else device

    def precision(self, precision: str) -> str:
        return f"computing in {precision}"

    def facts(self, model: ModelDescription, device: str, used: float, free: float) -> list[tuple[str, str]]:
        """Return the rows of the table "What is running"; `used` and `free` are bytes of memory."""
        values = {
            "model": model.name,
            "source": f"{model.source}, {model.revision}" if model.revision else model.source,
            "kind": self.with_guidance if model.family.has_negative_prompt else self.few_steps,
            "loras": ", ".join(map(str, model.loras)),
            "languages": model.languages,
            "compression": model.compression,
            "parity": self._parity(model),
            "device": device,
            "memory": self.memory(used, free),
        }
        return [(self.rows[name], value) for name, value in values.items() if value]

    def memory(self, used: float, free: float) -> str:
        return f"{self.number(used / 1e9, '.1f')} GB in use, {self.number(free / 1e9, '.1f')} GB free"

    def worst_picture(self, db: float) -> str:
        return f"pictures at least {db:.0f} dB"

    def offer(self, size: float, licence: str) -> str:
        return (
            f"draws any picture, at 1024 x 1024. {self.number(size / 1e9, '.1f')} GB are fetched from Hugging Face and "
            f"converted, once. Licence: {licence}, and the Gemma terms."
        )

    def made(self, name: str) -> str:
        return f"{name} is there: choose it under “Model”."

    def about_miniature(self, command: str) -> str:
        """Return HTML that describes the bundled model and the way to another one."""
        return (
            "<p>This is the bundled miniature, a very small Sana trained for this program: it draws picture-book "
            "scenes of one to three things (animals, plants, food, clothes, vehicles, buildings and the like, which a "
            "menu under the prompt lists), by day, at night, at sunset, at sea, in the desert, in the snow or on plain "
            "paper. It knows nothing else.</p><p>For any other picture, turn a full-size checkpoint into a folder with "
            f"<code>precompile.py</code> (see the README) and start <code>{html.escape(command)}</code></p>"
        )

    def _parity(self, model: ModelDescription) -> str:
        measured = [
            f"{self._part(name)} {part['parity_db']:.0f} dB"
            for name, part in model.components.items()
            if isinstance(part, Mapping) and "parity_db" in part
        ]
        if model.pictures:
            worst: Mapping[str, Any] = min(model.pictures, key=lambda picture: picture["psnr_db"])
            measured.append(self.worst_picture(worst["psnr_db"]))
        return ", ".join(measured) or self.no_parity

    def _part(self, name: str) -> str:
        return self.parts.get(name, name.replace("_", " "))
