"""What Gradio finds when it is imported: a folder of this process for files, and no proxy."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..domain.errors import SanaError

_FOLDER = "GRADIO_TEMP_DIR"
_NO_PROXY = {"no_proxy": "*", "NO_PROXY": "*"}


@contextmanager
def gradio_environment() -> Iterator[None]:
    """Import Gradio, which reads its environment then, and give it a folder that is gone at the end.

    Gradio's own folder is the same for all users of a machine, and belongs to the first. Where the user names one,
    ours lies in that. Raises SanaError where none can be made.
    """
    parent = os.environ.get(_FOLDER)
    try:
        if parent:
            Path(parent).mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="sana-", dir=parent or None, ignore_cleanup_errors=True)
    except OSError as error:
        raise SanaError(
            f"No folder for temporary files can be made ({error.strerror}): name another with "
            f"{_FOLDER if parent else 'TMPDIR'}."
        ) from None
    with folder as name, _variables({_FOLDER: name}):
        with _variables(_NO_PROXY):  # it makes clients at once, and ends for a proxy that they cannot use
            import gradio  # noqa: F401
        yield


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
