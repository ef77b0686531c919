"""The people of `python -m tests.soak`: content with an honest server, and complaining of a mixed-up one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from pipeline import SanaPipeline
from pipeline.jobs.service import GenerationService
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.serving import serve_page
from tests.soak.nuisances import Nuisance
from tests.soak.people import ROUND, Person
from tests.soak.programs import Batch, Browser
from tests.soak.tables import Held, growth
from tests.soak.troubles import Troubles
from tests.soak.ways import WAYS, OpenAi, Way, connect


@pytest.fixture(scope="module")
def url(service: GenerationService) -> Iterator[str]:
    with serve_page(build(service, English()), service) as url:
        yield url


@pytest.mark.parametrize("way", [*WAYS, pytest.param(Browser, marks=pytest.mark.long)])
def test_a_round_in_each_way_leaves_nothing_to_complain_of(url: str, way: type[Way], pipe: SanaPipeline) -> None:
    person = Person(0, partial(way, url, 0), {})
    with ThreadPoolExecutor(1) as pool:  # a browser wants a thread without another one's loop
        pool.submit(person.ask).result()
        pool.submit(person.leave).result()
    assert person.complaints == []
    assert person.done.total() == len(ROUND)
    pipe("a moon", num_inference_steps=1)  # whatever was cancelled has let go of the model


def test_people_complain_of_pictures_of_others_and_of_lost_requests(url: str) -> None:
    class MixedUp(OpenAi):
        def draw(self, prompt: str, seed: int) -> bytes:
            return super().draw(prompt, seed + 1)

        def cancel(self, prompt: str) -> None:
            raise TimeoutError

    person = Person(0, partial(MixedUp, url, 0), {})
    person.ask()
    lost, *mixed_up = sorted(person.complaints)
    assert lost.startswith("openai, cancel: TimeoutError")
    assert len(mixed_up) == ROUND.count("draw")
    assert all(": house " in complaint for complaint in mixed_up)


@pytest.mark.long
def test_a_batch_draws_is_interrupted_and_refuses() -> None:
    person = Person(0, partial(Batch, "", 0), {})
    person.ask()
    person.leave()
    assert person.complaints == []


def test_what_a_trouble_interrupts_is_no_complaint(url: str) -> None:
    troubles = Troubles()

    class CutOff(OpenAi):
        def draw(self, prompt: str, seed: int) -> bytes:
            with troubles.of("connections cut"):
                raise ConnectionError

    person = Person(0, partial(CutOff, url, 0), {}, troubles)
    person.ask()
    assert person.complaints == []
    assert person.done == {"interrupted": ROUND.count("draw"), "cancel": 1, "be_refused": 1}


def test_who_lies_is_refused(url: str) -> None:
    port = httpx.URL(url).port
    assert port
    nuisance = Nuisance(port)
    nuisance.send_noise()
    nuisance.send_too_much()
    assert nuisance.findings == []


def test_an_answer_that_tells_of_the_inside_is_complained_of() -> None:
    def tell(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, text="Traceback (most recent call last)")

    with (
        connect("http://a", transport=httpx.MockTransport(tell)) as client,
        pytest.raises(AssertionError, match="most"),
    ):
        client.get("")


def test_what_grows_too_much_is_named() -> None:
    before = Held(memory=100_000_000, threads=40, descriptors=50, files=7)
    assert growth(before, Held(102_000_000, 45, 60, 7)) == []
    assert growth(before, Held(104_000_000, 40, 61, 7)) == [
        "memory grew from 100000000 to 104000000",
        "descriptors grew from 50 to 61",
    ]
