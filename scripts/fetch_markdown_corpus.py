"""Fetch some 2,500 Markdown files that nobody here wrote: README and docs files out of packages of the npm registry.

    python scripts/fetch_markdown_corpus.py [FOLDER]        (build/corpus when left out)

The packages and their versions are fixed, and npm checks that each is what was published, so every run gives the same files.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "npm@6.14.18",
    "npm@7.24.2",
    "npm@10.8.0",
    "aws-cdk-lib@2.100.0",
    "stylelint@13.13.1",
    "mathjs@5.10.3",
    "@wordpress/components@25.0.0",
    "@wordpress/block-editor@12.0.0",
    "@typescript-eslint/eslint-plugin@6.21.0",
    "eslint-plugin-jest@27.9.0",
    "eslint-plugin-import@2.29.1",
    "eslint-plugin-jsx-a11y@6.8.0",
    "fastify@4.26.2",
    "undici@6.10.0",
    "gitbook@3.2.3",
    "react-router@3.2.6",
    "pino@8.19.0",
    "@antv/g2@3.5.19",
    "element-ui@2.15.14",
    "core-js@3.36.0",
    "webdriverio@4.14.4",
    # Written on Windows.
    "exceljs@0.1.0",
    "jquery-validation@1.19.0",
    "knockout@3.4.0",
    "ms-rest-azure@1.15.0",
    "@microsoft/signalr@3.0.0",
)
MARKDOWN = re.compile(r"\.(?:md|markdown|mdown|mkd|mkdn|mdx)$", re.IGNORECASE)


def fetch(packages: tuple[str, ...], into: Path) -> list[Path]:
    """The archives of the packages, in their order."""
    # The system's npm, or else the one that builds the page.
    npm = [shutil.which("npm") or ""] if shutil.which("npm") else [sys.executable, str(ROOT / "hatch_build.py"), "npm"]
    archives = []
    for package in packages:
        print(f"  {package}", flush=True)
        before = set(into.iterdir())
        subprocess.run([*npm, "pack", package, "--silent"], check=True, stdout=subprocess.DEVNULL, cwd=into)
        (archive,) = set(into.iterdir()) - before
        archives.append(archive)
    return archives


def unpack(archive: Path, folder: Path) -> int:
    """Write the Markdown files of a package below `folder`, without the archive's top folder; how many there are."""
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            _, _, path = member.name.partition("/")
            if not member.isfile() or not MARKDOWN.search(path) or ".." in path.split("/"):
                continue
            source = tar.extractfile(member)
            assert source is not None  # noqa: S101 - it is a file
            # What a package bundles; an import would pass over folders of the usual name.
            target = folder / path.replace("node_modules/", "bundled/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
            count += 1
    return count


def kinds(data: bytes) -> list[str]:
    """What is unusual about a file."""
    pairs, feeds, returns = data.count(b"\r\n"), data.count(b"\n"), data.count(b"\r")
    found = {
        "CRLF throughout": pairs and pairs == feeds == returns,
        "mixed line ends": returns and not pairs == feeds == returns,
        "byte order mark": data.startswith(b"\xef\xbb\xbf"),
        "no final newline": data and not data.endswith(b"\n"),
        "front matter": data.startswith((b"---\n", b"---\r\n")),
        "not only ASCII": not data.isascii(),
        "empty": not data,
    }
    return [name for name, is_so in found.items() if is_so]


def describe(folder: Path) -> None:
    """Print what the corpus consists of."""
    counts: Counter[str] = Counter()
    size = 0
    digest = sha256()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        data = path.read_bytes()
        size += len(data)
        counts.update(kinds(data))
        digest.update(f"{path.relative_to(folder)}\0{sha256(data).hexdigest()}\n".encode())
    print(f"{len(files):,} files, {size / 1e6:.1f} MB, in {folder}; digest {digest.hexdigest()[:16]}")
    for kind, count in counts.most_common():
        print(f"  {kind:<18} {count:>6,}")


def main(folder: Path) -> None:
    """Fetch and unpack, unless it was done."""
    stamp = folder.with_name(folder.name + ".packages")
    wanted = "\n".join(PACKAGES) + "\n"
    if not (stamp.exists() and stamp.read_text() == wanted and folder.is_dir()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"Fetching {len(PACKAGES)} packages")
        with tempfile.TemporaryDirectory() as temporary:
            for package, archive in zip(PACKAGES, fetch(PACKAGES, Path(temporary)), strict=True):
                unpack(archive, folder / package.replace("/", os.sep))
        stamp.write_text(wanted)
    describe(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "corpus")
