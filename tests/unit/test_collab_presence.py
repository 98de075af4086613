"""Who speaks for a cursor: the connections of one person, and the cursor stays as long as one of them does."""

import random

import pytest

from mdreader.features.collab.awareness import AwarenessState, decode_awareness
from mdreader.features.collab.presence import MAX_CLIENTS_PER_CONNECTION, MAX_VOUCHED, Person, Presence, Server
from mdreader.features.collab.varint import ProtocolError

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")


def state(client: int, clock: int, raw: bytes = b"{}") -> AwarenessState:
    return AwarenessState(client, clock, raw)


def shown(presence: Presence) -> dict[int, int]:
    """The clock of each client that is there."""
    everyone = presence.everyone()
    return {} if everyone is None else {client: clock for client, clock, _ in decode_awareness(everyone)}


@pytest.mark.parametrize("left", ["first", "second"])
def test_a_cursor_stays_while_another_tab_passes_it_on(left: str) -> None:
    presence = Presence()
    presence.update("first", ANN, [state(1, 5)])
    presence.update("second", ANN, [state(2, 1), state(1, 5)])
    presence.take_changes()
    gone = presence.leave(left)
    assert shown(presence) == ({1: 5, 2: 1} if left == "first" else {1: 5})
    assert gone == (left == "second")


def test_a_newer_state_by_another_tab_takes_nothing_away() -> None:
    presence = Presence()
    presence.update("first", ANN, [state(1, 5)])
    assert presence.update("second", ANN, [state(1, 6)])
    assert not presence.update("first", ANN, [state(1, 6)])
    presence.leave("second")
    assert shown(presence) == {1: 6}
    presence.leave("first")
    assert shown(presence) == {}


def test_any_tab_can_say_goodbye_for_it() -> None:
    presence = Presence()
    presence.update("first", ANN, [state(1, 5)])
    presence.update("second", ANN, [state(1, 5)])
    assert presence.update("first", ANN, [state(1, 5, b"null")])
    assert shown(presence) == {}
    presence.leave("second")
    assert not presence.leave("first")


def test_nobody_vouches_for_another_person() -> None:
    presence = Presence()
    presence.update("first", ANN, [state(1, 5)])
    assert not presence.update("second", BOB, [state(1, 6), state(1, 7, b"null")])
    presence.leave("first")
    assert shown(presence) == {}


def test_what_one_connection_says_is_bounded() -> None:
    presence = Presence()
    for owner in range(8):
        for client in range(MAX_CLIENTS_PER_CONNECTION):
            presence.update(owner, ANN, [state(10 * owner + client, 1)])
    with pytest.raises(ProtocolError):
        presence.update(0, ANN, [state(99, 1)])
    everyone = [state(client, 1) for client in shown(presence)]
    for owner in range(8):
        presence.update(owner, ANN, everyone)
    with pytest.raises(ProtocolError):
        presence.update(0, ANN, [state(99, 1)])
    for owner in range(8):
        presence.leave(owner)
    assert shown(presence) == {}
    assert len(everyone) > MAX_VOUCHED


@pytest.mark.parametrize("seed", range(20))
def test_how_many_are_elsewhere_is_never_out_of_date(seed: int) -> None:
    rng = random.Random(seed)
    presence = Presence(shared=True)
    servers = [Server(bytes([number])) for number in range(3)]
    people = {name: Person(f"u{number % 2}", name) for number, name in enumerate("abcd")}
    said = (b"null", b'{"user":{"id":"u0"}}', b'{"user":{"id":"u1"},"at":1}')
    for _ in range(200):
        state = AwarenessState(rng.randrange(8), rng.randrange(12), rng.choice(said))
        name, server = rng.choice("abcd"), rng.choice(servers)
        what = rng.choice(("update", "update", "follow", "follow", "leave", "lose"))
        if what == "update":
            presence.update(name, people[name], [state])
        elif what == "follow":
            presence.follow(server, [state])
        else:
            presence.leave(name if what == "leave" else server)
        assert presence.elsewhere == sum(map(len, presence._servers.values()))
