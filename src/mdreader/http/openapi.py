"""What the API says of itself at `/api/openapi.json`."""

from typing import Any

from fastapi import FastAPI

from mdreader.http.errors import Problem


class DescribedApi(FastAPI):
    """FastAPI whose description has the one schema that no route names as a model: that of errors, which are not plain JSON."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once."""
        document = super().openapi()
        document.setdefault("components", {}).setdefault("schemas", {}).setdefault(
            "Problem", Problem.model_json_schema()
        )
        return document
