"""The settings and the model of an existing picture, for the page to fill in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.settings import GenerationSettings
from ..generation.metadata import read_metadata, settings_of
from ..jobs.models import Models
from .controls import values_of
from .words import English


@dataclass(frozen=True)
class PictureRecord:
    """The record in a picture: its settings, and "source", "revision" and "compression" of its model."""

    settings: GenerationSettings
    made_by: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> "PictureRecord":
        """Read the record of a PNG; raise SanaError if there is none of this program."""
        record = read_metadata(path)
        model = record.get("model")
        facts = model.items() if isinstance(model, dict) else ()
        return cls(settings_of(record, path.name), {key: fact for key, fact in facts if isinstance(fact, str)})


class Refilled(NamedTuple):
    """The values of the controls that reproduce a picture, a line for the visitor, and the picture's settings."""

    values: dict[str, Any]
    line: str
    settings: GenerationSettings


def refill(path: Path, models: Models, current: str, words: English) -> Refilled:
    """Return what reproduces a picture, including its model.

    Raises:
        SanaError: the file holds no settings of this program, or the model refuses them.
    """
    picture = PictureRecord.read(path)
    settings, made_by = picture.settings, picture.made_by
    name = find_model(made_by, models, current)
    model = models.describe(name or current)
    model.check(settings)
    if name is None:
        line = words.other_model(made_by.get("source"), made_by.get("compression"))
    elif settings.batch_index is not None:
        line = words.drawn_together(settings.batch_index, settings.num_images_per_prompt)
    else:
        line = words.filled
    return Refilled({**values_of(settings, model), "model": name or current}, line, settings)


def chosen_model(name: object, models: Models) -> str:
    """Return the model that the page's menu names; raise SanaError for one that it does not offer."""
    if models.problem(name):
        raise SanaError(Problem("event kind", {}))
    return models.find(name)


def find_model(made_by: Mapping[str, str], models: Models, current: str) -> str | None:
    """Return the name of the menu's model that made a picture, preferably the current one; None if there is none."""
    wanted = tuple(made_by.get(key) for key in ("source", "revision", "compression"))
    for name in [current, *models.names]:
        model = models.describe(name)
        # The bundled model has no revision until it is precompiled.
        if wanted in ((model.source, model.revision, model.compression),) or (
            model.is_miniature and wanted[::2] == (model.source, model.compression)
        ):
            return name
    return None
