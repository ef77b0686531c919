"""Train the whole miniature within a time: `python -m pipeline.miniature.training --minutes 9 --device cuda`.

This needs `sprites.zip` in the work folder (`python -m pipeline.miniature.training.world.sprites`) and no network. The
stages share the minutes. Each leaves its state in the work folder, and packed weights for another machine in
`--pack DIR`.
"""

import argparse
import shutil
import time
from pathlib import Path

from pipeline.miniature.training import (
    autoencoder,
    corpus,
    detector,
    distillation,
    draft_decoder,
    reading,
    training_run,
    transformer,
)
from pipeline.miniature.training.stage import Stage

MARGIN = 10.0  # seconds for writing files; chosen
SHARES = {"autoencoder": 0.40, "transformer": 0.42, "draft and detector": 0.06, "distillation": 0.12}  # chosen
READING = 0.22  # of the autoencoder's seconds, at the same time; chosen
THROW_AWAY = ("head.", "reader.head.", "reader.names.")  # the temporary heads, which drawing does not need


def main() -> None:
    """Run the stages one after another, but reading beside the autoencoder, and draft and detector together."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.miniature.training", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="for everything together")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--scenes", type=int, default=corpus.SCENES, help="how many scenes to learn from")
    parser.add_argument("--pack", type=Path, help="a folder for packed weights, in files of at most 15 MB")
    flags = parser.parse_args()
    end: float = time.monotonic() + 60 * flags.minutes
    shares = dict(SHARES)

    def seconds(stage: str) -> float:
        """Return the seconds of a stage: its share of those that are left to it and to the stages after it."""
        share = shares[stage] / sum(shares.values())
        del shares[stage]
        return share * (end - time.monotonic() - MARGIN)

    def pack(name: str, without: tuple[str, ...] = ()) -> None:
        if flags.pack:
            training_run.pack(name, flags.pack, without)

    works = (autoencoder.main, reading.main, transformer.main, draft_decoder.main, detector.main, distillation.main)
    see, read, draw, draft, detect, distil = (Stage(work, flags.device) for work in works)
    if not corpus.CORPUS.exists():
        corpus.main(flags.scenes)
    time_to_see = seconds("autoencoder")
    see.begin(time_to_see)
    read.begin(time_to_see * READING)
    read.finish()
    see.finish()
    pack("autoencoder")
    draw.begin(seconds("transformer"))
    draw.finish()
    pack("transformer", THROW_AWAY)
    time_to_help = seconds("draft and detector")
    draft.begin(time_to_help)
    detect.begin(time_to_help)
    draft.finish()
    detect.finish()
    if flags.pack and draft_decoder.DRAFT.exists():
        shutil.copy(draft_decoder.DRAFT, flags.pack)
    pack("detector")
    distil.begin(seconds("distillation"))
    distil.finish()
    pack("distillation")


if __name__ == "__main__":
    main()
