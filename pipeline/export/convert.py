"""torch module -> OpenVINO model."""

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
    """Trace a module with example inputs; the module is of no other use afterwards.

    The model's inputs are named as the arguments of `forward`, and all sizes that the module itself does not fix are
    dynamic. Weights of 16 bits stay so, and are converted to f32 where they are used.
    """
    make_16bit_traceable(module)
    # torch would run the trace and the module again to compare them; each component is compared with torch later
    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(module, example_input=example, trace_kwargs={"check_trace": False})
        model = ov.convert_model(decoder, example_input=example)
    # Tracing renames inputs that are used in a converted form only.
    for port, name in zip(model.inputs, inspect.signature(module.forward).parameters, strict=True):
        port.get_tensor().set_names({name})
    return model


def release(module: nn.Module) -> None:
    """Drop the module's weights. Call this after the converted ov.Model is gone: it reads the weights from the module.

    torch never forgets a module that it has traced, so that the weights would stay in memory.
    """
    for part in module.modules():
        part._parameters.clear()
        part._buffers.clear()
    gc.collect()


def save(model: ov.Model, folder: Path) -> Path:
    """Write openvino_model.xml and .bin, with f32 weights stored as f16; return the path of the .xml.

    Raises:
        SanaError: the files cannot be written, as on a full disk.
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
    """Replace names that count the operations of this process, so that the same model always gives the same file."""
    model.set_friendly_name("model")
    for index, operation in enumerate(model.get_ordered_ops()):
        if re.fullmatch(r"[A-Za-z]+_\d+", operation.get_friendly_name()):
            operation.set_friendly_name(f"{operation.get_type_name()}.{index}")
