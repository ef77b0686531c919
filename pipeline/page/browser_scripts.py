"""The page's own JavaScript: the files of browser/, put together for the component that they belong to."""

import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("browser")


def script(*names: str, words: Mapping[str, str]) -> str:
    """Return these files as one script for `js_on_load`, each in a block of its own.

    All see `words` and `sana`, the object by which the components of the page reach each other.
    """
    head = f'"use strict";\nconst words = {json.dumps(words)};\nconst sana = (window.sana ??= {{}});\n'
    texts = ((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)
    return head + "\n".join(f"{{\n{text}}}" for text in texts)
