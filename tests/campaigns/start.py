"""How long until `make run` answers, once everything is installed: `python tests/campaigns/start.py [--times 10]`.

From the command to the first answer to a request for the page, on one data folder; the first time, which makes the folder and may have
to install and build, is printed apart. Ends with 1 when one of the others took longer than `--seconds`, 5 by default.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start_once(data: str) -> float:
    """Seconds from `make run` to its page; it is stopped again."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}", "HOST=127.0.0.1", f"MDREADER_DATA={data}"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "MDREADER_DATA": data},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not (answers(port, "/api/ready") and answers(port, "/")):
            if process.poll() is not None:
                raise SystemExit("make run ended by itself: run it to see why.")
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise SystemExit(f"make run did not answer in {PATIENCE_SECONDS} s.")
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        print(f"first:  {start_once(data):.2f} s", flush=True)
        took = [start_once(data) for _ in range(options.times)]
    print(f"then:   {min(took):.2f} to {max(took):.2f} s, median {median(took):.2f} s, {len(took)} times")
    return int(max(took) > options.seconds)


if __name__ == "__main__":
    sys.exit(main())
