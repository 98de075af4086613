"""Readers that stop reading are dropped, cost little memory until then, and can come back."""

import pytest

from collab.conftest import Team
from support.rawsocket import PING, RawSocket, frame, resident_bytes
from support.slow_readers import run

MEGABYTE = 1_000_000


@pytest.mark.timeout(300)
async def test_fifty_readers_that_stop_reading_are_dropped(own_team: Team) -> None:
    """`python tests/campaigns/slow_readers.py` prints the figures."""
    found = await run(own_team, readers=50, typists=5, edits_before=10, piece=60_000)
    assert found.dropped == 50
    assert set(found.rejoined) == {found.text}
    # 256 kB and one message wait for each at most.
    assert found.grown < 50 * MEGABYTE


async def test_pings_of_a_client_that_does_not_read_are_not_kept(own_team: Team) -> None:
    document = own_team.document("text\n")
    hostile = await RawSocket.open(own_team.server.url, document, own_team.owner.access_token, receive_buffer=4096)
    before = resident_bytes(own_team.server.pid)
    pings = frame(b"x" * 125, PING) * 500
    sent = 0
    try:
        while sent < 100 * MEGABYTE:
            await hostile.send(pings)
            sent += len(pings)
    except ConnectionError:
        pass
    assert resident_bytes(own_team.server.pid) - before < 40 * MEGABYTE
    hostile.abort()
