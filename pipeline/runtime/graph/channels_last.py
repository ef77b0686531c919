"""The layout of a model's input and output: channels last, so that rows of a picture are neighbours in memory."""

import openvino as ov
from openvino.preprocess import PrePostProcessor


def put_channels_last(model: ov.Model, reads: ov.Type, writes: ov.Type) -> ov.Model:
    """Return the model with an input [1, h, w, C] of type `reads` and an output [1, H, W, D] of type `writes`.

    They are f32 [1, C, h, w] and [1, D, H, W] before. The model is changed, too.
    """
    conversion = PrePostProcessor(model)
    for port, kind in ((conversion.input(), reads), (conversion.output(), writes)):
        port.tensor().set_layout(ov.Layout("NHWC")).set_element_type(kind)
        port.model().set_layout(ov.Layout("NCHW"))
    return conversion.build()
