"""The English words for starting from a picture."""

from collections.abc import Mapping
from typing import Literal


class PictureWords:
    """The part of `English` about a given picture: its panel, the mask painter, the buttons beside the result."""

    start_from_picture = "Start from a picture"
    give_picture = "Drop a picture here,\nor press to choose one"
    take_away = "Take the picture away"
    change_this, larger, fill_here = "Change this", "Larger", "Fill here"
    extend, extend_to, extend_by = "Extend the picture", "Extend to the", "By"
    sides: Mapping[str, str] = {"left": "Left", "top": "Top", "right": "Right", "bottom": "Bottom"}
    no_side = "Choose at least one side."
    extended = "The picture is larger now: what is marked is drawn anew."

    # The mask painter
    painter: Mapping[str, str] = {
        "paint": "Draw only a part anew: paint it",
        "picture": "The picture to start from",
        "canvas": "The picture, and the mask painted on it",
        "tools": "Tools for the mask",
        "brush": "Brush",
        "eraser": "Eraser",
        "width": "Size",
        "undo": "Undo",
        "clear": "Clear",
        "file": "Mask from a file",
        "unreadable": "The browser cannot read this file as a picture.",
        "too large": "This browser cannot make a mask as large as this picture: give a smaller picture.",
    }

    def kept_steps(self, kept: int, steps: int) -> str:
        return f"{kept} of {steps} steps are run: a lower strength keeps more of the picture."

    def picture_size(self, given: tuple[int, int], drawn: tuple[int, int]) -> str:
        """Return a line about the size of the given picture and the size at which it is drawn."""
        (width, height), (drawn_width, drawn_height) = given, drawn
        match self.fitting(given, drawn):
            case "same":
                return f"The picture has {width} x {height} pixels, and is drawn at this size."
            case how:
                return f"The picture has {width} x {height} pixels, and is {how} to {drawn_width} x {drawn_height}."

    def fitting(self, given: tuple[int, int], drawn: tuple[int, int]) -> Literal["same", "resized", "stretched"]:
        """Return how a picture becomes as large as it is drawn."""
        (width, height), (drawn_width, drawn_height) = given, drawn
        if given == drawn:
            return "same"
        has_same_shape = abs(width * drawn_height - height * drawn_width) < max(given) * max(drawn) / 100
        return "resized" if has_same_shape else "stretched"

    def starts_here(self, width: int, height: int) -> str:
        return f"This picture is now the start: say what to change. Generate draws it at {width} x {height}."

    def paint_here(self, width: int, height: int) -> str:
        return f"Paint what to draw anew, and describe it. Generate draws it at {width} x {height}."

    def enlarges(self, width: int, height: int) -> str:
        return f"This picture is now the start. Generate draws it at {width} x {height}."

    def largest(self, maximum: int) -> str:
        return f"This picture has the largest size already: {maximum} pixels."

    def picture_wanted(self, sha256: str) -> str:
        return f"It started from a picture, which is needed again: the one whose SHA-256 begins with {sha256[:8]}."

    mask_wanted = "It had a mask, which is needed again."
    no_mask = "It had no mask: clear the one that is painted."
