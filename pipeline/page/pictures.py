"""What the page does with pictures that exist: gives their settings back, and lays two over each other."""

from pathlib import Path
from typing import Any

from ..errors import SanaError, SettingsError
from ..image import read_metadata, read_settings
from ..settings import check_draft, check_negative_prompt, check_size
from .controls import values_of
from .description import Description
from .models import Models

FILLED = "The settings of this picture are filled in: Generate makes it again."
UNFINISHED = "An unfinished picture holds no settings: let one finish, or take it from the history."


def settings_of(path: Path, model: Description) -> dict[str, Any]:
    """The values of the controls that make a picture again with this model; raises SanaError where it cannot."""
    settings = read_settings(path)
    check_negative_prompt(settings.negative_prompt, model.family)
    check_draft(settings.draft_decode, model.has_draft)
    for name in ("width", "height"):
        check_size(name, getattr(settings, name), model.defaults.min_size, model.defaults.max_size)
    return values_of(settings, model.family)


def model_of(path: Path, models: Models, current: str) -> tuple[str, str]:
    """The model of the menu that made a picture, and a remark; the current one and why, where it is not there."""
    record = read_metadata(path).get("model")
    made_by = record if isinstance(record, dict) else {}
    wanted = tuple(made_by.get(key) for key in ("source", "revision", "compression"))
    for name in [current, *models.names]:
        model = models.describe(name)
        # the bundled model has no revision until it is precompiled
        if wanted in ((model.source, model.revision, model.compression),) or (
            model.is_miniature and wanted[::2] == (model.source, model.compression)
        ):
            return name, FILLED
    other = f"{str(wanted[0])[:80]} ({str(wanted[2])[:40]})"
    return current, f"The settings are filled in, but {other} made this picture: another model draws another one."


def shown(pictures: list[tuple[str, str | None]] | None, index: int | None) -> Path:
    """The picture of the gallery that is selected; raises SanaError where there is none with settings."""
    if not pictures:
        raise SettingsError("There is no picture yet: describe one and press Generate.")
    path = Path(pictures[min(index or 0, len(pictures) - 1)][0])
    if not path.is_file():
        raise SanaError("This picture is gone from the server: take it from the history.")
    if path.suffix != ".png":  # previews are not PNG
        raise SettingsError(UNFINISHED)
    return path
