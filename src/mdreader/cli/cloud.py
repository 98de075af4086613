"""`mdreader cloud`: its arguments. What it does is loaded when it runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

commands = typer.Typer(help="What running it on AWS takes and costs.", no_args_is_help=True)


_Hours = Annotated[
    float, typer.Option("--active-hours", metavar="H", help="Hours a day that each has a document open, 0 to 24.")
]
_Region = Annotated[str, typer.Option("--region", metavar="R", help="An AWS region, such as eu-central-1.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]


@commands.command("simulate")
def simulate(
    *,
    users: Annotated[int, typer.Option("--users", metavar="N", min=1, help="People with an account.")] = 20_000,
    active_hours: _Hours = 2,
    seed: Annotated[int, typer.Option("--seed", help="Another one makes another day.")] = 1,
    as_json: _Json = False,
) -> None:
    """Days of one cell: whether scaling is there in time when people rush in, or when servers are lost; and years of cells."""
    from mdreader.cli import cloud_simulate

    raise typer.Exit(cloud_simulate.run(users, active_hours, seed, as_json=as_json))


@commands.command("plan")
def plan(
    *,
    users: Annotated[
        int | None, typer.Option("--users", metavar="N", help="People with an account; needed without --ladder.")
    ] = None,
    active_hours: _Hours = 2,
    region: _Region = "us-east-1",
    size: Annotated[
        Literal["box", "team", "planet"] | None,
        typer.Option("--size", help="Without it, the smallest that carries them."),
    ] = None,
    multi_az: Annotated[bool, typer.Option("--multi-az", help="A second database instance in another zone.")] = False,
    nat: Annotated[
        Literal["none", "gateway", "endpoints"],
        typer.Option("--nat", help="Private tasks, by a NAT gateway or by endpoints."),
    ] = "none",
    accounts: Annotated[
        Literal["embedded", "lite", "essentials"],
        typer.Option("--accounts", help="mdreader's own, or a tier of Cognito."),
    ] = "embedded",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", dir_okay=False, help="Write Terraform's variables there.")
    ] = None,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="From 1,000 people to a billion: which limit comes first, what answers it.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Servers, database, traffic and cost for so many people, from what was measured and what AWS asks for."""
    from mdreader.cli import cloud_plan
    from mdreader.cloud.sizes import Options

    if ladder:
        raise typer.Exit(cloud_plan.run_ladder(active_hours, region, as_json=as_json))
    options = Options(multi_az=multi_az, nat=nat, accounts=accounts)
    raise typer.Exit(cloud_plan.run(users, active_hours, region, size=size, options=options, out=out, as_json=as_json))
