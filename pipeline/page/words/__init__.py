"""All words that people read on the page. A language is one more file here, which says what it says otherwise.

What such a file leaves out is English. The command line, logs, HTTP errors and model cards stay English.
"""

import locale
from importlib import import_module
from importlib.util import find_spec

from .en import English

__all__ = ["English", "find_words", "local_words"]


def local_words() -> English:
    """Return the words in the language of this machine."""
    return find_words(locale.getlocale()[0] or "")


def find_words(name: str) -> English:
    """Return the words for a locale name such as "de_DE": `Words` of the file de.py, English if there is none."""
    language = name.partition("_")[0].lower()
    module = f"{__name__}.{language}"
    if not language.isalpha() or language == "en" or find_spec(module) is None:
        return English()
    return import_module(module).Words()
