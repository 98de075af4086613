"""What the Dockerfile and the compose files promise, read from them; `make image` runs the image itself."""

import importlib.util
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
import yaml

from mdreader.adapters.mail_smtp import SmtpMail, parse_smtp_url
from mdreader.ports.mail import MailMessage
from mdreader.settings import Settings
from support.mail_servers import smtp_server, unasked
from support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BOX, DEVELOPMENT = ROOT / "infra" / "box" / "compose.yaml", ROOT / "compose.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# A patch version at least: what is pulled tomorrow is what was tested today.
PINNED = re.compile(r"^([a-z0-9./-]+:v?\d+\.\d+|postgres:\d+)\.\d+([.-][a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$")


def services(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["services"]
    return found


@pytest.mark.parametrize("path", [BOX, DEVELOPMENT], ids=["box", "development"])
def test_images_are_pinned(path: Path) -> None:
    ours = ("${MDREADER_IMAGE", "mdreader:development")
    images = [service["image"] for service in services(path).values()]
    assert [image for image in images if not image.startswith(ours) and not PINNED.fullmatch(image)] == []


def test_both_stages_stand_on_one_pinned_base() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert PINNED.fullmatch(bases[0])


def test_development_is_for_this_machine_alone() -> None:
    ports = [port for service in services(DEVELOPMENT).values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


async def test_mail_of_the_servers_of_development_reaches_the_catcher() -> None:
    """It stands in a network of its own, not on this machine, and knows no TLS, as one without a certificate."""
    environment = services(DEVELOPMENT)["first"]["environment"]
    server = parse_smtp_url(environment["MAIL_URL"])
    assert server.host in services(DEVELOPMENT)
    message = MailMessage(
        message_id="1@example.org",
        sender=environment["EMAIL_FROM"],
        to="ada@example.org",
        subject="Hello",
        text="Hello",
        html="<p>Hello</p>",
        at=1_795_000_000_000,
        template="magic_link",
    )
    async with smtp_server() as box:
        await SmtpMail(replace(server, host="127.0.0.1", port=box.port)).send(message, unasked)
        assert [mail["To"] for mail in box.messages] == ["ada@example.org"]


def test_bucket_of_development_is_made_and_takes_uploads_from_the_page(aws_endpoint: str) -> None:
    (script,) = services(DEVELOPMENT)["bucket"]["command"]
    where = services(DEVELOPMENT)["first"]["environment"]
    assert where["AWS_ENDPOINT_URL"] in script
    done = subprocess.run(
        [sys.executable, "-c", script.replace(where["AWS_ENDPOINT_URL"], aws_endpoint)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    client = boto3.client("s3", endpoint_url=aws_endpoint, region_name=where["AWS_REGION"])
    (rule,) = client.get_bucket_cors(Bucket=where["AWS_S3_BUCKET"])["CORSRules"]
    assert {"GET", "PUT"} <= set(rule["AllowedMethods"])
    assert {"content-type", "x-amz-checksum-sha256"} <= set(rule["AllowedHeaders"])


def test_development_stores_files_in_what_the_tests_use() -> None:
    assert services(DEVELOPMENT)["s3"]["image"] == f"motoserver/moto:{version('moto')}"


@pytest.mark.parametrize("path", [BOX, DEVELOPMENT], ids=["box", "development"])
def test_settings_in_compose_files_exist(path: Path) -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}  # the SDK's
    used = {
        name for key in ("mdreader", "first", "second") for name in services(path).get(key, {}).get("environment", {})
    }
    assert used
    assert used <= known


@pytest.mark.parametrize("name", ["mdreader", "nginx", "certbot", "backup"])
def test_every_container_of_the_box_is_confined(name: str) -> None:
    service = services(BOX)[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service.get("cap_add", [])) <= {"CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"}
    assert not service.get("privileged")
    assert "docker.sock" not in str(service)


def test_only_nginx_of_the_box_has_ports_and_the_server_believes_it_alone() -> None:
    box = services(BOX)
    assert {name for name, service in box.items() if service.get("ports")} == {"nginx"}
    address = box["nginx"]["networks"]["box"]["ipv4_address"]
    assert box["mdreader"]["environment"]["MDREADER_TRUSTED_PROXIES"] == address
    upstream = box["mdreader"]["networks"]["box"]["ipv4_address"]
    assert f"server {upstream}:8000;" in (ROOT / "infra" / "box" / "nginx.conf").read_text()


def test_context_of_the_image_holds_what_the_dockerfile_asks_for_and_no_data() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "everything is left out, but"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    asked = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for names in asked for name in names.split()} - {"${LOCK}"}
    names |= {"requirements.lock", "requirements-fleet.lock"}
    assert all(any(name == one or name.startswith(one + "/") for one in let_in) for name in names)
    assert not let_in & {"data", ".git", ".", "tests", "infra", "docs"}


def test_user_of_the_image_is_the_one_that_the_box_gives_its_folders_to() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert f"user=${{BOX_USER:-{user}}}" in (ROOT / "infra" / "box" / "deploy.sh").read_text()


# ---- the health check ----


@pytest.fixture(scope="module")
def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", ROOT / "infra" / "image" / "health.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def answering(line: bytes) -> Iterator[int]:
    """A server on the port that is given, which answers everything with `line`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(line + b"\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("line", "code"), [(b"HTTP/1.1 200 OK", 0), (b"HTTP/1.1 503 Service Unavailable", 1), (b"", 1), (b"200", 1)]
)
def test_health_check_believes_200_alone(
    health: ModuleType, monkeypatch: pytest.MonkeyPatch, line: bytes, code: int
) -> None:
    with answering(line) as port:
        monkeypatch.setenv("PORT", str(port))
        assert health.main() == code


def test_health_check_of_a_server_that_is_away(health: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    assert health.main() == 1
