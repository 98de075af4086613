"""How the browser's tests find a browser, and what they say when there is none to be had."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import browser


def program(path: Path, *, works: bool) -> Path:
    path.write_text(f"#!/bin/sh\nexit {0 if works else 1}\n")
    path.chmod(0o755)
    return path


def test_the_first_that_starts_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MDREADER_CHROMIUM", raising=False)
    program(tmp_path / "chromium-headless-shell", works=False)  # a placeholder, as some systems have
    whole = program(tmp_path / "chromium", works=True)
    assert browser.find() == str(whole)
    named = program(tmp_path / "named", works=True)
    monkeypatch.setenv("MDREADER_CHROMIUM", str(named))
    assert browser.find() == str(named)


def test_with_no_browser_and_no_network_one_line_says_what_to_install(tmp_path: Path) -> None:
    # A checkout with nothing in it, on a machine with nothing on its PATH, where each download finds nobody.
    copied = tmp_path / "tests" / "support" / "browser.py"
    copied.parent.mkdir(parents=True)
    shutil.copy(browser.__file__, copied)
    nobody = "http://127.0.0.1:9"
    done = subprocess.run(
        [sys.executable, "-P", str(copied)],
        cwd=tmp_path,
        env={
            "PATH": str(tmp_path),
            "HOME": str(tmp_path),
            "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
            **dict.fromkeys(("PLAYWRIGHT_DOWNLOAD_HOST", "HTTPS_PROXY", "HTTP_PROXY"), nobody),
            "PLAYWRIGHT_NODEJS_PATH": os.environ.get("PLAYWRIGHT_NODEJS_PATH", ""),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("Fetching a browser")
    assert done.stderr.splitlines()[-1] == browser.MISSING
    assert len(browser.MISSING.splitlines()) == 1
    assert "apt-get install chromium" in browser.MISSING
