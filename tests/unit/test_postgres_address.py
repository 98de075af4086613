"""`DATABASE_URL` of PostgreSQL: encryption unless it stays on this machine, and no password in any message."""

import ssl

import pytest
import structlog

from mdreader.bootstrap.database import postgres_address
from mdreader.db.postgres_address import POOL_SIZE, AddressError, parse_address
from mdreader.settings import load_settings

AWAY = "postgresql://ann:sekret@db.example.org:6432/notes"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_this_machine_needs_no_encryption(host: str) -> None:
    assert parse_address(f"postgresql://ann@{host}/notes").connect["ssl"] is False


def test_a_socket_in_a_folder_needs_none_either() -> None:
    address = parse_address("postgresql://ann@/notes?host=/run/postgresql")
    assert (address.connect["host"], address.connect["ssl"]) == ("/run/postgresql", False)


def test_elsewhere_encryption_is_required() -> None:
    context = parse_address(AWAY).connect["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize(
    ("mode", "verify", "hostname"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_sslmode_says_how_much_is_checked(mode: str, verify: ssl.VerifyMode, hostname: bool) -> None:
    context = parse_address(f"{AWAY}?sslmode={mode}").connect["ssl"]
    assert (context.verify_mode, context.check_hostname) == (verify, hostname)


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.5", "postgres"])
def test_in_production_it_cannot_be_switched_off(host: str) -> None:
    url = f"postgresql://ann:sekret@{host}/notes?sslmode=disable"
    with pytest.raises(AddressError, match="PUBLIC_URL is https") as raised:
        postgres_address(load_settings(database_url=url, public_url="https://notes.example.org"))
    assert f"notes at {host}:5432" in str(raised.value)
    assert "sekret" not in str(raised.value)
    encrypted = load_settings(database_url=url.partition("?")[0], public_url="https://notes.example.org")
    assert isinstance(postgres_address(encrypted).connect["ssl"], ssl.SSLContext)


def test_without_encryption_only_when_it_is_said_and_with_a_warning() -> None:
    with structlog.testing.capture_logs() as lines:
        said = postgres_address(load_settings(database_url=f"{AWAY}?sslmode=disable"))
        postgres_address(load_settings(database_url="postgresql://ann@localhost/notes?sslmode=disable"))
        tunnel = "postgresql://ann@127.0.0.1:5433/notes?sslmode=disable"
        postgres_address(load_settings(database_url=tunnel, public_url="https://notes.example.org"))
    assert said.connect["ssl"] is False
    assert [(line["event"], line["where"]) for line in lines] == [
        ("database_in_the_clear", "notes at db.example.org:6432")
    ]


def test_the_rest_of_an_address() -> None:
    address = parse_address(f"{AWAY}?pool_size=3")
    assert (address.url.username, address.url.password, address.url.port) == ("ann", "sekret", 6432)
    assert (address.pool_size, address.pooled) == (3, False)
    assert address.where == "notes at db.example.org:6432"
    assert parse_address(AWAY).pool_size == POOL_SIZE


def test_behind_a_pooler_nothing_is_kept_on_a_connection() -> None:
    address = parse_address(f"{AWAY}?pooler=transaction")
    assert address.pooled
    assert (address.connect["statement_cache_size"], address.connect["prepared_statement_cache_size"]) == (0, 0)
    assert address.connect["server_settings"] == {"application_name": "mdreader"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://ann:sekret@db.example.org", "names no database"),
        ("postgresql://ann:sekret@db.example.org:port/notes", "cannot be read"),
        (f"{AWAY}?sslmode=maybe", "sslmode is one of"),
        (f"{AWAY}?sslrootcert=/nowhere.pem", "sslrootcert"),
        (f"{AWAY}?pool_size=0", "pool_size"),
        (f"{AWAY}?pool_size=many", "pool_size"),
        (f"{AWAY}?pooler=session", "pooler"),
        (f"{AWAY}?prepared=0", "prepared is not known"),
    ],
)
def test_what_cannot_be_used_is_named_without_the_password(url: str, says: str) -> None:
    with pytest.raises(AddressError, match=says) as raised:
        parse_address(url)
    assert "sekret" not in str(raised.value)
