"""Turns a Sana checkpoint into an OpenVINO folder: `python precompile.py --model CHECKPOINT --output FOLDER`."""

import argparse
import sys
from pathlib import Path

from pipeline.errors import SanaError
from pipeline.miniature import CHECKPOINT
from pipeline.variants import CATALOGUE

COMPRESSIONS = {
    "fp16": "weights stored in 16 bits",
    "int8": "weights in 8 bits",
    "int4": "the transformer's weights in 4 bits, the others' in 8",
    "w8a8": "weights and activations in 8 bits, the text encoder's weights only",
}
INTERRUPTED = 130  # the shell's exit status for Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    if options.list:
        print(catalogue())
        return 0
    try:
        if options.output is None:
            raise SanaError("Where to? Name the folder to write with --output.")
        if options.model == CHECKPOINT and not CHECKPOINT.is_dir():
            raise SanaError(f"There is no bundled miniature at {CHECKPOINT}: name a checkpoint with --model.")
        from pipeline.export import precompile  # takes seconds to load

        def tell(line: str) -> None:
            print(line, flush=True)

        precompile(options.model, options.output, options.compression, options.vae, progress=tell)
    except SanaError as error:
        print(f"precompile.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a disk that is full, or was taken away
        print(f"precompile.py: {error.strerror or error} ({error.filename or options.output}).", file=sys.stderr)
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
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write")
    parser.add_argument(
        "--compression",
        choices=COMPRESSIONS,
        default="fp16",
        help="; ".join(f"{name}: {meaning}" for name, meaning in COMPRESSIONS.items()) + " (default: fp16)",
    )
    parser.add_argument(
        "--vae", type=Path, metavar="DIR", help="another autoencoder for the same latents (DC-AE, DC-AE-Lite)"
    )
    parser.add_argument("--list", action="store_true", help="print the published checkpoints, and do nothing else")
    return parser.parse_args(arguments)


def catalogue() -> str:
    """The published checkpoints as a table."""
    lines = [f"{'checkpoint':<58}{'family':<8}{'size':>5}{'steps':>7}{'guidance':>10}  {'weights':<15}licence"]
    for variant in CATALOGUE:
        weights = (variant.weights or "bf16") + (", clipped" if variant.clip else "")
        lines.append(
            f"{variant.repo:<58}{variant.family:<8}{variant.size:>5}{variant.steps:>7}{variant.guidance:>10}  "
            f"{weights:<15}{variant.licence}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
