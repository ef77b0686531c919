"""The finished pictures of a job as files, at paths that only their visitor knows."""

import os
import secrets
from pathlib import Path

from PIL import Image

from ..domain.settings import GenerationSettings
from ..generation.metadata import write_png


class PictureFiles:
    """The files of a job, in a folder of its own inside of the visitor's `folder`.

    Gradio serves the files from there, and deletes them when they are old.
    """

    def __init__(self, folder: Path, settings: GenerationSettings) -> None:
        self.finished: list[Path] = []
        self._folder = folder / secrets.token_hex(8)
        self._settings = settings

    def write(self, picture: Image.Image, index: int) -> None:
        """Write picture `index`, counted from 0, whole or, raising OSError, not at all."""
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
