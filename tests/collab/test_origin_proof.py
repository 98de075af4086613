"""Only what came through the proxy in front is answered: on HTTP and on sockets."""

from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from support.server import Server

OLD, NEW = "o" * 32, "n" * 32
DOCUMENT = "0197f3a0-0000-7000-8000-000000000000"


@pytest.mark.sqlite_only("nothing of it is the database's")
async def test_whoever_goes_around_the_proxy_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", MDREADER_ORIGIN_SECRET=f"{OLD}, {NEW}").start()
    try:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            for headers in ({}, {"X-Mdreader-Origin": ""}, {"X-Mdreader-Origin": f"{OLD}, {NEW}"}):
                for path in ("/", "/api/config", "/api/health/"):
                    refused = await client.get(path, headers=headers)
                    assert refused.status_code == 403
                    assert refused.json()["code"] == "not_this_way"
            for value in (OLD, NEW):
                assert (await client.get("/api/config", headers={"X-Mdreader-Origin": value})).status_code == 200
            for path in ("/api/health", "/api/ready", "/metrics"):
                assert (await client.get(path)).status_code == 200
        address = f"{server.url.replace('http', 'ws')}/api/collab/{DOCUMENT}?token=nobody"
        for extra in ({}, {"X-Mdreader-Origin": "x" * 32}):
            with pytest.raises(InvalidStatus) as outside:
                await connect(address, additional_headers=extra, proxy=None, open_timeout=60)
            assert outside.value.response.status_code == 403
        async with connect(
            address, additional_headers={"X-Mdreader-Origin": NEW}, proxy=None, open_timeout=60
        ) as socket:
            await socket.wait_closed()
            assert socket.close_code == 4401  # inside, and asked who it is
    finally:
        assert server.stop() == 0
    assert not any(OLD in line or NEW in line for line in server.log)
