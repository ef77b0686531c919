"""The flags for several machines, which app.py and batches share. They need no Ray."""

import argparse
import re
from dataclasses import dataclass

AUTO = "auto"
MOST_REPLICAS = 10_000  # chosen: more is a typing error


@dataclass(frozen=True)
class ReplicaRange:
    """How many replicas each model has: from `least` to `most`, by the requests that wait."""

    least: int = 1
    most: int = 1

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least}..{self.most}"


def add_cluster_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster",
        type=cluster_address,
        metavar="auto|HOST:PORT",
        help="draw on the machines of a Ray cluster: the one at this address, which this machine has joined, or with "
        "auto the one that runs here, else one of this program's own (needs: "
        "pip install -r pipeline/cluster/requirements.txt)",
    )
    parser.add_argument(
        "--replicas",
        type=replica_range,
        metavar="N|MIN..MAX",
        help="how many pictures of each model the cluster draws at once (default: 1); of a range, as many as are asked "
        "for",
    )


def check_cluster_flags(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Fill in the default number of replicas; exit with one line if there are replicas without a cluster."""
    if options.replicas and not options.cluster:
        parser.error("argument --replicas: needs --cluster")
    options.replicas = options.replicas or ReplicaRange()


def cluster_address(text: str) -> str:
    host, _, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 1 <= int(port) <= 65535
    if text != AUTO and not (is_port and re.fullmatch(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", host)):
        raise argparse.ArgumentTypeError(f"must be auto, or a host and a port with a colon between them, not {text!r}")
    return text


def replica_range(text: str) -> ReplicaRange:
    match = re.fullmatch(r"(\d{1,6})(?:\.\.(\d{1,6}))?", text, re.ASCII)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most <= MOST_REPLICAS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, or a range such as 1..4, not {text!r}")
    return ReplicaRange(least, most)
