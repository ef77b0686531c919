"""The English words about grids."""

from collections.abc import Mapping


class ExploreWords:
    """The part of `English` about the fold "Explore"."""

    explore: Mapping[str, str] = {
        "title": "Explore: a grid over two settings",
        "down": "Rows",
        "across": "Columns",
        "none": "none",
        "values": "Values, such as 2,4 or 1..4",
        "draw": "Draw the grid",
        "sheet": "all in one",
        "drawn": "The grid is done",
    }

    def grid_size(self, count: int) -> str:
        return "1 picture" if count == 1 else f"{count} pictures"
