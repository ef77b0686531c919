"""The check of names and token before an export, which may take an hour."""

from huggingface_hub import HfApi, constants, get_token

from ..domain.errors import SanaError
from ..hub.client import LOG_IN, in_one_line, patiently
from ..hub.names import HubName, check_repo


def check_publishing(model: str, space: str | None = None) -> None:
    """Raise SanaError for a name that is not OWNER/NAME, a missing token, or a token without write rights."""
    check_repo(model, "--push-to-hub")
    if space is not None:
        check_repo(space, "--space")
    if constants.is_offline_mode():
        raise SanaError("HF_HUB_OFFLINE forbids to publish: start without it.")
    if not get_token():
        raise SanaError(f"To publish {model}, {LOG_IN}: a token with write rights.")
    with in_one_line(HubName(model)):
        user = patiently(HfApi().whoami)
    token = (user.get("auth") or {}).get("accessToken") or {}
    if token.get("role") == "read":
        raise SanaError(
            f"The token may only read, and {model} is to be written: make one with write rights at "
            f"{constants.ENDPOINT}/settings/tokens."
        )
