"""A graph of transformer blocks, ours or optimum-intel's, cut between them."""

import re

import openvino as ov
from openvino import opset13

_BLOCK = re.compile(r"(?:layers|transformer_blocks)\.(\d+)/")  # an operation of the block itself, not of its parts
STATES = "states"  # the input of a piece that begins behind a block


def block_ends(model: ov.Model) -> list[str]:
    """Names of the operations that give the states after each block, in their order."""
    ends: dict[int, str] = {}
    for operation in model.get_ordered_ops():
        block = _BLOCK.search(operation.get_friendly_name())
        if block and operation.get_type_name() == "Add":  # the last one adds up what the block returns
            ends[int(block[1])] = operation.get_friendly_name()
    return [ends[number] for number in sorted(ends)]


def between(model: ov.Model, start: str | None, end: str | None) -> ov.Model:
    """A copy of what lies behind operation `start` (None: the inputs) up to `end` (None: the outputs).

    A piece with a start takes the states there as "states", and the model's own inputs besides as far as it needs them.
    """
    copy = model.clone()
    nodes = {operation.get_friendly_name(): operation for operation in copy.get_ordered_ops()}
    results = copy.get_results() if end is None else [opset13.result(nodes[end].output(0))]
    inputs = copy.get_parameters()
    if start is not None:
        output = nodes[start].output(0)
        states = opset13.parameter(output.get_partial_shape(), output.get_element_type(), STATES)
        states.output(0).set_names({STATES})
        for reader in output.get_target_inputs():
            reader.replace_source_output(states.output(0))
        inputs.append(states)
    piece = ov.Model(results, inputs).clone()  # a clone has only what the results depend on, and the inputs
    for parameter in piece.get_parameters():
        if not parameter.output(0).get_target_inputs():
            piece.remove_parameter(parameter)
    return piece
