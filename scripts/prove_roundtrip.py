"""Prove import and export on real Markdown: bring a corpus in, again, with changes, and out, and compare every byte.

    python scripts/fetch_markdown_corpus.py && python scripts/prove_roundtrip.py [CORPUS]

All through the `mdreader` command: once with no server running, once through a running one. Prints the figures; the exit code is 0
when everything came back as it went in. Files that are not UTF-8 are counted apart: nothing can keep them as text.
"""

import io
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from mdreader.kernel.data_folder import running_server

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = {"email": "prover@example.org", "password": "Correct-horse-1", "name": "Prover"}
MARKDOWN = re.compile(r"\.(?:md|markdown|mdown|mkd|mkdn|mdx)$", re.IGNORECASE)
FEWEST_FILES = 2000
CHANGED = 100


class ProofError(Exception):
    """Something did not come back as it went in."""


def check(condition: object, what: str) -> None:
    """Stop unless `condition` holds."""
    if not condition:
        raise ProofError(what)


def texts(folder: Path) -> dict[str, bytes]:
    """Every Markdown file below `folder` that is UTF-8, by its path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and MARKDOWN.search(path.name):
            data = path.read_bytes()
            try:
                data.decode()
            except UnicodeDecodeError:
                continue
            found[path.relative_to(folder).as_posix()] = data
    return found


class Took(NamedTuple):
    """Seconds by the clock, and of CPU in the command's own process; the latter say more on a busy machine."""

    clock: float
    cpu: float


def cpu_of_children() -> float:
    """Seconds of CPU of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def command(data: Path, *arguments: str) -> tuple[str, Took]:
    """Run `mdreader`; what it printed, and how long it took."""
    environment = {**os.environ, "MDREADER_DATA": str(data)}
    started, used = time.perf_counter(), cpu_of_children()
    result = subprocess.run(
        [sys.executable, "-m", "mdreader.cli", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    took = Took(time.perf_counter() - started, cpu_of_children() - used)
    check(result.returncode == 0, f"mdreader {' '.join(arguments)}: {result.stdout}{result.stderr}")
    return result.stdout, took


def counted(output: str) -> dict[str, int]:
    """The numbers in what a command printed."""
    return {
        name: int(number.replace(",", ""))
        for name, number in re.findall(r"^  ([a-z]+) +([\d,]+)", output, re.MULTILINE)
    }


@contextmanager
def server(data: Path) -> Iterator[str]:
    """A server on the data folder; its address."""
    environment = {
        **os.environ,
        "MDREADER_DATA": str(data),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "MDREADER_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "mdreader.cli", "serve"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            if "mdreader is at" in line:
                break
        running = running_server(data)
        check(running, "the server did not start")
        assert running is not None  # noqa: S101 - checked
        yield running.url
    finally:
        process.terminate()
        process.communicate()


def rate(what: str, count: int, took: Took) -> None:
    """Print a figure."""
    cpu = f"  CPU {took.cpu:5.2f} s" if took.cpu else ""
    print(f"  {what:<34} {count:>6,} files  {took.clock:6.2f} s  {count / took.clock:>6,.0f} files/s{cpu}", flush=True)


def compare(sent: dict[str, bytes], folder: Path) -> None:
    """Every byte, and nothing besides."""
    back = texts(folder)
    check(sent.keys() == back.keys(), f"other files came back: {sorted(sent.keys() ^ back.keys())[:5]}")
    different = [path for path in sent if sent[path] != back[path]]
    check(not different, f"{len(different)} files differ, such as {different[:5]}")


def prove(corpus: Path, scratch: Path) -> None:
    """Both ways, one after the other, in one data folder. Raises `ProofError`."""
    sent = texts(corpus)
    check(len(sent) >= FEWEST_FILES, f"only {len(sent)} files in {corpus}: fetch the corpus first")
    print(f"{len(sent):,} files, {sum(map(len, sent.values())) / 1e6:.1f} MB of UTF-8")
    data = scratch / "data"
    with server(data) as url:
        httpx.post(f"{url}/api/auth/signup", json=ACCOUNT).raise_for_status()
    print("No server running (each command boots and stops the application):")
    round_trip(sent, corpus, data, scratch / "inside", "Inside")
    with server(data) as url:
        print("Through the server that runs on the data folder:")
        round_trip(sent, corpus, data, scratch / "through", "Through")
        changes(sent, data, scratch / "through", "Through")
        archive(url, scratch / "through", "Through")


def round_trip(sent: dict[str, bytes], corpus: Path, data: Path, out: Path, workspace: str) -> None:
    """In, again, out."""
    output, took = command(data, "import", str(corpus), "--hidden", "--workspace", workspace)
    check(counted(output).get("created") == len(sent), output)
    rate("import", len(sent), took)
    output, took = command(data, "import", str(corpus), "--hidden", "--workspace", workspace)
    check(counted(output).get("unchanged") == len(sent) and "created" not in counted(output), output)
    rate("import again: all unchanged", len(sent), took)
    output, took = command(data, "export", workspace, str(out))
    check(counted(output).get("written") == len(sent), output)
    compare(sent, out)
    rate("export: same, byte for byte", len(sent), took)


def changes(sent: dict[str, bytes], data: Path, folder: Path, workspace: str) -> None:
    """Some files changed on disk: those are updated, the others are left alone, and all come back."""
    paths = list(sent)[:: len(sent) // CHANGED][:CHANGED]
    for path in paths:
        (folder / path).write_bytes(sent[path] + "\nChanged: naïve 😀".encode())
    output, took = command(data, "import", str(folder), "--hidden", "--workspace", workspace)
    check(counted(output).get("updated") == len(paths), output)
    check(counted(output).get("unchanged") == len(sent) - len(paths), output)
    rate(f"import with {len(paths)} files changed", len(sent), took)
    expected = texts(folder)
    shutil.rmtree(folder)
    command(data, "export", workspace, str(folder))
    compare(expected, folder)


def archive(url: str, folder: Path, workspace: str) -> None:
    """The ZIP has the same bytes."""
    with httpx.Client(base_url=url, timeout=120) as client:
        token = client.post("/api/auth/login", json=ACCOUNT).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        items = client.get("/api/workspaces").raise_for_status().json()["items"]
        (workspace_id,) = [item["id"] for item in items if item["name"] == workspace]
        started = time.perf_counter()
        answer = client.get(f"/api/workspaces/{workspace_id}/export").raise_for_status()
        seconds = time.perf_counter() - started
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        check(opened.testzip() is None, "the ZIP is damaged")
        back = {name: opened.read(name) for name in opened.namelist()}
    check(back == texts(folder), "the ZIP has other bytes")
    rate(f"ZIP, {len(answer.content) / 1e6:.1f} MB: same", len(back), Took(seconds, 0))


def main(corpus: Path) -> int:
    """The process's exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            prove(corpus, Path(scratch))
        except ProofError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print("Everything came back byte for byte, and nothing twice.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "corpus"))
