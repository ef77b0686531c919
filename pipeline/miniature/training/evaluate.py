"""The evaluation of the miniature: `python -m pipeline.miniature.training.evaluate` prints a table.

Each compression draws 200 held-out captions, and 60 with pairs of colour and kind that no training scene shows. A
detector tells what the pictures show, and the table has the share in per cent that matches the captions. The first two
rows are for the world's own drawings of these captions, and show the accuracy of the detector. The first pictures are
written to `contact-sheet.png` with their captions.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import permutations
from typing import Protocol

from PIL import Image, ImageDraw

from pipeline import SanaPipeline
from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.captions import caption
from pipeline.miniature.training.detector import Detection, Detector, load_detector
from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world import Scene, draw, random_scene

COMPRESSIONS = ("fp16", "int8", "w8a8")
CONTACT_SHEET = CHECKPOINT.parent / "contact-sheet.png"
COLUMNS, ROWS, CELL, LINES = 6, 5, 200, 44
MEASURES = ("colour", "kind", "place", "position", "count")
MARGIN = 0.08  # the least distance, as a fraction of the side, by which a thing is left of or above another; chosen


class _Shown(Protocol):
    """A thing of a scene of either edition."""

    @property
    def kind(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...


EvaluationSet = list[tuple[Scene, str]]


def evaluation_set(name: str, count: int, unseen: bool) -> EvaluationSet:
    """Return held-out scenes with complete captions.

    With `unseen`, each scene has a pair of colour and kind that no training scene shows. `name` seeds the scenes.
    """
    rng = random.Random(f"evaluation {name}")
    scenes = [random_scene(rng, unseen) for _ in range(count)]
    return [(scene, caption(scene, rng, complete=True)) for scene in scenes]


def score(detector: Detector, evaluation: EvaluationSet, pictures: Iterable[Image.Image]) -> dict[str, float]:
    """Return the share in per cent that is right, for each of MEASURES.

    Colour and kind count the things in the captions. Place (the background), position and count count the pictures.
    """
    answers: dict[str, list[bool]] = {measure: [] for measure in MEASURES}
    for (scene, _), picture in zip(evaluation, pictures, strict=True):
        detections, background = detector.detect(picture)
        found = match(scene.things, detections)
        pairs = list(zip(scene.things, found, strict=True))
        answers["colour"] += [one is not None and one.colour == thing.colour for thing, one in pairs]
        answers["kind"] += [one is not None and one.kind == thing.kind for thing, one in pairs]
        answers["place"].append(background == scene.background)
        answers["count"].append(len(detections) == len(scene.things))
        if scene.layout not in ("", "and", "count", "row"):  # these layouts do not ask for positions
            answers["position"].append(None not in found and placed(scene.layout, [one for one in found if one]))
    return {measure: 100 * sum(right) / len(right) for measure, right in answers.items()}


def match(things: Sequence[_Shown], detections: Sequence[Detection]) -> tuple[Detection | None, ...]:
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


def _contact_sheet(evaluation: EvaluationSet, pictures: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (COLUMNS * (CELL + 8) + 8, ROWS * (CELL + LINES) + 8), "white")
    pen = ImageDraw.Draw(sheet)
    for index in range(COLUMNS * ROWS):
        x, y = 8 + index % COLUMNS * (CELL + 8), 8 + index // COLUMNS * (CELL + LINES)
        sheet.paste(pictures[index].resize((CELL, CELL), Image.Resampling.LANCZOS), (x, y))
        lines = [""]
        for word in evaluation[index][1].split():
            lines = [*lines[:-1], f"{lines[-1]} {word}"] if len(lines[-1]) + len(word) < 34 else [*lines, f" {word}"]
        pen.multiline_text(
            (x, y + CELL + 2), "\n".join(line[1:] for line in lines[:3]), "black", spacing=2, font_size=11
        )
    return sheet


def _draw(pipe: SanaPipeline, seed: int, scene: Scene, text: str) -> Image.Image:
    image: Image.Image = pipe(text, seed=seed).images[0]
    return image


def main() -> None:
    """Print the table row by row, and write the contact sheet."""
    detector = load_detector()
    sets = {
        "held-out captions": evaluation_set("seen", 200, unseen=False),
        "unseen pairs": evaluation_set("unseen", 60, unseen=True),
    }
    print(f"| drawn by | captions | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")

    def print_rows(artist: str, draw_one: Callable[[int, Scene, str], Image.Image]) -> None:
        for name, evaluation in sets.items():
            pictures = [draw_one(seed, scene, text) for seed, (scene, text) in enumerate(evaluation)]
            values = " | ".join(f"{value:.0f}" for value in score(detector, evaluation, pictures).values())
            print(f"| {artist} | {name} | {values} |", flush=True)
            if (artist, name) == ("fp16", "held-out captions"):
                _contact_sheet(evaluation, pictures).save(CONTACT_SHEET, optimize=True)

    print_rows("the world itself", lambda seed, scene, text: draw(scene))
    for compression in COMPRESSIONS:
        folder = precompile(CHECKPOINT, WORK / f"ir-{compression}", compression, on_progress=lambda progress: None)
        pipe = SanaPipeline.from_pretrained(folder)
        print_rows(compression, partial(_draw, pipe))


if __name__ == "__main__":
    main()
