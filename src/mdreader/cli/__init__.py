"""The command line. A command imports what it runs when it is run, so that `--help` answers at once."""

from typing import Annotated

import typer

from mdreader import __version__
from mdreader.cli.cells import commands as cells_commands
from mdreader.cli.cloud import commands as cloud_commands
from mdreader.cli.transfer import commands as transfer_commands
from mdreader.kernel.lean import import_structlog

app = typer.Typer(
    name="mdreader",
    help="A collaborative Markdown workspace on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and with them secrets
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mdreader {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Settings come from the environment (HOST, PORT, MDREADER_DATA, ...): see docs/settings.md."""


@app.command("serve")
def _serve() -> None:
    """Serve the page and the API on HOST:PORT, with everything in the folder MDREADER_DATA."""
    import_structlog()
    from mdreader.cli.serve import run

    raise typer.Exit(run())


@app.command("worker")
def _worker(
    slots: Annotated[int, typer.Option(min=1, max=64, help="How many jobs it works on at once.")] = 4,
) -> None:
    """Do the work in the background in a process of its own; set MDREADER_WORKER=off for the servers. Needs PostgreSQL."""
    import_structlog()
    from mdreader.cli.worker import run

    raise typer.Exit(run(slots))


@app.command("migrate")
def _migrate(
    phase: Annotated[
        str,
        typer.Option(
            help="For servers that run on one PostgreSQL while they are replaced: pre before the first new one starts, "
            "post when the last old one has ended."
        ),
    ] = "all",
    restored: Annotated[
        bool,
        typer.Option("--restored", help="The database was restored from a backup: copies elsewhere are ahead of it."),
    ] = False,
) -> None:
    """Bring the database up to date now; `serve` does by itself what it needs at its start."""
    from mdreader.cli.migrate import run

    raise typer.Exit(run(phase, restored=restored))


@app.command("migrate-data")
def _migrate_data(
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="URL",
            help="postgresql://user:password@host:5432/name, empty; without it, what DATABASE_URL and SECRETS_ARN say.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help="sqlite:///path, or https://... of a box's copy; without it, the database of MDREADER_DATA.",
        ),
    ] = None,
) -> None:
    """Move everything from SQLite to PostgreSQL. Stop the server first; when it is interrupted, run it again."""
    from mdreader.cli.migrate_data import run

    raise typer.Exit(run(source, to))


@app.command("doctor")
def _doctor(
    cloud: Annotated[
        bool,
        typer.Option(
            "--cloud", help="Also try out PostgreSQL, Redis and every permission on AWS that the settings need."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Look at everything that a start needs, and say what to do about what is not well."""
    from mdreader.cli.doctor import run

    raise typer.Exit(run(cloud=cloud, as_json=as_json))


app.add_typer(transfer_commands)
app.add_typer(cells_commands, name="cells")
app.add_typer(cloud_commands, name="cloud")
