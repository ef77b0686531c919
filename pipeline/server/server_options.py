"""The options of serving a page."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..domain.errors import SanaError
from ..domain.limits import MAX_UPLOAD
from . import addresses
from .credentials import Credentials


@dataclass(frozen=True)
class ServerOptions:
    """The values of the flags with the same names."""

    host: str = "127.0.0.1"
    port: int = 7860
    root_path: str = ""  # a path, or the full URL that visitors know
    auth: tuple[str, str] | None = None
    api_key: str | None = None
    max_upload: int = MAX_UPLOAD  # MB
    allow_host: Sequence[str] = ()
    allow_origin: Sequence[str] = ()
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    mcp: bool = False
    share: bool = False
    strict_models: bool = False

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.api_key, self.auth)

    @property
    def sub_path(self) -> str:
        """The path of `root_path`."""
        return urlsplit(self.root_path).path.rstrip("/")

    @property
    def public_host(self) -> str | None:
        """The name in `root_path`, if it is a URL."""
        return urlsplit(self.root_path).hostname

    def listen(self) -> list[socket.socket]:
        """Open the sockets to serve on; raise SanaError if the address or the certificate cannot be used.

        Call this before a model is loaded, to fail early. Visitors who connect before the page is served wait for it.
        """
        self._check_certificate()
        return addresses.listen(self.host, self.port)

    def is_private(self, listeners: Sequence[socket.socket]) -> bool:
        """Return True if only this machine reaches the page: on its loopback, with no share link and no proxy."""
        is_shared = self.share or bool(self.root_path or self.allow_host)
        return not is_shared and all(addresses.is_loopback(listener) for listener in listeners)

    def _check_certificate(self) -> None:
        if self.ssl_certfile is None:
            return
        try:
            # The empty password keeps OpenSSL from asking for one in the terminal.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.ssl_certfile, self.ssl_keyfile, lambda: "")
        except (OSError, ValueError) as error:
            files = " and ".join(filter(None, (self.ssl_certfile, self.ssl_keyfile)))
            reason = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
            raise SanaError(
                f"{files} cannot be used ({reason or 'no certificate with its key, in PEM and without a password'}): "
                "choose others with --ssl-certfile and --ssl-keyfile."
            ) from None
