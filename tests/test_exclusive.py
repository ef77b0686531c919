"""One generation at a time: who waits for whom, and who is told that it would wait for itself."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.domain.errors import BusyError
from pipeline.generation.exclusive import exclusively


def numbers(count: int = 3) -> Generator[int, None, None]:
    yield from range(count)


def test_a_thread_that_goes_on_with_anothers_generation_is_its_driver_too() -> None:
    first = exclusively(numbers())
    assert next(first) == 0
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(next, first).result() == 1
        with pytest.raises(BusyError, match="exhaust or close"):
            pool.submit(next, exclusively(numbers())).result(timeout=10)
        assert pool.submit(list, first).result() == [2]
        assert pool.submit(list, exclusively(numbers())).result() == [0, 1, 2]
    assert list(exclusively(numbers())) == [0, 1, 2]


def test_a_refused_generation_leaves_the_first_one_as_it_is() -> None:
    first = exclusively(numbers())
    next(first)
    refused = exclusively(numbers())
    with pytest.raises(BusyError):
        next(refused)
    assert list(first) == [1, 2]


def test_a_failure_makes_room() -> None:
    def fail() -> Generator[int, None, None]:
        yield 0
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        list(exclusively(fail()))
    done = threading.Thread(target=list, args=(exclusively(numbers()),))
    done.start()
    done.join(10)
    assert not done.is_alive()
