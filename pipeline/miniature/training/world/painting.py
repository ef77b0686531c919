"""The painting of scenes, many at once, on the CPU or a GPU.

Scenes are given as `SceneArrays`, in which each is a row of numbers. Backgrounds are computed by formulas. Things are
sprites: recoloured, softened as their size in the picture needs, and sampled with bilinear interpolation.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from pipeline.miniature.kinds import COLOURS, HANDS, INDEX, KINDS
from pipeline.miniature.training.world import sprites
from pipeline.miniature.training.world.recolouring import PALETTE, premultiplied, recoloured, softened
from pipeline.miniature.training.world.scenes import BACKGROUNDS, HORIZON, OWN, PLACES, Scene, Thing

MOST = 3  # things in a scene
COLOUR_NAMES = (OWN, *COLOURS)
LEVELS = (256, 160, 104)
"""The resolutions in pixels to which a sprite is softened before it is sampled, so that small ones have no aliasing."""
SHADOW = 0.2  # the darkness of a shadow in its middle; chosen

PALE = (236, 232, 226)
SKY_AND_GROUND = {  # colours of the sky at the top and at the horizon, far hills, the ground at the horizon and below
    "day": ((150, 206, 250), (222, 242, 255), (158, 208, 150), (140, 206, 108), (104, 176, 84)),
    "night": ((20, 24, 66), (58, 66, 128), (40, 48, 98), (38, 66, 74), (24, 44, 54)),
    "sea": ((164, 216, 248), (228, 244, 252), (196, 226, 240), (70, 150, 206), (34, 98, 170)),
    "desert": ((150, 210, 244), (252, 238, 204), (240, 208, 144), (238, 200, 126), (218, 170, 96)),
    "sunset": ((120, 92, 168), (255, 176, 112), (166, 96, 132), (122, 78, 122), (80, 54, 96)),
    "snow": ((176, 200, 226), (228, 238, 248), (206, 220, 238), (246, 250, 255), (222, 232, 246)),
}
PAPERS = tuple(  # the plain backgrounds: colours paler than those of things, and white
    colour if name == "white" else tuple(0.68 * one + 0.32 * pale for one, pale in zip(colour, PALE, strict=True))
    for name, colour in PALETTE.items()
)


@functools.cache
def constant(values: tuple[object, ...], device: torch.device) -> torch.Tensor:
    """Return numbers as a tensor f32, which is on the device from the second call on."""
    return torch.tensor(values, device=device, dtype=torch.float32)


@dataclass(frozen=True)
class SceneArrays:
    """N scenes as tensors.

    Of the scenes: `background`, `hand`, `count` i64 [N], `chance` f32 [N, 6]. Of their things: `kind`, `colour` i64
    [N, MOST], `place` f32 [N, MOST, 3] (x, y, radius), `stands` bool [N, MOST].
    """

    background: torch.Tensor
    hand: torch.Tensor
    count: torch.Tensor
    chance: torch.Tensor
    kind: torch.Tensor
    colour: torch.Tensor
    place: torch.Tensor
    stands: torch.Tensor

    @classmethod
    def of(cls, scenes: Iterable[Scene]) -> "SceneArrays":
        scenes = list(scenes)
        things = [[*scene.things, *[None] * (MOST - len(scene.things))] for scene in scenes]

        def of_things(value: Callable[[Thing], object], empty: object, dtype: torch.dtype) -> torch.Tensor:
            return torch.tensor([[value(one) if one else empty for one in row] for row in things], dtype=dtype)

        return cls(
            torch.tensor([BACKGROUNDS.index(scene.background) for scene in scenes]),
            torch.tensor([list(HANDS).index(scene.hand) for scene in scenes]),
            torch.tensor([len(scene.things) for scene in scenes]),
            torch.tensor([scene.chance for scene in scenes]),
            of_things(lambda one: INDEX[one.kind], 0, torch.int64),
            of_things(lambda one: COLOUR_NAMES.index(one.colour), 0, torch.int64),
            of_things(lambda one: (one.x, one.y, one.radius), (0.0, 0.0, 1.0), torch.float32),
            of_things(lambda one: one.stands, False, torch.bool),
        )

    def __getitem__(self, rows: torch.Tensor) -> "SceneArrays":
        return SceneArrays(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))

    def __len__(self) -> int:
        return len(self.background)

    def to(self, device: str | torch.device) -> "SceneArrays":
        return SceneArrays(*(getattr(self, field.name).to(device) for field in dataclasses.fields(self)))


class Artist:
    """A painter of scenes, with its sprites.

    On a GPU, every sprite is prepared in every colour and softness. On a CPU, they are made when they are needed.
    """

    def __init__(self, device: str | torch.device = "cpu"):
        self.device = torch.device(device)
        self.sprites = torch.from_numpy(sprites.load()).to(self.device).permute(0, 1, 4, 2, 3)
        self._table: torch.Tensor | None = None
        self._slots = torch.full((len(KINDS), len(COLOUR_NAMES)), -1, device=self.device)
        if self.device.type == "cuda":
            self._fill()

    def paint(
        self, scenes: SceneArrays, width: int = 256, height: int = 256, window: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Paint scenes at `width` x `height` pixels; return pictures f32 [N, 3, H, W] in [-1, 1].

        With `window` [N, 2] (left, top in pixels), only that part of 128 x 128 pixels is painted.
        """
        y, x = _pixels(len(scenes), width, height, window, self.device)
        canvas = background(scenes, x / width, y / height, height)
        shorter = min(width, height)
        for slot in range(MOST):
            there = slot < scenes.count
            place = scenes.place[:, slot] * constant((width, height, shorter), self.device)
            centre_x, centre_y, radius = (side[:, None, None] for side in place.unbind(1))
            across, down = (x - centre_x) / radius, (y - centre_y) / radius
            shadow = (1 - (across / 0.85).square() - ((down - 0.97) / 0.13).square()).clamp(0, 1) * SHADOW
            canvas = canvas * (1 - shadow * (there & scenes.stands[:, slot])[:, None, None])[:, None]
            texture = self._textures(scenes, slot, shorter)
            sprite = F.grid_sample(texture, torch.stack((across, down), -1).to(texture.dtype), align_corners=False)
            sprite = sprite * there[:, None, None, None]
            canvas = canvas * (1 - sprite[:, 3:]) + sprite[:, :3]
        return canvas.float() * 2 - 1

    def picture(self, scene: Scene, width: int = 256, height: int = 256) -> Image.Image:
        """Paint one scene."""
        pixels = self.paint(SceneArrays.of([scene]).to(self.device), width, height)
        return Image.fromarray(as_pixels(pixels)[0])

    def _textures(self, scenes: SceneArrays, slot: int, shorter: int) -> torch.Tensor:
        """Return the sprites of one slot, [N, 4, SIZE, SIZE] in [0, 1], with colours multiplied by alpha."""
        size = 2 * scenes.place[:, slot, 2] * shorter
        level = (size < 182).long() + (size < 122).long()
        kind, colour = scenes.kind[:, slot], scenes.colour[:, slot]
        if self._table is not None:
            return self._table[self._slots[kind, colour], scenes.hand, level].half() / 255
        keys = torch.stack((kind, colour, scenes.hand, level), 1).tolist()
        return torch.stack([self._texture(*key) for key in keys])

    @functools.lru_cache(maxsize=2000)  # noqa: B019  # there is one artist in a process
    def _texture(self, kind: int, colour: int, hand: int, level: int) -> torch.Tensor:
        sprite = premultiplied(recoloured(self.sprites[kind, hand][None].float() / 255, colour))
        return softened(sprite, LEVELS[level])[0]

    def _fill(self) -> None:
        wanted = [
            (index, colour)
            for index, kind in enumerate(KINDS)
            for colour in range(len(COLOUR_NAMES))
            if colour == 0 or kind.coloured
        ]
        self._slots[tuple(torch.tensor(wanted).T)] = torch.arange(len(wanted), device=self.device)
        size = (len(wanted), len(HANDS), len(LEVELS), 4, sprites.SIZE, sprites.SIZE)
        self._table = torch.empty(size, dtype=torch.uint8, device=self.device)
        for slot, (kind, colour) in enumerate(wanted):
            sprite = premultiplied(recoloured(self.sprites[kind].float() / 255, colour))
            for level, side in enumerate(LEVELS):
                self._table[slot, :, level] = (softened(sprite, side) * 255).round().clamp(0, 255).byte()


