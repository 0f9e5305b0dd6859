"""Who keeps the list of services: the list, a service with its form, its history, and whole files in and out."""

from typing import Any

from django.contrib import messages as told
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.kit import export, inputs
from sala.kit.acting import Acting, Where
from sala.kit.errors import Malformed, Problem
from sala.ui import jinja
from sala.window import editing, editor, facts, forms, interchange, prices, queries, shown
from sala.window.attributes import parse
from sala.window.terms import Verb

SALT = "window.services"
AN_HOUR = 3600
CLIP = 160
TAGS = {"new": "go", "changed": "soon", "unchanged": "", "withdrawn": "late", "back": "ok"}
SAID = {
    "new": lambda: _("New"),
    "changed": lambda: _("Changed"),
    "unchanged": lambda: _("Unchanged"),
    "withdrawn": lambda: _("Withdrawn from the list"),
    "back": lambda: _("Brought back"),
}


def _by(request: HttpRequest) -> Acting:
    by: Acting = request.acting  # type: ignore[attr-defined]
    by.require(Verb.EDIT_SERVICES, Where())
    return by


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every service, withdrawn ones too."""
    _by(request)
    try:
        words = inputs.line(request.GET.get("q", ""), 120)
    except inputs.Wrong:
        words = ""
    rows = list(queries.catalogue().filter(queries.service_q(words)))
    context = {"rows": rows, "q": words, "shown": shown, "charge": prices.charge}
    return render(request, "window/services_work.html", context)


@never_cache
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """The whole list as a file that reads back."""
    _by(request)
    services = [editing.plain(version) for version in queries.catalogue()]
    made = interchange.as_xlsx(services) if kind == "xlsx" else interchange.as_json(services)
    response = HttpResponse(made, content_type=export.KINDS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="services.{kind}"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """One service, or a new one: change it, look at its form as residents see it, withdraw it or bring it back."""
    by = _by(request)
    old = editing.present(code) if code else None
    if request.method != "POST":
        return _show(request, old)
    act = request.POST.get("act", "")
    try:
        if old is not None and act in ("withdraw", "offer"):
            (editing.withdraw if act == "withdraw" else editing.offer)(by=by, code=old.code)
            told.success(
                request,
                _("The service is withdrawn.") if act == "withdraw" else _("The service is offered again."),
            )
            return redirect("work-service", old.code)
        return _typed(request, by, old, act)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return _show(request, old, problem=problem)


def _questions(request: HttpRequest) -> list[editor.QuestionForm]:
    count = request.POST.get("questions", "0")
    number = (
        min(int(count), facts.MOST_ASKED) if count.isascii() and count.isdigit() and len(count) < 4 else 0
    )
    return [editor.QuestionForm(request.POST, prefix=f"q{index}") for index in range(number)]


def _raw(form: Any) -> dict[str, Any]:
    """What was typed into a form, judged by nobody."""
    return {bound.name: bound.data for bound in form}


def _typed(request: HttpRequest, by: Acting, old: Any, act: str) -> HttpResponse:
    form = editor.EditorForm(request.POST, new=old is None)
    asks = _questions(request)
    if act not in ("save", "preview"):
        rows = editor.moved([_raw(each) for each in asks], act)
        return _show(request, old, form=editor.EditorForm(initial=_raw(form), new=old is None), rows=rows)
    read = [each.plain() for each in asks]
    fixed = {"code": old.code, "kind": old.kind, "offered": old.service.offered} if old is not None else {}
    after = form.plain(fixed, [row for row in read if row is not None])
    if after is None or None in read:
        return _show(request, old, form=form, asks=asks, status=422)
    if act == "preview":
        return _show(request, old, form=form, asks=asks, preview=after)
    version = form.cleaned_data["version"] or 0
    try:
        made = editing.save(by=by, after=after, version=version)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        form.say([facts.Fault(error.field, error.code, str(error.message)) for error in problem.errors])
        return _show(
            request,
            old,
            form=form,
            asks=asks,
            problem=None if problem.errors else problem,
            status=problem.status,
        )
    told.success(request, _("Saved as version %(version)s.") % {"version": jinja.number(made.version)})
    return redirect("work-service", made.code)


def _show(
    request: HttpRequest,
    old: Any,
    *,
    form: editor.EditorForm | None = None,
    asks: list[editor.QuestionForm] | None = None,
    rows: list[dict[str, Any]] | None = None,
    preview: facts.Plain | None = None,
    problem: Problem | None = None,
    status: int = 0,
) -> HttpResponse:
    plain = editing.plain(old) if old is not None else None
    version = old.version if old is not None else 0
    if form is None:
        initial = editor.typed(plain) if plain is not None else {}
        form = editor.EditorForm(initial={**initial, "version": version}, new=old is None)
    if asks is None:
        start = (
            rows if rows is not None else [editor.question(row) for row in (plain["form"] if plain else [])]
        )
        asks = [editor.QuestionForm(initial=row, prefix=f"q{index}") for index, row in enumerate(start)]
    context = {
        "old": old,
        "form": form,
        "asks": asks,
        "problem": problem,
        "fresh": old if problem is not None and problem.status == 412 else None,
        "preview": _preview(preview) if preview is not None else None,
        "shown": shown,
        "charge": prices.charge(old) if old is not None else "",
        "most": facts.MOST_ASKED,
    }
    return render(
        request, "window/service_edit.html", context, status=status or (problem.status if problem else 200)
    )


def _preview(after: facts.Plain) -> dict[str, Any]:
    """The questions as a resident would find them."""
    asks = parse(after["form"])
    made = forms.WhatForm(
        document=after["kind"] == "document", asks=asks, lang=jinja.lang(), auto_id="preview_%s"
    )
    return {"answers": made.answers(), "name": jinja.name({"km": after["name_km"], "en": after["name_en"]})}


@never_cache
@require_safe
def history(request: HttpRequest, code: str) -> HttpResponse:
    """All versions of a service, each with what changed in it."""
    _by(request)
    old = editing.present(code)
    versions = list(queries.versions(old.code)[:200])
    said = [editing.plain(version) for version in versions]
    rows = [
        (version, _differences(said[index + 1], said[index]) if index + 1 < len(said) else [])
        for index, version in enumerate(versions)
    ]
    return render(request, "window/service_history.html", {"old": old, "rows": rows, "shown": shown})


def _differences(before: facts.Plain, after: facts.Plain) -> list[tuple[str, str, str]]:
    """Label, before and after of each fact that differs."""
    return [
        (str(editor.LABELS[key]), _written(before[key]), _written(after[key]))
        for key in facts.changed(before, after)
    ]


def _written(value: Any) -> str:
    """A fact in one short line, for people who compare."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        text = jinja.name(value) if set(value) <= {"km", "en"} else jinja.name(value.get("label", {}))
    elif isinstance(value, list):
        text = "; ".join(_written(each) for each in value)
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= CLIP else f"{text[:CLIP]}…"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """A file comes back: what is wrong with it, or what it would change; and, once that was seen, take it."""
    by = _by(request)
    if request.method != "POST":
        return render(request, "window/services_import.html", {})
    if "taken" in request.POST:
        return _taken(request, by, request.POST["taken"])
    upload = request.FILES.get("file")
    if upload is None:
        return render(request, "window/services_import.html", {"no_file": True}, status=422)
    found = interchange.read(upload.read(interchange.LARGEST + 1), upload.name or "")
    if found.faults:
        rows = [(fault.row, fault.column, _(fault.message)) for fault in found.faults[:500]]
        return render(
            request, "window/services_import.html", {"faults": rows, "count": len(found.faults)}, status=422
        )
    changes = editing.compare([row for _number, row in found.rows])
    return render(request, "window/services_import.html", _compared(changes))


