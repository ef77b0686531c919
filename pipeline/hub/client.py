"""Calls of huggingface_hub: retried after passing failures, with errors in one line."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
    logging,
)

from ..domain.errors import SanaError
from ..model_folder.files import one_line
from .names import HubName

Answer = TypeVar("Answer")

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each retry; chosen: 15.5 s in all, doubling as is customary
SHORT_WAITS = WAITS[:2]  # for requests that the cache can answer as well
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
_PASSING = (408, 429, 500, 502, 503, 504)  # HTTP statuses of passing failures
_NO_CONNECTION = (HTTPError, ConnectionError, TimeoutError, json.JSONDecodeError)  # the last for a truncated answer
HUB_ERRORS = (HTTPError, OSError, ValueError, RuntimeError, EntryNotFoundError)


@contextmanager
def in_one_line(name: HubName, kind: str = "model") -> Iterator[None]:
    """Turn errors of huggingface_hub into a SanaError of one sentence.

    Its log is silenced, and its progress bars are hidden without a terminal.
    """
    verbosity, had_bars = logging.get_verbosity(), not are_progress_bars_disabled()
    logging.set_verbosity(logging.CRITICAL)
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        yield
    except SanaError:
        raise
    except HUB_ERRORS as error:
        raise SanaError(_explain(error, name, kind)) from error
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            enable_progress_bars()


def patiently(call: Callable[[], Answer], waits: tuple[float, ...] = WAITS) -> Answer:
    """Return the result of `call`, retried if the Hub or the connection fails for a moment.

    huggingface_hub retries only some requests, and gives up a download at the first error 500.
    """
    for wait in waits:
        try:
            return call()
        except HUB_ERRORS as error:
            if not is_passing(error):
                raise
        time.sleep(wait)
    return call()


def is_passing(error: BaseException) -> bool:
    """Return True if the same request may succeed a moment later."""
    for cause in _causes(error):
        if isinstance(cause, HfHubHTTPError):
            return cause.response.status_code in _PASSING
        if isinstance(cause, OfflineModeIsEnabled):
            return False
        if isinstance(cause, _NO_CONNECTION):
            return True
    return "Consistency check failed" in str(error)  # huggingface_hub's message for a truncated download


def is_unreachable(error: BaseException) -> bool:
    """Return True if the Hub is out of reach now, so that only the cache can help."""
    return is_passing(error) or any(isinstance(cause, OfflineModeIsEnabled) for cause in _causes(error))


def _explain(error: BaseException, name: HubName, kind: str) -> str:
    causes = list(_causes(error))
    partly = "only partly in the cache" if isinstance(error, IncompleteSnapshotError) else "not in the cache"
    here = f"{name} is {partly}, and " if isinstance(error, LocalEntryNotFoundError) else f"{name}: "
    for cause in causes:
        match cause:
            case OfflineModeIsEnabled():
                return f"{name} is {partly}, and HF_HUB_OFFLINE forbids to fetch it: start once without it."
            case GatedRepoError():
                return f"{name.repo} asks for its terms to be accepted at {constants.ENDPOINT}/{name.repo}: {LOG_IN}."
            case RepositoryNotFoundError():
                return _explain_missing(name, kind)
            case RevisionNotFoundError():
                return f"{name.repo} has no revision {name.revision or 'main'}.{_tags(name, kind)}"
            case HfHubHTTPError():
                return _explain_status(cause, name)
            case HTTPError() | ConnectionError() | TimeoutError():
                reason = " ".join(str(cause).split()) or type(cause).__name__
                return f"{here}the Hub at {constants.ENDPOINT} cannot be reached ({reason}): try again later."
    if isinstance(error, LocalEntryNotFoundError):
        return f"{name} is {partly}: start once with a connection to the Hub."
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror} ({error.filename or constants.HF_HUB_CACHE}); HF_HOME names another folder."
    return f"{name}: {one_line(causes[-1])}"


def _explain_status(error: HfHubHTTPError, name: HubName) -> str:
    status = error.response.status_code
    said = f" ({' '.join(error.server_message.split())})" if error.server_message else ""
    if status == 401:
        return f"The Hub does not accept the token{said}: {LOG_IN}."
    if status == 402:
        return f"The Hub asks for a PRO or Team account to create {name.repo}{said}."
    if status == 403:
        return (
            f"The token has no right to do that with {name.repo}{said}: make another at "
            f"{constants.ENDPOINT}/settings/tokens."
        )
    if status == 404:
        return f"{name} is not complete: the Hub does not have {error.response.url.path}."
    if status in _PASSING:
        return f"The Hub failed {len(WAITS) + 1} times with error {status}{said} for {name}: try again later."
    return f"The Hub refused a request for {name} with error {status}{said}."


def _explain_missing(name: HubName, kind: str) -> str:
    """Return a sentence about a missing repo. The Hub's answer does not tell a missing repo from a private one."""
    for other in {"model", "dataset", "space"} - {kind}:
        try:
            HfApi().repo_info(name.repo, repo_type=other)
        except HUB_ERRORS:
            continue
        return f"{name.repo} is a {other} on the Hub, not a {kind}: give the name of a {kind}."
    return f"There is no {kind} {name.repo} on the Hub, or it is private: check the name, or {LOG_IN}."


def _tags(name: HubName, kind: str) -> str:
    try:
        tags = [tag.name for tag in HfApi().list_repo_refs(name.repo, repo_type=kind).tags]
    except HUB_ERRORS:
        return ""
    return f" Its tags: {', '.join(tags)}." if tags else " It has no tags."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
