"""Ask in all ways at once for some minutes while things go wrong. Is anything lost or mixed up, and does anything grow?

app.py serves two models in a process of its own. Twelve clients, a browser and batches draw, cancel, and are refused;
two more lie or say nothing. Connections are cut, models switched and taken away, the server is ended, killed and begun
again, and its disk is full for a while (where this user may mount one). The second half is without troubles.
Tables tell what the server holds, and what came of the requests. Exit status 1 if an answer was wrong or lost, if a
picture is drawn otherwise from its own record, if anything is left at the end, or if more is held than is allowed.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import httpx
import psutil

from pipeline.domain.limits import MAX_SESSIONS
from pipeline.runtime.malloc import RETAINED_SECONDS
from tests.benchmark.machine import describe
from tests.cutting_proxy import CuttingProxy
from tests.served import Server, miniature_folder, serve_miniature
from tests.waiting import wait_for

from .nuisances import Nuisance
from .people import Person
from .programs import Batch, Browser
from .redrawing import differing
from .tables import HELD_HEAD, SAVED, Held, growth, print_people, sum_of, temporary_files
from .troubles import Troublemaker, small_disk
from .ways import ROOT, WAYS, Page, Way

PEOPLE: tuple[type[Way], ...] = (*3 * WAYS, Browser, Batch)  # chosen: the queue is never empty, and never full
NUISANCES = 2
TROUBLED = 0.5  # of the time
PAUSE = 20.0  # seconds before each trouble; chosen: most requests are not interrupted
REST_SECONDS = RETAINED_SECONDS + 5.0  # until memory and threads that nobody uses have gone; chosen


@contextmanager
def served(folder: Path, minutes: float) -> Iterator[tuple[Server, CuttingProxy, Troublemaker, Path]]:
    """Serve two models behind a proxy that cuts connections; yield with the folder of temporary files."""
    models = [miniature_folder(), folder / "models" / "other"]
    command = [sys.executable, "precompile.py", "--compression", "int8", "--output", str(models[1])]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with small_disk(folder / "disk", minutes) as disk:
        used = disk or folder / "disk"
        flags = [flag for model in models for flag in ("--model", str(model))]
        flags += ["--strict-models", "--save", str(used / SAVED)]
        with serve_miniature(*flags, environment={"TMPDIR": str(used)}) as server:
            proxy = CuttingProxy(server.port)
            with proxy.serving():
                yield server, proxy, Troublemaker(server, proxy, models[1], disk), used


def rest(url: str) -> None:
    """Wait until nothing is drawn or waits any more, and a little longer."""

    def is_idle() -> bool:
        lines = httpx.get(f"{url}metrics").text.splitlines()
        return "sana_running 0.0" in lines and "sana_queue_length 0.0" in lines

    wait_for(is_idle, 120)
    time.sleep(REST_SECONDS)


def ask(people: list[Person], pool: ThreadPoolExecutor, minutes: float) -> None:
    """Let all people ask, each in a thread of its own, for at least a round each."""
    end = time.monotonic() + 60 * minutes

    def go_on(person: Person) -> None:
        person.ask()
        while time.monotonic() < end:
            person.ask()
        person.leave()

    list(pool.map(go_on, people))


def fill_sessions(url: str) -> None:
    """Open as many pages as the server remembers, so that what they hold is no growth later."""
    page = Page(url, 0)
    for _ in range(MAX_SESSIONS):
        page.open_anew()
        page.be_refused()
    page.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    minutes = parser.parse_args().minutes
    # A shell starts what is in the background without SIGINT, and batches inherit that, which are interrupted by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    machine = describe()
    print(f"{machine['cpu']}, {machine['cores']} cores, load {psutil.getloadavg()[0]:.1f} at the start", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        tempfile.tempdir = str(folder)  # gradio_client leaves an empty folder there for each file that it gets
        pool = stack.enter_context(ThreadPoolExecutor(len(PEOPLE) + NUISANCES + 1))
        server, proxy, troublemaker, disk = stack.enter_context(served(folder, minutes))
        known: dict[int, bytes] = {}
        url = f"http://127.0.0.1:{proxy.port}/"
        ways = [partial(way, url, number) for number, way in enumerate(PEOPLE)]
        people = [Person(number, way, known, troublemaker.troubles) for number, way in enumerate(ways)]
        nuisances = [Nuisance(server.port) for _ in range(NUISANCES)]

        def go_on(share: float, when: str) -> Held:
            """Let all people ask for a share of the minutes, and print what the server holds then."""
            ask(people, pool, minutes * share)
            rest(server.url)
            held = Held.by(server, disk)
            print(held.row(when, people), flush=True)
            return held

        print(HELD_HEAD + "\n" + Held.by(server, disk).row("at the start", people), flush=True)
        is_over, is_calm = Event(), Event()
        annoying = [pool.submit(each.run, is_over) for each in nuisances]
        troubling = pool.submit(troublemaker.run, is_calm, PAUSE)
        ask(people, pool, minutes * TROUBLED)
        is_calm.set()
        troubling.result()
        go_on(0.0, "after the troubles")
        fill_sessions(server.url)
        before = go_on((1 - TROUBLED) / 5, "after some pictures without")
        after = go_on((1 - TROUBLED) * 4 / 5, "at the end")
        is_over.set()
        wait(annoying)
        left = [*server.end(), *temporary_files(disk)]
    findings = [f"{each} is left" for each in left] + growth(before, after) + troublemaker.findings
    findings += [finding for each in nuisances for finding in each.findings]
    findings += [complaint for person in people for complaint in person.complaints]
    findings += [f"the picture of seed {seed} is drawn otherwise from its record" for seed in differing(known)]
    print_people(people)
    print(f"\nTroubles: {dict(troublemaker.troubles.count)}")
    print(f"Nuisances: {dict(sum_of(each.count for each in nuisances))}")
    print(f"{len(known)} pictures, drawn again from their records.")
    print(f"{len(findings)} findings")
    for finding, count in Counter(findings).most_common():
        print(f"- {count} x {finding}" if count > 1 else f"- {finding}")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
