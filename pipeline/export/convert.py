"""torch module -> OpenVINO model."""

import gc
import inspect
import re
from pathlib import Path

import openvino as ov
import torch
from torch import Tensor, nn

from ..errors import SanaError
from .half import make_16bit_traceable


def convert(module: nn.Module, example: dict[str, Tensor]) -> ov.Model:
    """Traces the module, which is of no other use afterwards, with the example inputs.

    The model's inputs are named as the arguments of `forward`, and all sizes that the module itself does not fix are
    dynamic. Weights of 16 bits stay so, and are converted to f32 where they are used.
    """
    make_16bit_traceable(module)
    with torch.no_grad():
        model = ov.convert_model(module, example_input=example)
    # Tracing renames inputs that are used in a converted form only.
    for port, name in zip(model.inputs, inspect.signature(module.forward).parameters, strict=True):
        port.get_tensor().set_names({name})
    return model


def release(module: nn.Module) -> None:
    """Takes the weights of a module away when the model converted from it, which reads them there, is no more.

    torch never forgets a module that it has traced: they would stay in memory.
    """
    for part in module.modules():
        part._parameters.clear()
        part._buffers.clear()
    gc.collect()


def save(model: ov.Model, folder: Path) -> Path:
    """Writes openvino_model.xml and .bin, with what is still f32 stored as f16; returns the path of the .xml.

    Raises:
        SanaError: they cannot be written, as on a full disk.
    """
    folder.mkdir(exist_ok=True)
    path = folder / "openvino_model.xml"
    _name_by_place(model)
    try:
        ov.save_model(model, path, compress_to_fp16=True)
    except RuntimeError as error:  # OpenVINO's for everything
        raise SanaError(f"{path.with_suffix('.bin')} could not be written: is the disk full?") from error
    return path


def _name_by_place(model: ov.Model) -> None:
    """Replaces names that count all operations this process has made: the same model gives the same file, always."""
    model.set_friendly_name("model")
    for index, operation in enumerate(model.get_ordered_ops()):
        if re.fullmatch(r"[A-Za-z]+_\d+", operation.get_friendly_name()):
            operation.set_friendly_name(f"{operation.get_type_name()}.{index}")
