"""The drawings of each kind and background in the miniature's world: shapes in unit coordinates, painted with PIL."""

import math
import random
from collections.abc import Callable, Iterable

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]

PALETTE: dict[str, Colour] = {
    "red": (214, 46, 42), "orange": (242, 136, 28), "yellow": (250, 212, 48), "green": (54, 158, 72),
    "blue": (44, 98, 212), "purple": (136, 66, 180), "pink": (246, 140, 186), "brown": (130, 84, 48),
    "black": (40, 40, 44), "white": (250, 250, 246),
}  # fmt: skip
CREAM, GLASS, DARK, GOLD, LEAF, WOOD = (
    (252, 240, 214), (196, 230, 246), (52, 48, 56), (250, 200, 60), (70, 150, 70), (120, 80, 50),
)  # fmt: skip
SKY_AND_GROUND: dict[str, tuple[Colour, Colour, float]] = {  # sky, ground, horizon as a fraction from the top
    "day": ((158, 210, 246), (132, 200, 108), 0.74),
    "night": ((30, 38, 88), (36, 68, 72), 0.78),
    "sea": ((198, 230, 246), (74, 154, 204), 0.52),
    "desert": ((252, 228, 180), (232, 188, 112), 0.66),
}


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the mixture of `a` and `b` with a `share` of `b`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def edge(colour: Colour) -> Colour:
    """Return the colour of a shape's outline: darker than its fill, or lighter if the fill is as dark as the night."""
    return mix(colour, (20, 20, 30), 0.45) if sum(colour) > 180 else (120, 120, 132)


