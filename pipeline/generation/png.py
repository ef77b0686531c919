"""The text chunks of a PNG file. Pixels are skipped, so that a few kilobytes are read of a picture of any size."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import SanaError
from ..domain.limits import MAX_PNG_CHUNKS, MAX_PNG_TEXT
from ..domain.problems import Problem

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_KEYWORD = 79  # bytes, by the PNG standard
END = b"IEND"


def read_text(path: Path, keyword: str) -> str | None:
    """Return the text of the first tEXt, zTXt or iTXt chunk with a keyword, or None if there is no such chunk.

    The chunk may stand before or after the pixels (https://www.w3.org/TR/png-3/#11textinfo). Bytes after the end of the
    picture, which some programs append, are ignored.

    Raises:
        SanaError: the file is no PNG, ends early, has more than MAX_PNG_CHUNKS chunks, or its text is damaged.
    """
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise SanaError(Problem("no png", {"file": path.name}))
        found = None
        for _ in range(MAX_PNG_CHUNKS):
            header = file.read(8)
            length, kind = struct.unpack(">I4s", header) if len(header) == 8 else (0, b"")
            end = file.tell() + length + 4  # 4 bytes of checksum follow the content
            if found is None and kind in _READERS and length <= MAX_PNG_TEXT:
                found = _text_of(file, kind, length, keyword)
            file.seek(end - 1)
            if not header or not file.read(1):
                raise SanaError(Problem("cut off", {"file": path.name}))
            if kind == END:
                break
        else:
            raise SanaError(Problem("unreadable", {"file": path.name, "reason": "it has too many chunks"}))
    try:
        return found and _READERS[found[0]](found[1])
    except (ValueError, zlib.error) as error:
        raise SanaError(Problem("unreadable", {"file": path.name, "reason": "its text is damaged"})) from error


def _text_of(file: BinaryIO, kind: bytes, length: int, keyword: str) -> tuple[bytes, bytes] | None:
    """Read the text chunk at the file's position; return its kind and content, or None if its keyword is another.

    The content is without the keyword.
    """
    name, separator, text = file.read(min(length, MAX_KEYWORD + 1)).partition(b"\0")
    if name != keyword.encode("latin-1") or not separator:
        return None
    return kind, text + file.read(max(0, length - MAX_KEYWORD - 1))


def _plain(content: bytes) -> str:
    return content.decode("latin-1")


def _compressed(content: bytes) -> str:
    return _unpack(content).decode("latin-1")


def _international(content: bytes) -> str:
    is_compressed, content = content[:1] == b"\1", content[1:]
    method, (_language, _translated, text) = content[:1], content[1:].split(b"\0", 2)
    return (_unpack(method + text) if is_compressed else text).decode("utf-8")


def _unpack(content: bytes) -> bytes:
    """Decompress data that follow a byte for the compression method.

    At most MAX_PNG_TEXT bytes are unpacked, since a kilobyte can unpack to a megabyte.

    Raises:
        ValueError: the text is longer, cut off, or compressed by another method than zlib's deflate.
    """
    inflater = zlib.decompressobj()
    text = inflater.decompress(content[1:], MAX_PNG_TEXT)
    if content[:1] != b"\0" or not inflater.eof:
        raise ValueError("too long, cut off, or packed in another way")
    return text


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
