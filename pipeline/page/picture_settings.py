"""What the page takes from pictures that exist: their settings, and the model that made them."""

from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.settings import GenerationSettings
from ..generation.metadata import read_metadata, read_settings
from ..jobs.models import Models
from .controls import values_of
from .words import English


def settings_of(path: Path, model: ModelDescription) -> GenerationSettings:
    """Return the settings that make a picture again with this model; raise SanaError if it does not take them."""
    settings = read_settings(path)
    model.check(settings)
    return settings


def refill(path: Path, models: Models, current: str, words: English) -> tuple[dict[str, Any], str]:
    """Return the values of the controls that make a picture again, its model included, and a line about them.

    Raises:
        SanaError: no settings of ours are in the file, or its model does not take them.
    """
    name = find_model(path, models, current)
    model = models.describe(name or current)
    settings = settings_of(path, model)
    if name is None:
        made_by = _made_by(path)
        line = words.other_model(made_by.get("source"), made_by.get("compression"))
    elif settings.batch_index is not None:
        line = words.drawn_together(settings.batch_index, settings.num_images_per_prompt)
    else:
        line = words.filled
    return {**values_of(settings, model), "model": name or current}, line


def find_model(path: Path, models: Models, current: str) -> str | None:
    """Return the model of the menu that made a picture, the current one if it did; None if none of them did."""
    made_by = _made_by(path)
    wanted = tuple(made_by.get(key) for key in ("source", "revision", "compression"))
    for name in [current, *models.names]:
        model = models.describe(name)
        # the bundled model has no revision until it is precompiled
        if wanted in ((model.source, model.revision, model.compression),) or (
            model.is_miniature and wanted[::2] == (model.source, model.compression)
        ):
            return name
    return None


def picture_at(pictures: list[tuple[str, str | None]] | None, index: int | None, finished: int, words: English) -> Path:
    """Return the picture of the gallery that is selected; raise SanaError if there is none with settings."""
    if not pictures:
        raise SanaError(words.no_picture)
    place = min(index or 0, len(pictures) - 1)
    if place >= finished:
        raise SanaError(words.unfinished)
    path = Path(pictures[place][0])
    if not path.is_file():
        raise SanaError(words.picture_gone)
    return path


def _made_by(path: Path) -> dict[str, Any]:
    record = read_metadata(path).get("model")
    return record if isinstance(record, dict) else {}
