"""The events that fill in what a picture was made with: the chosen one's, or that of one dropped on the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..domain.picture_parameters import ENLARGE, STRENGTH
from ..domain.request import BATCH_INDEX
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED, random_seed
from ..domain.variation_parameters import STRONG, SUBTLE, VARIATION_SEED, VARIATION_STRENGTH
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
        """Draw with the settings of a picture and a random seed."""
        other = {RANDOMIZE_SEED.name: True, BATCH_INDEX: None, VARIATION_STRENGTH.name: VARIATION_STRENGTH.default}
        return draw(refill(path, models, menu, words), other, words.varies, fields)

    def vary_subtly(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        return mix(path, fields, menu, SUBTLE)

    def vary_strongly(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        return mix(path, fields, menu, STRONG)

    def mix(path: Path, fields: Fields, menu: str, strength: float) -> dict[Any, Any]:
        """Draw with the settings of a picture, and with some of the noise of a random variation seed."""
        found = refill(path, models, menu, words)
        line = words.varies_original if found.settings.variation_strength else words.varies_noise
        variation = {VARIATION_SEED.name: random_seed(), VARIATION_STRENGTH.name: strength}
        return draw(found, variation, line, fields)

    def draw(found: Refilled, changes: Mapping[str, Any], line: str, fields: Fields) -> dict[Any, Any]:
        """Fill in changed settings of a picture; the browser then presses Generate, unless a picture is wanted."""
        updates = fill(found._replace(values={**found.values, **changes}, line=line), fields)
        if updates.get(parts.wanted) is None:
            updates[parts.status] = Status("vary", line).record()
        return updates

    def drop(path: Path, fields: Fields, menu: str) -> dict[Any, Any]:
        return {**use(path, fields, menu), parts.pictures: stage([path], is_new=False)}

    filling.by_button(parts.use, use)
    # Focus the prompt, which the visitor wants to change next.
    filling.by_button(parts.same_seed, use).then(None, None, None, js=FOCUS, **QUIET)
    for button, fills in (
        (parts.vary, vary),
        (parts.vary_subtly, vary_subtly),
        (parts.vary_strongly, vary_strongly),
    ):
        filling.by_button(button, fills).then(None, parts.status, None, js=DRAW, **QUIET)
    filling.by_file(parts.drop, drop, parts.pictures)
