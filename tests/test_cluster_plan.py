"""The plan of a cluster: its formula against a simulation of the queue, and its command."""

import math

import pytest

from pipeline.cluster.plan import main, make_plan
from pipeline.cluster.queueing_theory import replicas_for, waiting_seconds
from pipeline.domain.settings import GenerationSettings
from tests.measure_waiting import Sleeper, measure
from tests.queue_simulation import simulate


def test_one_replica_waits_as_the_formula_of_pollaczek_and_khinchine_says() -> None:
    rate, seconds = 0.04, 20.0
    exact = rate * seconds**2 / (2 * (1 - rate * seconds))
    assert waiting_seconds(rate, seconds, 1) == pytest.approx(exact)


@pytest.mark.parametrize(("replicas", "busy", "requests"), [(1, 0.7, 6_000), (2, 0.8, 6_000), (4, 0.8, 6_000)])
def test_the_formula_is_near_the_simulation(replicas: int, busy: float, requests: int) -> None:
    seconds = 20.0
    rate = busy * replicas / seconds
    assert waiting_seconds(rate, seconds, replicas) == pytest.approx(
        simulate(rate, seconds, replicas, requests), rel=0.15
    )


def test_a_thousand_replicas_hardly_let_wait_what_they_can_draw() -> None:
    seconds, replicas = 20.0, 1000
    rate = 0.95 * replicas / seconds
    formula, simulated = waiting_seconds(rate, seconds, replicas), simulate(rate, seconds, replicas, 6_000)
    assert (formula < 0.2, simulated < 0.2) == (True, True)
    assert math.isinf(waiting_seconds(1.1 * replicas / seconds, seconds, replicas))


@pytest.mark.parametrize("rate", [10, 300, 180_000])
def test_a_plan_is_the_smallest_that_keeps_the_waiting_time(rate: float) -> None:
    plan = make_plan(rate, 19.0, wait=10.0, each=2)
    assert plan.wait <= 10.0
    assert plan.replicas == 2 * plan.machines
    assert replicas_for(rate / 3600, 19.0, 10.0) > 2 * (plan.machines - 1)


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    figures = ["--seconds", "19", "--memory", "10", "--cores", "8", "--machine-memory", "32", "--rate", "100", "1000"]
    assert main([*figures, "--price", "0.4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "A machine holds 3 replicas of 2 threads."
    assert [line.split("|")[1:4] for line in lines[-2:]] == [[" 100 ", " 1 ", " 3 "], [" 1000 ", " 2 ", " 6 "]]
    assert main([*figures[:3], "40", *figures[4:]]) == 2
    for bad in ("0", "nan", "many"):
        with pytest.raises(SystemExit):
            main(["--seconds", bad, *figures[2:]])


def test_what_is_measured_waits_as_long_as_what_is_simulated() -> None:
    seconds, requests = 0.05, 40
    rate = 0.9 * 2 / seconds
    asked = [GenerationSettings("a house", seed=number) for number in range(requests)]
    waited, slept = measure(Sleeper(seconds), asked, rate, 2, seed=1)  # type: ignore[arg-type]
    assert slept >= seconds
    assert waited >= simulate(rate, seconds, 2, requests, seed=1) > 0  # a busy machine sleeps longer
