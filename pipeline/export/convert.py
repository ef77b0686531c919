"""The conversion of a torch module to an OpenVINO model, and the model's files."""

import gc
import inspect
import re
from pathlib import Path

import openvino as ov
import torch
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from torch import Tensor, nn

from ..domain.errors import SanaError
from .mixed_precision import make_16bit_traceable


def convert(module: nn.Module, example: dict[str, Tensor]) -> ov.Model:
    """Trace a module with example inputs, and return the OpenVINO model. The module cannot be used afterwards.

    Inputs have the names of the arguments of `forward`. All sizes are dynamic that the module does not fix. 16-bit
    weights keep their type, and are converted to f32 where they are used.
    """
    make_16bit_traceable(module)
    # check_trace would run trace and module again to compare them; the component is compared with torch later anyway.
    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(module, example_input=example, trace_kwargs={"check_trace": False})
        model = ov.convert_model(decoder, example_input=example)
    # Tracing renames inputs that are converted to another type before any other use.
    for port, name in zip(model.inputs, inspect.signature(module.forward).parameters, strict=True):
        port.get_tensor().set_names({name})
    return model


def release(module: nn.Module) -> None:
    """Drop the module's weights. Call this after the converted ov.Model is gone: it reads the weights from the module.

    torch keeps every module that it has traced, and so would keep the weights.
    """
    for part in module.modules():
        part._parameters.clear()
        part._buffers.clear()
    gc.collect()


def save(model: ov.Model, folder: Path) -> Path:
    """Write openvino_model.xml and .bin, with f32 weights stored as f16; return the path of the .xml.

    Raises:
        SanaError: the files cannot be written.
    """
    folder.mkdir(exist_ok=True)
    path = folder / "openvino_model.xml"
    _name_by_place(model)
    try:
        ov.save_model(model, path, compress_to_fp16=True)
    except RuntimeError as error:  # the only error that OpenVINO raises
        raise SanaError(f"{path.with_suffix('.bin')} could not be written: is the disk full?") from error
    return path


def _name_by_place(model: ov.Model) -> None:
    """Replace generated names such as "Add_1234" by ones that depend on the model alone.

    OpenVINO numbers the operations of the whole process. With the new names, the same model always gives the same file.
    """
    model.set_friendly_name("model")
    for index, operation in enumerate(model.get_ordered_ops()):
        if re.fullmatch(r"[A-Za-z]+_\d+", operation.get_friendly_name()):
            operation.set_friendly_name(f"{operation.get_type_name()}.{index}")
