"""The options of a benchmark: `python -m tests.benchmark FOLDER`."""

import argparse
import shlex
import sys
from pathlib import Path

from pipeline.domain.errors import SanaError
from pipeline.export.compression_recipes import RECIPES

from .comparison import OTHERS, compare
from .models import LITE, TAESANA
from .report import report
from .tuning import tune

MIN_RUNS = 3


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.tuning:
        print(tune())
        return 0
    try:
        results = compare(options)
    except SanaError as error:
        print(f"tests.benchmark: {error}", file=sys.stderr)
        return 2
    print(f"`{shlex.join(['python', '-m', 'tests.benchmark', 'FOLDER', *arguments[1:]])}`\n")
    print(report(results))
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark",
        description="Measure this project against diffusers on torch and optimum-intel; print tables in Markdown.",
        epilog="FOLDER (some 25 GB) keeps the models for the next time and gets results.json.",
    )
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER")
    parser.add_argument("--tuning", action="store_true", help="only measure convolutions, without models or FOLDER")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR", help="a Sprint model (default: a random one of full size)"
    )
    parser.add_argument("--compressions", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument(
        "--vaes",
        nargs="*",
        default=[LITE],
        metavar="DIR",
        help=f"other decoders, with the first of the compressions (default: {LITE}, a random one of full size)",
    )
    parser.add_argument(
        "--draft",
        default=TAESANA,
        metavar="FILE",
        help=f"a draft decoder beside it; '' for none (default: {TAESANA}, a random one of full size)",
    )
    parser.add_argument("--against", nargs="*", choices=OTHERS, default=OTHERS, help="default: both")
    parser.add_argument("--size", type=int, default=1024, help="pixels of a side (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=MIN_RUNS, help="for the median (default: %(default)s)")
    growth = parser.add_argument_group("how cost grows from there, with the first of the compressions")
    growth.add_argument("--sizes", nargs="*", type=int, default=[512, 1024, 2048, 4096], metavar="SIZE")
    growth.add_argument("--step-counts", nargs="*", type=int, default=[1, 2, 4], metavar="STEPS")
    growth.add_argument("--image-counts", nargs="*", type=int, default=[1, 2], metavar="IMAGES")
    options = parser.parse_args(arguments)
    if not options.folder and not options.tuning:
        parser.error("give a FOLDER for the models")
    if options.runs < MIN_RUNS:
        parser.error(f"a median needs at least {MIN_RUNS} runs, not {options.runs}")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
