"""The environment, typed and checked once at start. Read by `bootstrap`, `main` and the command line alone."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting with its default; see `docs/settings.md`. An unusable value stops the start with one line a mistake."""

    model_config = SettingsConfigDict(env_prefix="", env_ignore_empty=True, extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", validation_alias="HOST")
    port: int = Field(8000, ge=0, le=65535, validation_alias="PORT")
    data: Path = Field(Path("data"), validation_alias="MDREADER_DATA")
    public_url: str | None = Field(None, validation_alias="PUBLIC_URL")
    signup: Literal["open", "closed"] = Field("open", validation_alias="MDREADER_SIGNUP")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), validation_alias="MDREADER_TRUSTED_PROXIES"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="MDREADER_ALLOWED_ORIGINS")
    max_document_bytes: int = Field(5_000_000, ge=1_000, le=100_000_000, validation_alias="MDREADER_MAX_DOCUMENT_BYTES")
    metrics_token: str | None = Field(None, min_length=16, validation_alias="MDREADER_METRICS_TOKEN")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", validation_alias="MDREADER_LOG_LEVEL")
    log_format: Literal["auto", "json", "console"] = Field("auto", validation_alias="MDREADER_LOG_FORMAT")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return (
            tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return (
            tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else value


class SettingsError(Exception):
    """The environment cannot be used; the message has one line for each setting at fault."""


def load_settings(**overrides: object) -> Settings:
    """Read the environment; `overrides` (by field name) win. Raises `SettingsError`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from None
