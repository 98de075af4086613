"""Hostile frames through decoding, the gate and pycrdt, in this process: `python tests/fuzz/hostile.py FRAMES SEED NOTE`.

Prints its findings as JSON. The frame under way stands in the file NOTE, in hex, should the process not live to say so.
"""

import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pycrdt import Doc, Text

from fuzz.frames import CLIENTS, hostile_frame
from mdreader.features.collab.awareness import decode_awareness, parse_state
from mdreader.features.collab.gate import Gate, Kind, check_state_vector
from mdreader.features.collab.protocol import FrameKind, decode
from mdreader.features.collab.state_vector import decode_state_vector
from mdreader.features.collab.varint import ProtocolError

_FRAMES_A_DOCUMENT = 400
_CHECK_EVERY = 50
_MEMORY_LIMIT = 2 << 30
_AUTHOR = "author"


class Room:
    """A document with an author's text in it, and a mallory who may edit."""

    def __init__(self, rng: random.Random) -> None:
        self.doc: Doc[Text] = Doc()
        self.text = self.doc.get("content", type=Text)
        self.gate = Gate({}, {}, read_state=self.doc.get_update)
        author: Doc[Text] = Doc(client_id=rng.getrandbits(32))
        written = author.get("content", type=Text)
        self.genuine: list[bytes] = []
        watching = author.observe(lambda event: self.genuine.append(event.update))
        for _ in range(12):
            letters = str(written)
            at = len(letters[: rng.randrange(len(letters) + 1)].encode())
            written.insert(at, rng.choice(("one", "é", "日本語", "😀", "two\n")))
        author.unobserve(watching)  # else neither is ever freed
        for update in self.genuine:
            self.apply(update, _AUTHOR)
        self.owners = dict.fromkeys(CLIENTS, "mallory") | {CLIENTS[2]: "eve"}

    def apply(self, update: bytes, user: str) -> Kind:
        verdict = self.gate.check(update, user)
        if verdict.kind is Kind.GAP:
            return verdict.kind
        self.doc.apply_update(update)
        self.gate.commit(verdict)
        return verdict.kind

    def receive(self, frame: bytes, user: str) -> str:
        """Do with a frame what a room does; gives what became of it. Raises ProtocolError for what is refused."""
        kind, body = decode(frame)
        if kind is FrameKind.STEP1:
            check_state_vector(body)
            self.doc.get_update(body)
        elif kind is FrameKind.AWARENESS:
            for state in decode_awareness(body):
                parse_state(state.raw)
        elif kind in {FrameKind.STEP2, FrameKind.UPDATE}:
            return self.apply(body, user).value
        return kind.name.lower()

    def verify(self) -> None:
        """The gate and the document agree, and what would be saved is the same document again, letter for letter.

        Letter for letter, but not in the same order: made-up neighbours are no history that a client could have had, and
        for such the order of letters depends on the order of arrival.
        """
        assert decode_state_vector(self.doc.get_state()) == self.gate.clocks
        again: Doc[Text] = Doc()
        text = again.get("content", type=Text)
        again.apply_update(self.doc.get_update())
        assert decode_state_vector(again.get_state()) == self.gate.clocks
        assert sorted(str(text)) == sorted(str(self.text))


def run(frames: int, seed: int, note: Path) -> Iterator[tuple[str, float]]:
    """Send frames; gives what became of each and the seconds of CPU it took."""
    with note.open("wb", buffering=0) as file:
        for first in range(0, frames, _FRAMES_A_DOCUMENT):
            rng = random.Random(seed + first)
            room = Room(rng)
            for number in range(first, min(frames, first + _FRAMES_A_DOCUMENT)):
                frame = hostile_frame(rng, room.gate.clocks, room.genuine)
                file.seek(0)
                file.write(f"document {seed + first}, frame {number}: {frame.hex()}\n".encode())
                file.truncate()
                started = time.thread_time()
                try:
                    outcome = room.receive(frame, rng.choice(("mallory", "mallory", "eve", _AUTHOR)))
                except ProtocolError as error:
                    outcome = error.code
                yield outcome, time.thread_time() - started
                if number % _CHECK_EVERY == 0:
                    room.verify()
            room.verify()


def main() -> None:
    frames, seed, note = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    settled = 0
    for number, (outcome, seconds) in enumerate(run(frames, seed, note), 1):
        outcomes[outcome] += 1
        slowest = max(slowest, seconds)
        if number == frames // 4:
            settled = _resident_kilobytes()
    grown = _resident_kilobytes() - settled
    print(json.dumps({"outcomes": outcomes, "slowest_seconds": slowest, "grown_kilobytes": grown}))


def _resident_kilobytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


if __name__ == "__main__":
    main()
