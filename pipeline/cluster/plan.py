"""The command `python -m pipeline.cluster.plan`: how many machines a load takes, and what they cost."""

import argparse
import math
import sys
from dataclasses import dataclass

from .queueing_theory import replicas_for, waiting_seconds

HOUR = 3600


@dataclass(frozen=True)
class Plan:
    """Machines for a load: `rate` in pictures an hour. `wait` in seconds is the average before a picture begins."""

    rate: float
    replicas: int
    machines: int
    wait: float
    busy: float


def per_machine(cores: int, memory: float, threads: int, replica_memory: float) -> int:
    """Return how many replicas a machine holds; memory in GB."""
    return min(cores // threads, math.floor(memory / replica_memory))


def make_plan(rate: float, seconds: float, wait: float, each: int) -> Plan:
    """Return the smallest plan for `rate` pictures an hour of `seconds` that wait at most `wait` seconds on average.

    A machine holds `each` replicas, and all of a machine's are used.
    """
    machines = math.ceil(replicas_for(rate / HOUR, seconds, wait) / each)
    replicas = machines * each
    return Plan(
        rate, replicas, machines, waiting_seconds(rate / HOUR, seconds, replicas), rate / HOUR * seconds / replicas
    )


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    each = per_machine(options.cores, options.machine_memory, options.threads, options.memory)
    if not each:
        print("python -m pipeline.cluster.plan: no replica fits on such a machine.", file=sys.stderr)
        return 2
    print(f"A machine holds {each} replicas of {options.threads} threads.\n")
    print("| pictures an hour | machines | replicas | busy | wait, on average | cost of a picture |")
    print("|---|---|---|---|---|---|")
    for rate in options.rate:
        plan = make_plan(rate, options.seconds, options.wait, each)
        cost = f"{options.price * plan.machines / rate:.5f}" if options.price is not None else "give --price"
        print(f"| {rate:g} | {plan.machines} | {plan.replicas} | {plan.busy:.0%} | {plan.wait:.1f} s | {cost} |")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.cluster.plan", description="Plan the machines of a cluster from measured figures."
    )
    parser.add_argument("--seconds", type=positive, required=True, help="of a picture on a busy machine's replica")
    parser.add_argument("--memory", type=positive, required=True, metavar="GB", help="of a replica, at its most")
    parser.add_argument("--threads", type=whole, default=2, help="of a replica (default: 2)")
    parser.add_argument("--cores", type=whole, required=True, help="of a machine")
    parser.add_argument("--machine-memory", type=positive, required=True, metavar="GB", help="of a machine")
    parser.add_argument(
        "--rate", type=positive, required=True, nargs="+", help="pictures an hour; several are compared"
    )
    parser.add_argument("--wait", type=positive, default=10.0, metavar="SECONDS", help="on average (default: 10)")
    parser.add_argument("--price", type=positive, help="of a machine for an hour, in any currency")
    return parser.parse_args(arguments)


def positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return number


def whole(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
