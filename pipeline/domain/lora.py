"""A LoRA that was fused into a model: small changes of its layers, trained apart from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lora:
    """A fused LoRA.

    `name` is OWNER/NAME on the Hub, where `revision` is its commit, or the name of its file or folder. `scale`
    multiplies its changes. `sha256` is that of its file. `licence` and `licence_link` are those in the card beside it,
    None if it names none.
    """

    name: str
    scale: float
    sha256: str
    revision: str | None = None
    licence: str | None = None
    licence_link: str | None = None

    def __str__(self) -> str:
        return f"{self.name} at {self.scale:g}"
