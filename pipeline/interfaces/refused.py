"""A request that is refused, with its HTTP status and one sentence."""

from collections.abc import Mapping

from ..domain.errors import BusyError, SanaError, SettingsError
from ..domain.problems import Problem

LONGEST_RETRY = 120  # seconds; OpenAI's SDK waits as long at most, and tries twice more


class Refused(Exception):
    """Raised by a route. `name` is the refused parameter's, as the interface or as this program calls it."""

    def __init__(
        self,
        status: int,
        sentence: str,
        name: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.name, self.code, self.headers = status, sentence, name, code, headers


def refused(problem: Problem, name: str | None = None) -> Refused:
    """Return the refusal of a value."""
    return Refused(400, problem.sentence, name)


def refusal_of(error: SanaError) -> Refused:
    """Return the refusal of a request that failed. An error without a problem may name folders: it tells nothing."""
    if error.problem is None:
        return Refused(500, Problem("failed", {}).sentence)
    if isinstance(error, SettingsError):
        return Refused(400, str(error))
    if isinstance(error, BusyError):
        return Refused(429, str(error), headers={"Retry-After": "1"})
    return Refused(503 if error.problem.code == "model released" else 500, str(error))
