"""The errors meant for people: one line each, saying what is wrong and what to do."""

from .problems import Problem


class SanaError(Exception):
    """Something a person can act on; shown as it is, without a traceback.

    `problem` says it as data where the page may show it, in another language perhaps.
    """

    def __init__(self, what: Problem | str) -> None:
        super().__init__(what.sentence if isinstance(what, Problem) else what)
        self.problem = what if isinstance(what, Problem) else None


class SettingsError(SanaError):
    """A setting outside of what the model or this machine can do."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)


class ArtifactError(SanaError):
    """A model folder that is missing, incomplete, damaged or of a kind that is not supported."""


class DeviceError(SanaError):
    """A device that OpenVINO does not know on this machine, or on which a model does not compile."""


class BusyError(SanaError):
    """A generation that cannot begin now: this thread holds another one, or too many requests wait."""
