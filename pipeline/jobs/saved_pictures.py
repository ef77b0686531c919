"""A folder that gets a copy of each finished picture."""

import io
import logging
import time
from pathlib import Path

from PIL import Image

from ..domain.errors import SanaError
from ..domain.file_names import prompt_words
from ..domain.settings import GenerationSettings
from ..model_folder.whole_files import write_whole

_LOG = logging.getLogger(__name__)


class SavedPictures:
    """A folder of finished pictures, named by time, prompt and seed; a second one of a name gets a number."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is missing; raise SanaError if nothing can be written there."""
        probe = folder / ".sana-can-write"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(probe, b"")
            probe.unlink()
        except OSError as error:
            raise SanaError(f"Pictures cannot be saved in {folder} ({error.strerror}).") from error
        self._folder = folder

    def save(self, picture: Image.Image, settings: GenerationSettings) -> None:
        """Write a picture as PNG with its record. An error is logged and never raised: the picture is still shown."""
        from ..generation.metadata import write_png

        content = io.BytesIO()
        write_png(picture, content)
        try:
            write_whole(self._free_path(settings), content.getvalue())
        except OSError as error:
            _LOG.error("A picture could not be saved in %s: %s", self._folder, error.strerror)

    def _free_path(self, settings: GenerationSettings) -> Path:
        parts = [time.strftime("%Y-%m-%d-%H%M%S"), prompt_words(settings.prompt), str(settings.seed)]
        name, number = "-".join(part for part in parts if part), 1
        path = self._folder / f"{name}.png"
        while path.exists():
            number += 1
            path = self._folder / f"{name}-{number}.png"
        return path
