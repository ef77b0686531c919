"""The shapes that a model offers: its trained sizes, or sizes with about as many pixels as its default."""

from .model import ModelDescription
from .settings import HEIGHT, SIZE_MULTIPLE, WIDTH

SAME_RATIO = 0.03  # chosen: sides in multiples of 32 pixels come as near, and the offered ratios are further apart
RATIOS = {"Square": 1.0, "Landscape": 4 / 3, "Wide": 16 / 9, "Portrait": 3 / 4, "Tall": 9 / 16}

# Aspect-ratio bins of models with a native side of 1024 pixels, from diffusers' ASPECT_RATIO_1024_BIN. Those of 512,
# 2048 and 4096 are in proportion. Copied here because diffusers takes seconds to import.
TRAINED_SIDES = (512, 1024, 2048, 4096)
TRAINED = {
    "Square": (1024, 1024),
    "Landscape": (1152, 896),
    "Wide": (1344, 768),
    "Portrait": (896, 1152),
    "Tall": (768, 1344),
}


def has_bins(native_size: int) -> bool:
    """Return True if models of this native side, in pixels, were trained on aspect-ratio bins."""
    return native_size in TRAINED_SIDES


def shapes(model: ModelDescription) -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of each shape that a model offers, by name."""
    native = model.native_size
    if has_bins(native):
        sizes = {name: (w * native // 1024, h * native // 1024) for name, (w, h) in TRAINED.items()}
        return {name: size for name, size in sizes.items() if max(size) <= model.max_size}
    return {name: size_of_ratio(model, ratio) for name, ratio in RATIOS.items()}


def size_of_ratio(model: ModelDescription, ratio: float) -> tuple[int, int]:
    """Return width and height in pixels of about this ratio, with about as many pixels as the model's default size."""
    side = (model.default(WIDTH) * model.default(HEIGHT)) ** 0.5

    def allowed(length: float) -> int:
        multiple = round(length / SIZE_MULTIPLE) * SIZE_MULTIPLE
        return min(max(multiple, model.min_size), model.max_size)

    return allowed(side * ratio**0.5), allowed(side / ratio**0.5)


def shape_of(width: object, height: object, model: ModelDescription) -> str | None:
    """Return the name of the shape whose sides have about the ratio of this size, or None."""
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return None
    offered = shapes(model).items()
    names = [name for name, (w, h) in offered if abs(width / height / (w / h) - 1) < SAME_RATIO]
    return names[0] if names else None
