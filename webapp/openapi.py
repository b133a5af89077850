"""The OpenAPI 3.1 description, generated from the models that validate the requests and type the answers."""

from typing import Any

from pydantic import TypeAdapter

from indexer.documents import ProblemDocument, ProfileDocument, SearchDocument, SuggestDocument
from webapp.parameters import ApiSearchParameters, ApiSuggestParameters, Known, Parameters, ProfileParameters

API_VERSION = "1.0"
_REF = "#/components/schemas/{model}"
_ANSWERS = (SearchDocument, ProfileDocument, SuggestDocument, ProblemDocument)
_FACET_OF_PARAMETER = {"in": "section", "specialty": "specialty", "hiring": "hiring", "service": "service"}
_NO_NUL = "^[^\\u0000]*$"


def openapi_document(known: Known) -> dict[str, Any]:
    """The description for this generation: filters list the values that it has."""
    slug = {
        "name": "slug",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "examples": ["sama"]},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Profile Search",
            "version": API_VERSION,
            "summary": "Search profiles of companies that hire for AI training and data annotation.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/search": _path("search", "Ranked companies", "SearchDocument", _query(ApiSearchParameters, known)),
            "/api/profiles/{slug}": _path(
                "profile", "One company whole", "ProfileDocument", [slug, *_query(ProfileParameters, known)]
            ),
            "/api/suggest": _path(
                "suggest", "What a query could become", "SuggestDocument", _query(ApiSuggestParameters, known)
            ),
        },
        "components": {"schemas": _schemas()},
    }


def _path(operation: str, summary: str, answer: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="ProblemDocument")}}}
    responses: dict[str, Any] = {
        "200": {
            "description": summary,
            "headers": {"ETag": {"description": "Changes with the index.", "schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=answer)}}},
        },
        "304": {"description": "Nothing has changed since the answer with this ETag."},
        "400": {"description": "Parameters are wrong; all faults are listed.", "content": problem},
        "404": {"description": "There is no such page or company.", "content": problem},
        "503": {"description": "The index does not answer right now.", "content": problem},
    }
    if operation == "suggest":
        del responses["404"]
    return {"get": {"operationId": operation, "summary": summary, "parameters": parameters, "responses": responses}}


def _query(model: type[Parameters], known: Known) -> list[dict[str, Any]]:
    """The query parameters that a model validates."""
    properties = TypeAdapter(model).json_schema()["properties"]
    return [_parameter(name, dict(schema), known) for name, schema in properties.items()]


def _parameter(name: str, schema: dict[str, Any], known: Known) -> dict[str, Any]:
    schema.pop("title", None)
    description = schema.pop("description", "")
    if "anyOf" in schema:  # a parameter that may be absent is never null
        schema = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
    if name == "q":
        schema["pattern"] = _NO_NUL
    if name in _FACET_OF_PARAMETER:
        schema["items"] = {"type": "string", "enum": list(dict.fromkeys(known[_FACET_OF_PARAMETER[name]].values()))}
    parameter = {"name": name, "in": "query", "description": description, "required": False, "schema": schema}
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": True}
    return parameter


def _schemas() -> dict[str, Any]:
    adapters = [(model.__name__, "serialization", TypeAdapter(model)) for model in _ANSWERS]
    _, schemas = TypeAdapter.json_schemas(adapters, ref_template=_REF)  # type: ignore[arg-type]
    return dict(schemas["$defs"])
