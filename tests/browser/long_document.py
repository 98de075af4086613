"""What a keystroke in a long document costs the page: `python tests/browser/long_document.py [KB] [keystrokes]`.

Split view, Chromium's own trace: how long the main thread is busy from one keystroke to the next, and with its longest
task; in the processor's time of that thread, because other programs run beside it. The text is README files of npm
packages (those of web/node_modules, in the order of their names), typed into at its middle. A frame that is to be in time has 16.7 ms.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, expect

from support.browser import MISSING, find, launched
from support.page import Visitor, new_place, visiting
from support.server import Server

PACKAGES = Path(__file__).resolve().parents[2] / "web" / "node_modules"
PAUSE_MS = 120
CATEGORIES = ["disabled-by-default-devtools.timeline", "devtools.timeline", "blink.user_timing", "__metadata"]


def long_text(size: int) -> str:
    """About `size` bytes of Markdown that people wrote."""
    parts: list[str] = []
    total = 0
    for path in sorted([*PACKAGES.glob("*/README.md"), *PACKAGES.glob("@*/*/README.md")]):
        text = path.read_text(errors="replace").replace("\x00", "")
        parts.append(text)
        total += len(text.encode())
        if total >= size:
            break
    return "\n\n".join(parts).encode()[:size].decode(errors="ignore")


def busy(trace: bytes) -> tuple[list[float], list[float]]:
    """For each keystroke the milliseconds of all tasks until the next one, and of the longest."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    marks = sorted(e["ts"] for e in events if e["name"] == "keystroke" and e["ph"] in "IR")
    page = next((e["pid"], e["tid"]) for e in events if e["name"] == "keystroke")
    tasks = [
        (e["ts"], e["dur"], e["tdur"] / 1000)
        for e in events
        if e["name"] == "RunTask" and (e["pid"], e["tid"]) == page and "tdur" in e
    ]
    totals, longest = [], []
    for begin, end in zip(marks, [*marks[1:], marks[-1] + 1_000_000], strict=True):
        # The mark is made inside the task of the key.
        own = [ms for at, lasted, ms in tasks if begin < at + lasted and at < end]
        totals.append(sum(own))
        longest.append(max(own, default=0))
    return totals, longest


def measure(browser: Browser, visitor: Visitor, keystrokes: int) -> tuple[list[float], list[float]]:
    """Type in the middle of the open document."""
    page = visitor.page
    visitor.mode("Split")
    expect(page.locator(".md-prose .md-block").first).to_be_visible()
    page.evaluate("""() => {
      const scroller = document.querySelector('.cm-scroller');
      scroller.scrollTop = scroller.scrollHeight / 2;
      addEventListener('keydown', () => performance.mark('keystroke'), true);
    }""")
    # Everything is rendered, also what is far away.
    rendered = "() => [...document.querySelectorAll('.md-block')].every((block) => block.style.minHeight === '')"
    page.wait_for_function(rendered, timeout=120_000)
    box = page.locator(".cm-scroller").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.keyboard.press("End")
    page.keyboard.type("warm up ", delay=PAUSE_MS)
    page.wait_for_timeout(2_000)
    browser.start_tracing(page=page, categories=CATEGORIES)
    for number in range(keystrokes):
        page.keyboard.press("abcde fgh"[number % 9])
        page.wait_for_timeout(PAUSE_MS)
    page.wait_for_timeout(1_500)
    return busy(browser.stop_tracing())


def main() -> None:
    size = int(sys.argv[1]) * 1000 if len(sys.argv) > 1 else 600_000
    keystrokes = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    program = find()
    if program is None:
        raise SystemExit(MISSING)
    with tempfile.TemporaryDirectory() as folder, launched(program) as browser:
        server = Server(Path(folder)).start()
        try:
            place = new_place(server.url, {"long.md": long_text(size)}, owner="Ada")
            with visiting(browser, server.url, place.owner) as visitor:
                visitor.page.route("https://**", lambda route: route.abort())
                visitor.open_document(place, "long.md")
                totals, longest = measure(browser, visitor, keystrokes)
        finally:
            server.stop()

    def at(values: list[float], share: float) -> float:
        return sorted(values)[min(len(values) - 1, int(len(values) * share))]

    print(
        f"{size // 1000} KB in split view, {keystrokes} keystrokes, {PAUSE_MS} ms apart: "
        f"busy p50 {at(totals, 0.5):.1f} ms, p95 {at(totals, 0.95):.1f} ms; "
        f"longest task p50 {at(longest, 0.5):.1f} ms, p95 {at(longest, 0.95):.1f} ms, max {max(longest):.1f} ms "
        f"(load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, Chromium {browser.version})"
    )


if __name__ == "__main__":
    main()
