"""What a job was asked is forgotten when nobody needs it any more: people's addresses stand there."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from mdreader.db.engine import Database
from mdreader.jobs.context import JobContext
from mdreader.jobs.errors import GiveUpError
from mdreader.jobs.tables import jobs
from support.jobs import Workshop

ASKED = {"email": "ada@example.org"}


@pytest.fixture
def shop(database: Database) -> Workshop:
    return Workshop(database)


async def asked(shop: Workshop, job_id: str) -> object:
    async with shop.database.read() as conn:
        return await conn.scalar(select(jobs.c.payload).where(jobs.c.id == job_id))


@pytest.mark.parametrize("with_its_work", [True, False])
async def test_when_it_is_done(with_its_work: bool, shop: Workshop) -> None:
    async def mail(ctx: JobContext[Workshop], payload: dict[str, Any]) -> None:
        assert payload == ASKED
        if with_its_work:
            async with ctx.write() as tx:
                await ctx.finish(tx)

    shop.registry.add("mail", mail)
    job_id = await shop.enqueue("mail", ASKED)
    assert await asked(shop, job_id) == ASKED
    async with shop.working():
        await shop.until(job_id, "done")
    assert await asked(shop, job_id) == {}


async def test_when_it_is_cancelled_before_its_turn_and_in_it(shop: Workshop) -> None:
    begun = asyncio.Event()

    async def mail(ctx: JobContext[Workshop], payload: dict[str, Any]) -> None:
        begun.set()
        while True:
            ctx.raise_if_cancelled()
            await asyncio.sleep(0.01)

    shop.registry.add("mail", mail)
    waiting = await shop.enqueue("mail", ASKED, run_at=shop.clock.now() + 1000)
    await shop.cancel(waiting)
    assert await asked(shop, waiting) == {}
    async with shop.working():
        running = await shop.enqueue("mail", ASKED)
        await begun.wait()
        await shop.cancel(running)
        await shop.until(running, "cancelled")
    assert await asked(shop, running) == {}


async def test_of_one_that_failed_operators_see_what_it_was_asked(shop: Workshop) -> None:
    async def mail(_ctx: JobContext[Workshop], _payload: dict[str, Any]) -> None:
        raise GiveUpError("no such thing")

    shop.registry.add("mail", mail)
    async with shop.working():
        job_id = await shop.enqueue("mail", ASKED)
        await shop.until(job_id, "dead")
    assert await asked(shop, job_id) == ASKED
