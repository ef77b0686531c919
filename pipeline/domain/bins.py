"""Aspect-ratio bins: the sizes that models with a native side of 512, 1024, 2048 or 4096 pixels were trained on.

They are those of diffusers (`ASPECT_RATIO_512_BIN` and its like), written here because it takes seconds to import them.
"""

NATIVE_SIDES = (512, 1024, 2048, 4096)

# Height / width, as diffusers rounds it, and both sides in 32nds of the native side.
_BINS = {
    0.25: (16, 64), 0.28: (16, 58), 0.32: (18, 56), 0.33: (18, 54), 0.35: (18, 52), 0.4: (20, 50), 0.42: (20, 48),
    0.48: (22, 46), 0.5: (22, 44), 0.52: (22, 42), 0.57: (24, 42), 0.6: (24, 40), 0.68: (26, 38), 0.72: (26, 36),
    0.78: (28, 36), 0.82: (28, 34), 0.88: (30, 34), 0.94: (30, 32), 1.0: (32, 32), 1.07: (32, 30), 1.13: (34, 30),
    1.21: (34, 28), 1.29: (36, 28), 1.38: (36, 26), 1.46: (38, 26), 1.67: (40, 24), 1.75: (42, 24), 2.0: (44, 22),
    2.09: (46, 22), 2.4: (48, 20), 2.5: (50, 20), 3.0: (54, 18), 4.0: (64, 16),
}  # fmt: skip
# Models of 2048 and 4096 pixels have these as well.
_LARGE_BINS = {
    **_BINS,
    0.26: (16, 62), 0.27: (16, 60), 2.89: (52, 18), 3.11: (56, 18), 3.62: (58, 16), 3.75: (60, 16), 3.88: (62, 16),
}  # fmt: skip
_PARTS = 32


def has_bins(native_size: int) -> bool:
    """Return True if models of this native side, in pixels, were trained on aspect-ratio bins."""
    return native_size in NATIVE_SIDES


def nearest_bin(width: int, height: int, native_size: int) -> tuple[int, int]:
    """Return width and height in pixels of the bin whose aspect ratio is nearest to that of a size."""
    bins = _BINS if native_size <= 1024 else _LARGE_BINS
    # Of two that are as near, diffusers takes the flatter one.
    return bin_size(min(sorted(bins), key=lambda ratio: abs(ratio - height / width)), native_size)


def bin_size(ratio: float, native_size: int) -> tuple[int, int]:
    """Return width and height in pixels of the bin with this height / width, as diffusers rounds it."""
    rows, columns = _LARGE_BINS[ratio]
    return columns * native_size // _PARTS, rows * native_size // _PARTS
