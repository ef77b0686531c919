"""Which senders share places and turns in the queue: those of one public address."""

import ipaddress


def public_address(host: str) -> str:
    """Return a host if it is a public IP address, else "". A private one may be a proxy's, shared by many visitors."""
    try:
        return host if ipaddress.ip_address(host).is_global else ""
    except ValueError:
        return ""
