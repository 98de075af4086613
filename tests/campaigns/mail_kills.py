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
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1]))

from mdreader.bootstrap.database import open_database
from mdreader.bootstrap.runtime import build_runtime
from mdreader.db.engine import Database
from mdreader.features.mail import service
from mdreader.settings import Settings, load_settings
from support.server import Server

PATIENCE_SECONDS = 120


class Carrier:
    """A mail server that takes each mail whose end it gets, whoever still listens, and thinks before it says so.

    Not aiosmtpd, which ends with the connection whatever it does for it: a mail whose end has come, too.
    """

    def __init__(self, rng: random.Random, think_ms: int) -> None:
        self._rng = rng
        self._think_seconds = think_ms / 1000
        self._grown = asyncio.Condition()
        self.mails: list[str] = []  # Message-IDs

    async def until(self, count: int) -> None:
        async with self._grown:
            await self._grown.wait_for(lambda: len(self.mails) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 mail.test\r\n")
            while (command := (await reader.readuntil(b"\r\n"))[:4].upper()) != b"QUIT":
                if command == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await self._take(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 OK\r\n")
            writer.write(b"221 bye\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self, content: bytes) -> None:
        self.mails.append(str(message_from_bytes(content)["Message-ID"]).strip("<>").partition("@")[0])
        async with self._grown:
            self._grown.notify_all()
        await asyncio.sleep(self._rng.uniform(0, self._think_seconds))


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


async def _run(kills: int, seed: int, think_ms: int, folder: Path) -> int:
    rng = random.Random(seed)
    url = os.environ.get("DATABASE_URL")
    settings = load_settings(data=folder, database_url=url)
    began, at_death = time.perf_counter(), set[tuple[str, str]]()
    carrier = Carrier(rng, think_ms)
    async with await asyncio.start_server(carrier.serve, "127.0.0.1", 0) as listening:
        address = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        given = {"DATABASE_URL": url} if url else {}
        server = Server(folder, MAIL_URL=address, EMAIL_FROM="noreply@notes.example.org", **given)
        for number in range(kills + 1):
            await queue(settings, 40, number)
            async with open_database(settings) as database:
                await leases_end(database)
            enough = len(carrier.mails) + rng.randint(1, 30)
            await asyncio.to_thread(server.start)
            if number == kills:
                break
            with suppress(TimeoutError):  # a failure: then what is missing is told at the end
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await carrier.until(enough)
            # In a thread: this loop is the mail server's, which must not only be met between two answers.
            await asyncio.to_thread(_kill, server, rng.uniform(0, 0.03))
            async with open_database(settings) as database:
                at_death |= {one for one in (await states(database)).items() if one[1] in {"sending", "ending"}}
            print(
                f"{number + 1:4} {time.perf_counter() - began:6.0f} s  {len(carrier.mails)} mails have come", flush=True
            )
        async with open_database(settings) as database:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while any(state in {"queued", "sending", "ending"} for state in (await states(database)).values()):
                if time.monotonic() > deadline:
                    break
                await asyncio.sleep(0.1)
            await asyncio.to_thread(server.stop)
            return _judged(await states(database), carrier, kills, Counter(state for _, state in at_death))


def _judged(left: Mapping[str, str], carrier: Carrier, kills: int, at_death: Counter[str]) -> int:
    came = Counter(carrier.mails)
    twice = [mail for mail, times in came.items() if times > 1]
    lost = [mail for mail, state in left.items() if not came[mail] and state != "unknown"]
    unknown = [mail for mail, state in left.items() if state == "unknown"]
    print(f"{kills} kills, {len(left)} mails: {len(twice)} came twice, {len(lost)} were lost")
    print(f"  at a death {at_death['sending']} were on their way before their end, {at_death['ending']} after it;")
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
