"""The check of a request for one of several models: unchecked values become settings and a given picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_IMAGE, SOME_PICTURE
from ..domain.request import Request
from ..domain.resolutions import drawn_size
from ..domain.settings import MODEL, GenerationSettings
from ..generation.given_picture import GivenPicture, check_given
from .models import Models

Values = Mapping[str, Any]
"""A request: unchecked values by parameter name. A picture is the path of its file, or the open file."""


@dataclass(frozen=True)
class SettledRequest:
    """A checked request: the name of its model, its settings, and the picture that it starts from, if any."""

    model: str
    settings: GenerationSettings
    given: GivenPicture | None

    @property
    def drawings(self) -> list[tuple[str, GenerationSettings]]:
        """The name of the model and the settings of each picture, in the order of drawing."""
        return [(self.model, self.settings.of_picture(index)) for index in range(self.settings.picture_count)]


def settle(models: Models, values: Values, changes: Sequence[Values]) -> list[SettledRequest]:
    """Check a request once with each of some changes of its values.

    Each that asks for a random seed gets one of its own. The given picture is read once, and does not change.

    Raises:
        SettingsError: a value is refused.
    """
    given = open_given(values)
    settled = []
    for change in changes:
        name, request = request_of(models, {**values, **change}, given)
        settled.append(SettledRequest(name, request.settings(), given))
        check_given(settled[-1].settings, given)
    return settled


def open_given(values: Values) -> GivenPicture | None:
    """Return the picture that a request starts from, if it gives one; raise SettingsError if it cannot be used."""
    image = values.get(IMAGE.name)
    return None if image is None else GivenPicture.open(image, values.get(MASK_IMAGE.name))


def request_of(models: Models, values: Values, given: GivenPicture | None) -> tuple[str, Request]:
    """Return the name of the model of a request, and the request for it; raise SettingsError for an unknown model."""
    name = models.find(values.get(MODEL.name))
    model = models.describe(name)
    if given is None:
        return name, Request(model, {**values, MASK_IMAGE.name: values.get(MASK_IMAGE.name) and SOME_PICTURE})
    hashes = {IMAGE.name: given.image_sha256, MASK_IMAGE.name: given.mask_sha256}
    size = drawn_size(model, *given.size, bool(values.get(ENLARGE.name)))
    return name, Request(model, {**values, **hashes}, size)
