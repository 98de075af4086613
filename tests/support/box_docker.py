"""Stands for `docker` where deploy.sh is tested: a program that keeps, as files under $STUB, what an engine would keep.

Only the engine is made up. A copy is made and put back by the box's own backup.py, and `migrate` is the real one, both on
the real data folder. Images whose name holds "bad" never become ready; those with "dies" are ready twice, and then no
more; those with "newer" bring a schema that others cannot use.
"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

STUB = Path(os.environ.get("STUB", "/nowhere"))
BOX = Path(os.environ.get("BOX_ROOT", "/nowhere"))
NEWER = "9999_from_the_future"
ANSWERS = 2


def running() -> str:
    """The image of the server, or nothing."""
    file = STUB / "running"
    return file.read_text() if file.exists() else ""


def schema() -> str:
    """The revision of the box's database."""
    path = BOX / "data" / "mdreader.sqlite3"
    if not path.exists():
        return ""
    with sqlite3.connect(path) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def up(service: str, image: str) -> int:
    if service == "mdreader":
        (STUB / "running").write_text(image)
        (STUB / "asked").write_text("")
        if "newer" in image:
            with sqlite3.connect(BOX / "data" / "mdreader.sqlite3") as connection:
                connection.execute("UPDATE alembic_version SET version_num = ?", [NEWER])
    else:
        (STUB / service).touch()
    return 0


def run(service: str, arguments: list[str], domain: str) -> int:
    match service:
        case "backup":
            environment = {"BOX_DATA": str(BOX / "data"), "BOX_BACKUPS": str(BOX / "backups")}
            program = Path(os.environ["BOX_SCRIPTS"]) / "backup.py"
            return subprocess.run(
                [sys.executable, str(program), *arguments], env={**os.environ, **environment}, check=False
            ).returncode
        case "mdreader":
            environment = {"MDREADER_DATA": str(BOX / "data"), "PYTHONPATH": os.environ["STUB_SOURCES"]}
            return subprocess.run(
                [sys.executable, "-m", "mdreader.cli", *arguments], env={**os.environ, **environment}, check=False
            ).returncode
        case "certbot":
            if not (STUB / "dns").exists():
                return 1
            live = BOX / "letsencrypt" / "live" / domain
            live.mkdir(parents=True, exist_ok=True)
            for name in ("fullchain.pem", "privkey.pem"):
                (live / name).write_text(f"{name} of Let's Encrypt")
            return 0
    return 2


def compose(arguments: list[str]) -> int:
    file = Path(arguments[arguments.index("--env-file") + 1])
    settings = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    words = [word for word in arguments[4:] if word not in {"--detach", "--no-deps", "--no-build", "--rm", "-T"}]
    match words:
        case ["up", service]:
            return up(service, settings["MDREADER_IMAGE"])
        case ["run", service, *rest]:
            return run(service, rest, settings["DOMAIN"])
        case ["stop", "mdreader"]:
            (STUB / "running").unlink(missing_ok=True)
        case ["ps"] | ["logs", *_] | ["exec", *_]:
            pass
        case _:
            return 2
    return 0


def ready() -> bool:
    """What curl would be told at /api/ready."""
    image = running()
    with (STUB / "asked").open("a") as asked:
        asked.write("?")
    return (
        bool(image)
        and "bad" not in image
        and ("dies" not in image or (STUB / "asked").stat().st_size <= ANSWERS)
        and (schema() != NEWER or "newer-good" in image)
        and (STUB / "nginx").exists()
    )


def main() -> int:
    """Do what the command line says; the exit code."""
    program, *words = sys.argv[1:]
    with (STUB / "calls").open("a") as calls:
        calls.write(" ".join([program, *words]) + "\n")
    match [program, *words]:
        case ["curl", *_]:
            return 0 if ready() else 22
        case ["docker", "compose", "version"]:
            return 0
        case ["docker", "image", "inspect", tag]:
            return 0 if (STUB / "images" / tag).exists() else 1
        case ["docker", "build", *options]:
            (STUB / "images").mkdir(exist_ok=True)
            (STUB / "images" / options[options.index("--tag") + 1]).touch()
            return 0
        case ["docker", "compose", *rest]:
            return compose(rest)
        case ["apt-get", "install", *_]:
            link = STUB / "bin" / "docker"
            if not link.exists():
                link.symlink_to(STUB / "stub")
    return 0


if __name__ == "__main__":
    sys.exit(main())
