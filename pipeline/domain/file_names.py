"""Names of files from prompts."""

import re
import unicodedata

MOST = 40  # characters; chosen: in any script, a name of 255 bytes holds them with room for more


def prompt_words(prompt: str) -> str:
    """Return the first words of a prompt of any script, for a file's name: "a-red-house"; "" if there are none."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", prompt.lower()))
    return "-".join(words)[:MOST].rstrip("-_")
