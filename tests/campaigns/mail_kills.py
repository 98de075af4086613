"""Kill the server many times while it sends mails: `python tests/campaigns/mail_kills.py --kills 100 --seed 1 [--think 20]`.

The mail server takes up to `--think` milliseconds to say that it has a mail. The server dies at random moments, and everything that was on
its way is found again at once. Ends with 1 when a mail came twice, or one did not come that is not `unknown`. With `DATABASE_URL`
on PostgreSQL, an empty database; else on SQLite.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from mdreader.bootstrap.database import open_database
from mdreader.bootstrap.runtime import build_runtime
from mdreader.db.engine import Database
from mdreader.features.mail import service
from mdreader.settings import Settings, load_settings
from support.mail_servers import Mailbox, smtp_server
from support.server import Server

PATIENCE_SECONDS = 120


@dataclass
class Slow(Mailbox):
    """A mail server that thinks before it answers, as one that looks for viruses does. It is heard how many mails it has."""

    rng: random.Random = field(default_factory=random.Random)
    think_ms: int = 20
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.sleep(self.rng.uniform(0, self.think_ms / 1000))
        said = await super().handle_DATA(server, session, envelope)
        async with self.grown:
            self.grown.notify_all()
        return said


async def queue(settings: Settings, count: int, number: int) -> None:
    """Mails of one life to addresses of their own."""
    async with build_runtime(settings.model_copy(update={"worker": "off"})) as runtime, runtime.database.write() as tx:
        for one in range(count):
            link = {"link": "https://notes.example.org/login"}
            await service.enqueue_mail(runtime, tx, "email_taken", f"{number}-{one}@example.org", link)


async def states(database: Database) -> Mapping[str, str]:
    async with database.read() as conn:
        return {row.id: row.state for row in await conn.execute(text("SELECT id, state FROM mails"))}


async def leases_end(database: Database) -> None:
    async with database.write() as tx:
        await tx.conn.execute(text("UPDATE jobs SET due_at = 0 WHERE finished_at IS NULL"))


def _kill(server: Server, seconds: float) -> None:
    time.sleep(seconds)
    server.kill()


async def _until(box: Slow, count: int) -> None:
    async with box.grown:
        await box.grown.wait_for(lambda: len(box.mails) >= count)


async def _run(kills: int, seed: int, think_ms: int, folder: Path) -> int:
    rng = random.Random(seed)
    url = os.environ.get("DATABASE_URL")
    settings = load_settings(data=folder, database_url=url)
    began, on_its_way = time.perf_counter(), Counter[str]()
    box = Slow(rng=rng, think_ms=think_ms)
    async with smtp_server(box=box):
        carrier = {"MAIL_URL": f"smtp://127.0.0.1:{box.port}", "EMAIL_FROM": "noreply@notes.example.org"}
        server = Server(folder, **carrier, **({"DATABASE_URL": url} if url else {}))
        for number in range(kills + 1):
            await queue(settings, 40, number)
            async with open_database(settings) as database:
                await leases_end(database)
            enough = len(box.mails) + rng.randint(1, 30)
            await asyncio.to_thread(server.start)
            if number == kills:
                break
            with suppress(TimeoutError):  # a failure: then what is missing is told at the end
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await _until(box, enough)
            # In a thread: this loop is the mail server's, which must not only be met between two answers.
            await asyncio.to_thread(_kill, server, rng.uniform(0, 0.03))
            async with open_database(settings) as database:
                on_its_way.update(state for state in (await states(database)).values() if state.endswith("ing"))
            print(f"{number + 1:4} {time.perf_counter() - began:6.0f} s  {len(box.mails)} mails have come", flush=True)
        async with open_database(settings) as database:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while any(state in {"queued", "sending", "ending"} for state in (await states(database)).values()):
                if time.monotonic() > deadline:
                    break
                await asyncio.sleep(0.1)
            await asyncio.to_thread(server.stop)
            return _judged(await states(database), box, kills, on_its_way)


def _judged(left: Mapping[str, str], box: Mailbox, kills: int, on_its_way: Counter[str]) -> int:
    came = Counter(message["Message-ID"].strip("<>").partition("@")[0] for message in box.messages)
    twice = [mail for mail, times in came.items() if times > 1]
    lost = [mail for mail, state in left.items() if not came[mail] and state != "unknown"]
    unknown = [mail for mail, state in left.items() if state == "unknown"]
    print(f"{kills} kills, {len(left)} mails: {len(twice)} came twice, {len(lost)} were lost")
    print(
        f"  at the deaths {on_its_way['sending']} were on their way before their end, {on_its_way['ending']} after it;"
    )
    print(f"  {len(unknown)} are left to the operator: {sum(mail in came for mail in unknown)} of them had come")
    return 1 if twice or lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--think", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(options.kills, options.seed, options.think, Path(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
