"""Whose request it is: the peer's address, or what a configured proxy says of it."""

from collections.abc import Container
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.requests import HTTPConnection

from mdreader.runtime import Policy

_FORWARDING: Final = ("x-forwarded-for", "x-real-ip", "forwarded")


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # One client, one name: a dual-stack listener sees IPv4 peers as ::ffff:a.b.c.d.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=1024)
def client_address(peer: str, forwarded_for: str | None, trusted: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """The address of the client in canonical form, or `peer` as it is when that is no IP address.

    `forwarded_for` (X-Forwarded-For) is believed only as far as trusted proxies wrote it: read from the right, the first
    address that is not one of `trusted` is the client. Whatever stands further left, the client may have made up.
    """
    address = _parse(peer)
    if address is None:
        return peer
    hops = (forwarded_for or "").split(",") if trusted else []
    while hops and any(address in network for network in trusted):
        hop = _parse(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address)


def direct_peer(peer: str, headers: Container[str]) -> str:
    """`peer`, or nothing when a proxy passed the request on, as the names of its `headers` (in lower case) show.

    For what holds on the server's own machine alone: a proxy on it brings requests from anywhere.
    """
    return "" if any(name in headers for name in _FORWARDING) else peer


def request_address(connection: HTTPConnection, policy: Policy) -> str:
    """`client_address` of an ASGI request."""
    peer = connection.client.host if connection.client else ""
    # Several header lines mean the same as one with commas.
    return client_address(peer, ",".join(connection.headers.getlist("x-forwarded-for")), policy.trusted_proxies)
