"""Gradio's Blocks for this page: its endpoint takes requests that were written for an earlier version."""

from typing import Any

import gradio as gr

ENDPOINT = "generate"


class PageBlocks(gr.Blocks):
    """Blocks whose `/generate` takes values by position even if some are missing at the end: those have defaults."""

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Complete the values of a request to the endpoint in place; raise ValueError for those to other events."""
        if block_fn.api_name == ENDPOINT or block_fn.is_validator_function:
            inputs += [component.value for component in block_fn.inputs[max(1, len(inputs)) :]]
        super().validate_inputs(block_fn, inputs)
