"""Messages that wait for a room."""

from unittest.mock import Mock

from mdreader.features.collab.connection import Connection
from mdreader.features.collab.held import Held


def test_what_is_put_before_the_rest_keeps_its_order() -> None:
    ann, bob = Mock(spec=Connection), Mock(spec=Connection)
    earlier, rest = Held(limit=1000), Held(limit=1000)
    for connection, payload in ((ann, b"1"), (bob, b"2"), (ann, b"3")):
        earlier.add(connection, payload)
    rest.add(bob, b"4")
    rest.put_before(earlier)
    assert [rest.take() for _ in range(len(rest))] == [(ann, b"1"), (bob, b"2"), (ann, b"3"), (bob, b"4")]
