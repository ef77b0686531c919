"""The value of the gallery: finished pictures as files, the preview of an unfinished one as a data URL.

Preview files would pile up by the hundreds. A file deleted for the next preview would be missing for a browser that is
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

from ..domain.errors import SanaError
from ..domain.problems import Problem
from .payload import PREVIEW


def gallery(pictures: Sequence[Path], preview: str | None) -> list[dict[str, Any]]:
    """Return the gallery's value for events without postprocessing, since `gr.Gallery` accepts only files.

    `preview` is a data URL from `preview_address`, or None.
    """
    files = [ImageData(path=str(path), orig_name=path.name, mime_type="image/png") for path in pictures]
    last = [ImageData(url=preview, mime_type="image/webp")] if preview else []
    value: list[dict[str, Any]] = GalleryData(root=[GalleryImage(image=each) for each in (*files, *last)]).model_dump()
    return value


def paths_of(value: Any, finished: object) -> list[str]:
    """Return the paths in the gallery's value as an event without preprocessing gets it; "" for an unfinished picture.

    Raises:
        SanaError: `finished`, the number of finished pictures, is none.
    """
    if isinstance(finished, bool) or not isinstance(finished, int | float | None):
        raise SanaError(Problem("event kind", {}))
    paths = [(each.get("image") or {}).get("path") or "" for each in value or []]
    return [path if place < (finished or 0) else "" for place, path in enumerate(paths)]


def preview_address(preview: Image.Image) -> str:
    """Return a preview as a data URL; in WebP, since a saved PNG would look like a finished picture."""
    content = io.BytesIO()
    preview.save(content, format="WEBP")
    return PREVIEW + base64.b64encode(content.getvalue()).decode()
