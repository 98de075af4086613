"""AWS on this machine: moto's server in a process of its own, spoken to over real HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

REGION: Final = "eu-central-1"
# The SDK wants credentials; nobody checks these.
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
# Takes a free port itself and says which: to look for one first and name it would be a race.
_PROGRAM: Final = """
import logging
from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
logging.getLogger("werkzeug").setLevel(logging.ERROR)
for service in ("s3", "secretsmanager", "ses", "sesv2", "sns", "sqs", "sts"):
    get_backend(service)  # takes a while, for which the first who asks would have to wait
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a fresh moto, which forgets everything at the end. It takes a second or two: share one a test session."""
    environment = {**os.environ, **CREDENTIALS, "AWS_DEFAULT_REGION": REGION}
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        with process.stdout as stream:
            port = stream.readline().strip()
            assert port, "moto's server did not start"
            yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def forget_everything(endpoint: str) -> None:
    """Empty every service, between two tests that share a server."""
    httpx.post(f"{endpoint}/moto-api/reset", timeout=60).raise_for_status()
