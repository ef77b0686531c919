"""Gradio's Blocks with checked inputs, and with sentences for errors."""

import logging
import os
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.problems import Problem
from .payload import check_payload
from .sessions import Sessions
from .visitor import picture_folder
from .words import English

ENDPOINT = "generate"
EVENTS_AT_ONCE = 512  # chosen: well over MAX_WAITING; each waiting request and each page that watches a load holds one
_LOG = logging.getLogger(__name__)


class PageBlocks(gr.Blocks):
    """Blocks that open only the visitor's own files and hide the details of server errors.

    `/generate` fills in values that are missing at the end: clients of earlier versions send fewer.
    """

    def __init__(self, words: English, **options: Any) -> None:
        """Begin a page that says its errors in the language of `words`; those of `/generate` are English."""
        super().__init__(**options)
        self._words = words

    async def process_api(  # type: ignore[override]  # the rest of Gradio's parameters pass through `options`
        self,
        block_fn: Any,
        inputs: list[Any],
        *,
        iterator: Any = None,
        session_hash: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Run an event, or its next update; raise `gr.Error` with a sentence for any error."""
        words = English() if block_fn.api_name == ENDPOINT else self._words
        try:
            if iterator is None:
                check_payload(inputs, lambda path: self.owns(session_hash, path))
            return await super().process_api(block_fn, inputs, iterator=iterator, session_hash=session_hash, **options)
        except gr.Error:
            raise
        except SanaError as error:
            raise gr.Error(words.error(error), print_exception=False) from error
        except Exception as error:
            _LOG.exception("An event failed")
            raise gr.Error(words.problem(Problem("failed", {})), print_exception=False) from error

    def owns(self, session: str | None, path: str) -> bool:
        """Return True if a file was uploaded, or made for this session."""
        if path in self.upload_file_set:
            return True
        is_plain = os.path.normpath(path) == path and "\0" not in path
        return session is not None and is_plain and Path(path).is_relative_to(picture_folder(session))

    async def preprocess_data(self, *args: Any, **options: Any) -> list[Any]:
        """Return the values of an event for its handler; raise SanaError for values of another kind."""
        try:
            values: list[Any] = await super().preprocess_data(*args, **options)
            return values
        except OSError:
            raise
        except Exception as error:  # Gradio raises many kinds; the page itself never sends such values
            raise SanaError(Problem("event kind", {})) from error

    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Fill in missing values of the endpoint in place; raise ValueError for too many values."""
        if block_fn.fn is None or len(inputs) > len(block_fn.inputs):
            raise ValueError("this event has nothing to do here, or takes fewer values")
        if block_fn.api_name == ENDPOINT or block_fn.is_validator_function:
            inputs += [component.value for component in block_fn.inputs[max(1, len(inputs)) :]]
        super().validate_inputs(block_fn, inputs)

    def run_startup_events(self) -> None:
        """Start Gradio's queue with room for every request in ours, and with less memory of past visitors."""
        self._queue.max_thread_count = EVENTS_AT_ONCE
        self._queue.ANALYTICS_MAX_EVENTS = 1  # Gradio goes through all of them after each event
        self.app.state_holder = Sessions(self)
        super().run_startup_events()  # type: ignore[no-untyped-call]  # has no annotations in Gradio
