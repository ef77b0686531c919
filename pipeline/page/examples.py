"""Prompts to try: scenes that the bundled miniature can draw, and any Sana."""

EXAMPLES = [
    "a red house next to a green tree on a sunny day",
    "two yellow stars at night",
    "a blue boat at sea",
    "a purple mushroom in the desert",
    "a big orange balloon above a small black car",
    "a white cloud and a brown fish by the sea",
]
