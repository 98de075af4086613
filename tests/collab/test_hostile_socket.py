"""Hostile frames through real sockets: the process lives, others go on, memory does not grow, the document is unharmed."""

import random

import pytest

from collab.conftest import Team
from support.rawsocket import resident_bytes
from support.socket_attacks import CONNECTION_ATTACKS, SLOW_UPDATES, Attack, Ground
from support.storm import Target, storm
from support.yclient import connected

MEGABYTE = 1_000_000


async def test_a_storm_of_hostile_frames_from_an_editor(team: Team) -> None:
    """2,000 here; `python tests/campaigns/hostile_socket.py` sends 200,000 and measures."""
    mallory = team.member("editor")
    document, elsewhere = team.document(), team.document("elsewhere\n")
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, elsewhere, mallory.access_token) as bob,
    ):
        target = Target(team.server.url, document, ann)
        await target.write()
        outcomes = await storm(target, [mallory.access_token], 2_000, random.Random(1))
        assert outcomes.total() == 2_000
        # While the disk is slow the room takes frames and looks at them later, when their sockets are gone: some more, then.
        more = iter(range(2, 20))
        while outcomes["4400"] <= 100:
            await ann.saved()
            outcomes += await storm(target, [mallory.access_token], 300, random.Random(next(more)))
        # Which frame comes when depends on who is served first; what matters is that many of both kinds were judged.
        assert outcomes["taken"] > 100, outcomes
        assert outcomes["4400"] > 100, outcomes
        assert outcomes["cut"] < 20, outcomes
        await ann.append("still here\n")
        await ann.saved()
        await bob.append("undisturbed\n")
        await bob.saved()
        # Made-up neighbours are no history a client could have; for such, the order of letters depends on the order of arrival.
        assert sorted(team.content(document)) == sorted(ann.text)
        assert team.content(elsewhere) == "elsewhere\nundisturbed\n"


async def test_a_storm_of_hostile_frames_from_a_reader_changes_nothing(team: Team) -> None:
    mallory = team.member("viewer")
    document = team.document()
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        target = Target(team.server.url, document, ann)
        await target.write()
        before = ann.text
        outcomes = await storm(target, [mallory.access_token], 1_000, random.Random(2))
        assert outcomes["4403"] > 100
        await ann.saved()
        assert team.content(document) == ann.text == before


@pytest.mark.parametrize("attack", CONNECTION_ATTACKS, ids=lambda attack: attack.__name__)
async def test_an_attack_on_the_connection_costs_others_nothing(team: Team, attack: Attack) -> None:
    mallory = team.member("editor")
    document = team.document("kept\n")
    before = resident_bytes(team.server.pid)
    await attack(Ground(team.server.url, document, mallory.access_token, scale=0.1))
    assert resident_bytes(team.server.pid) - before < 60 * MEGABYTE
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.append("and written\n")
        await ann.saved()
        assert ann.text.endswith("and written\n")
        assert "kept\n" in ann.text


@pytest.mark.parametrize("attack", SLOW_UPDATES, ids=lambda attack: attack.__name__)
async def test_updates_made_to_be_slow_are_taken_in_their_turn(team: Team, attack: Attack) -> None:
    document = team.document("kept\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await attack(Ground(team.server.url, document, team.owner.access_token, scale=0.05))
        await ann.append("and written\n")
        await ann.saved()
        assert team.content(document) == ann.text
        assert "kept\n" in ann.text
