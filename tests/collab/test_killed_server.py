"""People of a server that was killed are gone from the others' screens after a while, and come back elsewhere."""

import asyncio

from mdreader.features.collab.peers import ALIVE_SECONDS, SILENT_SECONDS, Peers
from support.sides import Sides, Typist, sides_of
from support.waiting import eventually


def peers_of(sides: Sides, side: int) -> Peers:
    peers = sides.rooms[side]._peers
    assert peers is not None
    return peers


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = asyncio.get_running_loop().time()

    def __call__(self) -> float:
        return self.now


async def test_people_of_a_killed_server_are_gone_after_a_while(postgres_url: str) -> None:
    async with sides_of(postgres_url, 3) as sides:
        ann, bob, carol = (Typist(room, sides.user) for room in await sides.open())
        clock = Clock()
        for side in range(3):
            peers_of(sides, side)._time = clock
        for person in (ann, bob, carol):
            person.show(cursor=1)
        await eventually(lambda: all(one.sees(other) for one in (ann, carol) for other in (ann, bob, carol)), "all")
        for side in range(3):
            peers_of(sides, side).beat()
        await asyncio.sleep(0)  # what was said is heard
        sides.bells.killed.add(1)  # without a word, as by kill -9
        since = clock.now
        while clock.now + ALIVE_SECONDS <= since + SILENT_SECONDS:
            clock.now += ALIVE_SECONDS
            for side in range(3):
                peers_of(sides, side).beat()
            await asyncio.sleep(0)
        seen = len(ann.frames)
        assert ann.sees(bob)  # it may only have been slow
        clock.now = since + SILENT_SECONDS + 0.1
        for side in (0, 2):
            peers_of(sides, side).beat()
        await eventually(lambda: not ann.sees(bob) and not carol.sees(bob), "bob gone")
        assert len(ann.frames) == seen + 1
        assert ann.sees(carol)
        assert carol.sees(ann)
        assert sides.rooms[0].open_rooms()[0].people == 2
        again = Typist(sides.rooms[2].open_rooms()[0], sides.user)
        again.show(cursor=2)
        await eventually(lambda: ann.sees(again), "bob, who came back elsewhere")
