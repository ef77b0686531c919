"""The stages of a generation, loaded from an IR folder: prompt -> embeddings -> latents -> pixels."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..domain.catalogue import DECODER_SCALE, TRANSFORMER_SCALES
from ..domain.settings import GenerationSettings
from ..domain.size_parameters import SIZE_MULTIPLE
from ..model_folder.configurations import read_configurations
from ..model_folder.folder_layout import (
    ALL_COMPONENTS,
    COMPONENTS,
    DRAFT_DECODER,
    DRAFT_ENCODER,
    SCHEDULER_CONFIG,
    VAE_DECODER,
    VAE_ENCODER,
)
from ..model_folder.manifest import Manifest
from ..model_folder.tokenizer_and_scheduler import load_tokenizer, new_scheduler
from ..runtime.compiled_model import CompiledModel, ExclusiveResidency, TransformerModel, transformer_shapes
from ..runtime.device import EXACT, Device
from ..runtime.graph.liveness import ELEMENT, max_live_bytes
from ..runtime.precision import choose_precision
from .banded_model import BandedModel
from .denoiser import Denoiser, batch_size
from .encoders import Encoders
from .model_check import SIDE, check_models
from .preview import Preview
from .scheduler_check import check_scheduler
from .text_encoder import Prefix, TextEncoder
from .vae_decoder import VaeDecoder
from .vae_encoder import VaeEncoder

# OpenVINO's memory for activations, divided by the bytes that are live at once: the largest ratio measured with
# OpenVINO 2026.4 on transformers of 0.6 to 4.8 billion weights. The ratio does not depend on the size of the inputs.
OVERHEAD = 4.5

Model = TypeVar("Model", CompiledModel, TransformerModel, VaeDecoder, VaeEncoder)
Coder = TypeVar("Coder", VaeDecoder, VaeEncoder)


class Stages:
    """Text encoder, denoiser and decoders of an IR folder, with the models that they call on a device.

    `precisions` maps the name of each model to the precision it computes in. With `low_memory`, only one model at a
    time is in memory: each is compiled again when its turn comes.
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool) -> None:
        """Compile the models, without verifying their files.

        Raises:
            SanaError: a file is missing, damaged or does not fit the others, or the device cannot take a model.
        """
        model = manifest.model
        # An fp16 folder promises the pictures of f32. The other recipes only come near them, as a fast precision does.
        fast = EXACT if model.compression == "fp16" else device.fast_precision
        residency = ExclusiveResidency() if low_memory else None
        has = {
            **dict.fromkeys(COMPONENTS, True),
            VAE_ENCODER: model.has_vae_encoder,
            DRAFT_DECODER: model.has_draft_decoder,
            DRAFT_ENCODER: model.has_draft_encoder,
        }
        self._paths = {name: folder / name / "openvino_model.xml" for name in ALL_COMPONENTS if has[name]}
        self._weights = {name: path.with_suffix(".bin").stat().st_size for name, path in self._paths.items()}
        self._low_memory = low_memory
        configurations = read_configurations(folder, folder / VAE_DECODER)
        transformer_config = configurations.transformer.model_dump()
        scheduler = partial(new_scheduler, configurations)
        check_scheduler(folder / SCHEDULER_CONFIG, model.family, transformer_config, scheduler)
        tokenizer = load_tokenizer(folder / "tokenizer", configurations)
        prefix_file = folder / "text_encoder" / "prefix.safetensors"
        prefix = Prefix.load(prefix_file) if prefix_file.exists() else None  # optimum-intel's exports have none
        transformer = check_models(self._paths, device, configurations, prefix)

        is_normalised = configurations.transformer.qk_norm is not None
        scales = {"transformer": TRANSFORMER_SCALES[is_normalised], VAE_DECODER: DECODER_SCALE}

        def load(name: str, build: Callable[[Device, Path, str, ExclusiveResidency | None], Model]) -> Model:
            parity = model.components.get(name, {}).get("parity_db", 0.0)
            path, own = self._paths[name], device.scaling(scales.get(name))
            return choose_precision(lambda each: build(own, path, each, residency), fast, path.parent, parity, own)

        def scaled(kind: type[Coder], factor: float) -> Callable[[Device, Path, str, ExclusiveResidency | None], Coder]:
            return lambda device, path, precision, residency: kind(device, path, factor, precision, residency)

        def load_encoder(name: str) -> VaeEncoder:
            return load(name, scaled(VaeEncoder, factors[name]))

        scale = configurations.vae.scaling_factor  # drafts take and give latents as the transformer does
        factors = {VAE_DECODER: scale, VAE_ENCODER: scale, DRAFT_DECODER: 1.0, DRAFT_ENCODER: 1.0}
        text_model = load("text_encoder", CompiledModel)
        self._transformer = load("transformer", TransformerModel)
        self._models: dict[str, CompiledModel | VaeDecoder] = {
            "text_encoder": text_model,
            "transformer": self._transformer,
            VAE_DECODER: load(VAE_DECODER, scaled(VaeDecoder, factors[VAE_DECODER])),
        }
        self._inputs = {port.get_any_name(): tuple(port.get_shape()) for port in transformer.inputs}
        self._bytes_per_position = OVERHEAD * max_live_bytes(transformer) / SIDE**2
        channels = configurations.transformer.in_channels
        # optimum-intel's folders have no map for previews
        self.preview = Preview.of_latents(manifest.preview, channels) if manifest.preview else None
        if model.has_draft_decoder:
            draft = load(DRAFT_DECODER, scaled(VaeDecoder, factors[DRAFT_DECODER]))
            self._models[DRAFT_DECODER] = draft
            if not low_memory:  # a draft preview would hold a second model beside the transformer; the map needs none
                linear = model.components[DRAFT_DECODER].get("preview") or {}
                self.preview = Preview.of_draft(linear, device, draft.segments, draft.precision)

        self.text_encoder = TextEncoder(
            text_model, tokenizer, prefix, manifest.complex_human_instruction, manifest.max_sequence_length
        )
        self.encoders = Encoders(
            load_encoder, lambda name: BandedModel(device, self._paths[name]), model.has_draft_encoder
        )
        self.denoiser = Denoiser(self._transformer, transformer_config, model.family, scheduler)
        self.sampler: str = configurations.index.check_class("scheduler")
        self.precisions = {name: each.precision for name, each in self._models.items()}

    def decoder(self, settings: GenerationSettings) -> VaeDecoder:
        """Return the draft decoder if the settings ask for it, else the VAE decoder."""
        decoder = self._models[self.used(settings)[-1]]
        assert isinstance(decoder, VaeDecoder)
        return decoder

    def prepare(self, settings: GenerationSettings, size: tuple[int, int]) -> None:
        """Prepare in another thread what a generation at `size` (width, height in pixels) calls, in that order.

        The text encoder is compiled already, for prompts of any length; its first call is what is done ahead.
        """
        if not self._low_memory:  # else each is compiled when its turn comes
            self.text_encoder.prepare()
        width, height = (side // SIZE_MULTIPLE for side in size)
        batch = batch_size(settings) * self.denoiser.family.branches(settings.guidance_scale)
        self._transformer.prepare(transformer_shapes(self._inputs, batch, height, width))
        if self.preview:
            self.preview.prepare(height, width)
        self.decoder(settings).prepare(height, width)

    def memory(self, settings: GenerationSettings, height: int, width: int) -> float:
        """Estimate the bytes that a generation takes besides weights, at `height` x `width` latent positions."""
        batch = batch_size(settings) * self.denoiser.family.branches(settings.guidance_scale)
        denoising = self._bytes_per_position * batch * height * width
        if self.preview:
            denoising += self.preview.memory(height, width)
        decoding = self.decoder(settings).memory(height, width)
        encoding = self.encoders.memory(settings, height, width) if settings.image_sha256 else 0.0
        pixels = 3 * height * width * SIZE_MULTIPLE**2
        return max(encoding, denoising, decoding) + pixels * (ELEMENT + settings.picture_count)

    def weights(self, settings: GenerationSettings, unread: bool = False) -> int:
        """Return the bytes of the weights that are in memory at once. An encoder counts only if a picture is given.

        With `unread`, models that were called before do not count: their weights are in memory already.
        """
        seconds = self.seconds()
        used = {*self._models, self.encoders.name(settings)} if settings.image_sha256 else {*self._models}
        sizes = [self._weights[name] for name in used if not (unread and seconds[name])]
        return max(sizes, default=0) if self._low_memory else sum(sizes)

    def used(self, settings: GenerationSettings) -> list[str]:
        """Return the names of the models that these settings use, in the order of their use."""
        decoder = DRAFT_DECODER if settings.draft_decode else VAE_DECODER
        encoder = [self.encoders.name(settings)] if settings.image_sha256 else []
        return [*encoder, "text_encoder", "transformer", decoder]

    def release_activations(self) -> None:
        """Free the activations of transformer and previews, which OpenVINO keeps for the next call. Weights stay.

        The text encoder keeps its activations. They are small, and OpenVINO 2026.4 fails in its next call without them.
        """
        self._transformer.release_activations()
        if self.preview:
            self.preview.release_activations()

    def seconds(self) -> dict[str, float]:
        """Return the seconds spent in each model so far, by its name."""
        return {**{name: model.seconds for name, model in self._models.items()}, **self.encoders.seconds()}
