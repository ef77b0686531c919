"""A grid over settings: "num_inference_steps=2,4 seed=1..4" makes eight cells of each prompt."""

from ..domain.axes import Axes, Pieces, count_cells, parse_values, spelt_out
from ..domain.errors import SanaError, SettingsError
from ..domain.settings import PROMPT
from .prompt_lines import COLUMNS

MAX_CELLS = 1000  # of one prompt; chosen: a sheet that can still be looked at


def parse_grid(text: str) -> Axes:
    """Return the values of each axis by parameter name; raise SanaError."""
    pieces: dict[str, Pieces] = {}
    for word in text.split():
        name, sign, values = word.partition("=")
        if not sign or not values or name in pieces or name not in COLUMNS or name == PROMPT.name:
            raise SanaError(
                f"--grid has names with values, such as seed=1..4 or num_inference_steps=2,4, not {word!r}."
            )
        pieces[name] = parse_values(COLUMNS[name], values)
    try:
        axes = spelt_out(pieces, MAX_CELLS)
    except SettingsError as error:
        raise SanaError(f"--grid: {error}") from None
    if not axes or not count_cells(axes):
        raise SanaError("--grid has no cells: give each name a value, as in seed=1..4.")
    return axes
