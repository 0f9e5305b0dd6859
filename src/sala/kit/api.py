"""How does the API read and answer? What every room's router needs, so that all of them behave the same."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema
from ninja.parser import Parser
from pydantic import ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sala.kit import export, openapi, strict_json
from sala.kit.acting import Acting
from sala.kit.errors import (
    Changed,
    FieldError,
    Invalid,
    Malformed,
    NotFound,
    NotSignedIn,
    Problem,
    VersionMissing,
)
from sala.kit.paging import MAX_PAGE, MAX_PAGE_SIZE, Listing, ListSpec

LONGEST_TEXT = 20_000


def _only_text(value: object) -> object:
    """Dates and times come as ISO 8601 texts; a number must not pass as seconds since 1970."""
    if isinstance(value, str | date | datetime | time) or value is None:
        return value
    raise PydanticCustomError("string_type", "text")


def _strict(node: Any) -> Any:
    """The schema with numbers and truth values that are taken only as what they are ("1" and 1.0 are no integers)."""
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    fresh = {key: _strict(value) if key != "metadata" else value for key, value in node.items()}
    kind = fresh.get("type")
    if kind in ("int", "bool", "float"):
        fresh["strict"] = True
    if kind in ("date", "datetime", "time"):
        return core_schema.no_info_before_validator_function(_only_text, fresh)
    return fresh


class Strict(Schema):
    """What a body may hold: unknown fields are refused, nothing is guessed. Every room's input schemas extend it."""

    model_config = ConfigDict(extra="forbid", str_max_length=LONGEST_TEXT)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        found: CoreSchema = _strict(handler(source))
        return found


def not_json() -> Malformed:
    """The problem of a body that comes as a form."""
    return Malformed(_("Send the body as application/json."), code="not-json")


class StrictParser(Parser):
    """Bodies as strict JSON objects; raises `Malformed` (ninja wraps it, `from_exception` finds it)."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The object in the body."""
        kind = (request.content_type or "").lower()
        if kind not in ("application/json", "") and not kind.endswith("+json"):
            raise not_json()
        found = strict_json.loads(request.body)
        if not isinstance(found, dict):
            raise Malformed(_("Send a JSON object: { ... }."), code="not-an-object")
        return found


class SignedIn:
    """For operations that need somebody signed in: the default of the API. `auth=None` opens an operation to all."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Acting:
        """Who acts; raises `NotSignedIn`."""
        acting: Acting | None = getattr(request, "acting", None)
        if acting is None or not acting.signed_in:
            raise NotSignedIn(_("Sign in first, or send a token: Authorization: Bearer TOKEN."))
        return acting


signed_in = SignedIn()

# What pydantic finds wrong -> our code and sentence. ``{...}`` are filled from its context.
_SENTENCES: dict[str, tuple[str, Any]] = {
    "missing": ("required", _("This field is needed.")),
    "extra_forbidden": ("unknown-field", _("This field is not known here.")),
    "string_type": ("not-text", _("Give a text.")),
    "string_too_long": ("too-long", _("The text is too long: at most {max_length} characters.")),
    "string_too_short": ("too-short", _("The text is too short: at least {min_length} characters.")),
    "too_long": ("too-many", _("Too many: at most {max_length}.")),
    "too_short": ("too-few", _("Too few: at least {min_length}.")),
    "string_pattern_mismatch": ("wrong-form", _("The text does not have the form that is needed.")),
    "int_type": ("not-a-number", _("Give a whole number.")),
    "int_parsing": ("not-a-number", _("Give a whole number.")),
    "int_parsing_size": ("not-a-number", _("The number is too large.")),
    "int_from_float": ("not-a-number", _("Give a whole number.")),
    "float_type": ("not-a-number", _("Give a number.")),
    "float_parsing": ("not-a-number", _("Give a number.")),
    "finite_number": ("not-a-number", _("Give a number.")),
    "bool_type": ("not-yes-or-no", _("Give true or false.")),
    "bool_parsing": ("not-yes-or-no", _("Give true or false.")),
    "list_type": ("not-a-list", _("Give a list.")),
    "dict_type": ("not-an-object", _("Give an object.")),
    "model_type": ("not-an-object", _("Give an object.")),
    "model_attributes_type": ("not-an-object", _("Give an object.")),
    "enum": ("unknown-value", _("This value is not one of those known here: {expected}.")),
    "literal_error": ("unknown-value", _("This value is not one of those known here: {expected}.")),
    "greater_than_equal": ("too-small", _("The number is too small: at least {ge}.")),
    "greater_than": ("too-small", _("The number is too small: more than {gt}.")),
    "less_than_equal": ("too-large", _("The number is too large: at most {le}.")),
    "less_than": ("too-large", _("The number is too large: less than {lt}.")),
    "uuid_parsing": ("not-an-id", _("This is not the id of a record.")),
    "uuid_type": ("not-an-id", _("This is not the id of a record.")),
    "timezone_aware": ("no-offset", _("Give the moment with its offset, such as 2026-11-24T09:30:00+07:00.")),
}
_DATES = re.compile(r"(date|datetime|time)_")


def field_error(found: Mapping[str, Any]) -> FieldError:
    """One of pydantic's errors in our words. The field's path is written with dots."""
    kind, context = str(found["type"]), dict(found.get("ctx") or {})
    source, *path = [str(part) for part in found["loc"]]
    if source in ("body", "form", "query") and len(path) > 1:
        path = path[1:]  # the first is the name of our own parameter, which nobody outside knows
    field = ".".join(path) or source
    if kind in _SENTENCES:
        code, sentence = _SENTENCES[kind]
        return FieldError(
            field, code, format_lazy(sentence, **{key: str(value) for key, value in context.items()})
        )
    if kind == "value_error" and context.get("error"):
        said = context["error"]
        message = getattr(said, "message", None) or (said.args[0] if said.args else "")
        return FieldError(
            field, str(getattr(said, "code", "invalid")), message or _("This value is not right.")
        )
    if _DATES.match(kind):
        return FieldError(field, "not-a-date", _("Give a real date or time in ISO 8601, such as 2026-11-24."))
    return FieldError(field, "invalid", _("This value is not right."))


def from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """What ninja found wrong with a call, as a problem: 404 for an address that can't exist, else 422 with all fields."""
    if any(found["loc"][:1] == ("path",) for found in errors):
        return NotFound(_("There is nothing at this address."))
    return Invalid(
        _("Something in what was sent is not right. See the fields."), errors=[*map(field_error, errors)]
    )


