"""The evaluation of the second edition: `python -m pipeline.miniature.illustrations.evaluating FOLDER` prints a table.

Each compression of the checkpoint in FOLDER draws 200 held-out captions, and 60 with pairs that no training scene
shows. The detector tells what the pictures show, and the table has the share in per cent that matches the captions. The
first two rows are for the world's own drawings of these captions, and show the accuracy of the detector.
"""

import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.export import precompile
from pipeline.miniature.illustrations.budget import WORK
from pipeline.miniature.illustrations.detecting import Detector, load_detector
from pipeline.miniature.illustrations.drawing import Artist
from pipeline.miniature.illustrations.phrases import caption
from pipeline.miniature.illustrations.scenes import Scene, random_scene
from pipeline.miniature.training.evaluate import COMPRESSIONS, match, placed

MEASURES = ("kind", "colour", "place", "position", "count", "style")
SETS = {"held-out captions": (200, False), "unseen pairs": (60, True)}
EvaluationSet = list[tuple[Scene, str]]


def evaluation_set(name: str, count: int, shows_unseen: bool) -> EvaluationSet:
    """Return held-out scenes with complete captions that name the style. `name` seeds them."""
    rng = random.Random(f"evaluation {name}")
    scenes = [random_scene(rng, shows_unseen) for _ in range(count)]
    return [(scene, caption(scene, rng, complete=True, style=True)) for scene in scenes]


def score(detector: Detector, evaluation: EvaluationSet, pictures: Iterable[Image.Image]) -> dict[str, float]:
    """Return the share in per cent that is right, for each of MEASURES.

    Kind and colour count the things in the captions. The others count the pictures.
    """
    answers: dict[str, list[bool]] = {measure: [] for measure in MEASURES}
    for (scene, _), picture in zip(evaluation, pictures, strict=True):
        seen = detector.detect(picture)
        found = match(scene.things, list(seen.things))
        for thing, one in zip(scene.things, found, strict=True):
            answers["kind"].append(one is not None and one.kind == thing.kind)
            answers["colour"].append(one is not None and one.colour == thing.colour)
        answers["place"].append(seen.background == scene.background)
        answers["count"].append(len(seen.things) == len(scene.things))
        answers["style"].append(seen.hand == scene.hand)
        if scene.layout not in ("", "and", "count", "row"):  # these layouts do not ask for positions
            answers["position"].append(None not in found and placed(scene.layout, [one for one in found if one]))
    return {measure: 100 * float(np.mean(right)) for measure, right in answers.items()}


def main() -> None:
    """Print the table row by row."""
    detector, artist = load_detector(), Artist()
    sets = {name: evaluation_set(name, *asked) for name, asked in SETS.items()}
    print(f"| drawn by | captions | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")

    def print_rows(drawn_by: str, draw: Callable[[int, Scene, str], Image.Image]) -> None:
        for name, evaluation in sets.items():
            pictures = [draw(seed, scene, text) for seed, (scene, text) in enumerate(evaluation)]
            values = " | ".join(f"{value:.0f}" for value in score(detector, evaluation, pictures).values())
            print(f"| {drawn_by} | {name} | {values} |", flush=True)

    print_rows("the world itself", lambda seed, scene, text: artist.picture(scene))
    for compression in COMPRESSIONS:
        folder = precompile(Path(sys.argv[1]), WORK / f"ir-{compression}", compression, on_progress=lambda _: None)
        pipe = SanaPipeline.from_pretrained(folder)
        print_rows(compression, lambda seed, scene, text, pipe=pipe: pipe(text, seed=seed).images[0])  # type: ignore[misc]


if __name__ == "__main__":
    main()
