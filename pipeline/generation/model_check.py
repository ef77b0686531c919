"""A check that the IR files in a folder fit its configurations: inputs by name and shape, and the output's shape.

Without it, OpenVINO would fail in the middle of a picture with a message that names neither file nor cause.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino as ov

from ..domain.errors import ArtifactError
from ..domain.size_parameters import SIZE_MULTIPLE
from ..model_folder.configurations import Configurations
from ..model_folder.files import first_line
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER, VAE_DECODER, VAE_ENCODER
from ..runtime.device import Device
from .text_encoder import Prefix

# Chosen: any sizes would do. The returned transformer is for a latent of SIDE x SIDE positions and _TOKENS tokens.
SIDE = 32
_TOKENS, _LATENT = 64, 16

Shapes = dict[str, list[int]]


def check_models(
    paths: Mapping[str, Path], device: Device, configurations: Configurations, prefix: Prefix | None
) -> ov.Model:
    """Read and check the models at `paths`, by component; return the transformer, reshaped for one latent.

    The latent has `SIDE` x `SIDE` positions.

    Raises:
        ArtifactError: the inputs or the output of a model are not those that the configurations ask for.
        DeviceError: a file is damaged.
    """
    transformer, channels = configurations.transformer, configurations.transformer.in_channels
    hidden = transformer.caption_channels
    text, texts = _text_encoder_inputs(prefix), [1, _TOKENS, hidden]
    guidance = {"guidance": [1]} if configurations.index.family.embeds_guidance else {}
    latent = [1, channels, SIDE, SIDE]
    named = {"hidden_states": latent, "encoder_hidden_states": texts, "encoder_attention_mask": [1, _TOKENS]}
    pixels = [1, 3, _LATENT * SIZE_MULTIPLE, _LATENT * SIZE_MULTIPLE]
    wanted: dict[str, tuple[Shapes, list[int]]] = {
        "text_encoder": (text, texts),
        "transformer": ({**named, "timestep": [1], **guidance}, latent),
        VAE_DECODER: ({"latent_sample": [1, channels, _LATENT, _LATENT]}, pixels),
    }
    wanted[DRAFT_DECODER] = wanted[VAE_DECODER]
    wanted[VAE_ENCODER] = wanted[DRAFT_ENCODER] = ({"sample": pixels}, [1, channels, _LATENT, _LATENT])
    models = {name: _check(path, device.read(path), *wanted[name]) for name, path in paths.items()}
    return models["transformer"]


def _text_encoder_inputs(prefix: Prefix | None) -> Shapes:
    ids = {"input_ids": [1, _TOKENS]}
    if prefix is None:
        return {**ids, "attention_mask": [1, _TOKENS]}
    past = list(prefix.keys.shape)
    return {**ids, "position_ids": [1, _TOKENS], "past_keys": past, "past_values": past}


def _check(path: Path, model: ov.Model, inputs: Shapes, output: list[int]) -> ov.Model:
    """Reshape a model for inputs of these shapes, and return it.

    Raises:
        ArtifactError: the model has other inputs, does not take these shapes, or its output has another shape.
    """
    ports: dict[str, Any] = {name: port for port in model.inputs for name in port.get_names()}
    if len(model.inputs) != len(inputs) or not ports.keys() >= inputs.keys():
        raise ArtifactError(
            f"{path} has the inputs {', '.join(sorted(ports)) or 'none'}; those of its part are {', '.join(inputs)}."
        )
    try:
        model.reshape({ports[name]: ov.PartialShape(shape) for name, shape in inputs.items()})
        found = model.outputs[0].get_partial_shape().to_shape()
    except (RuntimeError, IndexError) as error:
        raise ArtifactError(f"{path} does not fit its configuration ({first_line(error)}).") from error
    if list(found) != output:
        raise ArtifactError(f"{path} does not fit its configuration: it makes {list(found)} instead of {output}.")
    return model
