"""One server at a time on a data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from mdreader.kernel.data_folder import DataFolderInUseError, ServerInfo, announce, hold, retract, running_server

INFO = ServerInfo(pid=4711, url="http://127.0.0.1:8000", started=1_795_000_000_000)


def test_a_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    with hold(tmp_path):
        announce(tmp_path, INFO)
        with (
            pytest.raises(DataFolderInUseError, match=r"http://127\.0\.0\.1:8000 \(process 4711\)") as caught,
            hold(tmp_path),
        ):
            pass
    assert caught.value.server == INFO


def test_free_again_when_the_holder_ends(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    with hold(tmp_path):
        pass


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with hold(tmp_path / "new"):
        assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_running_server_is_found_only_while_it_runs(tmp_path: Path) -> None:
    assert running_server(tmp_path) is None
    with hold(tmp_path):
        assert running_server(tmp_path) is None
        announce(tmp_path, INFO)
        assert running_server(tmp_path) == INFO
        retract(tmp_path)
        assert running_server(tmp_path) is None


def test_what_a_killed_server_left_does_not_count(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom mdreader.kernel.data_folder import *\n"
        "data = Path(sys.argv[1])\nwith hold(data):\n"
        "    announce(data, ServerInfo(os.getpid(), 'http://127.0.0.1:1', 0))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "server.json").exists()
    assert running_server(tmp_path) is None
    with hold(tmp_path):
        pass