def _pixels(
    count: int, width: int, height: int, window: torch.Tensor | None, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the coordinates y and x of the pixels' centres, f32 [N, H, W] each."""
    rows, columns = (height, width) if window is None else (128, 128)
    y, x = torch.meshgrid(
        torch.arange(rows, device=device) + 0.5, torch.arange(columns, device=device) + 0.5, indexing="ij"
    )
    if window is None:
        return y.expand(count, -1, -1), x.expand(count, -1, -1)
    return y + window[:, 1, None, None], x + window[:, 0, None, None]


def background(scenes: SceneArrays, x: torch.Tensor, y: torch.Tensor, height: int) -> torch.Tensor:
    """Return backgrounds f32 [N, 3, H, W] in [0, 1].

    `x` and `y` [N, H, W] are the pixels' places as fractions of a picture that is `height` pixels high.
    """
    device, chance = x.device, scenes.chance[:, :, None, None]
    colours = constant(tuple(SKY_AND_GROUND[place] for place in PLACES), device) / 255
    place = scenes.background.clamp(max=len(PLACES) - 1)
    top, low, far, near, bottom = (colours[place, layer, :, None, None] for layer in range(5))
    horizon = constant(tuple(HORIZON.values()), device)[place, None, None] + (chance[:, 0] - 0.5) * 0.06
    sea = (scenes.background == PLACES.index("sea")).float()[:, None, None]

    def below(level: torch.Tensor) -> torch.Tensor:  # 1 below a line and 0 above it, blended over one pixel
        return ((y - level) * height + 0.5).clamp(0, 1)[:, None]

    def wave(rate: torch.Tensor | float, phase: torch.Tensor) -> torch.Tensor:
        return torch.sin(2 * math.pi * (x * rate + phase))

    picture = top + (low - top) * (y / horizon).clamp(0, 1)[:, None]
    night = (scenes.background == PLACES.index("night"))[:, None, None]
    snow = (scenes.background == PLACES.index("snow"))[:, None, None]
    for number in range(10):  # stars or snowflakes, each in a column of its own
        across = (number + 0.2 + 0.6 * torch.frac(chance[:, 3] * 97 * (number + 1))) / 10
        down = torch.frac(chance[:, 4] * 61 * (number + 1) + 0.37 * number) * 0.62
        distance = ((x - across).square() + (y - down).square()).sqrt() * 256
        dot = (2.3 - distance + 0.5 * number % 1).clamp(0, 1) * (night | snow) * 0.9
        picture = picture + (1 - picture) * dot[:, None]
    far_level = horizon + sea - (1 - sea) * (0.05 + 0.035 * wave(0.8 + chance[:, 1], chance[:, 2]))
    picture = torch.lerp(picture, far.expand_as(picture), below(far_level))
    near_level = horizon + (1 - sea) * 0.02 * wave(0.5 + 0.6 * chance[:, 2], chance[:, 5])
    ground = near + (bottom - near) * ((y - horizon) / (1 - horizon)).clamp(0, 1)[:, None]
    for row in range(3):  # streaks of light on the water
        level = horizon + (0.1 + 0.12 * row) + 0.008 * wave(3.0 + row, chance[:, 1] + 0.3 * row)
        streak = (1.6 - ((y - level) * 256).abs()).clamp(0, 1) * (wave(1.4 + 0.3 * row, chance[:, 5] + 0.4 * row) > 0)
        ground = ground + (1 - ground) * (0.3 * streak * sea)[:, None]
    picture = torch.lerp(picture, ground, below(near_level))
    paint = (constant(PAPERS, device) / 255)[(scenes.background - len(PLACES)).clamp(min=0), :, None, None]
    return torch.where((scenes.background >= len(PLACES))[:, None, None, None], paint, picture)


def regions(scenes: SceneArrays, width: int = 256, height: int = 256) -> torch.Tensor:
    """Return bool [N, H, W], True in the squares around things. Sharpness is measured there, too."""
    y, x = _pixels(len(scenes), width, height, None, scenes.place.device)
    mask = torch.zeros_like(y, dtype=torch.bool)
    for slot in range(MOST):
        centre_x, centre_y, radius = (side[:, None, None] for side in scenes.place[:, slot].unbind(1))
        inside = torch.maximum((x - centre_x * width).abs(), (y - centre_y * height).abs()) < radius * min(
            width, height
        )
        mask |= inside & (slot < scenes.count)[:, None, None]
    return mask


def as_pixels(pictures: torch.Tensor) -> np.ndarray:
    """Return pictures f32 [N, 3, H, W] in [-1, 1] as uint8 [N, H, W, 3]."""
    return ((pictures + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
