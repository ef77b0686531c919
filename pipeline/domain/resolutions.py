"""The sizes that a model draws at: its trained sizes, or sizes with about as many pixels as its default."""

from .bins import bin_size, has_bins, nearest_bin
from .model import ModelDescription
from .size_parameters import HEIGHT, SIZE_MULTIPLE, WIDTH

SAME_RATIO = 0.03  # chosen: sides in multiples of 32 pixels come as near, and the offered ratios are further apart
RATIOS = {"Square": 1.0, "Landscape": 4 / 3, "Wide": 16 / 9, "Portrait": 3 / 4, "Tall": 9 / 16}
SHAPE_BINS = {"Square": 1.0, "Landscape": 0.78, "Wide": 0.57, "Portrait": 1.29, "Tall": 1.75}  # height / width


def shapes(model: ModelDescription) -> dict[str, tuple[int, int]]:
    """Return width and height in pixels of each shape that a model offers, by name."""
    native = model.native_size
    if has_bins(native):
        sizes = {name: bin_size(ratio, native) for name, ratio in SHAPE_BINS.items()}
        return {name: size for name, size in sizes.items() if max(size) <= model.max_size}
    return {name: size_of_ratio(model, ratio) for name, ratio in RATIOS.items()}


def generation_size(width: int, height: int, native_size: int) -> tuple[int, int]:
    """Return the width and height in pixels to generate at. Without bins for the native size, keep the size."""
    return nearest_bin(width, height, native_size) if has_bins(native_size) else (width, height)


def drawn_size(model: ModelDescription, width: int, height: int, enlarge: bool) -> tuple[int, int]:
    """Return the width and height in pixels at which a model draws a given picture unless told otherwise."""
    if enlarge:
        return _double(width), _double(height)
    return nearest_size(model, width, height)


def nearest_size(model: ModelDescription, width: int, height: int) -> tuple[int, int]:
    """Return the width and height in pixels at which a model draws pictures with this aspect ratio."""
    if has_bins(model.native_size):
        return nearest_bin(width, height, model.native_size)
    return size_of_ratio(model, width / height)


def size_of_ratio(model: ModelDescription, ratio: float) -> tuple[int, int]:
    """Return width and height in pixels of about this ratio, with about as many pixels as the model's default size."""
    side = (model.default(WIDTH) * model.default(HEIGHT)) ** 0.5

    def allowed(length: float) -> int:
        multiple = round(length / SIZE_MULTIPLE) * SIZE_MULTIPLE
        return min(max(multiple, model.min_size), model.max_size)

    return allowed(side * ratio**0.5), allowed(side / ratio**0.5)


def _double(side: int) -> int:
    return max(round(2 * side / SIZE_MULTIPLE), 1) * SIZE_MULTIPLE


def shape_of(width: object, height: object, model: ModelDescription) -> str | None:
    """Return the name of the shape whose sides have about the ratio of this size, or None."""
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return None
    offered = shapes(model).items()
    names = [name for name, (w, h) in offered if abs(width / height / (w / h) - 1) < SAME_RATIO]
    return names[0] if names else None
