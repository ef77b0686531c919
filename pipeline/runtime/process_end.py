"""The end of this process: within seconds, after SIGTERM as after Ctrl-C, whatever its threads are doing."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import psutil

from .temporary_files import own_temporary_folder

SECONDS = 3.0  # from a signal to the end; chosen: Docker kills after 10 s, and others after 5 s
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # no SIGHUP on Windows


_handlers: dict[int, Any] = {}  # the handlers before ours, by signal


@contextmanager
def tidy_process(with_input: bool = False) -> Iterator[None]:
    """Run the whole program inside of this context, which removes its temporary files however it ends.

    With `with_input`, the process ends at once when its standard input is closed, as it is when the parent has ended.

    Raises:
        SanaError: no temporary file can be written.
    """
    with own_temporary_folder() as remove, ended_by_signals(remove):
        if with_input:
            threading.Thread(target=_end_with_input, args=(remove,), daemon=True, name="input").start()
        yield


@contextmanager
def ended_by_signals(clean: Callable[[], object]) -> Iterator[None]:
    """Raise KeyboardInterrupt in the main thread for SIGTERM (Docker, systemd) and SIGHUP (a closed terminal).

    A running call into a library delays the exception. So SECONDS after a signal, a thread kills all child processes,
    calls `clean` and ends the process. Signals that were ignored before, as by nohup, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():  # only the main thread can set handlers
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    _handlers.update(before)
    for number in before:
        signal.signal(number, _interrupt)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, list(before), clean), daemon=True, name="signals").start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        _restore()
        os.close(writer)  # ends the thread, unless a signal has come


def _restore() -> None:
    while _handlers:
        signal.signal(*_handlers.popitem())


# A forked child shares the parent's pipe: a signal to the child would end the parent. So signals are blocked during a
# fork, and the child gets the handlers from before ours.
def _hold_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _forget_in_child() -> None:
    if _handlers:
        signal.set_wakeup_fd(-1)
        _restore()
    _release_signals()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_forget_in_child)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(reader: int, numbers: list[int], clean: Callable[[], object]) -> None:
    while received := os.read(reader, 1):
        if received[0] in numbers:
            if hasattr(signal, "setitimer"):  # SIGALRM also ends an interpreter that shuts down, and runs no threads
                signal.setitimer(signal.ITIMER_REAL, SECONDS + 1)
            time.sleep(SECONDS)
            _end(clean, 128 + received[0])  # the status that shells report for a signal
    os.close(reader)


def _end_with_input(clean: Callable[[], object]) -> None:
    while os.read(0, 1):  # not sys.stdin, which the interpreter would wait for at its end
        pass
    _end(clean, 1)


def _end(clean: Callable[[], object], status: int) -> None:
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # the child has ended by itself
            child.kill()
    clean()
    os._exit(status)
