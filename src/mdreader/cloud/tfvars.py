"""What a plan says to Terraform: the variables of the environment of its size."""

from mdreader.cloud.costs import workers
from mdreader.cloud.sizes import Plan

Value = str | int | float | bool


def variables(plan: Plan) -> dict[str, Value]:
    """Names and values for `infra/environments/<size>`. What only its owner knows (domain, zone, keys) is not among them."""
    if plan.size == "box":
        return {"region": plan.region, "instance_type": "t4g.small", "data_volume_gb": plan.machinery.disk}
    found: dict[str, Value] = {"region": plan.region, "nat": plan.options.nat}
    tasks, cache = plan.machinery.tasks, plan.machinery.cache
    assert tasks is not None  # noqa: S101 - only the box has none
    assert cache is not None  # noqa: S101 - as above
    found |= {
        "task_cpu": tasks.size.cpu_units,
        "task_memory": tasks.size.megabytes,
        "tasks_min": tasks.minimum,
        "tasks_max": tasks.maximum,
        "connections_per_task": tasks.connections,
        "worker_tasks": workers(plan),
        "cache_node_type": cache.name,
        "identity": "embedded" if plan.options.accounts == "embedded" else "cognito",
    }
    if plan.options.accounts != "embedded":
        found["cognito_tier"] = plan.options.accounts.upper()
    database, aurora = plan.machinery.database, plan.machinery.aurora
    if database is not None:
        found |= {
            "database_class": database.name,
            "database_storage_gb": plan.machinery.disk,
            "database_storage_max_gb": 100,
            "database_multi_az": plan.options.multi_az,
        }
    if aurora is not None:
        found |= {"database_acu_min": aurora.minimum, "database_acu_max": aurora.maximum}
    return found


def written(plan: Plan) -> str:
    """The file's text."""
    lines = [
        f"# infra/environments/{plan.size}, as planned for {plan.load.users:,} users at {plan.load.active_hours:g} hours a day.",
        "# Made by `mdreader cloud plan`. What only you know (domain, zone, keys) goes into a file beside it.",
    ]
    if plan.cells > 1:
        lines.append(f"# For one cell of {plan.cells:,}; each has a state, a region and a name of its own.")
    lines += ["", *(f"{name} = {_literal(value)}" for name, value in variables(plan).items())]
    return "\n".join(lines) + "\n"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"
