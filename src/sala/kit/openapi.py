"""How does the API describe itself? What every operation says of its answers, headers and links, in one OpenAPI document."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from ninja import NinjaAPI, Schema
from ninja.schema import NinjaGenerateJsonSchema
from pydantic import BaseModel, ConfigDict

JSON = "application/json"
PROBLEM = "application/problem+json"
_KEY = "x-says"  # where an operation carries what it says until the document is completed
_REFERENCE = "#/components/schemas/{model}"

# Statuses that any operation may answer: unreadable, a token that opens nothing, an address or header too long, something
# unknown in the query, the database away, the disk full.
ALWAYS = (400, 401, 414, 422, 431, 503, 507)
WITH_BODY = (411, 413, 415)
WITH_VERSION = (409, 412, 428)
# What `kit.bounds` and `kit.strict_json` let pass as text.
_NO_CONTROL = r"\x00-\x08\x0e-\x1f\x7f"
PATTERNS = {
    "body": f"^[^{_NO_CONTROL}]*$",
    "query": rf"^[^{_NO_CONTROL}\ufffd]*$",
    "path": r"^[^\x00-\x1f\x7f/]+$",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The version that was read, in quotation marks.",
    "schema": {"type": "string", "pattern": '^"?[0-9]{1,9}"?$'},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body give the same answer once done. Kept for 48 hours.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
}
ETAG = {
    "description": "The version of the record, for If-Match.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}
TEXT = {"type": "string"}


class Told(Schema):
    """What an answer holds, for the document only: answers are made without it, the fuzzing compares them with it."""

    model_config = ConfigDict(extra="forbid")


class Names(Told):
    """The same in Khmer and English."""

    km: str
    en: str


class Fault(Told):
    """One thing wrong with one field."""

    field: str
    code: str
    message: str


class ProblemBody(Told):
    """RFC 9457: what is wrong and what to do, in the language of Accept-Language."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault]


@dataclass(frozen=True)
class Link:
    """Where the answer leads: an operation, and which of its parameters come from where in the answer."""

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Says:
    """What an operation answers when all is well, and which problems it has beside those of every operation.

    ``version``: takes If-Match; ``once``: takes Idempotency-Key; ``etag``: tells the record's version. ``parameters``:
    schemas of parameters that the room reads itself, where a signature can't say what is taken.
    """

    answer: Any = None
    status: int = 200
    kind: str = JSON
    problems: tuple[int, ...] = ()
    version: bool = False
    once: bool = False
    etag: bool = False
    location: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)


def add(operation: Any, **extra: Any) -> None:
    """Give more to what ninja takes over into the document."""
    operation.openapi_extra = {**(operation.openapi_extra or {}), **extra}


def contributes(view: Any, contribute: Callable[[Any], None]) -> Any:
    """The view, whose operation ``contribute`` completes when it is put into a router."""
    view._ninja_contribute_to_operation = [*getattr(view, "_ninja_contribute_to_operation", []), contribute]
    return view


def says(answer: Any = None, **more: Any) -> Callable[[Any], Any]:
    """Mark an operation (below ``@router.get``) with what it `Says`."""
    told = Says(answer, **more)
    return lambda view: contributes(view, lambda operation: add(operation, **{_KEY: told}))


def page_of(row: type[BaseModel]) -> dict[str, Any]:
    """The schema of one page of a collection of ``row``."""
    link = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    return {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 0, "maximum": 1000},
            "more": {"type": "boolean"},
            "next": link,
            "previous": link,
            "results": {"type": "array", "items": row},
        },
        "required": ["count", "more", "next", "previous", "results"],
        "additionalProperties": False,
    }


class Api(NinjaAPI):
    """Ninja's API, whose document also holds what ninja does not know."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[tuple[str | None, str], Any] = {}

    def get_openapi_schema(self, **options: Any) -> Any:
        """The whole document, to be read only: made once for each language, for it is asked by anybody and costs much.

        Raises `ValueError` for an operation that does not say what it answers.
        """
        key = get_language(), repr(options)
        if key not in self._documents:
            self._documents[key] = completed(super().get_openapi_schema(**options))
        return self._documents[key]


def completed(document: Any) -> Any:
    """Ninja's ``document`` with answers, problems, headers and links of every operation."""
    schemas = document["components"].setdefault("schemas", {})
    if "securitySchemes" in document["components"]:
        document["components"]["securitySchemes"]["Session"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A browser's session; what changes something needs the forgery check's token besides.",
        }
    _bound(schemas, PATTERNS["body"])  # ninja knows the bodies that come in; the answers follow
    problem = _schema(ProblemBody, schemas)
    document["components"]["responses"] = {
        f"Problem{status}": _problem(status, problem) for status in sorted(_all_problems())
    }
    for path, method, operation in operations(document):
        told = operation.pop(_KEY, None)
        if told is None:
            raise ValueError(f"{method} {path} does not say what it answers (kit.openapi.says)")
        if operation.get("security"):
            operation["security"] = [*operation["security"], {"Session": []}]
        body = operation.get("requestBody", {"content": {}})
        for content in body["content"].values():  # a body that may be missing is not null for that
            content["schema"], body["required"] = _given(content["schema"], required=body["required"])
        operation["responses"] = _responses(operation, method, told, schemas)
        parameters = operation.setdefault("parameters", [])
        parameters += [IF_MATCH] * told.version + [IDEMPOTENCY_KEY] * told.once
        for each in parameters:
            each["schema"] = _narrowed(each["schema"], told.parameters.get(each["name"], {}))
            if each["in"] in PATTERNS:
                _bound(each["schema"], PATTERNS[each["in"]])
    return document


