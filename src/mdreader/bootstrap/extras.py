"""What the settings need beyond the default install."""

from importlib.util import find_spec
from typing import Final

from mdreader.bootstrap.database import on_postgres
from mdreader.settings import Settings, SettingsError

# By extra: the modules that it brings, as far as adapters import them.
_MODULES: Final = {
    "postgres": ("asyncpg",),
    "redis": ("redis",),
    "aws": ("boto3",),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter"),
}


def check_extras(settings: Settings) -> None:
    """Raise `SettingsError`, a line for each extra that a setting needs and that is not installed."""
    lines = [
        f"{name} needs what is not installed: pip install 'mdreader[{extra}]', or make fleet in a checkout"
        for name, extra in needed(settings)
        if not all(map(_is_there, _MODULES[extra]))
    ]
    if lines:
        raise SettingsError("\n".join(lines))


def needed(settings: Settings) -> list[tuple[str, str]]:
    """The settings that choose what the default install lacks, each with its extra. The Makefile has the same list."""
    needs = {
        "DATABASE_URL": ("postgres", on_postgres(settings)),
        "REDIS_URL": ("redis", settings.redis_url),
        "AWS_S3_BUCKET": ("aws", settings.aws_s3_bucket),
        "MAIL_URL": ("aws", (settings.mail_url or "").startswith("ses:")),
        "IDENTITY": ("aws", settings.identity == "cognito"),
        "SECRETS_ARN": ("aws", settings.secrets_arn),
        "SNS_TOPIC_ARN": ("aws", settings.sns_topic_arn),
        "JOBS_QUEUE_URL": ("aws", settings.jobs_queue_url),
        "SES_EVENTS_TOPIC_ARN": ("aws", settings.ses_events_topic_arn),
        "SES_EVENTS_QUEUE_URL": ("aws", settings.ses_events_queue_url),
        "OTEL_EXPORTER_OTLP_ENDPOINT": ("otel", settings.otlp_endpoint),
    }
    return [(name, extra) for name, (extra, chosen) in needs.items() if chosen]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
