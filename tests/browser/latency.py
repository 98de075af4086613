"""How long a keystroke takes to the other person's page: `python tests/browser/latency.py [keystrokes]`.

Two pages of one browser, so one clock, and a server on the same machine with a fresh data folder. From the keydown event
in one page until the letter stands in the other one's document, one letter at a time.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.browser import MISSING, find, launched
from support.page import Visitor, new_place, visiting
from support.server import Server

LETTERS = "abcdefghijklmnopqrstuvwxyz"

_PRESSED = """() => {
  addEventListener('keydown', () => { window.__pressed = performance.timeOrigin + performance.now(); }, true);
}"""
# The editor writes one line; it is read when the page changes, before it is painted.
_SEEN = """() => {
  window.__seen = new Map();
  const line = document.querySelector('.cm-content');
  new MutationObserver(() => {
    const { length } = line.textContent;
    if (!window.__seen.has(length)) window.__seen.set(length, performance.timeOrigin + performance.now());
  }).observe(line, { subtree: true, childList: true, characterData: true });
}"""
_WAIT = """(length) => new Promise((done) => {
  const look = () => window.__seen.has(length) ? done(window.__seen.get(length)) : setTimeout(look, 1);
  look();
})"""


def measure(writer: Visitor, reader: Visitor, keystrokes: int) -> list[float]:
    """Milliseconds for each keystroke, in order."""
    writer.page.evaluate(_PRESSED)
    reader.page.evaluate(_SEEN)
    writer.editor.focus()
    times = []
    for number in range(1, keystrokes + 1):
        writer.page.keyboard.press(LETTERS[number % len(LETTERS)])
        seen = reader.page.evaluate(_WAIT, number)
        times.append(seen - writer.page.evaluate("window.__pressed"))
    return times


def main() -> None:
    keystrokes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    program = find()
    if program is None:
        raise SystemExit(MISSING)
    with tempfile.TemporaryDirectory() as folder, launched(program) as browser:
        server = Server(Path(folder)).start()
        try:
            place = new_place(server.url, {"note.md": ""}, owner="Ada")
            ben = place.member(name="Ben")
            with visiting(browser, server.url, place.owner) as writer, visiting(browser, server.url, ben) as reader:
                for visitor in (writer, reader):
                    visitor.open_document(place, "note.md")
                    visitor.mode("Source")
                times = sorted(measure(writer, reader, keystrokes))
        finally:
            server.stop()
    at = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in (("p50", 0.5), ("p95", 0.95))}
    load = os.getloadavg()[0]
    print(
        f"keystroke to the other page, {keystrokes} keystrokes: p50 {at['p50']:.1f} ms, p95 {at['p95']:.1f} ms, "
        f"max {times[-1]:.1f} ms (load {load:.1f} on {os.cpu_count()} processors, Chromium {browser.version})"
    )


if __name__ == "__main__":
    main()
