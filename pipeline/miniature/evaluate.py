"""Does the miniature draw what it is asked for? `python -m pipeline.miniature.evaluate` prints a table, per cent.

200 held-out captions, and 60 with pairs of colour and kind that no training scene shows, are drawn by each compression
and looked at by the judge; the first row is the judge's on the world's own drawings of those captions. Also writes
`contact-sheet.png`, the first pictures with their captions.
"""

import random
from collections.abc import Callable, Iterable
from functools import partial
from itertools import permutations

from PIL import Image, ImageDraw

from pipeline import SanaPipeline
from pipeline.export import precompile
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.captions import caption
from pipeline.miniature.judge import Judge, Sight, load_judge
from pipeline.miniature.training import WORK
from pipeline.miniature.world import Scene, Thing, draw, random_scene

COMPRESSIONS = ("fp16", "int8", "w8a8")
CONTACT_SHEET = CHECKPOINT.parent / "contact-sheet.png"
COLUMNS, ROWS, CELL, LINES = 6, 5, 200, 44
MEASURES = ("colour", "kind", "place", "position", "count")
MARGIN = 0.08  # of the picture's side: how clearly one thing must lie left of or above another

Exam = list[tuple[Scene, str]]


def exam(name: str, count: int, unseen: bool) -> Exam:
    """Held-out scenes with captions that leave no colour and no position unsaid."""
    rng = random.Random(f"evaluation {name}")
    scenes = [random_scene(rng, unseen) for _ in range(count)]
    return [(scene, caption(scene, rng, complete=True)) for scene in scenes]


def score(judge: Judge, questions: Exam, pictures: Iterable[Image.Image]) -> dict[str, float]:
    """Per cent right: colour and kind of the things asked for; place (background), position and count of pictures."""
    answers: dict[str, list[bool]] = {measure: [] for measure in MEASURES}
    for (scene, _), picture in zip(questions, pictures, strict=True):
        sights, background = judge.look(picture)
        found = _match(scene.things, sights)
        pairs = list(zip(scene.things, found, strict=True))
        answers["colour"] += [sight is not None and sight.colour == thing.colour for thing, sight in pairs]
        answers["kind"] += [sight is not None and sight.kind == thing.kind for thing, sight in pairs]
        answers["place"].append(background == scene.background)
        answers["count"].append(len(sights) == len(scene.things))
        if scene.layout not in ("", "and", "count", "row"):  # what these ask for is no order
            answers["position"].append(None not in found and _placed(scene.layout, [s for s in found if s]))
    return {measure: 100 * sum(right) / len(right) for measure, right in answers.items()}


def _match(things: tuple[Thing, ...], sights: list[Sight]) -> tuple[Sight | None, ...]:
    """Of all ways to tell which sight is which thing, the one in which most kinds and colours are right."""

    def agreement(chosen: tuple[Sight | None, ...]) -> int:
        pairs = [(thing, sight) for thing, sight in zip(things, chosen, strict=True) if sight]
        return sum(1 + 2 * (sight.kind == thing.kind) + 2 * (sight.colour == thing.colour) for thing, sight in pairs)

    return max(permutations([*sights[:6], *(None,) * len(things)], len(things)), key=agreement)


def _placed(layout: str, found: list[Sight]) -> bool:
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
    sides = {"left": first.x < 0.42, "right": first.x > 0.58, "top": first.y < 0.42, "bottom": first.y > 0.58}
    if layout == "middle":
        return not any(sides.values())
    return all(sides[side] for side in layout.split())


def _contact_sheet(questions: Exam, pictures: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (COLUMNS * (CELL + 8) + 8, ROWS * (CELL + LINES) + 8), "white")
    pen = ImageDraw.Draw(sheet)
    for index in range(COLUMNS * ROWS):
        x, y = 8 + index % COLUMNS * (CELL + 8), 8 + index // COLUMNS * (CELL + LINES)
        sheet.paste(pictures[index].resize((CELL, CELL), Image.Resampling.LANCZOS), (x, y))
        lines = [""]
        for word in questions[index][1].split():
            lines = [*lines[:-1], f"{lines[-1]} {word}"] if len(lines[-1]) + len(word) < 34 else [*lines, f" {word}"]
        pen.multiline_text(
            (x, y + CELL + 2), "\n".join(line[1:] for line in lines[:3]), "black", spacing=2, font_size=11
        )
    return sheet


def _ask(pipe: SanaPipeline, seed: int, scene: Scene, text: str) -> Image.Image:
    return pipe(text, seed=seed).images[0]


def main() -> None:
    judge = load_judge()
    exams = {"held-out captions": exam("seen", 200, False), "unseen pairs": exam("unseen", 60, True)}
    print(f"| drawn by | captions | {' | '.join(MEASURES)} |\n|---|---|{'---|' * len(MEASURES)}")

    def report(artist: str, draw_one: Callable[[int, Scene, str], Image.Image]) -> None:
        for name, questions in exams.items():
            pictures = [draw_one(seed, scene, text) for seed, (scene, text) in enumerate(questions)]
            values = " | ".join(f"{value:.0f}" for value in score(judge, questions, pictures).values())
            print(f"| {artist} | {name} | {values} |", flush=True)
            if (artist, name) == ("fp16", "held-out captions"):
                _contact_sheet(questions, pictures).save(CONTACT_SHEET, optimize=True)

    report("the world itself", lambda seed, scene, text: draw(scene))
    for compression in COMPRESSIONS:
        folder = precompile(CHECKPOINT, WORK / f"ir-{compression}", compression, progress=lambda line: None)
        pipe = SanaPipeline.from_pretrained(folder)
        report(compression, partial(_ask, pipe))


if __name__ == "__main__":
    main()