def draw_background(canvas: Image.Image, name: str, rng: random.Random) -> None:
    """Fill the canvas with one of the four places, or with a plain colour, softened."""
    width, height = canvas.size
    pen = ImageDraw.Draw(canvas)
    if name not in SKY_AND_GROUND:
        pen.rectangle((0, 0, width, height), mix(PALETTE[name], (236, 232, 226), 0.32 if name != "white" else 0))
        return
    sky, ground, horizon = SKY_AND_GROUND[name]
    level = (horizon + rng.uniform(-0.04, 0.04)) * height
    pen.rectangle((0, 0, width, height), sky)
    if name == "sea":
        pen.rectangle((0, level, width, height), ground)
        for row in range(1, 4):
            y, shift = level + row * 0.13 * height, rng.uniform(0, 0.3) * width
            for x in range(-1, 4):
                left = x * 0.3 * width + shift
                box = (left, y - 0.02 * height, left + 0.14 * width, y + 0.02 * height)
                pen.arc(box, 200, 340, mix(ground, (255, 255, 255), 0.35), max(2, width // 110))
        return
    middle, bulge = rng.uniform(0.2, 0.8) * width, 0.06 * height
    pen.rectangle((0, level, width, height), ground)
    pen.ellipse((middle - 0.7 * width, level - bulge, middle + 0.7 * width, level + 3 * height), ground)


class Brush:
    """A brush that paints in unit coordinates around a centre: (-1, -1) is the top left, (1, 1) the bottom right."""

    def __init__(self, canvas: Image.Image, x: float, y: float, radius: float):
        self.pen, self.x, self.y, self.radius = ImageDraw.Draw(canvas), x, y, radius
        self.line = max(3, round(0.045 * radius + 1.5))

    def _at(self, points: Iterable[tuple[float, float]]) -> Points:
        return [(self.x + self.radius * x, self.y + self.radius * y) for x, y in points]

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        self.pen.ellipse(sum(self._at([(x - rx, y - ry), (x + rx, y + ry)]), ()), fill, edge(fill), self.line)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour, corner: float = 0) -> None:
        corners = sum(self._at([(left, top), (right, bottom)]), ())
        self.pen.rounded_rectangle(corners, corner * self.radius, fill, edge(fill), self.line)

    def shape(self, points: Points, fill: Colour) -> None:
        corners = self._at(points)
        self.pen.polygon(corners, fill)
        self.pen.line([*corners, *corners[:2]], edge(fill), self.line, joint="curve")

    def stroke(self, points: Points, fill: Colour, thickness: float) -> None:
        self.pen.line(self._at(points), fill, max(2, round(thickness * self.radius)), joint="curve")

    def blob(self, discs: list[tuple[float, float, float]], fill: Colour) -> None:
        """Paint overlapping discs (x, y, radius) as one shape with an outline."""
        for inset, colour in ((0, edge(fill)), (self.line / self.radius, fill)):
            for x, y, r in discs:
                box = self._at([(x - r + inset, y - r + inset), (x + r - inset, y + r - inset)])
                self.pen.ellipse(sum(box, ()), colour)


def circle(brush: Brush, fill: Colour) -> None:
    brush.oval(0, 0, 0.95, 0.95, fill)


def square(brush: Brush, fill: Colour) -> None:
    brush.box(-0.84, -0.84, 0.84, 0.84, fill)


def triangle(brush: Brush, fill: Colour) -> None:
    brush.shape([(0, -0.9), (0.98, 0.8), (-0.98, 0.8)], fill)


def star(brush: Brush, fill: Colour) -> None:
    brush.shape(_ring(10, lambda i: 1.0 if i % 2 == 0 else 0.42), fill)


def heart(brush: Brush, fill: Colour) -> None:
    turns = [2 * math.pi * i / 60 for i in range(60)]
    curve = [
        (16 * math.sin(t) ** 3, 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
        for t in turns
    ]
    brush.shape([(x / 17, -(y + 2.5) / 16) for x, y in curve], fill)


def sun(brush: Brush, fill: Colour) -> None:
    for i in range(10):
        turn = 2 * math.pi * i / 10
        spread = [(1.02, turn), (0.66, turn - 0.2), (0.66, turn + 0.2)]
        brush.shape([(r * math.sin(t), -r * math.cos(t)) for r, t in spread], fill)
    brush.oval(0, 0, 0.6, 0.6, fill)


def moon(brush: Brush, fill: Colour) -> None:
    outer = [(math.cos(t), math.sin(t)) for t in _angles(55, 305)]
    tip_x, tip_y = outer[0]
    centre, radius = 0.62, math.hypot(tip_x - 0.62, tip_y)
    reach = math.degrees(math.atan2(tip_y, tip_x - centre))
    inner = [(centre + radius * math.cos(t), radius * math.sin(t)) for t in _angles(360 - reach, reach)]
    brush.shape([(x + 0.15, y) for x, y in outer + inner], fill)


def cloud(brush: Brush, fill: Colour) -> None:
    brush.blob(
        [(-0.6, 0.2, 0.38), (-0.22, -0.14, 0.46), (0.28, -0.08, 0.42), (0.62, 0.22, 0.36), (0, 0.26, 0.36)], fill
    )


def house(brush: Brush, fill: Colour) -> None:
    brush.box(-0.72, -0.15, 0.72, 0.95, fill)
    brush.shape([(-0.95, -0.1), (0, -0.95), (0.95, -0.1)], mix(fill, (20, 10, 10), 0.35) if sum(fill) > 180 else WOOD)
    brush.box(-0.16, 0.36, 0.2, 0.95, WOOD if sum(fill) > 320 else CREAM)
    for left in (-0.58, 0.3):
        brush.box(left, 0.06, left + 0.3, 0.36, GLASS)


def tree(brush: Brush, fill: Colour) -> None:
    brush.box(-0.14, 0.2, 0.14, 0.98, WOOD)
    brush.blob([(-0.38, 0.02, 0.42), (0.38, 0.02, 0.42), (0, -0.44, 0.5), (0, 0.05, 0.42)], fill)


def flower(brush: Brush, fill: Colour) -> None:
    brush.stroke([(0, -0.1), (0, 0.98)], LEAF, 0.12)
    brush.shape([(0.02, 0.78), (0.2, 0.42), (0.56, 0.36), (0.4, 0.7)], LEAF)
    for i in range(6):
        turn = math.pi * (2 * i + 1) / 6
        brush.oval(0.4 * math.sin(turn), -0.34 - 0.4 * math.cos(turn), 0.25, 0.25, fill)
    brush.oval(0, -0.34, 0.22, 0.22, GOLD if fill != PALETTE["yellow"] else PALETTE["orange"])


def mushroom(brush: Brush, fill: Colour) -> None:
    brush.box(-0.26, 0, 0.26, 0.95, CREAM, corner=0.14)
    cap = [(0.95 * math.cos(t), 0.1 + 0.98 * math.sin(t)) for t in _angles(180, 360)]
    brush.shape(cap, fill)
    spot = CREAM if fill != PALETTE["white"] else (200, 196, 190)
    for x, y, r in ((-0.45, -0.26, 0.15), (0.08, -0.52, 0.18), (0.5, -0.2, 0.13)):
        brush.oval(x, y, r, r, spot)


def car(brush: Brush, fill: Colour) -> None:
    brush.shape([(-0.58, 0.0), (-0.36, -0.5), (0.3, -0.5), (0.56, 0.0)], fill)
    brush.shape([(-0.42, -0.04), (-0.27, -0.36), (-0.05, -0.36), (-0.05, -0.04)], GLASS)
    brush.shape([(0.08, -0.04), (0.08, -0.36), (0.24, -0.36), (0.4, -0.04)], GLASS)
    brush.box(-0.98, -0.04, 0.98, 0.42, fill, corner=0.14)
    for x in (-0.52, 0.52):
        brush.oval(x, 0.42, 0.25, 0.25, DARK)
        brush.oval(x, 0.42, 0.1, 0.1, CREAM)


def boat(brush: Brush, fill: Colour) -> None:
    brush.stroke([(0, -0.95), (0, 0.4)], WOOD, 0.08)
    brush.shape([(0.08, -0.86), (0.8, 0.2), (0.08, 0.2)], CREAM)
    brush.shape([(-0.08, -0.66), (-0.62, 0.2), (-0.08, 0.2)], CREAM)
    brush.shape([(-0.98, 0.34), (0.98, 0.34), (0.62, 0.9), (-0.62, 0.9)], fill)


def balloon(brush: Brush, fill: Colour) -> None:
    brush.stroke([(0, 0.5), (0.1, 0.68), (-0.06, 0.84), (0.04, 1.0)], DARK if sum(fill) > 180 else WOOD, 0.05)
    brush.shape([(0, 0.38), (0.13, 0.58), (-0.13, 0.58)], fill)
    brush.oval(0, -0.26, 0.6, 0.7, fill)
    shine = mix(fill, (255, 255, 255), 0.6) if fill != PALETTE["white"] else (214, 220, 230)
    brush.stroke([(-0.34, -0.3), (-0.28, -0.52), (-0.14, -0.66)], shine, 0.1)


def fish(brush: Brush, fill: Colour) -> None:
    brush.shape([(0.4, 0), (0.98, -0.46), (0.86, 0), (0.98, 0.46)], fill)
    brush.shape([(-0.2, -0.36), (0.12, -0.74), (0.34, -0.3)], fill)
    brush.oval(-0.2, 0, 0.76, 0.46, fill)
    brush.oval(-0.6, -0.1, 0.13, 0.13, (250, 250, 250))
    brush.pen.ellipse(sum(brush._at([(-0.65, -0.15), (-0.55, -0.05)]), ()), DARK)
    brush.stroke([(-0.28, -0.24), (-0.18, 0), (-0.28, 0.24)], edge(fill), 0.07)


def _angles(start: float, stop: float, count: int = 40) -> list[float]:
    return [math.radians(start + (stop - start) * i / (count - 1)) for i in range(count)]


def _ring(count: int, radius: Callable[[int], float]) -> Points:
    turns = [2 * math.pi * i / count for i in range(count)]
    return [(radius(i) * math.sin(t), -radius(i) * math.cos(t)) for i, t in enumerate(turns)]


def draw_thing(canvas: Image.Image, kind: str, colour: str, x: float, y: float, radius: float) -> None:
    """Paint one thing with its centre at (`x`, `y`). `x`, `y` and `radius` are in pixels of the canvas."""
    DRAWINGS[kind](Brush(canvas, x, y, radius), PALETTE[colour])


DRAWINGS: dict[str, Callable[[Brush, Colour], None]] = {
    drawing.__name__: drawing
    for drawing in (
        circle, square, triangle, star, heart, sun, moon, cloud,
        house, tree, flower, mushroom, car, boat, balloon, fish,
    )
}  # fmt: skip
