"""Turns a Sana checkpoint into an OpenVINO folder: `python precompile.py --model CHECKPOINT --output FOLDER`."""

import argparse
import sys
from pathlib import Path

from pipeline.errors import SanaError
from pipeline.miniature import CHECKPOINT

COMPRESSIONS = {
    "fp16": "weights stored in 16 bits",
    "int8": "weights in 8 bits",
    "int4": "the transformer's weights in 4 bits, the others' in 8",
}
INTERRUPTED = 130  # the shell's exit status for Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        if options.model == CHECKPOINT and not CHECKPOINT.is_dir():
            raise SanaError(f"There is no bundled miniature at {CHECKPOINT}: name a checkpoint with --model.")
        from pipeline.export import precompile  # takes seconds to load

        precompile(options.model, options.output, options.compression, progress=lambda line: print(line, flush=True))
    except SanaError as error:
        print(f"precompile.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("precompile.py: interrupted; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Turn a Sana checkpoint in diffusers' layout into a folder that app.py loads with --model.",
        epilog="A second run with the same inputs does nothing; an interrupted one is continued by the next.",
    )
    parser.add_argument(
        "--model", type=Path, default=CHECKPOINT, metavar="CHECKPOINT_DIR", help="default: the bundled miniature"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--compression",
        choices=COMPRESSIONS,
        default="fp16",
        help="; ".join(f"{name}: {meaning}" for name, meaning in COMPRESSIONS.items()) + " (default: fp16)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
