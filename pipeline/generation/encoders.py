"""The encoders of a model. Each is loaded when it is needed first."""

from collections.abc import Callable, Generator
from functools import cache

import torch

from ..domain.settings import GenerationSettings
from ..domain.size_parameters import SIZE_MULTIPLE
from ..domain.updates import EncodeUpdate
from ..model_folder.folder_layout import DRAFT_ENCODER, VAE_ENCODER
from .banded_model import BandedModel
from .given_picture import GivenPicture
from .inpainting import latent_mask
from .samplers import GivenLatents
from .vae_encoder import VaeEncoder


class Encoders:
    """The VAE encoder, and the draft encoder if the model has one."""

    def __init__(self, load: Callable[[str], VaeEncoder], plan: Callable[[str], BandedModel], has_draft: bool) -> None:
        """Take two functions of an encoder's name: `load` loads it, `plan` reads it only to estimate its memory."""
        self._load = load
        self._plan = cache(plan)
        self._has_draft = has_draft
        self._loaded: dict[str, VaeEncoder] = {}
        self._last: tuple[tuple[object, ...], torch.Tensor] | None = None  # the same picture is not encoded again

    def name(self, settings: GenerationSettings) -> str:
        """Return the name of the draft encoder if the settings ask for it and the model has one, else the VAE's."""
        return DRAFT_ENCODER if settings.draft_decode and self._has_draft else VAE_ENCODER

    def encode(
        self, given: GivenPicture, settings: GenerationSettings, width: int, height: int
    ) -> Generator[EncodeUpdate, None, GivenLatents]:
        """Stretch a picture to `width` x `height` pixels, and encode it; yield an update per band."""
        mask = None if given.mask is None else latent_mask(given, settings, width, height)
        name = self.name(settings)
        key = (given.image_sha256, name, width, height)
        if self._last is None or self._last[0] != key:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            for computed in self._loaded[name].encode(given.resized(width, height)):
                yield EncodeUpdate(computed.band, computed.bands)
            assert computed.features is not None
            self._last = key, torch.from_numpy(computed.features)[None]
        return GivenLatents(self._last[1], mask)

    def memory(self, settings: GenerationSettings, height: int, width: int) -> float:
        """Estimate the bytes that encoding takes besides weights, at `height` x `width` latent positions."""
        return self._plan(self.name(settings)).memory(height * SIZE_MULTIPLE, width * SIZE_MULTIPLE)

    def seconds(self) -> dict[str, float]:
        """Return the seconds spent in each encoder so far, by its name."""
        return {name: self._loaded[name].seconds if name in self._loaded else 0.0 for name in self._names()}

    def _names(self) -> tuple[str, ...]:
        return (VAE_ENCODER, DRAFT_ENCODER) if self._has_draft else (VAE_ENCODER,)
