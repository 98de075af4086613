"""What must hold in every plan, whatever a module's own tests ask for. Each rule yields a sentence for each finding."""

from collections.abc import Callable, Iterator

from gates.plans import Plan
from gates.policies import access, encryption, exposure, keeping, reaching, secrets, watching
from gates.results import Result, timed

Rule = Callable[[Plan], Iterator[str]]

RULES: tuple[Rule, ...] = (
    *exposure.RULES,
    *reaching.RULES,
    *encryption.RULES,
    *access.RULES,
    *watching.RULES,
    *keeping.RULES,
    *secrets.RULES,
)


def check(plans: list[Plan]) -> Result:
    """Every rule on every plan."""

    def look() -> tuple[str, list[str]]:
        found = {f"{plan.environment}: {sentence}" for plan in plans for rule in RULES for sentence in rule(plan)}
        return f"{len(RULES)} rules on {len(plans)} plans", sorted(found)

    return timed("policies", look)
