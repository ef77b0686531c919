"""The evaluation of the miniature: `python -m pipeline.miniature.training.evaluate` prints a table.

Each compression draws 200 held-out captions, and 60 with pairs that no training scene shows, all of kinds that are
offered. The detector tells what the pictures show, and the table has the share in per cent that matches the captions.
The first two rows are for the world's own drawings of these captions, and show the accuracy of the detector.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations

import numpy as np
from PIL import Image

from pipeline import SanaPipeline
from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.kinds import BY_ICON
from pipeline.miniature.training.detector import Detection, Detector, load_detector
from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world.captions import caption
from pipeline.miniature.training.world.painting import Artist
from pipeline.miniature.training.world.scenes import Scene, Thing, random_scene

MEASURES = ("kind", "colour", "place", "position", "count", "style")
SETS = {"held-out captions": (200, False), "unseen pairs": (60, True)}
MARGIN = 0.08  # the least distance, as a fraction of the side, by which a thing is left of or above another; chosen
COMPRESSIONS = ("fp16", "int8", "int4", "w8a8")
EvaluationSet = list[tuple[Scene, str]]


def evaluation_set(name: str, count: int, shows_unseen: bool) -> EvaluationSet:
    """Return held-out scenes of offered kinds, with complete captions that name the style. `name` seeds them."""
    rng = random.Random(f"evaluation {name}")
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = random_scene(rng, shows_unseen)
        if all(BY_ICON[thing.kind].offered for thing in scene.things):
            scenes.append(scene)
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


def match(things: Sequence[Thing], detections: Sequence[Detection]) -> tuple[Detection | None, ...]:
    """Assign a detection or None to each thing, so that as many kinds and colours as possible are right."""

    def agreement(chosen: tuple[Detection | None, ...]) -> int:
        pairs = [(thing, one) for thing, one in zip(things, chosen, strict=True) if one]
        return sum(1 + 2 * (one.kind == thing.kind) + 2 * (one.colour == thing.colour) for thing, one in pairs)

    return max(permutations([*detections[:6], *(None,) * len(things)], len(things)), key=agreement)


def placed(layout: str, found: Sequence[Detection]) -> bool:
    """Return True if the things, in the order of the caption, lie as a layout asks for."""
    first, last = found[0], found[-1]
    if layout == "left of":
        return first.x < last.x - MARGIN
    if layout == "above":
        return first.y < last.y - MARGIN
    if layout == "next to":
        return abs(first.x - last.x) > MARGIN and abs(first.y - last.y) < 0.25
    if layout == "two above one":
        return max(first.y, found[1].y) < last.y - MARGIN
    if layout == "one above two":
        return last.y < min(first.y, found[1].y) - MARGIN
    if layout == "between":
        return found[1].x + MARGIN < first.x < last.x - MARGIN
    sides = {"left": first.x < 0.42, "right": first.x > 0.58, "top": first.y < 0.42, "bottom": first.y > 0.58}
    if layout == "middle":
        return not any(sides.values())
    return all(sides[side] for side in layout.split())


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
        folder = precompile(CHECKPOINT, WORK / f"ir-{compression}", compression, on_progress=lambda _: None)
        pipe = SanaPipeline.from_pretrained(folder)
        print_rows(compression, lambda seed, scene, text, pipe=pipe: pipe(text, seed=seed).images[0])  # type: ignore[misc]


if __name__ == "__main__":
    main()
