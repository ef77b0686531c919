"""The pictures among the values of an event: Gradio's records of files, as paths for the service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, PICTURE_PARAMETERS
from ..domain.problems import Problem
from ..domain.settings import OF_MODEL


def of_endpoint(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `/generate` for the service: None of OF_MODEL is left out, and files are paths."""
    optional = {each.name for each in OF_MODEL}
    given = {name: value for name, value in values.items() if value is not None or name not in optional}
    return with_paths(given)


def with_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with paths in place of file records, which `check_payload` has checked; raise SanaError."""
    return {**values, **{each.name: path_of(values.get(each.name)) for each in (IMAGE, MASK_IMAGE)}}


def of_page(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same for the page, whose controls for a picture are hidden, and do not count, while there is none."""
    if values.get(IMAGE.name) is None:
        hidden = {each.name for each in PICTURE_PARAMETERS}
        return {name: value for name, value in values.items() if name not in hidden}
    return with_paths(values)


def path_of(record: object) -> Path | None:
    """Return the path in a file record, or None for none; raise SanaError for anything else."""
    if record is None:
        return None
    path = record.get("path") if isinstance(record, dict) else None
    if not isinstance(path, str):
        raise SanaError(Problem("event kind", {}))
    return Path(path)
