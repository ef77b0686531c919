"""Train the whole miniature within a time: `python -m pipeline.miniature.illustrations --minutes 9 --device cuda`.

This needs `sprites.zip` in the work folder (`python -m pipeline.miniature.illustrations.sprites`) and no network. The
stages share the minutes. Each leaves its state in the work folder, and packed weights for another machine in
`--pack DIR`.
"""

import argparse
import time
from pathlib import Path

from pipeline.miniature.illustrations import autoencoding, budget, corpus, denoising, distillation, naming
from pipeline.miniature.illustrations.stage import Stage

MARGIN = 10.0  # seconds for writing files; chosen
SHARES = {"autoencoder": 0.42, "transformer": 0.40, "distillation": 0.18}  # of the time; chosen
READING = 0.5  # of the autoencoder's seconds, at the same time; chosen
THROW_AWAY = ("head.", "reader.head.", "reader.names.")  # the temporary heads, which drawing does not need


def main() -> None:
    """Run the stages one after another. The text encoder's pretraining runs beside the autoencoder's training."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.miniature.illustrations", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="for everything together")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--scenes", type=int, default=corpus.SCENES, help="how many scenes to learn from")
    parser.add_argument("--pack", type=Path, help="a folder for packed weights, in files of at most 15 MB")
    flags = parser.parse_args()
    end: float = time.monotonic() + 60 * flags.minutes

    def left() -> float:
        return end - time.monotonic() - MARGIN

    works = (autoencoding.main, naming.main, denoising.main, distillation.main)
    seeing, read, draw, distil = (Stage(work, flags.device) for work in works)
    if not corpus.CORPUS.exists():
        corpus.main(flags.scenes)
    seconds = left() * SHARES["autoencoder"]
    seeing.begin(seconds)
    read.begin(seconds * READING)
    read.finish()
    seeing.finish()
    draw.begin(left() * SHARES["transformer"] / (SHARES["transformer"] + SHARES["distillation"]))
    draw.finish()
    if flags.pack:
        budget.pack("autoencoder", flags.pack)
        budget.pack("transformer", flags.pack, THROW_AWAY)
    distil.begin(left())
    distil.finish()
    print(f"{60 * flags.minutes - left() - MARGIN:.0f} s in all", flush=True)


if __name__ == "__main__":
    main()
