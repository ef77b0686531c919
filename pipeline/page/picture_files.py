"""The files of one job that the page shows: the finished pictures, and the preview of the one that is drawn."""

import tempfile
from pathlib import Path
from types import TracebackType

from PIL import Image

from ..domain.settings import GenerationSettings
from ..domain.updates import JobUpdate, PictureUpdate, StepUpdate
from ..generation.metadata import write_png


class PictureFiles:
    """A folder that is gone with the job. Gradio copies each file into its cache, whole, while the handler waits.

    A file is never written again: images Gradio itself would write again for each update, while a browser may be
    reading them.
    """

    def __init__(self, settings: GenerationSettings) -> None:
        self._settings = settings
        # errors: a file may be in the works in another thread when the request is cancelled
        self._folder = tempfile.TemporaryDirectory(prefix="sana-", ignore_cleanup_errors=True)
        self._finished: list[Path] = []
        self._preview: Path | None = None

    def __enter__(self) -> "PictureFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._folder.cleanup()

    def write(self, update: JobUpdate) -> list[Path]:
        """Write what an update brings; return the finished pictures, and last the preview of an unfinished one."""
        match update:
            case StepUpdate(preview=Image.Image() as preview):
                # no PNG, which would look like a finished picture once it is saved
                self._preview = Path(self._folder.name) / f"preview-{update.image}-{update.step}.webp"
                preview.save(self._preview)
            case PictureUpdate():
                seed = self._settings.of_picture(update.image - 1).seed
                self._finished.append(Path(self._folder.name) / f"sana-{seed}.png")
                write_png(update.picture, self._finished[-1])
                self._preview = None
        return [*self._finished, *([self._preview] if self._preview else [])]
