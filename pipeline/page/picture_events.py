"""The events that fill in what a picture was made with: the chosen one's, or that of one dropped on the page."""

from pathlib import Path
from typing import Any

from ..domain.picture_parameters import ENLARGE, STRENGTH
from ..domain.request import BATCH_INDEX
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED
from ..jobs.service import GenerationService
from .controls import Controls
from .fields import Fields
from .filling import Filling
from .given_state import REPLACED, Wanted
from .picture_gallery import stage
from .picture_settings import Refilled, refill
from .queueing import QUIET
from .status import Status, said
from .words import English

FOCUS = f"() => {{ document.querySelector('#{PROMPT.name} textarea').focus(); }}"
DRAW = "(status) => { if (status?.kind === 'vary') window.sana.draw(); }"


def connect_pictures(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, filling = service.models, Filling(parts, controls, service.models, words)
    panel = filling.panel

    def fill(found: Refilled, fields: Fields) -> dict[Any, Any]:
        """Fill in the settings of a picture. A given picture stays if they start from it."""
        values, line, settings = found
        model, given = models.describe(values[MODEL.name]), fields.given
        own = {each.name: values[each.name] for each in (*REPLACED, STRENGTH, ENLARGE)}
        if given and given.sha256 == settings.image_sha256:
            shown = panel.fill(given, model, own)
            if settings.mask_sha256 != given.mask_sha256(fields.mask):
                line = f"{line} {words.mask_wanted if settings.mask_sha256 else words.no_mask}"
        elif settings.image_sha256:
            shown = panel.take_away(model, own, Wanted(settings.image_sha256, own))
            masked = f" {words.mask_wanted}" if settings.mask_sha256 else ""
            line = f"{line} {words.picture_wanted(settings.image_sha256)}{masked}"
        else:
            shown = panel.take_away(model, own)
        return {**filling.settings(values, values[MODEL.name]), **shown, parts.status: said(line)}

    def use(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        return fill(refill(path, models, menu, words), fields)

    def vary(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        """Fill in the settings with a random seed; the browser then presses Generate, unless a picture is wanted."""
        found = refill(path, models, menu, words)
        other = {**found.values, RANDOMIZE_SEED.name: True, BATCH_INDEX: None}
        updates = fill(found._replace(values=other, line=words.varies), fields)
        if updates.get(parts.wanted) is None:
            updates[parts.status] = Status("vary", words.varies).record()
        return updates

    def drop(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        return {**use(path, fields, menu), parts.pictures: stage([path], is_new=False)}

    filling.by_button(parts.use, use)
    # Focus the prompt, which the visitor wants to change next.
    filling.by_button(parts.same_seed, use).then(None, None, None, js=FOCUS, **QUIET)
    filling.by_button(parts.vary, vary).then(None, parts.status, None, js=DRAW, **QUIET)
    filling.by_file(parts.drop, drop, parts.pictures)
