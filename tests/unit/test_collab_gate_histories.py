"""Everyday writing by genuine clients: nothing of it is refused, and everybody ends with the text that Yjs has."""

import random

from pycrdt import Doc, Text

from fuzz.genuine import check_histories
from mdreader.features.collab.gate import Gate, Kind


def test_histories_of_yjs_pass_and_end_in_the_same_text() -> None:
    """100 here; `python tests/fuzz/gate.py` takes as many as one likes."""
    assert check_histories(100, seed=20_000) > 2_000


def test_people_with_pycrdt_of_their_own_write_together() -> None:
    rng = random.Random(7)
    server: Doc[Text] = Doc()
    server.get("content", type=Text)
    gate = Gate({}, {}, read_state=server.get_update)
    peers: list[Doc[Text]] = [Doc(client_id=rng.getrandbits(53)) for _ in range(3)]
    texts = [peer.get("content", type=Text) for peer in peers]
    for _ in range(800):
        who = rng.randrange(3)
        peer, content = peers[who], texts[who]
        made: list[bytes] = []
        watching = peer.observe(lambda event, made=made: made.append(event.update))
        letters = str(content)
        at = rng.randrange(len(letters) + 1)
        start = len(letters[:at].encode())
        if letters[at:] and rng.random() < 0.3:
            del content[start : start + len(letters[at].encode())]
        else:
            content.insert(start, rng.choice(["a", "é", "日本", "😀", "\n"]))
        peer.unobserve(watching)
        for update in made:
            verdict = gate.check(update, f"user-{who}")
            assert verdict.kind in {Kind.NEW, Kind.KNOWN}
            server.apply_update(update)
            gate.commit(verdict)
        if rng.random() < 0.2:
            peer.apply_update(server.get_update(peer.get_state()))
    for peer in peers:
        peer.apply_update(server.get_update(peer.get_state()))
    assert {str(content) for content in texts} == {str(server.get("content", type=Text))}
    assert len(str(texts[0])) > 100
