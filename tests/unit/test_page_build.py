"""Building the page into the package: once for the same sources, however many ask at once."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.waiting import eventually

SCRIPT = Path(__file__).parents[2] / "hatch_build.py"
# What npm and Node would do takes a minute: here each says that it begins, and ends when it is told to.
PROGRAM = """
import sys
import hatch_build

def node(*arguments, cwd):
    what = arguments[-2] if "run" in arguments else "ci" if "ci" in arguments else "compress"
    print(what, flush=True)
    sys.stdin.readline()
    if "run" in arguments:
        (cwd / "dist").mkdir()
        (cwd / "dist" / "index.html").write_text("page")
    elif what == "ci":
        (cwd / "node_modules").mkdir()

hatch_build.node = node
hatch_build.build()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "src" / "mdreader").mkdir(parents=True)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package-lock.json").write_text("{}")
    return tmp_path


@contextmanager
def building(checkout: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(platform.system() != "Linux", reason="who waits for a lock stands in /proc")
async def test_of_two_builds_at_once_one_waits_and_finds_it_done(checkout: Path) -> None:
    with building(checkout) as first:
        assert first.stdout is not None
        assert [first.stdout.readline() for _ in range(2)] == ["Building the page\n", "ci\n"]
        with building(checkout) as second:
            waiting = re.compile(rf"-> FLOCK .* {second.pid} ")
            await eventually(
                lambda: bool(waiting.search(Path("/proc/locks").read_text())) or second.poll() is not None,
                "second build at the door",
            )
            assert first.communicate("\n" * 3)[0] == "run\ncompress\n"
            assert second.communicate()[0] == ""
        assert (first.returncode, second.returncode) == (0, 0)
    page = checkout / "src" / "mdreader" / "web"
    assert (page / "index.html").read_text() == "page"
    assert not page.with_name("web.new").exists()