def unknown(given: Sequence[str], known: set[str]) -> list[FieldError]:
    """Names that are not ``known``, as field errors."""
    return [
        FieldError(name[:80], "unknown-field", _("This field is not known here."))
        for name in given
        if name not in known
    ]


def guard(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse query and form fields that an operation does not declare (ninja itself forbids only unknown JSON fields).

    An operation that reads its query through `collection` is checked there.
    """
    inner: Any = run
    while not hasattr(inner, "__self__"):
        inner = inner.__wrapped__
    operation = inner.__self__
    known: dict[str, set[str]] = {"query": set(), "form": set(), "file": set()}
    for model in operation.models:
        source = str(model.__ninja_param_source__)
        names = getattr(model, "__ninja_flatten_map__", None) or model.model_fields
        known.setdefault(source, set()).update(str(name) for name in names)
    takes_form = any(str(model.__ninja_param_source__) in ("form", "file") for model in operation.models)
    own_query = hasattr(operation.view_func, "listing")

    @wraps(run)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wrong = [] if own_query else unknown(list(request.GET), known["query"])
        if takes_form and request.method == "POST":
            wrong += unknown(list(request.POST), known["form"]) + unknown(list(request.FILES), known["file"])
        if wrong:
            problem = Invalid(_("Something in what was sent is not right. See the fields."), errors=wrong)
            answer: HttpResponseBase = operation.api.on_exception(request, problem)
            return answer
        return run(request, *args, **kwargs)

    return checked


_ETAG = re.compile(r'"?([0-9]{1,9})"?')


def version(request: HttpRequest) -> int:
    """The version the caller read, from ``If-Match: "3"``. Raises `VersionMissing` (428) or `Malformed` (400)."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise VersionMissing(_('Say which version you read: If-Match: "<version>".'))
    found = _ETAG.fullmatch(given)
    if found is None:
        raise Malformed(
            _('If-Match must be the record\'s version in quotation marks, such as "3".'),
            code="if-match-malformed",
        )
    return int(found[1])


def match(request: HttpRequest, current: int) -> int:
    """Assert that the caller read the ``current`` version; raises `Changed` (412) as well as what `version` raises."""
    read = version(request)
    if read != current:
        raise Changed(_("Somebody was faster: the record has changed. Read it again, then repeat your step."))
    return read


Serialise = Callable[[Sequence[Any]], Sequence[Mapping[str, Any]]]


def lists(spec: ListSpec) -> Callable[[Any], Any]:
    """Mark an operation (below ``@router.get``) as one that reads its query by ``spec``, and document its parameters."""

    def mark(view: Any) -> Any:
        view.listing = spec
        return openapi.contributes(
            view, lambda operation: openapi.add(operation, parameters=_parameters(spec))
        )

    return mark


def _parameters(spec: ListSpec) -> list[dict[str, Any]]:
    sorts = [sign + name for name in spec.sorts for sign in ("", "-")]
    found: list[tuple[str, Mapping[str, Any]]] = (
        [("q", {"type": "string", "maxLength": 200})] if spec.search else []
    )
    for each in spec.filters:
        schema = dict(each.schema)
        if each.several:
            schema = {"type": "array", "items": schema}
        found.append((each.name, schema))
    found += [
        ("sort", {"type": "string", "enum": sorts, "default": spec.default_sort}),
        ("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
        ("page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": spec.page_size}),
    ]
    found += [(name, {"type": "string"}) for name in spec.keep]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in found]


