"""Makes what a load test needs on a running mdreader, through its HTTP API: a user, a workspace and $ROOMS empty documents.

The generator calls it with ROOMS, BENCH_URL (the URL of live editing) and, where CPU is counted, SETTLED=1, and reads the last line:
{"rooms": ["document id", ...], "token": "bearer token"}. Standard library only.
"""

import json
import os
import secrets
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

READY_SECONDS = 30
# Longer than new documents wait to be written as files.
FILES_SECONDS = 20
LONGEST_RUN_SECONDS = 600


class Api:
    """One kept-alive connection that speaks JSON."""

    def __init__(self, host: str, port: int) -> None:
        self.connection = HTTPConnection(host, port, timeout=60)
        self.token = ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode(errors="replace")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        status, answer = self.call("POST", path, body)
        if status not in {200, 201}:
            raise SystemExit(f"POST {path} answered {status}: {answer}")
        return answer


def _wait_until_ready(api: Api) -> None:
    end = time.monotonic() + READY_SECONDS
    while api.call("GET", "/api/ready")[0] != 200:
        if time.monotonic() > end:
            raise SystemExit("the server is not ready")
        time.sleep(0.1)


def _files_written(api: Api) -> float:
    """How many jobs that write documents as files have ended. 0 where the server counts none."""
    _, metrics = api.call("GET", "/metrics")
    ended = [line for line in str(metrics).splitlines() if line.startswith("mdreader_jobs_ended_total{")]
    return sum(float(line.split()[-1]) for line in ended if 'kind="documents.files"' in line)


def _wait_for_files(api: Api) -> None:
    """Let what making the documents left behind come to its end: it would be counted as the price of typing."""
    before, end = _files_written(api), time.monotonic() + FILES_SECONDS
    while _files_written(api) == before:
        if time.monotonic() > end:
            raise SystemExit(f"new documents were not written as files within {FILES_SECONDS} s")
        time.sleep(0.2)


def prepare(host: str, port: int, rooms: int, *, settled: bool) -> dict[str, Any]:
    """Sign up and create; the documents' ids and a token that outlives any run. With `settled`, wait for what that left behind."""
    api = Api(host, port)
    _wait_until_ready(api)
    account = {
        "email": f"bench-{secrets.token_hex(6)}@example.com",
        "password": f"Bench-{secrets.token_hex(8)}!",
        "name": "Bench",
    }
    session = api.post("/api/auth/signup", account)
    if session["expires_in"] < LONGEST_RUN_SECONDS:
        raise SystemExit(f"the access token ends after {session['expires_in']} s: too short for a run")
    api.token = session["access_token"]
    workspace = api.post("/api/workspaces", {"name": "Bench"})["id"]
    made = [
        api.post(f"/api/workspaces/{workspace}/documents", {"path": f"room-{i:04}.md", "content": ""})["id"]
        for i in range(rooms)
    ]
    if settled:
        _wait_for_files(api)
    return {"rooms": made, "token": api.token}


if __name__ == "__main__":
    url = urlsplit(os.environ["BENCH_URL"])
    rooms, settled = int(os.environ.get("ROOMS", "1")), os.environ.get("SETTLED") == "1"
    print(json.dumps(prepare(url.hostname or "127.0.0.1", url.port or 80, rooms, settled=settled)))
