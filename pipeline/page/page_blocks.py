"""Gradio's Blocks for this page: what comes in is checked, and what goes wrong is a sentence."""

import logging
import os
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.limits import MAX_SESSIONS
from ..domain.problems import Problem
from .payload import check_payload
from .visitor import picture_folder

ENDPOINT = "generate"
EVENTS_AT_ONCE = 512  # a choice, well over MAX_WAITING: who waits holds one, and so does who watches a model's loading
_LOG = logging.getLogger(__name__)


class PageBlocks(gr.Blocks):
    """Blocks that open no file but the visitor's own, and show nobody an error of the server as it is.

    `/generate` takes values by position even if some are missing at the end: those have defaults, and requests were
    written for an earlier version.
    """

    async def process_api(  # type: ignore[override]  # Gradio names all but the first two
        self,
        block_fn: Any,
        inputs: list[Any],
        *,
        iterator: Any = None,
        session_hash: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Run an event, or its next update; raise `gr.Error` with a sentence for whatever is wrong."""
        try:
            if iterator is None:
                check_payload(inputs, lambda path: self._owns(session_hash, path))
            return await super().process_api(block_fn, inputs, iterator=iterator, session_hash=session_hash, **options)
        except gr.Error:
            raise
        except SanaError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            _LOG.exception("An event failed")
            raise gr.Error(Problem("failed", {}).sentence, print_exception=False) from error

    async def preprocess_data(self, *args: Any, **options: Any) -> list[Any]:
        """Return the values of an event as handlers take them; raise SanaError for those of another kind."""
        try:
            return await super().preprocess_data(*args, **options)
        except OSError:
            raise
        except Exception as error:  # whichever: no value is one that the page sends
            raise SanaError(Problem("event kind", {})) from error

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Complete the values of a request to the endpoint in place; raise ValueError for a wrong number of them."""
        if block_fn.fn is None or len(inputs) > len(block_fn.inputs):
            raise ValueError("this event has nothing to do here, or takes fewer values")
        if block_fn.api_name == ENDPOINT or block_fn.is_validator_function:
            inputs += [component.value for component in block_fn.inputs[max(1, len(inputs)) :]]
        super().validate_inputs(block_fn, inputs)

    def run_startup_events(self) -> None:
        """Start Gradio's queue with a place for everybody who waits in ours, and keep less of visitors than Gradio."""
        self._queue.max_thread_count = EVENTS_AT_ONCE
        self._queue.ANALYTICS_MAX_EVENTS = 1  # it goes through all of them after each event
        self.state_holder.capacity = MAX_SESSIONS
        super().run_startup_events()

    def _owns(self, session: str | None, path: str) -> bool:
        """Return whether a file was uploaded, or made for this session."""
        if path in self.upload_file_set:
            return True
        is_plain = os.path.normpath(path) == path and "\0" not in path
        return session is not None and is_plain and Path(path).is_relative_to(picture_folder(session))
