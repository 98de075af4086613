"""`mdreader import` and `mdreader export`: their arguments. What they do is loaded when one of them runs."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()

_Server = Annotated[
    str | None,
    typer.Option(
        "--server", envvar="MDREADER_SERVER", metavar="URL", help="A remote server, such as https://notes.example.org."
    ),
]
_ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", envvar="MDREADER_API_KEY", metavar="KEY", help="The API key for the remote server."),
]
_Owner = Annotated[
    str | None,
    typer.Option(
        "--owner", metavar="EMAIL", help="As whom to act on the data folder; not needed when it has one account."
    ),
]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Name every file, not only the first few of a kind.")]


@commands.command("import")
def import_(
    *,
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, readable=False, help="A folder of Markdown files.")
    ],
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", metavar="NAME", help="Its name or id; made if it is missing.")
    ],
    owner: _Owner = None,
    server: _Server = None,
    api_key: _ApiKey = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace documents that were edited here, too.")
    ] = False,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Look into folders whose names begin with a dot, too.")
    ] = False,
    verbose: _Verbose = False,
) -> None:
    """Bring a folder of Markdown into a workspace.

    Run again, it brings what is new or changed and doubles nothing. It works whether the server on the data folder (MDREADER_DATA)
    runs or not. The exit code is 0 when everything that is Markdown went in, else 1.
    """
    from mdreader.cli.bring import run
    from mdreader.cli.reach import Target

    target = Target(server, api_key, owner)
    raise typer.Exit(run(folder, workspace, target, overwrite=overwrite, hidden=hidden, verbose=verbose))


@commands.command("export")
def export(
    *,
    workspace: Annotated[str, typer.Argument(help="Its name or id.")],
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to write; made if it is missing.")],
    owner: _Owner = None,
    server: _Server = None,
    api_key: _ApiKey = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files in the folder that have other content.")
    ] = False,
    verbose: _Verbose = False,
) -> None:
    """Write every document of a workspace into a folder, byte for byte.

    Files that are there with other content stay, and are named, unless --force is given; other files are left alone. The exit code is
    0 when the folder has every document as it is, else 1.
    """
    from mdreader.cli.reach import Target
    from mdreader.cli.write_out import run

    raise typer.Exit(run(workspace, folder, Target(server, api_key, owner), force=force, verbose=verbose))
