"""Whose address counts, behind which proxy."""

from ipaddress import ip_network

import pytest

from mdreader.http.client_address import client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "wanted"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's header is worth nothing
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.66, 198.51.100.1", "198.51.100.1"),  # further left: made up by the client
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),  # two of our own proxies
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # nobody but ours: the furthest
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("fd00::1", "2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("testclient", "198.51.100.1", "testclient"),
        ("", None, ""),
    ],
)
def test_behind_configured_proxies(peer: str, forwarded: str | None, wanted: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == wanted


def test_without_a_configured_proxy_the_header_is_ignored() -> None:
    assert client_address("127.0.0.1", "198.51.100.1", ()) == "127.0.0.1"
