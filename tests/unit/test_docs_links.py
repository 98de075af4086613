"""The pages: what a link leads to is there, and so is the heading that it names."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pages() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split() if (ROOT / name).exists()]


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"[`*_]", "", heading.strip().lower())).replace(" ", "-")


def lost(page: Path) -> list[str]:
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, name = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            found.append(link)
        elif name and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            if name not in {anchor(heading) for heading in headings}:
                found.append(f"{link}, which has no such heading")
    return found


def test_no_link_is_lost() -> None:
    assert len(pages()) > 50
    assert {str(page.relative_to(ROOT)): found for page in pages() if (found := lost(page))} == {}


def test_a_lost_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n\n[here](#a-heading) [there](none.md) [nowhere](page.md#no) [far](https://example.org/x)\n"
    )
    assert lost(page) == ["none.md", "page.md#no, which has no such heading"]
