"""What the first-block cache costs and gives: `python -m pipeline.miniature.trade [CAPTIONS]` prints a table.

Held-out captions are drawn with the same seeds: exactly, with the cache, and in fewer steps, which is the other way to
save time. Each row says how often a picture's deep blocks were computed, the seconds in the transformer, how near the
pictures are to the exact ones, and what the judge sees in them, in per cent.
"""

import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.components import Infer
from pipeline.export import precompile
from pipeline.first_block_cache import FirstBlockCache
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.evaluate import MEASURES, Exam, exam, score
from pipeline.miniature.judge import load_judge
from pipeline.miniature.training import WORK
from pipeline.parity import psnr

CAPTIONS = 100
SAVINGS: dict[str, dict[str, Any]] = {
    "exact, 20 steps": {},
    "cache 0.08": {"cache_threshold": 0.08},
    "cache 0.1": {"cache_threshold": 0.1},
    "cache 0.15": {"cache_threshold": 0.15},
    "cache 0.25": {"cache_threshold": 0.25},
    "16 steps": {"num_inference_steps": 16},
    "12 steps": {"num_inference_steps": 12},
}
COLUMNS = ("drawn with", "deep blocks", "transformer", "PSNR, median", "PSNR, lowest tenth", *MEASURES)


def main(captions: int = CAPTIONS) -> None:
    judge = load_judge()
    folder = precompile(CHECKPOINT, WORK / "ir-fp16", progress=lambda line: None)
    pipe = SanaPipeline.from_pretrained(folder)
    questions = exam("seen", captions, unseen=False)
    exact: list[Image.Image] = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name, settings in SAVINGS.items():
        pictures, seconds, computed = zip(*_draw(pipe, questions, settings), strict=True)
        exact = exact or list(pictures)
        near = sorted(_psnr(picture, other) for picture, other in zip(pictures, exact, strict=True))
        likeness = ["", ""] if settings == {} else [f"{near[len(near) // part]:.1f} dB" for part in (2, 10)]
        values = [f"{statistics.mean(computed):.1f}", f"{statistics.median(seconds):.2f} s", *likeness]
        values += [f"{value:.0f}" for value in score(judge, questions, pictures).values()]
        print(f"| {name} | {' | '.join(values)} |", flush=True)


def _draw(pipe: SanaPipeline, questions: Exam, settings: dict[str, Any]) -> Iterator[tuple[Image.Image, float, int]]:
    """Each picture, its seconds in the transformer, and how often its deep blocks were computed."""
    steps = settings.get("num_inference_steps", pipe.defaults.num_inference_steps)
    denoiser = pipe._stages.denoiser
    for seed, (_, text) in enumerate(questions):
        used: list[Infer] = []

        def noted(threshold: float, used: list[Infer] = used) -> Infer:
            used.append(denoiser.transformer(threshold))
            return used[0]

        with patch.object(pipe._stages, "denoiser", replace(denoiser, transformer=noted)):
            result = pipe(text, seed=seed, **settings)
        computed = used[0].computed if isinstance(used[0], FirstBlockCache) else steps
        yield result.images[0], result.times["transformer"], computed


def _psnr(picture: Image.Image, exact: Image.Image) -> float:
    a, b = (np.asarray(each, np.float32) for each in (picture, exact))
    return psnr(a, b, peak=255)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
