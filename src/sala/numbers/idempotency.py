"""Was this very request done already? Then it is answered again, not done again."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from sala.kit import network
from sala.kit.errors import FieldError, Invalid
from sala.kit.terms import N_
from sala.numbers import actions, queries

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Answer:
    """What is said at the end: HTTP status, a JSON value, headers (``Location`` ...). Never put a secret code into ``body``:
    keep the record's id and let ``render`` derive the code."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Overtaken(Exception):  # noqa: N818 - not an error: it only unwinds the transaction
    """Another request with the same key was faster."""


def _digest(value: bytes | str) -> str:
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def _plain(answer: Answer) -> Answer:
    """With dates, UUIDs and Decimals as JSON has them, so that the first answer and a repeated one are the same."""
    return Answer(
        answer.status, json.loads(json.dumps(answer.body, cls=DjangoJSONEncoder)), dict(answer.headers)
    )


def _replay(scope: str, key: str, body: str) -> Answer | None:
    kept = queries.kept(scope=scope, key=key)
    if kept is None:
        return None
    if kept.body != body:
        raise Invalid(
            N_("This idempotency key was used already for another request. Send this one with a new key."),
            code="idempotency-key-reused",
            errors=[
                FieldError(
                    "Idempotency-Key", "idempotency-key-reused", N_("The key was used for another request.")
                )
            ],
        )
    return Answer(kept.status, kept.answer, kept.headers)


def once(
    key: str | None,
    scope: str,
    body: bytes | str,
    act: Callable[[], Answer],
    render: Callable[[Answer], Answer] | None = None,
) -> Answer:
    """Do ``act`` once for a ``key``, and give the same answer to every repetition of the same ``body``.

    ``scope`` keeps keys of different doors and people apart (``"window.report:resident"``); ``act`` runs in a transaction
    that also keeps its answer, so either both stand or neither; an exception keeps nothing and the key stays free.
    ``render`` completes what is kept (a tracking code derived from the record's id) each time it is given; it is not kept.
    Without a key ``act`` is simply done. Raises `Invalid` for the same key with another body (``idempotency-key-reused``)
    or a key that is none (``idempotency-key-malformed``). Answers are kept for 48 hours.
    """
    finish = render or (lambda answer: answer)
    if key is None:
        with transaction.atomic():
            answer = _plain(act())
        return finish(answer)
    if not _KEY.fullmatch(key):
        raise Invalid(
            N_("The idempotency key must be 1 to 200 visible ASCII characters, such as a UUID."),
            code="idempotency-key-malformed",
            errors=[
                FieldError("Idempotency-Key", "idempotency-key-malformed", N_("This is not a usable key."))
            ],
        )
    hashed, digest = _digest(key), _digest(body)
    done = _replay(scope, hashed, digest)
    if done is not None:
        return finish(done)
    try:
        with transaction.atomic():
            answer = _plain(act())
            if not actions.keep(
                scope=scope,
                key=hashed,
                body=digest,
                status=answer.status,
                headers=dict(answer.headers),
                answer=answer.body,
            ):
                raise _Overtaken
    except _Overtaken:
        done = _replay(scope, hashed, digest)
        if done is None:  # it expired in this very moment
            raise RuntimeError("an answer with this key vanished") from None
        return finish(done)
    return finish(answer)


HEADER = "Idempotency-Key"
FIELD = "idempotency_key"
_NOT_CONTENT = frozenset({FIELD, "csrfmiddlewaretoken"})


def fingerprint(request: HttpRequest) -> bytes:
    """What a request says, as bytes to compare: its path and body, or the fields and files of a form in any order."""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.path.encode() + b"\n" + request.body
    said: list[list[str]] = [
        [name, value] for name, values in request.POST.lists() if name not in _NOT_CONTENT for value in values
    ]
    for name, uploads in request.FILES.lists():
        for upload in uploads:
            digest = hashlib.sha256()
            for chunk in upload.chunks():
                digest.update(chunk)
            upload.seek(0)
            said.append([name, upload.name or "", digest.hexdigest()])
    return json.dumps([request.path, sorted(said)]).encode()


def of_request(
    request: HttpRequest,
    scope: str,
    act: Callable[[], Answer],
    render: Callable[[Answer], Answer] | None = None,
) -> Answer:
    """`once` with the key of the header ``Idempotency-Key`` or the form's hidden field ``idempotency_key``.

    Whoever is signed in has keys of his own. Residents without account have those of their network address: programs
    choose keys such as ``1``, and a stranger who tries them must not be told another's answer.
    """
    key = (
        request.headers.get(HEADER) or (request.POST.get(FIELD) if request.method == "POST" else None) or None
    )
    acting = getattr(request, "acting", None)
    who = acting.post if acting is not None else "resident"
    if who == "resident":
        who = f"{who}:{network.pseudonym(network.address(request), HEADER)[:16]}"
    return once(key, f"{scope}:{who}", fingerprint(request), act, render)


def json_response(answer: Answer) -> HttpResponse:
    """The answer as JSON with its status and headers."""
    return JsonResponse(
        answer.body,
        status=answer.status,
        headers=dict(answer.headers),
        safe=False,
        json_dumps_params={"ensure_ascii": False},
    )
