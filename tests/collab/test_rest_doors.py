"""Who comes over HTTP ends a rest of the event loop: the server watches those sockets, and not the sockets of live editing."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collab.conftest import Team
from support.rawsocket import RawSocket
from support.waiting import eventually

EDGE_TRIGGERED = 1 << 31


def watched(pid: int) -> int:
    """How many sockets a process has in an epoll whose events come on edges: only a rest has one."""
    watching = ""
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            watching += info.read_text()
    return sum(bool(int(found, 16) & EDGE_TRIGGERED) for found in re.findall(r"tfd:.*events:\s*([0-9a-f]+)", watching))


@pytest.mark.sqlite_only("the database makes no difference")
async def test_http_is_watched_and_live_editing_is_not(own_team: Team) -> None:
    document = own_team.document("text\n")
    pid = own_team.server.pid
    await eventually(lambda: watched(pid) == 1, "socket that listens, and no other")
    url = urlsplit(own_team.server.url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    await eventually(lambda: watched(pid) == 2, "connection that is watched")
    socket = await RawSocket.open(own_team.server.url, document, own_team.owner.access_token)
    await socket.next_frame()
    assert watched(pid) == 2
    socket.abort()
    writer.close()
    await eventually(lambda: watched(pid) == 1, "connection that is gone")
