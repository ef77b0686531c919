"""The German words for starting from a picture."""

from collections.abc import Mapping

from .en_pictures import PictureWords


class GermanPictures(PictureWords):
    """The part of the German words about a given picture."""

    start_from_picture = "Von einem Bild ausgehen"
    give_picture = "Lege hier ein Bild ab\noder wähle eines aus"
    take_away = "Bild entfernen"
    change_this, larger, fill_here = "Ändern", "Größer", "Teil neu zeichnen"
    extend, extend_to, extend_by = "Bild erweitern", "Erweitern nach", "Um"
    sides: Mapping[str, str] = {"left": "Links", "top": "Oben", "right": "Rechts", "bottom": "Unten"}
    no_side = "Wähle mindestens eine Seite."
    extended = "Das Bild ist jetzt größer: Das Markierte wird neu gezeichnet."

    painter: Mapping[str, str] = {
        "paint": "Nur einen Teil neu zeichnen: male ihn an",
        "picture": "Das Ausgangsbild",
        "canvas": "Das Bild und die Maske, die darauf gemalt ist",
        "tools": "Werkzeuge für die Maske",
        "brush": "Pinsel",
        "eraser": "Radiergummi",
        "width": "Größe",
        "undo": "Rückgängig",
        "clear": "Leeren",
        "file": "Maske aus einer Datei",
        "unreadable": "Der Browser kann diese Datei nicht als Bild lesen.",
        "too large": "Dieser Browser kann keine so große Maske machen: Nimm ein kleineres Bild.",
    }

    def kept_steps(self, kept: int, steps: int) -> str:
        return f"{kept} von {steps} Schritten laufen: Eine kleinere Stärke lässt mehr vom Bild stehen."

    def picture_size(self, given: tuple[int, int], drawn: tuple[int, int]) -> str:
        (width, height), (drawn_width, drawn_height) = given, drawn
        size = f"Das Bild hat {width} x {height} Pixel und wird"
        match self.fitting(given, drawn):
            case "same":
                return f"{size} in dieser Größe gezeichnet."
            case "resized":
                return f"{size} auf {drawn_width} x {drawn_height} skaliert."
            case _:
                return f"{size} auf {drawn_width} x {drawn_height} verzerrt."

    def starts_here(self, width: int, height: int) -> str:
        return (
            f"Dies ist jetzt das Ausgangsbild: Schreibe, was anders sein soll. Gezeichnet wird in {width} x {height}."
        )

    def paint_here(self, width: int, height: int) -> str:
        return f"Male an, was neu werden soll, und beschreibe es. Gezeichnet wird in {width} x {height}."

    def enlarges(self, width: int, height: int) -> str:
        return f"Dies ist jetzt das Ausgangsbild. „Zeichnen“ macht es {width} x {height} groß."

    def largest(self, maximum: int) -> str:
        return f"Dieses Bild ist schon so groß wie möglich: {maximum} Pixel."

    def picture_wanted(self, sha256: str) -> str:
        return f"Es ging von einem Bild aus, das noch einmal gebraucht wird: Sein SHA-256 beginnt mit {sha256[:8]}."

    mask_wanted = "Es hatte eine Maske, die noch einmal gebraucht wird."
    no_mask = "Es hatte keine Maske: Leere die gemalte Maske."
