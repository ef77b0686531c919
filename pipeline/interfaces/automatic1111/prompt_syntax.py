"""What AUTOMATIC1111 reads in a prompt and Sana does not: extra networks and weights."""

import re

_NETWORK = re.compile(r"<(?:lora|lyco|lycoris|hypernet):[^<>]*>", re.IGNORECASE)
# Each digit and each space can be read in one way only: in several, a long prompt takes seconds.
_WEIGHT = re.compile(r"\(([^()]*):\s*[+-]?(?:\d+(?:\.\d+)?|\.\d+)\s*\)")
_COMMAS = re.compile(r"(?<!\s)\s*,(?:\s*,)+")
NETWORKS, WEIGHTS = "<lora>", "(word:weight)"


def plain_prompt(prompt: str) -> tuple[str, list[str]]:
    """Return a prompt without networks and with words in place of weighted words, and the names of what was there."""
    text, networks = _NETWORK.subn("", prompt)
    weights = 0
    while True:  # one within another
        text, count = _WEIGHT.subn(r"\1", text)
        weights += count
        if not count:
            break
    if networks:
        text = _COMMAS.sub(",", re.sub(r"  +", " ", text)).strip(" ,")
    return text, [name for name, count in ((NETWORKS, networks), (WEIGHTS, weights)) if count]
