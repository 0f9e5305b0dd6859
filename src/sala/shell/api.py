"""Where do programs come in? The API at /api/v1/, put together from every room's router."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from ninja import Router
from ninja.errors import HttpError, ValidationError

from sala.kit import api as manners
from sala.kit.errors import Problem
from sala.kit.openapi import Api
from sala.shell import problems

DESCRIPTION = """\
What people see on Sala's pages, for programs.

Collections take `q`, `place`, `state`, `from`, `to`, `sort`, `page`, `page_size` and answer
`{"count", "more", "next", "previous", "results"}`; the same filter gives `.csv` and `.xlsx`.
`POST` takes `Idempotency-Key`; a change of a record takes `If-Match: "<version>"`. Errors are RFC 9457
`application/problem+json` in the language of `Accept-Language` (km or en). Unknown fields are refused.
"""


EXPLAINED: tuple[type[Exception], ...] = (Problem, ValidationError, HttpError, Exception)


def build() -> Api:
    """The API with the router of each room that has one, on its own path."""
    root = Api(
        title="Sala",
        version="1",
        description=DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,
        urls_namespace="api",
        parser=manners.StrictParser(),
        auth=manners.signed_in,
    )
    for kind in EXPLAINED:
        root.add_exception_handler(kind, explain)
    root.add_decorator(manners.guard, mode="view")
    for room in rooms("api"):
        module = import_module(f"sala.{room}.api")
        router = getattr(module, "router", None)
        if isinstance(router, Router):
            root.add_router(f"/{room}", router)
        tokens = getattr(module, "tokens", None)
        if isinstance(tokens, Router):
            root.add_router("/tokens", tokens)
    return root


def rooms(part: str) -> list[str]:
    """The rooms that have a file ``part`` (``api``, ``urls``, ``cli``), high to low, without the shell."""
    names = [config.label for config in apps.get_app_configs() if config.name.startswith("sala.")]
    return [name for name in names if name != "shell" and find_spec(f"sala.{name}.{part}")]


def explain(request: HttpRequest, exc: Exception | type[Exception]) -> Any:
    """Any exception as problem+json; a fault of ours goes up."""
    problem = problems.of(exc) if isinstance(exc, Exception) else None
    if problem is None:
        raise exc
    return problems.show(request, problem)


def docs(request: HttpRequest) -> HttpResponse:
    """A page that lists every operation, made on the server: it needs no script and no network."""
    return render(
        request, "shell/api.html", {"groups": groups(API.get_openapi_schema(path_prefix="/api/v1/"))}
    )


def groups(schema: Any) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI schema by tag: method, path, summary, description, parameters, body's fields, answers."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or [str(_("General"))])[0]
            found.setdefault(tag, []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": operation.get("description", ""),
                    "open": not operation.get("security"),
                    "parameters": [_parameter(each) for each in operation.get("parameters", [])],
                    "fields": _fields(operation.get("requestBody"), schema),
                    "answers": sorted(str(code) for code in operation.get("responses", {})),
                }
            )
    return found


def _parameter(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": each["name"],
        "where": each["in"],
        "needed": bool(each.get("required")),
        "kind": _kind(each.get("schema", {})),
    }


def _fields(body: dict[str, Any] | None, schema: Any) -> list[dict[str, Any]]:
    if not body:
        return []
    content = next(iter(body["content"].values()))["schema"]
    model = schema["components"]["schemas"].get(str(content.get("$ref", "")).rsplit("/", 1)[-1], content)
    needed = set(model.get("required", []))
    return [
        {"name": name, "needed": name in needed, "kind": _kind(each)}
        for name, each in model.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    return str(schema.get("format") or schema.get("type") or str(schema.get("$ref", "")).rsplit("/", 1)[-1])


API = build()
