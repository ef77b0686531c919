"""Which names the server answers to, and which web pages may ask it."""

import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from .addresses import parse_address

LOCAL_NAMES = ("localhost", "host.docker.internal")  # the second is this machine, as a container of it says
_PORTS = {"http": 80, "https": 443}


class AllowedHosts:
    """The names of this server.

    Against DNS rebinding a name has to be known, since a page whose own name leads here would count as this server's.
    An IP address cannot be rebound: where the server listens for others, any is right, as behind a container's port
    it is not this machine's own.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        public: Collection[str] = (),
        origins: Collection[str] = (),
        is_local: bool = True,
        any_name: bool = False,
    ) -> None:
        """`host` is what it listens on, and `is_local` whether that is loopback only.

        `public` are further names, also of a proxy before it; `origins` are those of others' pages that may ask.
        """
        self._public = {_normal(name) for name in public}
        self._origins = {origin.lower() for origin in origins}
        self._is_local = is_local
        self._any_name = any_name
        self._own = {*LOCAL_NAMES, _normal(host)} | (set() if is_local else _machine_names())

    def add(self, name: str) -> None:
        """Answer to one more name."""
        self._public.add(_normal(name))

    def allows(self, host: str) -> bool:
        """Return whether a Host header, with or without a port, names this server."""
        try:
            name, _ = split_host(host)
        except ValueError:
            return False
        if self._any_name or name in self._own or name in self._public or name.endswith(".localhost"):
            return True
        address = parse_address(name)
        return address is not None and (not self._is_local or address.is_loopback or address.is_unspecified)

    def allows_origin(self, origin: str, host: str) -> bool:
        """Return whether a page of that origin may ask, in a request for that (allowed) host."""
        if origin.lower() in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            name, port = split_host(parts.netloc)
            own_name, own_port = split_host(host)
        except ValueError:
            return False
        if not name or parts.scheme not in _PORTS:  # "null" as well
            return False
        # a proxy may hand on the name without the port, or hide the name
        is_same = name == own_name and (own_port is None or own_port == (port or _PORTS[parts.scheme]))
        return is_same or name in self._public


def split_host(text: str) -> tuple[str, int | None]:
    """Split "NAME:PORT" into the name as it is compared and the port, if there is one; raise ValueError for no host.

    An IPv6 address is returned without its brackets.
    """
    if set(text) & set("/\\?#@"):
        raise ValueError(f"{text!r} is no host")
    parts = urlsplit(f"//{text.strip()}")
    return _normal(parts.hostname or ""), parts.port


def _normal(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _machine_names() -> set[str]:
    name = _normal(socket.gethostname())
    return {name, name.partition(".")[0], f"{name}.local"} - {""}
