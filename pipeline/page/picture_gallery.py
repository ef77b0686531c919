"""The pictures that the page shows, and the gallery of `/generate`: finished ones as files, a preview as a data URL.

Preview files would pile up by the hundreds. A file deleted for the next preview would be missing for a browser that is
just fetching it.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.components.gallery import GalleryData, GalleryImage
from gradio.data_classes import ImageData
from PIL import Image

from ..domain.errors import SanaError
from ..domain.problems import Problem
from .given_files import path_of
from .words import English


def gallery(pictures: Sequence[Path], preview: str | None) -> list[dict[str, Any]]:
    """Return the value of `/generate`'s gallery, for events without postprocessing: `gr.Gallery` accepts only files.

    `preview` is a data URL from `preview_address`, or None.
    """
    files = [GalleryImage(image=_file(path)) for path in pictures]
    last = [GalleryImage(image=ImageData(url=preview, mime_type="image/webp"))] if preview else []
    value: list[dict[str, Any]] = GalleryData(root=[*files, *last]).model_dump()
    return value


@dataclass(frozen=True)
class Arrangement:
    """How the pictures of a grid are shown: in so many columns (0: as many as fit), each with a label."""

    columns: int = 0
    labels: Sequence[str] = ()


def stage(
    pictures: Sequence[Path],
    preview: str | None = None,
    *,
    is_new: bool = True,
    earlier: Sequence[Path] = (),
    arrangement: Arrangement = Arrangement(),
) -> dict[str, Any]:
    """Return the value of the page's pictures, which browser/stage.js shows.

    The browser keeps those that are new, and `earlier` ones of other requests, whose last update Gradio may have
    dropped. It adds "selected", the place of the picture that the visitor has chosen.
    """
    shown, before = ([_file(path).model_dump() for path in paths] for paths in (pictures, earlier))
    labels = dict(zip(map(str, pictures), arrangement.labels, strict=False))  # the last ones are not drawn yet
    grid = {"columns": arrangement.columns, "labels": labels}
    return {"pictures": shown, "preview": preview, "is_new": is_new, "earlier": before, **grid}


def has_picture(value: Any) -> bool:
    """Return True if the page shows a picture, finished or not; raise SanaError for a value of another kind."""
    pictures, preview, _ = _parts(value)
    return bool(pictures or preview)


def selected_picture(value: Any, words: English) -> Path:
    """Return the path of the chosen picture, of the newest if none was chosen.

    Raises:
        SanaError: there is none, it is unfinished, its file is gone, or the value is of another kind.
    """
    pictures, preview, selected = _parts(value)
    if not pictures and not preview:
        raise SanaError(words.no_picture)
    places = len(pictures) + bool(preview)
    place = places - 1 if selected is None else min(selected, places - 1)
    if place == len(pictures):
        raise SanaError(words.unfinished)
    path = path_of(pictures[place])
    if path is None or not path.is_file():
        raise SanaError(words.picture_gone)
    return path


def preview_address(preview: Image.Image) -> str:
    """Return a preview as a data URL; in WebP, since a saved PNG would look like a finished picture."""
    return _address(preview, "WEBP")


def png_address(picture: Image.Image) -> str:
    """Return a picture, such as a mask, as a data URL of a PNG."""
    return _address(picture, "PNG")


def _address(picture: Image.Image, kind: str) -> str:
    content = io.BytesIO()
    picture.save(content, format=kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content.getvalue()).decode()}"


def _file(path: Path) -> ImageData:
    return ImageData(path=str(path), orig_name=path.name, mime_type="image/png")


def _parts(value: Any) -> tuple[list[Any], Any, int | None]:
    """Return pictures, preview and selected place in a value as the browser sends it."""
    if not value:  # nothing was drawn yet
        return [], None, None
    pictures = value.get("pictures") if isinstance(value, dict) else None
    selected = value.get("selected") if isinstance(value, dict) else None
    is_place = isinstance(selected, int) and not isinstance(selected, bool) and selected >= 0
    if not isinstance(pictures, list) or not (selected is None or is_place):
        raise SanaError(Problem("event kind", {}))
    return pictures, value.get("preview"), selected
