"""Changes by several processes at once, followed by cursor while they are made."""

from mdreader.bootstrap.database import database_file, on_postgres
from mdreader.db.engine import Database
from mdreader.settings import Settings
from support.changing import write_and_follow


async def test_nothing_is_missed_or_doubled_while_it_is_written(database: Database, settings: Settings) -> None:
    url = str(settings.database_url) if on_postgres(settings) else f"sqlite:///{database_file(settings)}"
    run = await write_and_follow(database, url, count=300, processes=2, writers=2, followers=2)
    for follower in run.followers:
        assert follower.check(run.made) == (0, 0)
        assert follower.answers > 1
