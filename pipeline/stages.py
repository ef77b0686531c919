"""The stages of a generation, made of an IR folder: prompt -> embeddings -> latents -> pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import openvino as ov

from .artifacts import COMPONENTS, DRAFT_DECODER, VAE_DECODER, Manifest, read_json
from .classes import named_class
from .components import Component, Transformer, Turn
from .denoise import Denoiser
from .device import EXACT, Device
from .liveness import ELEMENT, most_live_bytes
from .precision import fitting
from .preview import Preview
from .settings import SIZE_MULTIPLE, GenerationSettings
from .text_encoder import Prefix, TextEncoder
from .vae_decoder import VaeDecoder

OVERHEAD = 4.5  # what OpenVINO takes for any size of input, over the activations that are live at once
_SIDE, _TOKENS = 32, 64  # of the latent and the prompt while the transformer is looked at

Model = TypeVar("Model", Component, VaeDecoder)


class Stages:
    """Text encoder, denoiser and VAE decoder of a folder, with the models they call on a device.

    `precisions` says how each of the models computes. With `low_memory` one of them at a time is in memory, and
    compiled again whenever its turn comes.
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool) -> None:
        """Compiles the models; their files are not verified here. Raises SanaError."""
        # fp16 promises what f32 gives; the other recipes come near to it, and so does a fast precision.
        fast = EXACT if manifest.compression == "fp16" else device.fast_precision
        turn = Turn() if low_memory else None
        has_draft = DRAFT_DECODER in manifest.components
        names = (*COMPONENTS, DRAFT_DECODER) if has_draft else COMPONENTS
        paths = {name: folder / name / "openvino_model.xml" for name in names}
        self._paths, self._low_memory = paths, low_memory

        def fit(name: str, build: Callable[[str], Model]) -> Model:
            return fitting(build, fast, folder / name, manifest.components.get(name, {}).get("parity_db", 0.0))

        text_model = fit("text_encoder", lambda precision: Component(device, paths["text_encoder"], precision, turn))
        prefix = folder / "text_encoder" / "prefix.safetensors"
        self.text_encoder = TextEncoder(
            text_model,
            named_class(folder, "tokenizer").from_pretrained(folder / "tokenizer"),
            Prefix.load(prefix) if prefix.exists() else None,  # optimum-intel's exports have none
            manifest.complex_human_instruction,
            manifest.max_sequence_length,
        )

        transformer = fit("transformer", lambda precision: Transformer(device, paths["transformer"], precision, turn))
        self._transformer = transformer
        scheduler_class = named_class(folder, "scheduler")
        scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
        self.sampler: str = scheduler_class.__name__
        self.denoiser = Denoiser(
            transformer,
            read_json(folder / "transformer" / "config.json"),
            manifest.family,
            lambda: scheduler_class.from_config(scheduler_config),
        )

        # read now, though compiled when a size is asked for: a damaged one is refused
        self._bytes_per_position = _bytes_per_position(device.read(paths["transformer"]), self.denoiser.config)

        scaling_factor = read_json(folder / "vae_decoder" / "config.json")["scaling_factor"]
        vae_decoder = fit(
            "vae_decoder",
            lambda precision: VaeDecoder(device, paths["vae_decoder"], scaling_factor, precision, turn),
        )

        self._models: dict[str, Component | VaeDecoder] = dict(
            zip(COMPONENTS, (text_model, transformer, vae_decoder), strict=True)
        )
        self.preview = Preview(manifest.preview) if manifest.preview else None  # optimum-intel's folders have none
        if has_draft:
            # its latents are not scaled
            draft = fit(DRAFT_DECODER, lambda precision: VaeDecoder(device, paths[DRAFT_DECODER], 1.0, precision, turn))
            self._models[DRAFT_DECODER] = draft
            linear = manifest.components[DRAFT_DECODER]["preview"]
            self.preview = Preview.of_draft(linear, device, draft.segments, draft.precision)
        self.precisions = {name: model.precision for name, model in self._models.items()}

    def decoder(self, settings: GenerationSettings) -> VaeDecoder:
        """The one that these settings ask for."""
        decoder = self._models[DRAFT_DECODER if settings.draft_decode else VAE_DECODER]
        assert isinstance(decoder, VaeDecoder)
        return decoder

    def memory(self, settings: GenerationSettings, height: int, width: int) -> float:
        """Bytes that a generation takes, about, at a latent size. Weights are counted that no call has read into memory
        yet."""
        images = settings.num_images_per_prompt
        batch = images * self.denoiser.branches(settings)
        weights = [path.with_suffix(".bin").stat().st_size for path in self._paths.values()]
        unread = [size for size, model in zip(weights, self._models.values(), strict=True) if not model.seconds]
        denoising = self._bytes_per_position * batch * height * width
        decoding = self.decoder(settings).memory(height, width)
        held = max(weights) if self._low_memory else sum(unread)
        return held + max(denoising, decoding) + images * 3 * ELEMENT * height * width * SIZE_MULTIPLE**2

    def rest(self) -> None:
        """Frees the transformer's activations, which OpenVINO would keep for another step; weights stay.

        Not the text encoder's, which are small: OpenVINO 2026.4 fails when that is called again.
        """
        self._transformer.rest()

    def seconds(self) -> dict[str, float]:
        """The time spent in each model so far."""
        return {name: model.seconds for name, model in self._models.items()}


def _bytes_per_position(transformer: ov.Model, config: dict[str, Any]) -> float:
    """Bytes of the transformer's activations for each position of a latent; the model is reshaped."""
    shapes = {
        "hidden_states": [1, config["in_channels"], _SIDE, _SIDE],
        "encoder_hidden_states": [1, _TOKENS, config["caption_channels"]],
        "encoder_attention_mask": [1, _TOKENS],
    }
    transformer.reshape({port: ov.PartialShape(shapes.get(port.get_any_name(), [1])) for port in transformer.inputs})
    return OVERHEAD * most_live_bytes(transformer) / _SIDE**2
