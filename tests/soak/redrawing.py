"""Whether pictures are drawn again from their own records, byte for byte."""

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline import SanaPipeline
from pipeline.domain.updates import Result
from pipeline.generation.metadata import read_settings, write_png
from tests.served import miniature_folder


def differing(files: Mapping[int, bytes]) -> list[int]:
    """Return the keys of PNG files that this process draws otherwise from the records in them."""
    pipe = SanaPipeline.from_pretrained(miniature_folder())
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        for key, content in files.items():
            path.write_bytes(content)
            *_, result = pipe.generate(read_settings(path))
            assert isinstance(result, Result)
            again = io.BytesIO()
            write_png(result.images[0], again)
            if again.getvalue() != content:
                wrong.append(key)
    return wrong
