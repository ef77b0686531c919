"""The drawing of all lines into a folder: one after another, or as many at once as a cluster has replicas."""

import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ..domain.axes import Axes, cells
from ..domain.errors import SanaError
from ..domain.file_names import prompt_words
from ..domain.settings import SEED
from ..domain.updates import PictureUpdate
from ..generation.metadata import read_metadata, settings_of, write_png
from ..jobs.service import GenerationService
from ..jobs.settling import SettledRequest
from ..model_folder.whole_files import write_whole
from .prompt_lines import PromptLine
from .results import ResultLine, Results


@dataclass(frozen=True)
class Cell:
    """One picture to draw: a line with its place in the grid."""

    line: PromptLine
    place: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """The values for the service. Without a seed of its own, all of a line's grid has the line's."""
        return {SEED.name: self.line.seed, **self.line.values, **self.place}

    def file(self, model: str) -> str:
        """Return the name of the picture's file: equal lines have files of their own."""
        text = json.dumps([self.values, self.line.occurrence, model], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:12]
        slug = prompt_words(self.line.prompt)
        return f"{slug}-{digest}.png" if slug else f"{digest}.png"


def all_cells(lines: Sequence[PromptLine], axes: Axes) -> list[Cell]:
    """Return the pictures to draw, line by line."""
    return [Cell(line, place) for line in lines for place in cells(axes)]


def draw_all(
    service: GenerationService,
    todo: Sequence[Cell],
    results: Results,
    folder: Path,
    on_error: Callable[[Cell, str], object],
    at_once: int = 1,
) -> Iterator[bool]:
    """Yield after each picture, in their order, whether it was drawn now; raise OSError if a file cannot be written.

    Results are written at the end, however it comes. Errors of single pictures are told and kept among the results.
    """
    is_over = threading.Event()

    def one(cell: Cell) -> tuple[ResultLine, bool]:
        return _draw_one(service, cell, results, folder, is_over)

    try:
        with ExitStack() as stack:
            drawn: Iterator[tuple[ResultLine, bool]] = map(one, todo)
            if at_once > 1:
                pool = stack.enter_context(ThreadPoolExecutor(at_once, "batch"))
                stack.callback(pool.shutdown, wait=False, cancel_futures=True)
                drawn = pool.map(one, todo)
            stack.callback(is_over.set)  # first: threads that draw end within a step
            for cell, (line, is_drawn) in zip(todo, drawn, strict=True):
                results.add(line)
                if line.error:
                    on_error(cell, line.error)
                yield is_drawn
    finally:
        results.write()


def _draw_one(
    service: GenerationService, cell: Cell, results: Results, folder: Path, is_over: threading.Event
) -> tuple[ResultLine, bool]:
    prompt, seed = cell.line.prompt, None
    try:
        if cell.line.problem:
            raise SanaError(cell.line.problem)
        for problem in service.problems(cell.values).values():
            raise SanaError(problem)
        request = service.settle(cell.values)
        seed = request.settings.seed
        model = service.models.describe(request.model)
        file = cell.file(f"{model.source} {model.revision} {model.compression}")
        if _is_there(folder / file, request, service):
            return ResultLine(prompt, seed, file, results.seconds(file), None), False
        begun = time.monotonic()
        _write(folder / file, _drawn_picture(service, request, is_over))
        return ResultLine(prompt, seed, file, round(time.monotonic() - begun, 3), None), True
    except SanaError as error:
        return ResultLine(prompt, seed, None, None, str(error)), False


def _drawn_picture(service: GenerationService, request: SettledRequest, is_over: threading.Event) -> Image.Image:
    pictures: list[Image.Image] = []
    with closing(service.draw(request)) as updates:
        for update in updates:
            if is_over.is_set():
                raise SanaError("The batch was interrupted.")
            if isinstance(update, PictureUpdate):
                pictures.append(update.picture)
    (picture,) = pictures
    return picture


def _write(path: Path, picture: Image.Image) -> None:
    content = io.BytesIO()
    write_png(picture, content)
    write_whole(path, content.getvalue())


def _is_there(path: Path, request: SettledRequest, service: GenerationService) -> bool:
    """Return whether a whole picture is there that this request would draw."""
    try:
        record = read_metadata(path)
        model = service.models.describe(request.model)
        made_by = {"source": model.source, "revision": model.revision, "compression": model.compression}
        is_same_model = made_by.items() <= record["model"].items()
        return is_same_model and settings_of(record, path.name) == request.settings
    except (SanaError, KeyError, AttributeError):
        return False
