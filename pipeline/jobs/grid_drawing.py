"""A grid: one job that draws a picture for each pair of values of two settings, and a sheet of them all."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from ..domain.axes import Axes, cells
from ..domain.request import BATCH_INDEX
from ..domain.settings import NUM_IMAGES, RANDOM_SEED, RANDOMIZE_SEED, SEED, GenerationSettings, random_seed
from ..domain.updates import (
    AnyUpdate,
    DecodeUpdate,
    PictureUpdate,
    RestartUpdate,
    Result,
    SheetUpdate,
    StepUpdate,
)
from ..generation.contact_sheet import draw_sheet
from ..generation.metadata import describe_sheet
from .settling import SettledRequest, Values

Draw = Callable[[SettledRequest], Generator[AnyUpdate, None, None]]


@dataclass(frozen=True)
class Grid:
    """The axes of a grid, and the checked request of each cell, which draws one picture."""

    axes: Axes
    cells: tuple[SettledRequest, ...]

    @property
    def columns(self) -> int:
        return len(list(self.axes.values())[-1])

    @property
    def model(self) -> str:
        """The name of the model that draws first."""
        return self.cells[0].model

    @property
    def drawings(self) -> list[tuple[str, GenerationSettings]]:
        return [each for cell in self.cells for each in cell.drawings]

    @property
    def settings(self) -> GenerationSettings:
        """The settings of the first cell."""
        return self.cells[0].settings

    def draw(self, draw: Draw) -> Generator[AnyUpdate | SheetUpdate, None, None]:
        """Yield the updates of all cells as those of one request, then the sheet and the result.

        `draw` draws a cell. Errors are as there.
        """
        pictures: list[Image.Image] = []
        times: Counter[str] = Counter()
        for place, cell in enumerate(self.cells, 1):
            with closing(draw(cell)) as updates:  # a Stop closes it within a step
                for update in updates:
                    match update:
                        case StepUpdate() | DecodeUpdate() | RestartUpdate():
                            yield replace(update, image=place, images=len(self.cells))
                        case PictureUpdate(picture=picture):
                            pictures.append(picture)
                            yield replace(update, image=place, images=len(self.cells))
                        case Result():
                            times.update(update.times)
                        case _:
                            yield update
        yield SheetUpdate(self._sheet(pictures))
        yield Result(pictures, self.settings, dict(times))

    def _sheet(self, pictures: list[Image.Image]) -> Image.Image:
        """Return the sheet, whose record is that of the first picture with the axes."""
        sheet = draw_sheet(self.axes, [self.settings.prompt], pictures)
        sheet.info.update(describe_sheet(pictures[0], self.axes))
        return sheet


def cell_changes(values: Values, axes: Axes) -> list[dict[str, Any]]:
    """Return what each cell changes of a request: one picture each, all of one seed but on its own axis."""
    seed = values.get(SEED.name, SEED.default)
    if values.get(RANDOMIZE_SEED.name) is True or SEED.normalize(seed) == RANDOM_SEED:
        seed = random_seed()
    equal = {SEED.name: seed, RANDOMIZE_SEED.name: False, NUM_IMAGES.name: 1, BATCH_INDEX: None}
    return [{**equal, **place} for place in cells(axes)]