def operations(document: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of everything in a document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _given(schema: dict[str, Any], *, required: bool) -> tuple[dict[str, Any], bool]:
    """The schema without null, and whether it was needed before."""
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    return (kinds[0], False) if len(kinds) == 1 else (schema, required)


def _narrowed(schema: Mapping[str, Any], further: Mapping[str, Any]) -> dict[str, Any]:
    """What ninja knows of a parameter and what its room says; one that may be missing is not null for that."""
    if further:
        schema = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**schema, **further}


def _all_problems() -> set[int]:
    return {*ALWAYS, *WITH_BODY, *WITH_VERSION, 403, 404, 429}


def _problem(status: int, schema: Any) -> dict[str, Any]:
    headers: dict[str, Any] = {"Content-Language": {"required": True, "schema": {"enum": ["km", "en"]}}}
    if status == 401:
        headers["WWW-Authenticate"] = {"required": True, "schema": TEXT}
    if status in (429, 503, 507):
        headers["Retry-After"] = {"required": True, "schema": {"type": "integer", "minimum": 0}}
    phrase = {414: "URI Too Long", 422: "Unprocessable Content", 413: "Content Too Large"}
    return {
        "description": phrase.get(status, HTTPStatus(status).phrase),
        "headers": headers,
        "content": {PROBLEM: {"schema": schema}},
    }


def _responses(
    operation: Mapping[str, Any], method: str, told: Says, schemas: dict[str, Any]
) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(told.status).phrase}
    if told.answer is not None:
        good["content"] = {told.kind: {"schema": _schema(told.answer, schemas)}}
    headers: dict[str, Any] = {"ETag": {"required": True, **ETAG}} if told.etag else {}
    if told.location:
        headers["Location"] = {"required": True, "schema": TEXT}
    if headers:
        good["headers"] = headers
    if told.links:
        good["links"] = {name: _link(link) for name, link in told.links.items()}
    wrong = {*ALWAYS, *told.problems}
    if operation.get("security") or method != "get":
        wrong.add(403)
    if operation.get("requestBody") or method in ("post", "put", "patch"):
        wrong.update(WITH_BODY)  # also of a body that nobody asked for
    if told.version:
        wrong.update(WITH_VERSION)
    if any(each["in"] == "path" for each in operation.get("parameters", [])):
        wrong.add(404)
    problems = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(wrong)}
    return {str(told.status): good, **problems}


def _link(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": link.operation}
    if link.parameters:
        found["parameters"] = dict(link.parameters)
    if link.body is not None:
        found["requestBody"] = dict(link.body)
    return found


def _schema(told: Any, schemas: dict[str, Any]) -> Any:
    """A schema written out, or the reference to that of a class, which is put into ``schemas``."""
    if isinstance(told, Mapping):
        return {key: _schema(value, schemas) for key, value in told.items()}
    if isinstance(told, type) and issubclass(told, BaseModel):
        if told.__name__ not in schemas:
            made = told.model_json_schema(
                ref_template=_REFERENCE, schema_generator=NinjaGenerateJsonSchema, mode="serialization"
            )
            parts = made.pop("$defs", {})
            made, parts = _written_out(made, parts), {k: _written_out(v, parts) for k, v in parts.items()}
            schemas.update({name: part for name, part in parts.items() if "enum" not in part})
            schemas[told.__name__] = made
        return {"$ref": _REFERENCE.format(model=told.__name__)}
    return told


def _written_out(schema: Any, parts: Mapping[str, Any]) -> Any:
    """With enumerations in their places: rooms have several of the same name (Level, Kind)."""
    if isinstance(schema, list):
        return [_written_out(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    part = parts.get(str(schema.get("$ref", "")).rsplit("/", 1)[-1])
    if part is not None and "enum" in part:
        return {"type": "string", "enum": part["enum"]}
    return {key: _written_out(value, parts) for key, value in schema.items()}


def _bound(schema: Any, pattern: str) -> None:
    """Say of every free text in ``schema`` which characters it may hold."""
    if isinstance(schema, list):
        for each in schema:
            _bound(each, pattern)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "string" and not schema.keys() & {"enum", "const", "format", "pattern"}:
        schema["pattern"] = pattern
    if schema.get("type") == "object" and "additionalProperties" in schema:
        schema["propertyNames"] = {"pattern": pattern} | schema.get("propertyNames", {})
    for key, value in schema.items():
        if key not in ("default", "examples", "const", "enum", "required"):
            _bound(value, pattern)
