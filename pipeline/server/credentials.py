"""The key, and the name with its password, that a request may bring in its Authorization header."""

import base64
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    """What `--api-key` and `--auth` say. With neither, everybody is let in; with both, either will do."""

    key: str | None = None
    user: tuple[str, str] | None = None  # name and password

    def __bool__(self) -> bool:
        return self.key is not None or self.user is not None

    @property
    def headers(self) -> dict[str, str]:
        """The header by which this program is let into its own routes; {} if everybody is."""
        if self.key is not None:
            return {"authorization": f"Bearer {self.key}"}
        if self.user is not None:
            return {"authorization": "Basic " + base64.b64encode(":".join(self.user).encode()).decode()}
        return {}

    def admits(self, authorization: str) -> bool:
        """Return whether a header holds the key (as bearer token, or as a password) or the name and its password.

        All is compared in constant time.
        """
        scheme, _, text = authorization.partition(" ")
        text = text.strip()
        if scheme.lower() == "bearer":
            return self.key is not None and _same(text, self.key)
        if scheme.lower() != "basic":
            return False
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            return False
        is_key = self.key is not None and _same(password, self.key)
        is_user = self.user is not None and _same(name, self.user[0]) & _same(password, self.user[1])
        return is_key or is_user


def _same(sent: str, own: str) -> bool:
    return hmac.compare_digest(sent.encode(errors="replace"), own.encode(errors="replace"))
