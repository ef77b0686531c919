"""Example prompts for the bundled miniature and for a full-size Sana, in English, as the models expect."""

from ..domain.model import ModelDescription

MINIATURE = [
    "two penguins in the snow",
    "a fox beside a castle at night",
    "a red house and a yellow sun by day",
    "a sailboat at sunset",
    "a purple mushroom in the desert",
    "a pink heart on plain paper",
]

FULL_SIZE = [
    "a lighthouse on a cliff at dawn, soft mist, oil painting",
    "portrait of an old fisherman, warm window light, 35 mm photograph",
    "an isometric paper model of a tiny mountain village in winter",
    "a fox asleep in autumn leaves, children's book watercolour",
    "a glass teapot with a blooming garden inside, studio photograph",
]


def examples(model: ModelDescription) -> list[list[str]]:
    """Return the examples for a model as rows of a `gr.Dataset`."""
    return [[prompt] for prompt in (MINIATURE if model.is_miniature else FULL_SIZE)]
