"""The German words about the model that draws."""

import html
from collections.abc import Mapping

from .en_model import ModelWords

_SWAPPED = str.maketrans(".,", ",.")


class GermanModel(ModelWords):
    """The part of the German words about what is running, and the form of its numbers."""

    miniature_note = (
        "Die mitgelieferte Miniatur versteht Englisch und zeichnet nur Bilderbuchszenen: bis zu drei Tiere, Früchte, "
        "Häuser, Autos und Ähnliches, etwas unscharf."
    )
    full_size: Mapping[str, str] = {"look up": "Ein großes Modell holen", "make": "Herunterladen und umwandeln"}
    parts: Mapping[str, str] = {
        "the rest": "Rest",
        "text_encoder": "Text",
        "transformer": "Schritte",
        "vae_decoder": "Bild",
        "vae_encoder": "Ausgangsbild",
        "draft_decoder": "Entwurf",
        "draft_encoder": "Entwurf des Ausgangsbildes",
    }
    rows: Mapping[str, str] = {
        "model": "Modell",
        "source": "Herkunft",
        "kind": "Art",
        "loras": "LoRAs",
        "languages": "Prompts auf",
        "compression": "Kompression",
        "parity": "Verglichen mit torch",
        "device": "Gerät",
        "memory": "Speicher",
    }
    with_guidance, few_steps = (
        "Sana mit einstellbarer Prompttreue",
        "Sana Sprint: wenige Schritte, kein negativer Prompt",
    )
    no_parity = "noch nicht bekannt: wird beim Umwandeln des Modells gemessen"

    def number(self, value: float, form: str) -> str:
        return super().number(value, form).translate(_SWAPPED)

    def device(self, device: str, threads: int | None) -> str:
        return f"{device}, {threads} Thread{'s' * (threads > 1)}" if threads else device

    def precision(self, precision: str) -> str:
        return f"rechnet in {precision}"

    def memory(self, used: float, free: float) -> str:
        return f"{self.number(used / 1e9, '.1f')} GB belegt, {self.number(free / 1e9, '.1f')} GB frei"

    def worst_picture(self, db: float) -> str:
        return f"Bilder mindestens {db:.0f} dB"

    def offer(self, size: float, licence: str) -> str:
        return (
            f"zeichnet jedes Bild, in 1024 x 1024. {self.number(size / 1e9, '.1f')} GB werden von Hugging Face "
            f"heruntergeladen und einmal umgewandelt. Lizenz: {licence}, dazu die Bedingungen von Gemma."
        )

    def made(self, name: str) -> str:
        return f"{name} ist da: Wähle es unter „Modell“."

    def about_miniature(self, command: str) -> str:
        return (
            "<p>Dies ist die mitgelieferte Miniatur, ein sehr kleines Sana, das für dieses Programm trainiert wurde: "
            "Es zeichnet Bilderbuchszenen aus bis zu drei Dingen (Tiere, Pflanzen, Essen, Kleidung, Fahrzeuge, Gebäude "
            "und Ähnliches, aufgezählt im Menü unter dem Prompt), bei Tag, bei Nacht, im Abendrot, auf See, in der "
            "Wüste, im Schnee oder auf Papier. Mehr kennt es nicht.</p><p>Für alle anderen Bilder wandle ein großes "
            "Modell mit <code>precompile.py</code> um (siehe README) und starte "
            f"<code>{html.escape(command)}</code></p>"
        )
