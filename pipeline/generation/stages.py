"""The stages of a generation, made of an IR folder: prompt -> embeddings -> latents -> pixels."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import openvino as ov

from ..domain.settings import SIZE_MULTIPLE, GenerationSettings
from ..model_folder.files import read_json
from ..model_folder.folder_layout import COMPONENTS, DRAFT_DECODER, VAE_DECODER
from ..model_folder.manifest import Manifest
from ..model_folder.model_index import ModelIndex
from ..runtime.compiled_model import CompiledModel, ExclusiveResidency, TransformerModel
from ..runtime.device import EXACT, Device
from ..runtime.graph.liveness import ELEMENT, max_live_bytes
from ..runtime.precision import choose_precision
from .denoiser import Denoiser, batch_size
from .preview import Preview
from .text_encoder import Prefix, TextEncoder
from .vae_decoder import VaeDecoder

# What OpenVINO takes over the activations that are live at once, at most, whatever the size of the inputs: measured
# with OpenVINO 2026.4 on transformers of 0.6 to 4.8 billion weights.
OVERHEAD = 4.5
_SIDE, _TOKENS = 32, 64  # of the latent and the prompt while the transformer's memory is counted

Model = TypeVar("Model", CompiledModel, VaeDecoder)


class Stages:
    """Text encoder, denoiser and VAE decoder of a folder, with the models they call on a device.

    `precisions` says how each of the models computes. With `low_memory` one of them at a time is in memory, and
    compiled again whenever its turn comes.
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool) -> None:
        """Compile the models; their files are not verified here. Raises SanaError."""
        model = manifest.model
        # fp16 promises what f32 gives; the other recipes come near to it, and so does a fast precision.
        fast = EXACT if model.compression == "fp16" else device.fast_precision
        residency = ExclusiveResidency() if low_memory else None
        names = (*COMPONENTS, DRAFT_DECODER) if model.has_draft_decoder else COMPONENTS
        self._paths = {name: folder / name / "openvino_model.xml" for name in names}
        self._low_memory = low_memory
        index = ModelIndex.read(folder)
        scheduler_class = index.part_class("scheduler")
        scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
        transformer_config = read_json(folder / "transformer" / "config.json")
        scaling_factor = read_json(folder / "vae_decoder" / "config.json")["scaling_factor"]

        def load(name: str, build: Callable[[Device, Path, str, ExclusiveResidency | None], Model]) -> Model:
            parity = model.components.get(name, {}).get("parity_db", 0.0)
            path = self._paths[name]
            return choose_precision(lambda each: build(device, path, each, residency), fast, path.parent, parity)

        def decoder(factor: float) -> Callable[[Device, Path, str, ExclusiveResidency | None], VaeDecoder]:
            return lambda device, path, precision, residency: VaeDecoder(device, path, factor, precision, residency)

        text_model = load("text_encoder", CompiledModel)
        self._transformer = load("transformer", TransformerModel)
        self._models: dict[str, CompiledModel | VaeDecoder] = {
            "text_encoder": text_model,
            "transformer": self._transformer,
            VAE_DECODER: load(VAE_DECODER, decoder(scaling_factor)),
        }
        # It is compiled when a size is asked for, but read now: a damaged one is refused.
        self._bytes_per_position = _bytes_per_position(device.read(self._paths["transformer"]), transformer_config)
        self.preview = Preview(manifest.preview) if manifest.preview else None  # optimum-intel's folders have none
        if model.has_draft_decoder:
            draft = load(DRAFT_DECODER, decoder(1.0))  # its latents are not scaled
            self._models[DRAFT_DECODER] = draft
            linear = model.components[DRAFT_DECODER]["preview"]
            self.preview = Preview.of_draft(linear, device, draft.segments, draft.precision)

        prefix = folder / "text_encoder" / "prefix.safetensors"
        self.text_encoder = TextEncoder(
            text_model,
            index.part_class("tokenizer").from_pretrained(folder / "tokenizer"),
            Prefix.load(prefix) if prefix.exists() else None,  # optimum-intel's exports have none
            manifest.complex_human_instruction,
            manifest.max_sequence_length,
        )
        self.denoiser = Denoiser(
            self._transformer, transformer_config, model.family, lambda: scheduler_class.from_config(scheduler_config)
        )
        self.sampler: str = scheduler_class.__name__
        self._weights = {name: path.with_suffix(".bin").stat().st_size for name, path in self._paths.items()}
        self.precisions = {name: each.precision for name, each in self._models.items()}

    def decoder(self, settings: GenerationSettings) -> VaeDecoder:
        """Return the decoder that these settings ask for."""
        decoder = self._models[DRAFT_DECODER if settings.draft_decode else VAE_DECODER]
        assert isinstance(decoder, VaeDecoder)
        return decoder

    def memory(self, settings: GenerationSettings, height: int, width: int) -> float:
        """Return about how many bytes a generation takes at a latent size, besides weights."""
        batch = batch_size(settings) * self.denoiser.family.branches(settings.guidance_scale)
        denoising = self._bytes_per_position * batch * height * width
        decoding = self.decoder(settings).memory(height, width)
        pixels = 3 * height * width * SIZE_MULTIPLE**2
        return max(denoising, decoding) + pixels * (ELEMENT + settings.picture_count)

    def weights(self, unread: bool = False) -> int:
        """Return the bytes of the weights that are in memory at once; if `unread`, those that no call has read yet."""
        if self._low_memory:
            return max(self._weights.values())
        return sum(size for name, size in self._weights.items() if not (unread and self._models[name].seconds))

    def release_activations(self) -> None:
        """Free the transformer's activations, which OpenVINO would keep for another step; weights stay.

        Not the text encoder's, which are small: OpenVINO 2026.4 fails when that is called again.
        """
        self._transformer.release_activations()

    def seconds(self) -> dict[str, float]:
        """Return the time spent in each model so far."""
        return {name: model.seconds for name, model in self._models.items()}


def _bytes_per_position(transformer: ov.Model, config: Mapping[str, Any]) -> float:
    """Return the bytes of the transformer's activations for each position of a latent; the model is reshaped."""
    shapes = {
        "hidden_states": [1, config["in_channels"], _SIDE, _SIDE],
        "encoder_hidden_states": [1, _TOKENS, config["caption_channels"]],
        "encoder_attention_mask": [1, _TOKENS],
    }
    transformer.reshape({port: ov.PartialShape(shapes.get(port.get_any_name(), [1])) for port in transformer.inputs})
    return OVERHEAD * max_live_bytes(transformer) / _SIDE**2
