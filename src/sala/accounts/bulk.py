"""What may each post do? Read the grants of a country pack's ``posts.toml`` into their table; idempotent."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from sala.accounts import queries, verbs
from sala.accounts.models import Grant
from sala.accounts.terms import Act
from sala.kit.acting import Acting, Where
from sala.ledger import actions as ledger
from sala.offices import actions as offices

FACTS = ("verb", "scope", "sentence_km", "sentence_en", "basis_km", "basis_en", "status")


def load(pack: Path, by: Acting) -> list[str]:
    """Replace the grants of posts whose entry in the pack changed. Returns lines for the report, one for each verb that no
    room declares (kept out: a permission for nothing must not wait for something).
    """
    data = tomllib.loads((pack / "posts.toml").read_text(encoding="utf-8"))
    bases, sentences = data["basis"], data["can"]
    lines, changed, total = [], set(), 0
    with transaction.atomic():
        for entry in data["post"]:
            wanted = {}
            for text, scope, basis in entry.get("grants", []):
                if verbs.known(text) is None:
                    lines.append(
                        f"accounts: no room declares the verb {text} granted to {entry['code']}; left out"
                    )
                    continue
                grant = _grant(entry["code"], text, scope, sentences[text], bases[basis])
                wanted[text, scope] = grant
            total += len(wanted)
            stand = {(row.verb, row.scope): row for row in Grant.objects.filter(post_id=entry["code"])}
            if {key: _facts(row) for key, row in stand.items()} != {
                key: _facts(row) for key, row in wanted.items()
            }:
                Grant.objects.filter(post_id=entry["code"]).delete()
                Grant.objects.bulk_create(wanted.values())
                changed.add(entry["code"])
        if changed:
            offices.touch_posts(changed)
            contents = dict(queries.grant_snapshots())
            ledger.save_many(
                ledger.build(
                    by=by,
                    act=Act.LOAD,
                    kind=queries.GRANTS,
                    subject=code,
                    at=Where(),
                    content=contents.get(code),
                )
                for code in sorted(changed)
            )
    queries.forget_grants()
    return [
        f"accounts: {total} permissions of {len(data['post'])} posts ({len(changed)} posts changed)",
        *lines,
    ]


def _grant(post: str, verb: str, scope: str, sentence: Mapping[str, Any], basis: Mapping[str, str]) -> Grant:
    return Grant(
        post_id=post,
        verb=verb,
        scope=scope,
        sentence_km=sentence["km"],
        sentence_en=sentence["en"],
        basis_km=basis["km"],
        basis_en=basis["en"],
        status=basis["status"],
    )


def _facts(row: Grant) -> tuple[str, ...]:
    return tuple(str(getattr(row, name)) for name in FACTS)