def collection(
    request: HttpRequest, queryset: QuerySet[Any], spec: ListSpec, serialise: Serialise
) -> dict[str, Any]:
    """One page of what ``queryset`` (already only what the asker may see) holds: count, more, next, previous, results.

    ``serialise`` turns the rows of a page into objects at once, so that names can be looked up for all of them. Raises
    `Invalid` for anything in the query that is unknown or wrong.
    """
    page = Listing.of(request.GET, spec, strict=True, path=request.path).slice(queryset)
    return {
        "count": page.count,
        "more": page.more,
        "next": page.next,
        "previous": page.previous,
        "results": list(serialise(page.results)),
    }


def _chunks(queryset: QuerySet[Any], serialise: Serialise, size: int = 500) -> Iterator[Mapping[str, Any]]:
    chunk: list[Any] = []
    for row in queryset.iterator(chunk_size=size):
        chunk.append(row)
        if len(chunk) == size:
            yield from serialise(chunk)
            chunk = []
    yield from serialise(chunk)


def exported(
    request: HttpRequest,
    queryset: QuerySet[Any],
    spec: ListSpec,
    serialise: Serialise,
    *,
    name: str,
    columns: Sequence[export.Column],
    kind: str,
    mark: str | None = None,
) -> HttpResponseBase:
    """All that the same filter finds, as a file (``csv``, ``xlsx``, ``json``)."""
    rows = Listing.of(request.GET, spec, strict=True, path=request.path).apply(queryset)
    return export.write(name, columns, _chunks(rows, serialise), kind, mark=mark)


def file_of(kind: str) -> Callable[[Any], Any]:
    """Mark an operation as one that answers with a file of this kind."""
    return openapi.says({"type": "string"}, kind=export.KINDS[kind].partition(";")[0])


def serve_list(
    router: Router,
    path: str,
    spec: ListSpec,
    queryset: Callable[[HttpRequest], QuerySet[Any]],
    serialise: Serialise,
    *,
    row: type[openapi.Told],
    name: Any,
    columns: Sequence[export.Column],
    mark: Callable[[], str | None] = lambda: None,
    links: Mapping[str, openapi.Link] | None = None,
    **options: Any,
) -> None:
    """Put a list at ``path`` of a router, and the same as ``.csv`` and ``.xlsx`` beside it.

    ``queryset(request)`` decides what the asker may see (and raises if nothing); ``row`` says what ``serialise`` makes
    of one; ``options`` go to ninja (``auth=None``).
    """

    @lists(spec)
    @openapi.says(openapi.page_of(row), links=links or {})
    def as_json(request: HttpRequest) -> dict[str, Any]:
        return collection(request, queryset(request), spec, serialise)

    word = path.strip("/").replace("/", "_").replace("-", "_")
    with translation.override("en"):  # the description of the API is one for all
        summary = str(name)
    operation_id = f"{(router.tags or ['sala'])[0]}_list_{word}"
    router.get(path, summary=summary, operation_id=operation_id, **options)(as_json)
    for kind in ("csv", "xlsx"):
        view = _as_file(kind, spec, queryset, serialise, name, columns, mark)
        more = {"summary": f"{summary} ({kind})", "operation_id": f"{operation_id}_{kind}", **options}
        router.get(f"{path}.{kind}", **more)(view)


def _as_file(
    kind: str, spec: ListSpec, queryset: Any, serialise: Any, name: Any, columns: Any, mark: Any
) -> Any:
    @lists(spec)
    @file_of(kind)
    def as_file(request: HttpRequest) -> HttpResponseBase:
        return exported(
            request,
            queryset(request),
            spec,
            serialise,
            name=str(name),
            columns=columns,
            kind=kind,
            mark=mark(),
        )

    return as_file


def say(message: Any) -> str:
    """A problem's sentence in the active language (rules and terms mark theirs with ``N_`` only)."""
    text = str(message)
    return gettext(text) if text else ""


def problem_body(problem: Problem, title: Any) -> dict[str, Any]:
    """A problem as RFC 9457 has it, in the active language."""
    body: dict[str, Any] = {
        "type": f"urn:sala:problem:{problem.code}",
        "title": say(title),
        "status": problem.status,
        "detail": say(problem.message) or say(title),
    }
    if problem.errors:
        body["errors"] = [
            {"field": each.field, "code": each.code, "message": say(each.message)} for each in problem.errors
        ]
    return body


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer with readable Khmer."""
    return JsonResponse(
        body,
        status=status,
        headers=dict(headers or {}),
        safe=False,
        json_dumps_params={"ensure_ascii": False},
    )
