"""A real server process: started, killed, started again on the same data folder."""

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from mdreader.kernel.data_folder import running_server
from support.forked import start_mdreader

# Two seconds of CPU, of which a machine that does much else gives a process little.
START_SECONDS = 120


class Server:
    """`mdreader serve` on a free port. `url` is known while it runs; `log` holds the lines it wrote, and stays."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.url = ""
        self.log: list[str] = []
        self._environment = environment
        self._module: str | None = None
        self._folder = Path.cwd()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def of(self, module: str, folder: Path) -> "Server":
        """Run another program, a module that is found from `folder`; or `mdreader.cli` itself, not forked but from nothing."""
        self._module, self._folder = module, folder
        return self

    def start(self, **environment: str) -> "Server":
        """Start it and wait until it listens; `environment` is added for this run."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ}
        whole = {
            **keep,
            "HOST": "127.0.0.1",
            "PORT": "0",
            "MDREADER_DATA": str(self.data),
            "MDREADER_LOG_FORMAT": "json",
            **self._environment,
            **environment,
        }
        if self._module is None:
            process = start_mdreader(["serve"], whole, self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        else:
            process = subprocess.Popen(
                [sys.executable, "-m", self._module, "serve"],
                cwd=self._folder,
                env=whole,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        self._process = process
        ready: queue.Queue[bool] = queue.Queue()

        def read() -> None:
            assert process.stderr is not None
            with process.stderr as stream:
                for line in stream:
                    self.log.append(line)
                    if '"event": "listening"' in line:
                        ready.put(True)
            ready.put(False)

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()
        try:
            listening = ready.get(timeout=START_SECONDS)
        except queue.Empty:
            self.kill()  # or it would take its share from all who come after
            raise RuntimeError(f"The server did not start in {START_SECONDS} s:\n" + "".join(self.log)) from None
        except BaseException:  # the test's own time is over
            self.kill()
            raise
        if not listening:
            self.wait()
            raise RuntimeError("The server did not start:\n" + "".join(self.log))
        found = running_server(self.data)
        assert found is not None
        assert found.pid == process.pid
        self.url = found.url
        return self

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def ws_url(self) -> str:
        """Where sockets of live editing go."""
        return self.url.replace("http", "ws", 1) + "/api/collab"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self, seconds: float = 60) -> int:
        """Ask it to stop, and wait; its exit code."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        """Wait until it has ended by itself; its exit code."""
        assert self._process is not None
        assert self._reader is not None
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait()
            raise
        self._reader.join(60)
        return code

    def client(self) -> httpx.Client:
        """An HTTP client on it."""
        return httpx.Client(base_url=self.url, timeout=60)
