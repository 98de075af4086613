"""A plan as CloudFormation: what cfn-lint needs to see values that neither a plan nor an emulator minds."""

import json
from typing import Any

from gates.plans import Plan
from gates.translate import access, computing, data, edge, watching
from gates.translate.shape import PARAMETER, Shape

SHAPES: dict[str, Shape] = {**access.SHAPES, **computing.SHAPES, **data.SHAPES, **edge.SHAPES, **watching.SHAPES}


def template(plan: Plan) -> tuple[dict[str, Any], dict[str, str]]:
    """The template of a plan, and for each of its logical names the address in Terraform."""
    resources: dict[str, Any] = {}
    addresses: dict[str, str] = {}
    documents = plan.data("aws_iam_policy_document")
    for resource in [*(one for one in plan.resources if one.managed), *documents]:
        for shapes in (SHAPES, data.NODES):
            if shape := shapes.get(resource.type):
                name = f"R{len(resources)}"
                resources[name] = {"Type": shape.type, "Properties": shape.properties(resource.values)}
                addresses[name] = resource.address
    parameters = {PARAMETER: {"Type": "String", "Description": "Stands for what is known after an apply"}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Resources": resources}, addresses


def text(plan: Plan) -> tuple[str, dict[str, str]]:
    """The template as JSON, one line a resource's value, and the addresses."""
    whole, addresses = template(plan)
    return json.dumps(whole, indent=1), addresses
