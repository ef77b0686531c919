"""The errors meant for people: one line each, with the cause and the remedy."""

from .problems import Problem


class SanaError(Exception):
    """An error that a person can act on, shown without a traceback.

    `problem` holds the same as data if the page may show it, perhaps in another language; else None.
    """

    def __init__(self, what: Problem | str) -> None:
        super().__init__(what.sentence if isinstance(what, Problem) else what)
        self.problem = what if isinstance(what, Problem) else None


class SettingsError(SanaError):
    """A setting beyond the limits of the model or of this machine."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)


class ArtifactError(SanaError):
    """A model folder that is missing, incomplete, damaged or not supported."""


class DeviceError(SanaError):
    """A device that OpenVINO does not find on this machine, or that fails to compile a model."""


class BusyError(SanaError):
    """A generation that cannot begin now: this thread is inside another one, or too many requests wait."""
