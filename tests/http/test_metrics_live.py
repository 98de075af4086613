"""What `/metrics` says of a server at which people write together."""

import re

from support.http import signed_up_at
from support.server import Server
from support.waiting import eventually
from support.yclient import connected

# What docs/operations.md promises of live editing and of requests.
FAMILIES = (
    "mdreader_http_requests_total",
    "mdreader_http_request_seconds_count",
    "mdreader_connections",
    "mdreader_rooms",
    "mdreader_commit_seconds_count",
    "mdreader_commit_batches_total",
    "mdreader_log_queue",
    "mdreader_delivery_lag_seconds_count",
    "mdreader_deliveries_total",
    "mdreader_jobs_waiting",
    "mdreader_jobs_oldest_waiting_seconds",
    "mdreader_jobs_running",
    "process_resident_memory_bytes",
)


def measured(server: Server) -> dict[str, float]:
    """Each family's sum over its labels."""
    with server.client() as client:
        text = client.get("/metrics").text
    found: dict[str, float] = {}
    for name, value in re.findall(r"^([a-z_]+)(?:\{[^}]*\})? (\S+)$", text, flags=re.MULTILINE):
        found[name] = found.get(name, 0.0) + float(value)
    return found


async def test_they_follow_what_people_do(server: Server) -> None:
    ann = signed_up_at(server.url)
    with server.client() as client:
        client.headers.update(ann.headers)
        workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
        made = client.post(f"/api/workspaces/{workspace}/documents", json={"path": "a.md", "content": ""}).json()
    before = measured(server)
    assert [name for name in FAMILIES if name not in before] == []
    assert (before["mdreader_connections"], before["mdreader_deliveries_total"]) == (0, 0)
    async with (
        connected(server.ws_url, made["id"], ann.access_token) as one,
        connected(server.ws_url, made["id"], ann.access_token) as other,
    ):
        await one.append("typed\n")
        await other.wait_for_text("typed\n")
        await one.saved()
        during = measured(server)
        assert (during["mdreader_connections"], during["mdreader_rooms"], during["mdreader_log_queue"]) == (2, 1, 1)
    for name in (
        "mdreader_commit_seconds_count",
        "mdreader_commit_batches_total",
        "mdreader_delivery_lag_seconds_count",
        "mdreader_deliveries_total",
        "mdreader_http_requests_total",
    ):
        assert during[name] > before[name], name
    await eventually(lambda: measured(server)["mdreader_connections"] == 0, "end of the sockets")


async def test_what_is_turned_away_is_counted_by_its_reason(server: Server) -> None:
    ann = signed_up_at(server.url)
    with server.client() as client:
        client.headers.update(ann.headers)
        workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
        made = client.post(f"/api/workspaces/{workspace}/documents", json={"path": "a.md", "content": ""}).json()
    async with connected(server.ws_url, made["id"], "nonsense", sync=False) as nobody:
        assert (await nobody.closed())[0] == 4401
    async with connected(server.ws_url, made["id"], ann.access_token) as one:
        await one.send(b"\x63")
        assert (await one.closed())[0] == 4400
    with server.client() as client:
        text = client.get("/metrics").text
    assert 'mdreader_refused_total{reason="unauthenticated"} 1.0' in text
    assert 'mdreader_refused_total{reason="refused"} 1.0' in text
