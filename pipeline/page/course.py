"""How far a request is: the parts of its work, weighed by the seconds that each takes here."""

from collections.abc import Sequence

from ..domain.updates import DecodeUpdate, EncodeUpdate, PictureUpdate, StepUpdate
from ..jobs.submitted_request import SubmittedRequest
from ..jobs.timings import Timings

UNKNOWN_DECODING_SHARE = 0.5  # of a picture's time, before the first picture of a model; chosen
UNKNOWN_ENCODING_SHARE = 0.2  # likewise, of the time of a request whose picture was never encoded; chosen


class Course:
    """The way of a request from its first to its last part.

    `estimate` is the seconds of all, `pictures` and `decodings` are those of each picture; None where unknown.
    """

    def __init__(self, timings: Timings, submitted: SubmittedRequest) -> None:
        times = timings.known()
        drawings = [(model, settings.values()) for model, settings in submitted.drawings]
        self.estimate = times.total(drawings)
        self.pictures = [times.picture(*drawing) for drawing in drawings]
        self.decodings = [times.decoding(*drawing) for drawing in drawings]
        self._weights = _weights(self.pictures)
        encoding, has_picture = times.encoding(*drawings[0]), submitted.settings.image_sha256 is not None
        known = encoding / (encoding + sum(self._weights)) if encoding and None not in self.pictures else None
        self._encoding = known or UNKNOWN_ENCODING_SHARE if has_picture else 0.0
        self._done = 0.0

    def share(self, update: EncodeUpdate | StepUpdate | DecodeUpdate | PictureUpdate) -> float:
        """Return the part of the request that is done, from 0 to 1. It never falls: not if a picture begins again."""
        self._done = max(self._done, self._share(update))
        return self._done

    @property
    def done(self) -> float | None:
        """The last share; None before the first."""
        return self._done or None

    def after(self, image: int) -> float:
        """Return the seconds of the pictures after one, counted from 1; 0 where unknown."""
        return sum(seconds or 0.0 for seconds in self.pictures[image:])

    def _share(self, update: EncodeUpdate | StepUpdate | DecodeUpdate | PictureUpdate) -> float:
        if isinstance(update, EncodeUpdate):
            return self._encoding * update.band / update.bands
        before, own = self._weights[: update.image - 1], self._weights[update.image - 1]
        drawn = (sum(before) + own * self._of_picture(update)) / sum(self._weights)
        return self._encoding + (1 - self._encoding) * drawn

    def _of_picture(self, update: StepUpdate | DecodeUpdate | PictureUpdate) -> float:
        picture, decoding = (each[update.image - 1] for each in (self.pictures, self.decodings))
        decoding_share = decoding / picture if decoding and picture else UNKNOWN_DECODING_SHARE
        match update:
            case StepUpdate():
                return (1 - decoding_share) * update.step / update.steps
            case DecodeUpdate():
                return 1 - decoding_share * (1 - update.band / update.bands)
            case PictureUpdate():
                return 1.0


def _weights(seconds: Sequence[float | None]) -> list[float]:
    """Return the seconds of each picture, or the same for all if one is unknown."""
    known = [each for each in seconds if each]
    return known if len(known) == len(seconds) else [1.0] * len(seconds)
