"""All words on the page. A language is one file here with its translations; English fills the gaps.

The command line, logs, HTTP errors and model cards are English.
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
    """Return the words for a locale such as "de_DE": `Words` from de.py, or English without such a file."""
    language = name.partition("_")[0].lower()
    module = f"{__name__}.{language}"
    if not language.isalpha() or language == "en" or find_spec(module) is None:
        return English()
    words: English = import_module(module).Words()
    return words
