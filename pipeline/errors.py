"""The errors meant for people: one line each, saying what is wrong and what to do."""


class SanaError(Exception):
    """Something a person can act on; shown as it is, without a traceback."""


class SettingsError(SanaError):
    """A generation setting outside of what the model can do."""


class ArtifactError(SanaError):
    """A model folder that is missing, incomplete, damaged or of a kind that is not supported."""


class DeviceError(SanaError):
    """A device that OpenVINO does not know on this machine, or on which a model does not compile."""
