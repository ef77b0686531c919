"""The people of `python -m tests.soak`: content with an honest server, and complaining of a mixed-up one."""

from collections.abc import Iterator

import pytest

from pipeline import SanaPipeline
from pipeline.jobs.service import GenerationService
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.conftest import serve_page
from tests.soak.people import ROUND, Person
from tests.soak.ways import WAYS, OpenAi, Way


@pytest.fixture(scope="module")
def url(service: GenerationService) -> Iterator[str]:
    with serve_page(build(service, English()), service) as url:
        yield url


@pytest.mark.parametrize("way", WAYS)
def test_a_round_in_each_way_leaves_nothing_to_complain_of(url: str, way: type[Way], pipe: SanaPipeline) -> None:
    person = Person(0, way(url, 0), {})
    person.ask()
    assert person.complaints == []
    assert person.done.total() == len(ROUND)
    pipe("a moon", num_inference_steps=1)  # whatever was cancelled has let go of the model


def test_people_complain_of_pictures_of_others_and_of_lost_requests(url: str) -> None:
    class MixedUp(OpenAi):
        def draw(self, prompt: str, seed: int) -> bytes:
            return super().draw(prompt, seed + 1)

        def cancel(self, prompt: str) -> None:
            raise TimeoutError

    person = Person(0, MixedUp(url, 0), {})
    person.ask()
    lost, *mixed_up = sorted(person.complaints)
    assert lost.startswith("openai, cancel: TimeoutError")
    assert len(mixed_up) == ROUND.count("draw")
    assert all(": house " in complaint for complaint in mixed_up)
