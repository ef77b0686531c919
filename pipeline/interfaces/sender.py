"""Who sends a request: the names under which it waits, and under which its requests are found again."""

import base64
from dataclasses import dataclass

from starlette.requests import Request

from ..jobs.parties import public_address


@dataclass(frozen=True)
class Sender:
    """The sender of a request.

    `connection` names it in the queue: many programs of a machine share its address, and each has its connections.
    `address` is its public IP address, or "". `client` is the same for all its requests: the host, and the name that it
    sends with its password, if any.
    """

    connection: str
    address: str
    client: str

    @classmethod
    def of(cls, request: Request) -> "Sender":
        host, port = (request.client.host, request.client.port) if request.client else ("", 0)
        name = _name(request.headers.get("authorization", ""))
        return cls(f"{host} {port}", public_address(host), f"{name}@{host}")


def _name(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text).decode().partition(":")[0]
    except ValueError:
        return ""