def _compared(changes: list[editing.Change]) -> dict[str, Any]:
    different = [change for change in changes if change.keys]
    versions = {change.code: change.version for change in different}
    signed = signing.dumps(
        {"rows": [change.after for change in different], "versions": versions}, salt=SALT, compress=True
    )
    rows = [
        {
            "code": change.code,
            "name": jinja.name({"km": change.after["name_km"], "en": change.after["name_en"]}),
            "said": SAID[change.kind](),
            "tag": TAGS[change.kind],
            "differences": _differences(change.before, change.after) if change.before is not None else [],
        }
        for change in different
    ]
    return {"changes": rows, "same": len(changes) - len(rows), "signed": signed}


def _taken(request: HttpRequest, by: Acting, sent: str) -> HttpResponse:
    try:
        said = signing.loads(sent, salt=SALT, max_age=AN_HOUR)
    except signing.SignatureExpired:
        raise Malformed(_("This preview is more than an hour old. Choose the file again.")) from None
    except signing.BadSignature:
        raise Malformed(_("This preview can't be read. Choose the file again.")) from None
    try:
        done = editing.take(by=by, rows=said["rows"], versions=said["versions"])
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return render(request, "window/services_import.html", {"problem": problem}, status=problem.status)
    told.success(request, _("%(count)s services were changed.") % {"count": jinja.number(len(done))})
    return redirect("work-services")
