"""What does everybody see of the ledger? Its page, receipts, and the proofs for programs."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from sala.kit.errors import FieldError, Invalid
from sala.kit.inputs import Wrong, whole
from sala.ledger import actions, keyring, queries, registry
from sala.ledger.forms import ReceiptForm

PLAIN = "text/plain; charset=utf-8"
MOST = 10**12 - 1
COMMUNE = 6  # digits of a commune's code: in a small village place and hour could tell who came to the hall


@require_http_methods(["GET", "HEAD", "POST"])
def ledger(request: HttpRequest) -> HttpResponse:
    """What the ledger is, how far it has come, the check of a receipt, the last acts."""
    asked = request.method == "POST"
    form = ReceiptForm(request.POST, request.FILES) if asked else ReceiptForm()
    good = asked and form.is_valid()
    latest = queries.latest()
    last = queries.last_acts(10)
    names = registry.places({entry.place[:COMMUNE] for entry in last})
    context = {
        "form": form,
        "found": form.found if good else None,
        "latest": latest,
        "root": _groups(latest.root) if latest else [],
        "acts": [
            {
                "entry": entry,
                "act": registry.act(entry.act),
                "kind": registry.label(entry.kind),
                "place": entry.place[:COMMUNE],
                "place_name": names.get(entry.place[:COMMUNE], {}),
            }
            for entry in last
        ],
    }
    return render(request, "ledger/ledger.html", context, status=422 if asked and not good else 200)


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """`/ledger/`: the page, in the reader's language."""
    return redirect("ledger")


@require_safe
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """The receipt of one act, for whoever knows the entry's id."""
    found = queries.entry(entry)
    context = {
        "entry": found,
        "act": registry.act(found.act),
        "kind": registry.label(found.kind),
        "note": actions.receipt(found),
        "place_name": registry.places([found.place]).get(found.place, {}),
        "digest": _groups(found.digest),
    }
    return render(request, "ledger/receipt.html", context)


@require_safe
def receipt_file(request: HttpRequest, entry: UUID) -> HttpResponse:
    """The receipt's text as a file."""
    note = actions.receipt(queries.entry(entry))
    name = f"sala-receipt-{entry}.txt"
    return HttpResponse(
        note, content_type=PLAIN, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _for_everybody(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Public to programs of other sites, and never kept by a cache: the tree grows each second."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return opened


@require_safe
@_for_everybody
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest checkpoint, a C2SP signed note."""
    return HttpResponse(queries.checkpoint().note, content_type=PLAIN)


@require_safe
@_for_everybody
def key(request: HttpRequest) -> HttpResponse:
    """The verifier key of checkpoints and receipts, C2SP signed-note."""
    return HttpResponse(queries.verifier().text() + "\n", content_type=PLAIN)


@require_safe
@_for_everybody
def key_list(request: HttpRequest) -> HttpResponse:
    """Every key the hall has signed with, for which sizes, and how the key before vouched for it."""
    return JsonResponse({"keys": keyring.published()})


@require_safe
@_for_everybody
def inclusion(request: HttpRequest) -> HttpResponse:
    """RFC 6962 inclusion proof; names as in its section 4.5."""
    numbers = _numbers(request, "entry", "size")
    found = queries.inclusion(numbers["entry"] or 0, numbers["size"])
    return JsonResponse(
        {
            "leaf_index": found.entry,
            "tree_size": found.size,
            "leaf_hash": _text(found.leaf_hash),
            "root_hash": _text(found.root),
            "audit_path": [_text(hash) for hash in found.proof],
        }
    )


@require_safe
@_for_everybody
def consistency(request: HttpRequest) -> HttpResponse:
    """RFC 6962 consistency proof; names as in its section 4.4."""
    numbers = _numbers(request, "from", "to")
    found = queries.consistency(numbers["from"] or 0, numbers["to"])
    return JsonResponse(
        {
            "first": found.old,
            "second": found.size,
            "first_root_hash": _text(found.old_root),
            "second_root_hash": _text(found.root),
            "consistency": [_text(hash) for hash in found.proof],
        }
    )


def _numbers(request: HttpRequest, needed: str, optional: str) -> dict[str, int | None]:
    """The two numbers of a proof's address; nothing else may stand there. Raises `Invalid` naming each field."""
    errors = [
        FieldError(name, "unknown-field", _("This field is not known here."))
        for name in request.GET
        if name not in (needed, optional)
    ]
    numbers: dict[str, int | None] = {needed: None, optional: None}
    for name in (needed, optional):
        values = request.GET.getlist(name)
        if len(values) > 1:
            errors.append(FieldError(name, "twice", _("Give this number once.")))
        elif values:
            try:
                numbers[name] = whole(values[0], 0, MOST)
            except Wrong as wrong:
                errors.append(FieldError(name, wrong.code, wrong.message))
        elif name == needed:
            errors.append(FieldError(name, "required", _("This number is needed.")))
    if errors:
        raise Invalid(
            _("The proof can't be made: a number in the address is missing or wrong."), errors=errors
        )
    return numbers


def _text(hash: bytes) -> str:
    return b64encode(hash).decode()


def _groups(text: str) -> Sequence[str]:
    """A long fingerprint in parts between which a narrow screen may break the line."""
    return [text[start : start + 8] for start in range(0, len(text), 8)]
