"""What the gallery shows: finished pictures are files, the preview of an unfinished one comes with the update itself.

As files, hundreds of previews would pile up; and one that is gone when the next is there would be missed by whoever is
just fetching it.
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradio.components.gallery import GalleryData, GalleryImage
from gradio.data_classes import ImageData
from PIL import Image

from .payload import PREVIEW


def gallery(pictures: Sequence[Path], preview: str | None) -> list[dict[str, Any]]:
    """Return the gallery's value, for events that Gradio does not postprocess: `gr.Gallery` takes files only.

    `preview` is an address that `preview_address` returned.
    """
    files = [ImageData(path=str(path), orig_name=path.name, mime_type="image/png") for path in pictures]
    last = [ImageData(url=preview, mime_type="image/webp")] if preview else []
    return GalleryData(root=[GalleryImage(image=each) for each in (*files, *last)]).model_dump()  # type: ignore[return-value]


def preview_address(preview: Image.Image) -> str:
    """Return a preview as an address that holds it; WebP, since a PNG would look like a finished picture once saved."""
    content = io.BytesIO()
    preview.save(content, format="WEBP")
    return PREVIEW + base64.b64encode(content.getvalue()).decode()
