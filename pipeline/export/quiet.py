"""Silence from the libraries: their warnings while loading and tracing mean nothing to a person."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """No Python warnings, progress bars or log lines below an error from torch, diffusers and transformers."""
    with warnings.catch_warnings(), ExitStack() as restore:
        warnings.simplefilter("ignore")
        for library in (diffusers_logging, transformers_logging):
            restore.callback(library.set_verbosity, library.get_verbosity())
            if library.is_progress_bar_enabled():
                restore.callback(library.enable_progress_bar)
            library.set_verbosity_error()
            library.disable_progress_bar()
        yield
