"""The event of "Copy link", which like its neighbours is about the chosen picture."""

from typing import Any

from ..domain.errors import SanaError
from ..domain.settings import MODEL
from ..jobs.service import GenerationService
from .controls import Controls
from .link import LINKED, write_link
from .picture_gallery import has_picture, selected_picture
from .picture_settings import chosen_model, refill
from .queueing import QUIET
from .status import said
from .words import English

COPY = "(query) => { if (query) window.sana.copyLink(query); }"


def connect_link(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models = service.models
    names = [parameter.name for parameter in LINKED]

    def link(pictures: Any, *fields: Any) -> dict[Any, Any]:
        """Write the link to what made the chosen picture; to the fields while there is no picture."""
        values = dict(zip(names, fields, strict=True))
        try:
            if not has_picture(pictures):
                return {parts.query: write_link(values), parts.status: said(words.linked)}
            menu = chosen_model(values[MODEL.name], models)
            found = refill(selected_picture(pictures, words), models, menu, words)
        except SanaError as error:
            return {parts.query: "", parts.status: said(words.error(error))}
        line = words.linked_without_picture if found.settings.image_sha256 else words.linked
        return {parts.query: write_link(found.values), parts.status: said(line)}

    inputs = [parts.pictures, *(controls[name] for name in names)]
    event = parts.link.click(link, inputs, [parts.query, parts.status], preprocess=False, **QUIET)
    event.then(None, parts.query, None, js=COPY, **QUIET)
