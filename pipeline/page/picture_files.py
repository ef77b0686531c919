"""The finished pictures of one job, as files that the page serves and that nobody but their visitor can name."""

import os
import secrets
from pathlib import Path

from PIL import Image

from ..domain.settings import GenerationSettings
from ..generation.metadata import write_png


class PictureFiles:
    """Writes each picture once, and whole. Gradio serves the files from here, and deletes them when they are old.

    `folder` is the visitor's own; each job has one in it.
    """

    def __init__(self, folder: Path, settings: GenerationSettings) -> None:
        self.finished: list[Path] = []
        self._folder = folder / secrets.token_hex(8)
        self._settings = settings

    def write(self, picture: Image.Image, index: int) -> None:
        """Write picture `index`, counted from 0; raise OSError where it cannot be written, and leave nothing then."""
        seed = self._settings.of_picture(index).seed
        path = self._folder / f"sana-{seed}.png"
        partial = path.with_suffix(".partial")
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            write_png(picture, partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        self.finished.append(path)
