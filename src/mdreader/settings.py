"""The environment, typed and checked once at start. Read by `bootstrap`, `main` and the command line alone."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SCHEMES = {
    "database_url": ("sqlite", "postgresql"),
    "redis_url": ("redis", "rediss", "unix"),
    "mail_url": ("smtp", "smtps", "ses"),
}
LEAST_ORIGIN_SECRET: Final = 32
# A session's `method` is its provider's id, or one of these.
RESERVED_PROVIDERS: Final = frozenset({"passkey", "password", "signup", "directory"})


class OidcProvider(BaseModel):
    """A provider of OpenID Connect; everything else is asked of `issuer`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    name: str = Field(min_length=1, max_length=100)
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1, repr=False)

    @field_validator("id")
    @classmethod
    def _not_ours(cls, value: str) -> str:
        if value in RESERVED_PROVIDERS:
            raise ValueError(f"{value} is how we call a way in of our own; choose another id")
        return value

    @field_validator("issuer")
    @classmethod
    def _tls(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("an issuer starts with https://")
        return value


class Settings(BaseSettings):
    """Every setting with its default; see `docs/settings.md`. An unusable value stops the start with one line a mistake."""

    model_config = SettingsConfigDict(env_prefix="", env_ignore_empty=True, extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", validation_alias="HOST")
    port: int = Field(8000, ge=0, le=65535, validation_alias="PORT")
    data: Path = Field(Path("data"), validation_alias="MDREADER_DATA")
    public_url: str | None = Field(None, validation_alias="PUBLIC_URL")
    database_url: str | None = Field(None, repr=False, validation_alias="DATABASE_URL")
    redis_url: str | None = Field(None, repr=False, validation_alias="REDIS_URL")
    aws_s3_bucket: str | None = Field(None, validation_alias="AWS_S3_BUCKET")
    cloudfront_domain: str | None = Field(None, validation_alias="CLOUDFRONT_DOMAIN")
    cloudfront_key_id: str | None = Field(None, validation_alias="CLOUDFRONT_KEY_ID")
    cloudfront_private_key: str | None = Field(None, repr=False, validation_alias="CLOUDFRONT_PRIVATE_KEY")
    aws_region: str | None = Field(None, validation_alias="AWS_REGION")
    aws_endpoint_url: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL")
    mail_url: str | None = Field(None, repr=False, validation_alias="MAIL_URL")
    email_from: str | None = Field(None, validation_alias="EMAIL_FROM")
    identity: Literal["embedded", "cognito"] = Field("embedded", validation_alias="IDENTITY")
    cognito_user_pool_id: str | None = Field(None, validation_alias="COGNITO_USER_POOL_ID")
    cognito_client_id: str | None = Field(None, validation_alias="COGNITO_CLIENT_ID")
    cognito_domain: str | None = Field(None, validation_alias="COGNITO_DOMAIN")
    cognito_issuer: str | None = Field(None, validation_alias="COGNITO_ISSUER")
    email_verification: Literal["off", "required"] = Field("off", validation_alias="MDREADER_EMAIL_VERIFICATION")
    google_client_id: str | None = Field(None, validation_alias="GOOGLE_CLIENT_ID")
    google_client_secret: str | None = Field(None, repr=False, validation_alias="GOOGLE_CLIENT_SECRET")
    github_client_id: str | None = Field(None, validation_alias="GITHUB_CLIENT_ID")
    github_client_secret: str | None = Field(None, repr=False, validation_alias="GITHUB_CLIENT_SECRET")
    oidc_providers: Annotated[tuple[OidcProvider, ...], NoDecode] = Field((), validation_alias="OIDC_PROVIDERS")
    secrets_arn: str | None = Field(None, validation_alias="SECRETS_ARN")
    ses_events_topic_arn: str | None = Field(None, validation_alias="SES_EVENTS_TOPIC_ARN")
    ses_events_queue_url: str | None = Field(None, validation_alias="SES_EVENTS_QUEUE_URL")
    jobs_queue_url: str | None = Field(None, validation_alias="JOBS_QUEUE_URL")
    sns_topic_arn: str | None = Field(None, validation_alias="SNS_TOPIC_ARN")
    otlp_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    service_name: str = Field("mdreader", min_length=1, validation_alias="OTEL_SERVICE_NAME")
    metrics: Literal["prometheus", "emf", "emf-detailed"] = Field("prometheus", validation_alias="MDREADER_METRICS")
    signup: Literal["open", "closed"] = Field("open", validation_alias="MDREADER_SIGNUP")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), validation_alias="MDREADER_TRUSTED_PROXIES"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="MDREADER_ALLOWED_ORIGINS")
    origin_secrets: Annotated[tuple[str, ...], NoDecode] = Field(
        (), repr=False, validation_alias="MDREADER_ORIGIN_SECRET"
    )
    cell: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", validation_alias="MDREADER_CELL")
    cells: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field((), validation_alias="MDREADER_CELLS")
    max_document_bytes: int = Field(5_000_000, ge=1_000, le=100_000_000, validation_alias="MDREADER_MAX_DOCUMENT_BYTES")
    metrics_token: str | None = Field(None, min_length=16, validation_alias="MDREADER_METRICS_TOKEN")
    stop_delay: float = Field(0, ge=0, le=300, validation_alias="MDREADER_STOP_DELAY")
    worker: Literal["embedded", "off"] = Field("embedded", validation_alias="MDREADER_WORKER")
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

    @field_validator("origin_secrets", mode="before")
    @classmethod
    def _proofs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = tuple(part.strip() for part in value.split(",") if part.strip())
        if any(len(part) < LEAST_ORIGIN_SECRET for part in found):
            raise ValueError(f"each value has at least {LEAST_ORIGIN_SECRET} characters")
        return found

    @field_validator("cells", mode="before")
    @classmethod
    def _cells(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        for name, _, url in pairs:
            parts = urlsplit(url)
            if not name or parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
                raise ValueError("must be names with addresses: eu=https://eu.example.org, us=https://us.example.org")
        if len({name for name, _, _ in pairs}) < len(pairs):
            raise ValueError("two cells have one name")
        return tuple((name, url.rstrip("/")) for name, _, url in pairs)

    @field_validator("oidc_providers", mode="before")
    @classmethod
    def _providers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return TypeAdapter(tuple[OidcProvider, ...]).validate_json(value)
        except ValidationError as error:
            # Told without the values: a secret stands among them.
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"must be a JSON list of providers; {where or 'it'}: {first['msg']}") from None

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("database_url", "redis_url", "mail_url")
    @classmethod
    def _known_scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = SCHEMES[str(info.field_name)]
        if value is not None and urlsplit(value).scheme not in known:
            # The value itself is not repeated: a password may stand in it.
            raise ValueError(f"must start with {' or '.join(f'{scheme}:' for scheme in known)}")
        if value is not None and value.startswith("sqlite:"):
            parts = urlsplit(value)
            if parts.netloc or parts.query or parts.path in {"", "/", "/:memory:"}:
                raise ValueError(
                    "of SQLite is a file: sqlite:///path, or sqlite:////path from the root, without parameters"
                )
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.identity == "cognito" and not (self.cognito_user_pool_id and self.cognito_client_id):
            raise ValueError("IDENTITY=cognito needs COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID")
        for name in ("google", "github"):
            if (getattr(self, f"{name}_client_id") is None) != (getattr(self, f"{name}_client_secret") is None):
                raise ValueError(f"{name.upper()}_CLIENT_ID and {name.upper()}_CLIENT_SECRET need each other")
        if (self.cell is None) != (not self.cells):
            raise ValueError("MDREADER_CELL and MDREADER_CELLS need each other")
        if self.cell is not None and self.cell not in dict(self.cells):
            raise ValueError(f"MDREADER_CELLS does not name {self.cell}, which MDREADER_CELL says this is")
        taken = [one.id for one in self.oidc_providers] + ["google"] * bool(self.google_client_id)
        taken += ["github"] * bool(self.github_client_id)
        if len(set(taken)) < len(taken):
            raise ValueError("OIDC_PROVIDERS: two providers have one id")
        cloudfront = (self.cloudfront_domain, self.cloudfront_key_id, self.cloudfront_private_key)
        if any(cloudfront) and not (all(cloudfront) and self.aws_s3_bucket):
            raise ValueError(
                "CLOUDFRONT_DOMAIN, CLOUDFRONT_KEY_ID and CLOUDFRONT_PRIVATE_KEY need each other, and AWS_S3_BUCKET"
            )
        if self.mail_url is not None and self.email_from is None:
            raise ValueError("MAIL_URL needs EMAIL_FROM, the address that mail comes from")
        return self


class SettingsError(Exception):
    """The environment cannot be used; the message has one line for each setting at fault."""


def load_settings(**overrides: object) -> Settings:
    """Read the environment; `overrides` (by field name) win. Raises `SettingsError`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        # Our own words come with pydantic's name of their kind in front.
        said = [
            (".".join(map(str, e["loc"])) or "settings", e["msg"].removeprefix("Value error, ")) for e in error.errors()
        ]
        lines = [f"{name}: {message}" for name, message in said]
        raise SettingsError("\n".join(lines)) from None


def completed(settings: Settings, values: Mapping[str, str]) -> Settings:
    """`settings`, and what they leave open taken from `values`, by lower-case variable name. Raises `SettingsError`."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    found = {
        name: values[alias]
        for name, field in Settings.model_fields.items()
        if name not in given and (alias := str(field.validation_alias).lower()) in values
    }
    return load_settings(**given, **found) if found else settings
