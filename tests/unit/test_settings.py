"""The environment, read once and loud."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from mdreader.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]


def test_defaults_are_those_of_one_machine() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8000, Path("data"))
    assert settings.signup == "open"
    assert settings.trusted_proxies == ()


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDREADER_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")
    monkeypatch.setenv("MDREADER_ALLOWED_ORIGINS", "https://a.example/,https://b.example")
    settings = load_settings()
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("MDREADER_SIGNUP", "maybe"),
        ("MDREADER_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("PUBLIC_URL", "notes.example.com"),
        ("MDREADER_METRICS_TOKEN", "short"),
        ("MDREADER_ORIGIN_SECRET", f"{'x' * 32}, short"),
        ("DATABASE_URL", "mysql://host/name"),
        ("REDIS_URL", "host:6379"),
        ("MAIL_URL", "host:587"),
        ("IDENTITY", "ldap"),
    ],
)
def test_a_mistake_names_its_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"IDENTITY": "cognito"}, "COGNITO_USER_POOL_ID"),
        ({"IDENTITY": "cognito", "COGNITO_USER_POOL_ID": "eu-central-1_x"}, "COGNITO_CLIENT_ID"),
        ({"MAIL_URL": "smtp://host:587"}, "EMAIL_FROM"),
        ({"CLOUDFRONT_DOMAIN": "d.cloudfront.net", "AWS_S3_BUCKET": "files"}, "CLOUDFRONT_PRIVATE_KEY"),
    ],
)
def test_what_belongs_together_is_asked_for(
    values: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=missing):
        load_settings()


def test_a_password_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://mdreader:hunter2@host/name")
    assert "hunter2" not in repr(load_settings())
    monkeypatch.setenv("DATABASE_URL", "mysql://mdreader:hunter2@host/name")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("MDREADER_SIGNUP", "maybe")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


# Owners write these down in unit files, tasks and scripts: another name is another product.
FIXED = {
    "DATABASE_URL": "postgresql://user:pass@host:5432/name",
    "REDIS_URL": "redis://host:6379/0",
    "AWS_S3_BUCKET": "files",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
    "MAIL_URL": "smtp://user:pass@host:587",
    "EMAIL_FROM": "noreply@example.org",
    "IDENTITY": "cognito",
    "COGNITO_USER_POOL_ID": "eu-central-1_x",
    "COGNITO_CLIENT_ID": "client",
    "PUBLIC_URL": "https://notes.example.org",
    "SECRETS_ARN": "arn:aws:secretsmanager:eu-central-1:1:secret:x",
    "PORT": "9000",
    "HOST": "0.0.0.0",
    "MDREADER_DATA": "/srv/mdreader",
}


def test_the_names_that_owners_hold_on_to(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {str(field.validation_alias): name for name, field in Settings.model_fields.items()}
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert {name: str(getattr(settings, fields[name])) for name in FIXED} == FIXED
    monkeypatch.setenv("MAIL_URL", "ses:")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.sqlite3")
    assert load_settings().mail_url == "ses:"


def test_none_of_them_is_the_embedded_default() -> None:
    defaults = {str(field.validation_alias): field.default for field in Settings.model_fields.values()}
    ours = {"IDENTITY": "embedded", "PORT": 8000, "HOST": "127.0.0.1", "MDREADER_DATA": Path("data")}
    assert {name: defaults[name] for name in FIXED} == {name: ours.get(name) for name in FIXED}


def documented() -> dict[str, str]:
    """Each variable of docs/settings.md with its default as the table has it."""
    text = (ROOT / "docs" / "settings.md").read_text()
    return dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.+?) \|", text, flags=re.MULTILINE))


def test_every_setting_is_documented_with_its_default() -> None:
    said = documented()
    for field in Settings.model_fields.values():
        default, words = field.default, said[str(field.validation_alias)]
        if default is None or default == ():
            assert not words.startswith("`"), field.validation_alias  # "none", or what takes its place
        else:
            assert words == f"`{default}`", field.validation_alias


def test_nothing_is_documented_that_nobody_reads() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src" / "mdreader").rglob("*.py"))
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for name in documented():
        assert name in known or name in source or name.lower() in source, name
