"""Models under the names that OpenAI's clients know."""

import time
from collections.abc import Sequence
from typing import Any

from ...domain.parameters import Text
from ...domain.problems import Problem
from ...jobs.models import Models
from ..refused import Refused, refused

ALIASES = ("gpt-image-1", "dall-e-3")
"""Also listed, since some clients (n8n) offer no other names; both mean the first model."""
URL_NAMES = "dall-e"
"""Names that begin with this are answered with URLs, as OpenAI did: LibreChat reads nothing else of them."""
OWNER = "sana-openvino"
_STARTED = int(time.time())
_NAME = Text("model", "Model", "model", "", default="", maximum=500)


def model_list(models: Models) -> list[dict[str, Any]]:
    return [_record(name) for name in (*models.names, *ALIASES)]


def model_record(models: Models, name: str) -> dict[str, Any]:
    """Return one entry of the list; raise Refused if there is none."""
    if name not in (*models.names, *ALIASES):
        raise _not_found(models, name)
    return _record(name)


def find_model(models: Models, name: object, is_strict: bool) -> tuple[str, Sequence[str]]:
    """Return the name of the model that answers to a name, and the names of ignored fields.

    Raises:
        Refused: the name is no text, or, if `is_strict`, not that of a model here.
    """
    first = models.names[0]
    if name is None or name in ALIASES:
        return first, ()
    if problem := _NAME.problem(name):
        raise refused(problem, "model")
    if models.problem(name) is None:
        return models.find(name), ()
    if is_strict:
        raise _not_found(models, name)
    return first, ("model",)


def _record(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _STARTED, "owned_by": OWNER}


def _not_found(models: Models, name: object) -> Refused:
    problem = models.problem(name) or Problem("failed", {})
    return Refused(404, problem.sentence, "model", "model_not_found")
