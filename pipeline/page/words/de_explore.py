"""The German words about grids."""

from collections.abc import Mapping

from .en_explore import ExploreWords


class GermanExplore(ExploreWords):
    """The part of the German words about the fold "Explore"."""

    explore: Mapping[str, str] = {
        "title": "Erkunden: ein Raster über zwei Einstellungen",
        "down": "Zeilen",
        "across": "Spalten",
        "none": "keine",
        "values": "Werte, zum Beispiel 2,4 oder 1..4",
        "draw": "Raster zeichnen",
        "sheet": "alle zusammen",
        "drawn": "Das Raster ist fertig",
    }

    def grid_size(self, count: int) -> str:
        return "1 Bild" if count == 1 else f"{count} Bilder"
