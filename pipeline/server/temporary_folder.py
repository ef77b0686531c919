"""The folder of pictures that visitors fetch and files that they upload, gone with the program."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import SanaError

_VARIABLE = "GRADIO_TEMP_DIR"


@contextmanager
def own_gradio_folder() -> Iterator[Path]:
    """Give Gradio a folder of this process; enter this before Gradio is imported, which reads the variable then.

    Gradio's own is the same for all users of the machine, and the first one's. Where the variable is set, the folder
    lies in that one. Raises SanaError where none can be made.
    """
    parent = os.environ.get(_VARIABLE)
    try:
        if parent:
            Path(parent).mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="sana-", dir=parent or None, ignore_cleanup_errors=True)
    except OSError as error:
        raise SanaError(
            f"No folder for temporary files can be made ({error.strerror}): name another with "
            f"{_VARIABLE if parent else 'TMPDIR'}."
        ) from None
    with folder as name:
        os.environ[_VARIABLE] = name
        try:
            yield Path(name)
        finally:
            if parent is None:
                del os.environ[_VARIABLE]
            else:
                os.environ[_VARIABLE] = parent
