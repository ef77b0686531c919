"""The command `python -m pipeline.batch`."""

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..cluster.cluster_flags import add_cluster_flags, check_cluster_flags
from ..domain.axes import Axes
from ..domain.complaints import complain, start_logging
from ..domain.errors import SanaError
from ..domain.progress import Progress
from ..model_folder.whole_files import ASIDE
from ..runtime.process_end import tidy_process
from .grid import parse_grid
from .prompt_lines import PromptLine, read_lines

if TYPE_CHECKING:
    from ..jobs.service import GenerationService

PROGRAM = "python -m pipeline.batch"
INCOMPLETE, USAGE_ERROR = 1, 2


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    start_logging()
    try:
        lines = read_lines(options.prompts)
        axes = parse_grid(options.grid) if options.grid is not None else {}
        options.output.mkdir(parents=True, exist_ok=True)
        with tidy_process(), loaded(options) as service:
            return draw(lines, axes, options.output, service, options.replicas.most)
    except SanaError as error:
        complain(PROGRAM, error)
        return USAGE_ERROR
    except OSError as error:
        complain(PROGRAM, f"{error.filename or options.output} cannot be used ({error.strerror or error}).")
        return USAGE_ERROR
    except KeyboardInterrupt:
        print(f"\n{PROGRAM}: interrupted; the same command goes on from here.", file=sys.stderr)
        return INCOMPLETE


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Draw a picture for each prompt of a file.")
    parser.add_argument(
        "prompts",
        type=Path,
        metavar="PROMPTS",
        help=".txt with a prompt a line, .csv or .jsonl whose columns are the parameters of /generate; a line without "
        "a seed has one of its own, the same each time",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="where pictures and results.jsonl go; what is there already is not drawn again",
    )
    parser.add_argument(
        "--model",
        default=os.environ.get("SANA_MODEL") or None,
        metavar="DIR_OR_REPO",
        help="as that of app.py (default: SANA_MODEL, or else the bundled miniature)",
    )
    parser.add_argument(
        "--grid",
        metavar="SETTINGS",
        help='draw each prompt with all of these, and a sheet of them: "num_inference_steps=2,4 seed=1..4"',
    )
    add_cluster_flags(parser)
    options = parser.parse_args(arguments)
    check_cluster_flags(parser, options)
    return options


@contextmanager
def loaded(options: argparse.Namespace) -> Iterator["GenerationService"]:
    """Yield the service of a model, loaded; raise SanaError."""
    from ..jobs.job_queue import JobQueue
    from ..jobs.model_sources import source_of
    from ..jobs.models import Models
    from ..jobs.service import GenerationService
    from ..jobs.timings import Timings
    from ..runtime.folders import cache_folder

    device = os.environ.get("SANA_DEVICE") or "CPU"
    with ExitStack() as stack:
        if options.cluster:
            from ..cluster.cluster import joined

            owner = f"{platform.node()}-batch-{options.output.resolve().name}"
            cluster = stack.enter_context(joined(options.cluster, owner, options.replicas))
            models = Models(cluster.sources([options.model], device))
        else:
            models = Models([source_of(options.model, device)])
        models.start(_tell)
        yield GenerationService(models, Timings(cache_folder()), JobQueue())


def draw(lines: list[PromptLine], axes: Axes, folder: Path, service: "GenerationService", at_once: int) -> int:
    """Draw all lines, `at_once` of them at a time; return the exit status."""
    from .batch_run import Cell, all_cells, draw_all
    from .grid_sheet import FILE, draw_grid_sheet
    from .progress_bar import ProgressBar
    from .results import Results

    for unfinished in folder.glob(f"*{ASIDE}"):  # what a killed run has left
        unfinished.unlink()
    todo, results = all_cells(lines, axes), Results(folder)
    bar = ProgressBar(len(todo))

    def tell(cell: Cell, sentence: str) -> None:
        bar.interrupt()
        print(f"line {cell.line.number}: {sentence}", file=sys.stderr)

    for is_drawn in draw_all(service, todo, results, folder, tell, at_once):
        bar.advance(is_drawn)
    bar.interrupt()
    if axes:
        draw_grid_sheet(axes, todo, results.lines, folder).save(folder / FILE)
    failed = sum(line.error is not None for line in results.lines)
    print(f"{len(todo) - failed} of {len(todo)} pictures are in {folder}.")
    return INCOMPLETE if failed else 0


def _tell(progress: Progress) -> None:
    print(progress.text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
