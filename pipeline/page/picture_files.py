"""The finished pictures of a job as files, at paths that only their visitor knows."""

import errno
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from ..domain.errors import SanaError
from ..domain.file_names import prompt_words
from ..domain.problems import Problem
from ..domain.settings import GenerationSettings
from ..generation.metadata import write_png

_LOG = logging.getLogger(__name__)


class PictureFiles:
    """The files of a request, in a folder of its own inside of the visitor's `folder`.

    `key` names the folder, so that a picture has the same place in it whenever it is written again.
    Gradio serves the files from there, and deletes them when they are old.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.finished: list[Path] = []
        self._folder = folder / key

    def write(self, picture: Image.Image, name: str) -> None:
        """Write a picture, whole or, raising SanaError, not at all. The second one of a name gets a number."""
        path, number = self._folder / f"{name}.png", 1
        while path in self.finished:
            number += 1
            path = self._folder / f"{name}-{number}.png"
        self.finished.append(_write(picture, path))


def file_name(settings: GenerationSettings) -> str:
    """Return the name of a picture: "sana-a-red-house-7" for "a red house", of which seed 7 has drawn it.

    It has the first words of the prompt, of any script, and the seed of a variation.
    """
    seeds = [str(settings.seed), str(settings.variation_seed) if settings.variation_strength else ""]
    return _joined(settings.prompt, *seeds)


def sheet_name(settings: GenerationSettings) -> str:
    """Return the name of the sheet of a grid, from the settings of its first cell."""
    return _joined(settings.prompt, "grid")


def _joined(prompt: str, *more: str) -> str:
    return "-".join(part for part in ("sana", prompt_words(prompt), *more) if part)


def write_given(picture: Image.Image, folder: Path) -> Path:
    """Write a picture that the page gives for a visitor, likewise, and return its path."""
    return _write(picture, folder / secrets.token_hex(8) / "extended.png")


def _write(picture: Image.Image, path: Path) -> Path:
    partial = path.with_suffix(".partial")
    with _in_a_sentence():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_png(picture, partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """Raise SanaError in place of OSError."""
    try:
        yield
    except OSError as error:
        _LOG.warning("A picture could not be written: %s", error.strerror)
        code = "disk full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "not written"
        raise SanaError(Problem(code, {})) from error
