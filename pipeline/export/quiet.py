"""The silencing of libraries, whose warnings during loading and tracing need no action from anybody."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings, progress bars and log lines below an error of torch, diffusers and transformers."""
    with warnings.catch_warnings(), ExitStack() as restore:
        warnings.simplefilter("ignore")
        for library in (diffusers_logging, transformers_logging):
            restore.callback(library.set_verbosity, library.get_verbosity())
            if library.is_progress_bar_enabled():
                restore.callback(library.enable_progress_bar)
            library.set_verbosity_error()
            library.disable_progress_bar()
        yield


@contextmanager
def quiet_nncf() -> Iterator[None]:
    """Silence progress bars and log lines below an error of NNCF."""
    import nncf  # here, since its import takes seconds and fp16 does not need it

    nncf.set_log_level(logging.ERROR)
    with redirect_stdout(io.StringIO()):
        yield
