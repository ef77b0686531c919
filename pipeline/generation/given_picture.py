"""The picture and the mask that a generation starts from: their reading, their check and their resizing."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from ..domain.errors import SettingsError
from ..domain.limits import MAX_GIVEN_PIXELS
from ..domain.picture_parameters import IMAGE, MASK_IMAGE
from ..domain.problems import Problem
from ..domain.settings import GenerationSettings

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # JPEG includes MPO, which some cameras name .jpg
_WHITE = 128  # of 255: the least brightness of a mask that counts as white, as in diffusers' `VaeImageProcessor`


@dataclass(frozen=True, eq=False)
class GivenPicture:
    """A picture to start from: `pixels` u8 [H, W, 3], and a `mask` u8 [H, W] or None.

    White parts of the mask are drawn anew. The hashes are of the pixels.
    """

    pixels: np.ndarray
    mask: np.ndarray | None
    image_sha256: str
    mask_sha256: str | None

    @classmethod
    def of(cls, image: Image.Image, mask_image: Image.Image | None = None) -> "GivenPicture":
        """Take PIL images in any mode and orientation. Of an animation, take the first frame.

        Raises:
            SettingsError: an image cannot be read or is too large, or the mask has another size than the picture.
        """
        pixels = _rgb(image, IMAGE.noun)
        if mask_image is None:
            return cls(pixels, None, _sha256(pixels), None)
        mask_pixels = _rgb(mask_image, MASK_IMAGE.noun)
        if mask_pixels.shape != pixels.shape:
            facts = {"mask": _size_of(mask_pixels), "picture": _size_of(pixels)}
            raise SettingsError(Problem("mask size", facts))
        mask = np.asarray(Image.fromarray(mask_pixels).convert("L"))
        return cls(pixels, mask, _sha256(pixels), _sha256(mask_pixels))

    @classmethod
    def open(cls, image: Path | BinaryIO, mask_image: Path | BinaryIO | None = None) -> "GivenPicture":
        """Read picture files.

        Raises:
            SettingsError: as `of`, or a file is of no format in FORMATS.
        """
        mask = None if mask_image is None else open_picture(mask_image, MASK_IMAGE.noun)
        return cls.of(open_picture(image, IMAGE.noun), mask)

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def resized(self, width: int, height: int) -> np.ndarray:
        """Return the pixels stretched to u8 [height, width, 3], as by diffusers' `VaeImageProcessor`."""
        if self.size == (width, height):
            return self.pixels
        return np.asarray(Image.fromarray(self.pixels).resize((width, height), Image.Resampling.LANCZOS))

    def marked(self, width: int, height: int, inverted: bool) -> np.ndarray:
        """Return bool [height, width], True for pixels that the mask marks to be drawn anew.

        Raises:
            SettingsError: the mask marks no pixel.
        """
        assert self.mask is not None
        mask = self.mask
        if self.size != (width, height):
            mask = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR))
        marked: np.ndarray = (mask >= _WHITE) != inverted
        if not marked.any():
            raise SettingsError(Problem("empty mask", {"colour": "black" if inverted else "white"}))
        return marked


def check_given(settings: GenerationSettings, given: GivenPicture | None) -> None:
    """Raise SettingsError if picture and mask are not those that the settings name, or the mask marks no pixel."""
    names = settings.image_sha256, settings.mask_sha256
    if names != ((given.image_sha256, given.mask_sha256) if given else (None, None)):
        raise SettingsError(Problem("picture needed", {"sha256": settings.image_sha256}))
    if given and given.mask is not None:
        given.marked(*given.size, settings.mask_invert)


def transparent_part(file: BinaryIO) -> BinaryIO:
    """Return a mask file that is white where the picture in a file is transparent, as other programs mark it.

    Raises:
        SettingsError: the file cannot be read, or nothing in it is transparent.
    """
    image = open_picture(file, MASK_IMAGE.noun)
    try:
        alpha = ImageOps.exif_transpose(image).convert("RGBA").getchannel("A")
    except Exception as error:  # as in `open_picture`
        raise SettingsError(Problem("no picture", {"noun": MASK_IMAGE.noun})) from error
    mask = ImageOps.invert(alpha)
    if mask.getextrema()[1] < _WHITE:  # type: ignore[operator]  # a mask has one channel
        raise SettingsError(Problem("opaque mask", {}))
    content = io.BytesIO()
    mask.save(content, format="PNG", compress_level=1)
    return content


def open_picture(file: Path | BinaryIO, noun: str) -> Image.Image:
    """Open a picture file; raise SettingsError if it is none or has too many pixels."""
    try:
        image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise SettingsError(Problem("too many pixels", {"noun": noun, "maximum": MAX_GIVEN_PIXELS // 10**6})) from error
    except Exception as error:  # PIL's decoders raise many kinds of errors for a damaged file
        raise SettingsError(Problem("no picture", {"noun": noun})) from error
    _check_size(image, noun)
    return image


def _rgb(image: Image.Image, noun: str) -> np.ndarray:
    """Return pixels u8 [H, W, 3], upright; raise SettingsError if the image is too large or damaged."""
    _check_size(image, noun)
    try:
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):  # PIL would turn all but the darkest 256 of the 65,536 greys into white
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        return np.ascontiguousarray(np.asarray(upright.convert("RGB")))
    except Exception as error:  # as in `open_picture`
        raise SettingsError(Problem("no picture", {"noun": noun})) from error


def _check_size(image: Image.Image, noun: str) -> None:
    """Raise SettingsError for too many pixels, before any of them is decoded."""
    if image.width * image.height > MAX_GIVEN_PIXELS:
        raise SettingsError(Problem("too many pixels", {"noun": noun, "maximum": MAX_GIVEN_PIXELS // 10**6}))


def _sha256(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def _size_of(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
