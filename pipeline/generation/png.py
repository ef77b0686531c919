"""The text chunks of a PNG file, without its pixels: a picture of any size is read in a few kilobytes."""

import os
import struct
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import SanaError
from ..domain.problems import Problem

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"  # the last chunk
MAX_TEXT = 1 << 20  # bytes of one chunk; a picture of ours has a few kilobytes


def read_text(path: Path, keyword: str) -> str | None:
    """What the `tEXt` chunk of that keyword holds, wherever it stands; None where there is none.

    Raises SanaError for what is no PNG file, and for one that ends early.
    https://www.w3.org/TR/png-3/#11tEXt
    """
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise SanaError(Problem("no png", {"file": path.name}))
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(END)))
        if file.read() != END:
            raise SanaError(Problem("cut off", {"file": path.name}))
        file.seek(len(SIGNATURE))
        while header := file.read(8):
            if len(header) < 8:
                break
            length, kind = struct.unpack(">I4s", header)
            text = _text_of(file, length, keyword) if kind == b"tEXt" and length <= MAX_TEXT else None
            if text is not None:
                return text
            file.seek(length + 4, 1)  # past the content and its checksum
    return None


def _text_of(file: BinaryIO, length: int, keyword: str) -> str | None:
    """The text of the chunk that starts here, or None and the file left where it was."""
    content = file.read(length)
    name, _, text = content.partition(b"\0")
    if name == keyword.encode("latin-1"):
        return text.decode("latin-1")
    file.seek(-len(content), 1)
    return None
