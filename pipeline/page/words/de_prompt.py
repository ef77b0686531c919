"""The German words about the prompt."""

from collections.abc import Mapping

from ...domain.prompt_length import PromptLength
from .en_prompt import PromptWords


class GermanPrompt(PromptWords):
    """The part of the German words about what is typed as a prompt."""

    cut = "Zu lang, das liest das Modell nicht mehr:"
    list_switch, list_placeholder = "Liste", "Ein Prompt je Zeile, {red|blue} für beides"
    waiting: Mapping[str, str] = {
        "waiting": "Es warten: {count}",
        "skip": "Überspringen",
        "up": "Früher: {prompt}",
        "down": "Später: {prompt}",
        "remove": "Entfernen: {prompt}",
    }
    scene: Mapping[str, str] = {
        "build": "Eine Szene bauen",
        "thing": "Ding",
        "none": "wählen …",
        "colour": "Farbe",
        "place": "Ort",
        "more": "und noch ein Ding",
        "replaced": "Dein Prompt ist jetzt der aus den Bausteinen.",
        "samples": "Das hat die Miniatur gezeichnet. Drücke auf eines, um es neu zu zeichnen:",
    }
    homes: Mapping[str, str] = {"land": "An Land", "sky": "Am Himmel", "sea": "Im Wasser", "thing": "Überall"}

    def tokens(self, length: PromptLength) -> str:
        return f"{length.tokens} von {length.limit} Tokens"

    def negative_tokens(self, length: PromptLength) -> str:
        return f"Negativer Prompt: {self.tokens(length)}. "

    def unknown(self, unknown: str, near: str) -> str:
        near = f" Meinst du: {near}?" if near else ""
        return f"Das kennt die Miniatur nicht: {unknown}.{near} Was sie zeichnet, steht unter „{self.scene['build']}“."

    def prompts(self, count: int) -> str:
        return "1 Prompt" if count == 1 else f"{count} Prompts"

    def draws(self, prompt: str) -> str:
        return f"Zeichnen: {prompt}"
