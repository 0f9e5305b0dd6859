"""Pages of who keeps accounts: whose accounts there are in an office, open and close them, invite, appoint."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from sala.accounts import actions, factors, invitations, letterbox, powers, provider, queries
from sala.accounts.acting import Post
from sala.accounts.forms import AppointForm, EndForm, LinkForm, OpenForm, problems_into
from sala.accounts.pages import email_form, own
from sala.accounts.terms import Factor, Verb
from sala.kit import network
from sala.kit.acting import Where
from sala.kit.errors import NotFound, Problem, Refused
from sala.kit.text import normalise
from sala.offices import actions as appointing
from sala.offices import queries as offices
from sala.offices.terms import Instrument
from sala.offices.terms import Verb as OfficesVerb


def _keeper(request: HttpRequest, at: Where | None = None) -> Post:
    """Who may keep accounts (there). Raises `NotSignedIn`, `Refused`."""
    acting = own(request)
    reach = acting.reach(Verb.OPEN)
    if not (reach.covers(at) if at is not None else reach.everything or reach.offices):
        raise Refused(_("Your post does not keep the accounts of this office."))
    return acting


def _office(request: HttpRequest, acting: Post) -> Any:
    """The office asked for, else one's own. Raises `NotFound`."""
    code = request.GET.get("office", "")[:48]
    office = offices.office_by_code(code) if code else offices.office(acting.office)
    if office is None:
        raise NotFound(_("There is no such office."))
    return office


def _named(row: Any) -> str:
    return str(row["km"] if get_language() == "km" else row["en"])


@never_cache
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """The holders of an office's posts and their accounts; other offices by a search."""
    acting = _keeper(request)
    q = normalise(request.GET.get("q", "")[:120]).strip()
    office = _office(request, acting)
    _keeper(request, office.where)
    held = offices.holders(office.pk)
    known = queries.accounts_of([row.person_id for row in held])
    context = {
        "q": q,
        "found": powers.find_offices(q) if q else [],
        "office": office,
        "rows": [(row, offices.title(row.post, office.form), known.get(row.person_id)) for row in held],
        "may_appoint": acting.may(OfficesVerb.APPOINT, office.where),
    }
    return render(request, "accounts/accounts.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One person: posts, account, factors, invitation; and every step on them."""
    who = offices.person(person_id)
    if who is None:
        raise NotFound(_("There is no such person in public office."))
    held = offices.appointments_of(person_id)
    acting = _keeper(request, held[0].office.where if held else Where())
    account = queries.account_of(person_id)
    step = request.POST.get("step", "")
    forms = {
        "open": OpenForm(request.POST if step == "open" else None),
        "link": LinkForm(request.POST if step == "link" else None),
        "end": EndForm(request.POST if step == "end" else None),
    }
    if account is not None:
        forms["email"] = email_form(request, account)
    status = 200
    if request.method == "POST":
        form = forms.get(step)
        try:
            if form is not None and not form.is_valid():
                status = 422
            else:
                return _step(request, acting, who, account, step, form)
        except Problem as problem:
            if form is None:
                raise
            problems_into(form, problem)
            status = problem.status
    found = queries.factors_of(account.pk) if account else []
    context = {
        "who": who,
        "held": [(row, offices.title(row.post, row.office.form), row.office) for row in held],
        "account": account,
        "invitation": queries.open_invitation(account.pk) if account else None,
        "factors": [Factor(row.type) for row in found],
        "links": queries.links_of(account.pk) if account else [],
        "with_provider": provider.configured(),
        "forms": forms,
        "ending": request.GET.get("end", "")[:40] or request.POST.get("appointment", "")[:40],
        "may_appoint": bool(held) and acting.may(OfficesVerb.APPOINT, held[0].office.where),
    }
    return render(request, "accounts/person.html", context, status=status)


def _step(request: HttpRequest, acting: Post, who: Any, account: Any, step: str, form: Any) -> HttpResponse:
    if step == "open" and account is None:
        with transaction.atomic():
            account = actions.open_account(by=acting, person=who, username=form.cleaned_data["username"])
            return _invited(request, acting, who, account)
    if step == "end":
        facts = form.cleaned_data
        appointing.end_appointment(
            by=acting, appointment=facts["appointment"], end=facts["end"], reason=facts["reason"]
        )
        return redirect("account-of", person_id=who.pk)
    if account is None:
        raise NotFound(_("There is no such step on this page."))
    if step == "invite":
        return _invited(request, acting, who, account)
    if step == "factors":
        factors.take_away(by=acting, user=account.pk)
    elif step == "email":
        letterbox.keep(by=acting, user=account.pk, **form.cleaned_data)
        messages.success(request, _("Saved."))
    elif step == "close":
        actions.close_account(by=acting, user=account.pk)
    elif step == "link" and provider.configured():
        provider.link(by=acting, user=account.pk, subject=provider.subject_here(form.cleaned_data["subject"]))
    elif step == "unlink":
        text = request.POST.get("link", "")
        provider.unlink(
            by=acting, user=account.pk, link=int(text) if text.isdecimal() and len(text) < 10 else 0
        )
    else:
        raise NotFound(_("There is no such step on this page."))
    return redirect("account-of", person_id=who.pk)


def _invited(request: HttpRequest, acting: Post, who: Any, account: Any) -> HttpResponse:
    """The invitation's code, shown this once: to be read out or handed over as paper."""
    code, row = invitations.invite(by=acting, user=account.pk)
    link = network.absolute(request, f"{reverse('invitation')}?code={code}")
    context = {"who": who, "account": account, "code": code, "row": row, "link": link}
    return render(request, "accounts/invited.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a person, appoint her in an office, open her account and invite her: all of it or nothing."""
    acting = own(request)
    office = _office(request, acting)
    _keeper(request, office.where)
    if not acting.may(OfficesVerb.APPOINT, office.where):
        raise Refused(_("Your post does not appoint in this office."))
    form = AppointForm(
        request.POST or None,
        posts=[(kind.pk, _named(offices.title(kind, office.form))) for kind in offices.posts(office.kind)],
        papers=[(str(paper), _(paper.en)) for paper in Instrument],
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _appoint(request, acting, office, form.cleaned_data)
            except Problem as problem:
                problems_into(form, problem)
                status = problem.status
    context = {"form": form, "office": office}
    return render(request, "accounts/new.html", context, status=status)


def _appoint(request: HttpRequest, acting: Post, office: Any, facts: dict[str, Any]) -> HttpResponse:
    with transaction.atomic():
        names = {name: facts[name] for name in ("family_km", "given_km", "family_latin", "given_latin")}
        who = appointing.register_person(by=acting, office=office, **names)
        appointing.appoint(
            by=acting,
            person=who,
            post=facts["post"],
            office=office,
            start=facts["start"],
            end=facts["end"],
            instrument=appointing.Paper(facts["instrument"], facts["number"]),
        )
        account = actions.open_account(by=acting, person=who, username=facts["username"], at=office.where)
        return _invited(request, acting, who, account)
