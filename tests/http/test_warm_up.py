"""Who comes first to a server that was just started does not wait for code to be imported."""

from pathlib import Path

from support.server import Server
from support.waiting import eventually


async def test_what_the_first_token_needs_is_imported_once_the_server_listens(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", PYTHONPROFILEIMPORTTIME="1").of("mdreader.cli", Path.cwd()).start()

    def imported(name: str) -> bool:
        return any(line.startswith("import time:") and line.split("|")[-1].strip() == name for line in server.log)

    try:
        listening = next(number for number, line in enumerate(server.log) if '"listening"' in line)
        assert not any(line.split("|")[-1].strip() == "jwt" for line in server.log[:listening])
        await eventually(lambda: imported("jwt"), "what reads tokens")
        assert imported("structlog.dev")
        assert not imported("rich.console")  # which that would take along, 4 MB, and a server has no use for
    finally:
        server.kill()
