"""A comparison of numbers of steps: `python -m pipeline.miniature.training.steps [CAPTIONS]` prints a table.

Held-out captions are drawn with the same seeds in the default number of steps, and in fewer. The table has the seconds
in the models, the PSNR against the pictures of all steps, and the share in per cent of things that are right.
"""

import statistics
import sys

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.precompiled import PrecompiledMiniature
from pipeline.miniature.training.detector import load_detector
from pipeline.miniature.training.evaluate import MEASURES, evaluation_set, score
from pipeline.model_folder.parity import psnr

CAPTIONS = 200
STEPS = (20, 16, 12, 9, 6)  # the first is the default
COLUMNS = ("steps", "seconds", "PSNR, median", "PSNR, lowest tenth", *MEASURES)


def main(captions: int = CAPTIONS) -> None:
    """Print the table, with a row for each number of steps."""
    detector = load_detector()
    pipe = SanaPipeline.from_pretrained(PrecompiledMiniature(CHECKPOINT).folder(lambda progress: None))
    evaluation = evaluation_set("held-out captions", captions, shows_unseen=False)
    complete: list[Image.Image] = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for steps in STEPS:
        results = [pipe(text, seed=seed, num_inference_steps=steps) for seed, (_, text) in enumerate(evaluation)]
        pictures = [result.images[0] for result in results]
        seconds = statistics.median(sum(result.times.values()) for result in results)
        row = [str(steps), f"{seconds:.2f}", *(_likeness(pictures, complete) if complete else ("", ""))]
        row += [f"{value:.0f}" for value in score(detector, evaluation, pictures).values()]
        print(f"| {' | '.join(row)} |", flush=True)
        complete = complete or pictures


def _likeness(pictures: list[Image.Image], complete: list[Image.Image]) -> list[str]:
    decibels = sorted(
        psnr(np.asarray(picture), np.asarray(other), peak=255)
        for picture, other in zip(pictures, complete, strict=True)
    )
    return [f"{decibels[len(decibels) // part]:.1f} dB" for part in (2, 10)]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
