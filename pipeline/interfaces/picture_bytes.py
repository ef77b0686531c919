"""Pictures as the bytes of files."""

import base64
import io

from PIL import Image

from ..generation.metadata import write_png

FORMATS = ("png", "jpeg", "webp")
QUALITY = 95  # of 100, for JPEG and WebP; chosen: no artefacts to be seen


def encode(image: Image.Image, name: str) -> bytes:
    """Return a file in one of FORMATS. A PNG holds the settings, and is the file that the page writes."""
    content = io.BytesIO()
    if name == "png":
        write_png(image, content)
    else:
        image.save(content, format=name.upper(), quality=QUALITY)
    return content.getvalue()


def encode_text(image: Image.Image, name: str) -> str:
    """Return such a file in base64."""
    return base64.b64encode(encode(image, name)).decode()
