"""Does nobody but the applicant and the office learn of a request of a protected service, on any address and in any message?"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from sala.accounts.acting import RESIDENT, system
from sala.kit.errors import Invalid, NotFound
from sala.ledger import verification
from sala.notices.models import Notice
from sala.window import (
    actions,
    board,
    catalogue,
    comments,
    editing,
    interchange,
    joining,
    loading,
    nearby,
    public,
    queries,
    rules,
)
from sala.window.models import Rating, Request, Service
from sala.window.terms import Act, Kind, LedgerAct

pytestmark = pytest.mark.django_db
PACK = Path(catalogue.__file__).parents[1] / "countries" / "kh"


def now(code: str = "RP-SEWER") -> dict[str, Any]:
    return editing.plain(editing.present(code))


@pytest.fixture
def protected(posts: SimpleNamespace) -> None:
    editing.save(by=posts.ministry, after=now() | {"protected": True}, version=1)


@pytest.fixture
def told(report: Callable[..., Any]) -> Callable[..., Request]:
    """Reports with a point; one finished and one open, so that every list would have it."""

    def made(**changes: Any) -> Request:
        point = {"latitude": Decimal("11.56237"), "longitude": Decimal("104.89123")}
        return report(**(point | changes)).request

    return made


@pytest.mark.parametrize(
    ("kind", "protected", "listed", "commented"),
    [
        (Kind.REPORT, False, True, True),
        (Kind.REPORT, True, False, False),
        (Kind.DOCUMENT, False, False, True),
        (Kind.DOCUMENT, True, False, False),
    ],
)
def test_the_rule(kind: Kind, protected: bool, listed: bool, commented: bool) -> None:
    found = rules.openness(kind, protected)
    assert (found.listed, found.joined) == (listed, listed)
    assert (found.commented, found.named) == (commented, not protected)


ADDRESSES = (
    "/en/map/120404",
    "/en/map/120404?service=RP-SEWER",
    "/en/map/1204?state=closed",
    "/en/map/120404?state=late",
    "/km/map/12",
    "/en/map/120404/reports.svg",
    "/en/map/1204/reports.atom",
    "/en/embed/120404",
    "/open/reports.csv",
    "/open/reports.json?place=12",
    "/open311/v2/requests.json",
    "/open311/v2/requests.xml?service_code=RP-SEWER",
    "/open311/v2/requests.json?service_request_id={number}",
    "/open311/v2/requests/{number}.json",
    "/open311/v2/servicerequestupdates.json",
    "/open311/v2/services.json",
    "/open311/v2/services/RP-SEWER.json",
    "/en/figures/window.received/sources?place=120404",
    "/en/halls/120404",
    "/en/halls/120404/comments",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_public_address_tells_of_it(
    protected: None, told: Callable[..., Request], posts: SimpleNamespace, address: str
) -> None:
    done, still = told(), told()
    actions.act(by=posts.clerk, request_id=done.pk, version=1, verb=Act.FINISH, text="រួច")
    answer = Client().get(address.format(number=still.number))
    assert answer.status_code in (200, 403, 404)
    body = answer.getvalue().decode()
    assert done.number not in body and still.number not in body
    assert "11.562" not in body and "RP-SEWER" not in body.replace("?service=RP-SEWER", "")


def test_what_was_asked_before_is_protected_too(told: Callable[..., Request], posts: SimpleNamespace) -> None:
    asked = told()
    assert list(public.reports(numbers=[asked.number])) == [asked]
    editing.save(by=posts.ministry, after=now() | {"protected": True}, version=1)
    assert not public.reports(numbers=[asked.number]) and "RP-SEWER" not in queries.listed()
    with pytest.raises(ValueError, match=asked.number):
        board.page(
            SimpleNamespace(level="commune", key="120404"), state="open", services=[], after=asked.number
        )  # type: ignore[arg-type]


def test_it_is_never_like_another(
    protected: None, told: Callable[..., Request], posts: SimpleNamespace
) -> None:
    first, second = told(), told()
    assert public.similar(queries.service("RP-SEWER"), nearby.Spot("120404", "12040402")) == []
    with pytest.raises(Invalid, match="protected"):
        told(joined=first.number)
    with pytest.raises(Invalid, match="protected"):
        joining.join(by=posts.chief, request_id=second.pk, version=1, number=first.number)


def test_no_comment_on_it_is_published(told: Callable[..., Request], posts: SimpleNamespace) -> None:
    """One that waited when the service became protected, and one written after."""
    waits, later = told(), told()
    for each in (waits, later):
        actions.act(by=posts.clerk, request_id=each.pk, version=1, verb=Act.FINISH, text="រួច")
    said = {"courtesy": 4, "speed": 4, "comment": "Quick", "publish": True}
    actions.rate(by=RESIDENT, request_id=waits.pk, **said)
    rating = Rating.objects.get(request=waits)
    assert comments.waiting(posts.chief).count() == 1
    editing.save(by=posts.ministry, after=now() | {"protected": True}, version=1)
    actions.rate(by=RESIDENT, request_id=later.pk, **said)
    assert Rating.objects.get(request=later).screening == ""
    assert not comments.waiting(posts.chief) and not comments.unpublished(waits.office_id)
    with pytest.raises(NotFound):
        comments.publish(by=posts.chief, rating_id=rating.pk, leave_out=[])
    page = Client().get(f"/en/rate/{queries.rating_key(later)}").content.decode()
    assert later.number in page and queries.service("RP-SEWER").short_en not in page


def test_messages_say_no_service(protected: None, told: Callable[..., Request]) -> None:
    asked = told()
    name = queries.service("RP-SEWER")
    texts = [f"{row.subject} {row.body}" for row in Notice.objects.filter(about=f"window.request:{asked.pk}")]
    assert texts and all(asked.number in text for text in texts)
    assert not any(name.short_km in text or name.short_en in text for text in texts)
    with translation.override("en"):
        open_one = Client().get("/en/services/RP-SEWER").content.decode()
    assert "This service is protected" in open_one


def test_protection_stays(protected: None, posts: SimpleNamespace) -> None:
    with pytest.raises(Invalid) as refused:
        editing.save(by=posts.ministry, after=now() | {"protected": False}, version=1)
    assert [(error.field, error.code) for error in refused.value.errors] == [("protected", "fixed")]
    assert editing.save(by=posts.ministry, after=now() | {"protected": None}, version=1).service.protected
    assert Service.objects.get(pk="RP-SEWER").protected
    assert [each.line() for each in verification.Verification().findings() if not each.warning] == []


def test_files_carry_it(protected: None) -> None:
    services = [now(), now("RP-ROAD")]
    for name, data in (("a.json", interchange.as_json(services)), ("a.xlsx", interchange.as_xlsx(services))):
        read = interchange.read(data, name)
        assert not read.faults and [row for _number, row in read.rows] == services
    older = [{key: value for key, value in each.items() if key != "protected"} for each in services]
    changes = editing.compare(
        [row for _n, row in interchange.read(interchange.as_json(older), "a.json").rows]
    )
    assert [list(change.keys) for change in changes] == [[], []]


def test_the_pack_protects_for_good(posts: SimpleNamespace, tmp_path: Path) -> None:
    rows = catalogue.read(PACK)
    ours = {row.code for row in rows if row.protected}
    assert ours and ours == set(Service.objects.filter(protected=True).values_list("pk", flat=True))
    editing.save(by=posts.ministry, after=now("RP-ROAD") | {"days": 9}, version=1)
    changed = [catalogue.Row(row.code, row.kind, row.facts, row.code == "RP-ROAD") for row in rows]
    assert loading.bring(changed, by=system(LedgerAct.LOAD)) == (0, 0)
    assert Service.objects.get(pk="RP-ROAD").protected
    assert set(Service.objects.filter(protected=True).values_list("pk", flat=True)) == ours | {"RP-ROAD"}
    assert [each.line() for each in verification.Verification().findings() if not each.warning] == []


def test_a_slip_in_the_pack_is_told(tmp_path: Path) -> None:
    for name in ("services.csv", "services.toml"):
        text = (PACK / name).read_text(encoding="utf-8-sig").replace('"CR-ADOPT"', '"CR-ADOTP"')
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(catalogue.Faulty, match="CR-ADOTP"):
        catalogue.read(tmp_path)
