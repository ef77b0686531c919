"""All words on the page. A language is one file here, such as de.py, whose class `Words` translates `English`.

The command line, logs, HTTP errors and model cards are English.
"""

from importlib import import_module
from pkgutil import iter_modules

from .en import English

__all__ = ["English", "all_words"]


def all_words() -> list[English]:
    """Return the words of each language, English first. A language is a file with a name like "de" or "zh"."""
    names = sorted(module.name for module in iter_modules(__path__))
    translations = [name for name in names if "_" not in name and name != English.language]
    return [English(), *(import_module(f"{__name__}.{name}").Words() for name in translations)]
