"""Pages of accounts: sign in and out, one's own account and second factors, and who may do what here and why."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sala.accounts import actions, letterbox, provider, queries, rules
from sala.accounts import factors as own_factors
from sala.accounts import powers as table
from sala.accounts.acting import Post
from sala.accounts.forms import (
    CodeForm,
    EmailForm,
    PasskeyForm,
    PasswordForm,
    PowersForm,
    SignInForm,
    TokenForm,
    problems_into,
)
from sala.accounts.terms import Factor, Verb
from sala.installation.queries import is_demonstration
from sala.kit import clock
from sala.kit.errors import NotFound, NotSignedIn, Problem, Refused, TooMany
from sala.offices import queries as offices
from sala.offices.terms import Instrument
from sala.ui import menu
from sala.ui.fields import DayWidget


def safe_next(request: HttpRequest) -> str:
    """Where one wanted to go before signing in, if it is a page of this host; else empty."""
    wanted = str(request.POST.get("next") or request.GET.get("next") or "")
    secure = request.is_secure()
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=secure
    ):
        return wanted
    return ""


def first_page(acting: Post) -> str:
    """The first page of the staff bar that the post may use: the day's work."""
    return next((item.url for item in menu.items(acting, "")), reverse("account"))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what it leads to."""
    goal = safe_next(request)
    if isinstance(request.acting, Post) and request.method != "POST":  # type: ignore[attr-defined]
        return redirect(goal or first_page(request.acting))  # type: ignore[attr-defined]
    form = SignInForm(request.POST or None)
    status, wait = 200, 0
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _enter(request, form, goal)
            except (NotSignedIn, TooMany) as problem:
                problems_into(form, problem)
                status, wait = problem.status, getattr(problem, "retry_after", 0)
    context = {
        "form": form,
        "next": goal,
        "demonstration": is_demonstration(),
        "provider": provider.name() if provider.configured() else "",
    }
    response = render(request, "accounts/sign_in.html", context, status=status)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def _enter(request: HttpRequest, form: SignInForm, goal: str) -> HttpResponse:
    user = actions.check_credentials(request, form.cleaned_data["username"], form.cleaned_data["password"])
    acting = queries.post_of(actions.posts_today(user)[0], user.pk)
    login = Login(user=user, redirect_url=goal or first_page(acting))
    response: HttpResponse = perform_password_login(request, {}, login)
    return response


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("sign-in")


def own(request: HttpRequest) -> Post:
    """Who has signed in with a browser: a token never keeps accounts, not even its own."""
    acting = request.acting  # type: ignore[attr-defined]
    if getattr(request, "by_token", False):
        raise Refused(_("A token does not open this page. Sign in with a browser."))
    if not isinstance(acting, Post):
        raise NotSignedIn(_("Sign in first."))
    return acting


@never_cache
@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """My posts, what I may do in them, my sessions and tokens; ends them, switches posts, changes the password, makes a token."""
    acting = own(request)
    step = request.POST.get("step", "")
    form = PasswordForm(request.POST if step == "password" else None)
    making = TokenForm(request.POST if step == "make" else None)
    letters = email_form(request, cast(Any, request.user))
    shown = {"password": form, "make": making, "email": letters}.get(step)
    status = 200
    if request.method == "POST":
        try:
            if shown is not None and not shown.is_valid():
                status = 422
            elif step == "make":
                return _make_token(request, acting, making)
            elif step == "email":
                letterbox.keep(by=acting, user=acting.user_id, **letters.cleaned_data)
                messages.success(request, _("Saved."))
                return redirect("account")
            else:
                return _change(request, acting, step, form)
        except Problem as problem:
            if shown is None:
                raise
            problems_into(shown, problem)
            status = problem.status
    person = offices.appointments_of(acting.person_id)
    own_mark = rules.session_mark(request.session.session_key or "")
    context = {
        "form": form,
        "making": making,
        "letters": letters,
        "acting": acting,
        "factors": queries.factors_of(acting.user_id),
        "factor_term": Factor,
        "links": queries.links_of(acting.user_id) if provider.configured() else None,
        "provider": provider.name(),
        "posts": [
            (row, offices.title(row.post, row.office.form), row.pk == acting.appointment) for row in person
        ],
        "grants": table.own(acting),
        "sessions": [(row, mark, mark == own_mark) for mark, row in queries.sessions_of(acting.user_id)],
        "tokens": [
            (row, offices.title(row.appointment.post, row.appointment.office.form))
            for row in queries.tokens_of(acting.user_id)
        ],
    }
    return render(request, "accounts/account.html", context, status=status)


def email_form(request: HttpRequest, account: Any) -> EmailForm:
    """What was typed into the form of the address of ``account``, else what is kept."""
    if request.POST.get("step") == "email":
        return EmailForm(request.POST)
    return EmailForm(initial={name: getattr(account, name) for name in EmailForm.base_fields})


def _make_token(request: HttpRequest, acting: Post, form: TokenForm) -> HttpResponse:
    held = next(row for row in actions.posts_today(cast(Any, request.user)) if row.pk == acting.appointment)
    facts = form.cleaned_data
    text, row = actions.issue_token(
        by=acting,
        user=cast(Any, request.user),
        appointment=held,
        days=facts["days"],
        label=facts["label"],
        scope=[facts["scope"]] if facts["scope"] else [],
    )
    return render(request, "accounts/token.html", {"text": text, "row": row})


def _change(request: HttpRequest, acting: Post, step: str, form: PasswordForm) -> HttpResponseRedirect:
    if step == "password":
        actions.change_password(request, old=form.cleaned_data["old"], new=form.cleaned_data["new"])
        messages.success(
            request, _("The password is changed. All your other sessions and your tokens have ended.")
        )
    elif step == "post":
        actions.switch_post(request, _uuid(request, "appointment"))
        messages.success(request, _("You now act in the other post."))
    elif step == "session":
        actions.end_session(by=acting, mark=request.POST.get("session", "")[:32])
        messages.success(request, _("The session has ended."))
    elif step == "others":
        actions.end_other_sessions(by=acting, mark=rules.session_mark(request.session.session_key or ""))
        messages.success(request, _("All your other sessions have ended."))
    elif step == "unlink":
        provider.unlink(by=acting, user=acting.user_id, link=_number(request, "link"))
        messages.success(request, _("The provider's sign-in opens this account no more."))
    elif step == "token":
        actions.revoke_token(by=acting, user=acting.user_id, token=_uuid(request, "token"))
        messages.success(request, _("The token has ended."))
    else:
        raise NotFound(_("There is no such step on this page."))
    return redirect("account")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def factors(request: HttpRequest) -> HttpResponse:
    """My second factors: set up an app or a passkey, take one away, make recovery codes anew."""
    acting = own(request)
    acting.require_recent()
    rows = queries.factors_of(acting.user_id)
    if queries.lacks_factor(request) and any(row.type != Factor.CODES for row in rows):
        return redirect(f"{reverse('sign-in-again')}?next={reverse('factors')}")  # show it before changing it
    step = request.POST.get("step", "")
    code = CodeForm(request.POST if step == "app" else None)
    key = PasskeyForm(request.POST if step == "passkey" else None)
    shown = {"app": code, "passkey": key}.get(step)
    status = 200
    if request.method == "POST":
        try:
            if shown is not None and not shown.is_valid():
                status = 422
            else:
                return _change_factors(request, step, code, key)
        except Problem as problem:
            if shown is None:
                raise
            problems_into(shown, problem)
            status = problem.status
    context = {
        "code": code,
        "key": key,
        "factors": [
            (row, Factor(row.type), row.data.get("name", "")) for row in rows if row.type != Factor.CODES
        ],
        "codes": next((row for row in rows if row.type == Factor.CODES), None),
        "demanded": queries.lacks_factor(request),
        "with_app": any(row.type == Factor.APP for row in rows),
        "do": step or request.GET.get("do", ""),
        **_setting_up(request, step or request.GET.get("do", "")),
    }
    return render(request, "accounts/factors.html", context, status=status)


def _setting_up(request: HttpRequest, what: str) -> dict[str, Any]:
    """The secret of an app as a picture and as text, or what the browser needs to make a passkey."""
    if what == "app":
        import segno

        secret = totp.get_totp_secret()
        picture = segno.make(get_adapter().build_totp_url(request.user, secret), micro=False)
        markup = picture.svg_inline(scale=5, border=2, dark="#000", light="#fff")
        return {"picture": mark_safe(markup), "secret": secret}  # noqa: S308 - made here, of paths alone
    if what == "passkey":
        return {"options": {"creation_options": webauthn.begin_registration(cast(Any, request.user), True)}}
    return {}


def _change_factors(request: HttpRequest, step: str, code: CodeForm, key: PasskeyForm) -> HttpResponse:
    made: list[str] = []
    if step == "app":
        made = own_factors.add_app(request, code=code.cleaned_data["code"])
        messages.success(request, _("The app is set up. From now on you are asked for its code."))
    elif step == "passkey":
        facts = key.cleaned_data
        made = own_factors.add_passkey(request, name=facts["name"], credential=facts["credential"])
        messages.success(request, _("The passkey is set up. You can sign in with it from now on."))
    elif step == "codes":
        made = own_factors.new_codes(request)
        messages.success(
            request, _("The new recovery codes are made. The earlier ones open nothing any more.")
        )
    elif step == "remove":
        own_factors.remove(request, factor=_number(request, "factor"))
        messages.success(request, _("The second factor is removed."))
    else:
        raise NotFound(_("There is no such step on this page."))
    if made:
        request.session["codes"] = (clock.now() + rules.RECOVERY_SHOWN).isoformat()
    return redirect("codes" if made else "factors")


def _codes(request: HttpRequest) -> list[str]:
    """The recovery codes made just now in this session. Raises `NotFound` afterwards: they are shown no more."""
    acting = own(request)
    until = request.session.get("codes", "")
    row = next((row for row in queries.factors_of(acting.user_id) if row.type == Factor.CODES), None)
    if row is None or not until or datetime.fromisoformat(until) < clock.now():
        raise NotFound(_("Recovery codes are shown only when they are made. Make new ones if they are lost."))
    return list(RecoveryCodes(row).get_unused_codes())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes, once, when they were made; to be written down, printed or kept as a file."""
    if request.method == "POST":
        request.session.pop("codes", None)
        return redirect(first_page(own(request)))
    return render(request, "accounts/codes.html", {"codes": _codes(request)})


@never_cache
@require_GET
def codes_file(request: HttpRequest) -> HttpResponse:
    """The same as a text file."""
    lines = [
        _("Recovery codes of Sala. Each opens once. Keep them where nobody else finds them."),
        *_codes(request),
    ]
    response = HttpResponse("\r\n".join(lines) + "\r\n", content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sala-recovery-codes.txt"'
    return response


def _uuid(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, "")[:40])
    except ValueError as error:
        raise NotFound(_("There is no such entry.")) from error


def _with_day(request: HttpRequest) -> QueryDict:
    """What was asked, with today's date in the three fields where no day was."""
    asked = request.GET.copy()
    if not any(f"day_{part}" in asked for part in DayWidget.parts_of_day):
        today = clock.today()
        asked.update({"day_day": str(today.day), "day_month": str(today.month), "day_year": str(today.year)})
    return asked


@require_http_methods(["GET", "HEAD"])
def powers(request: HttpRequest) -> HttpResponse:
    """Who may do what in an office on a day, and why; for residents its posts, their duties and holders."""
    acting = request.acting  # type: ignore[attr-defined]
    form = PowersForm(_with_day(request))
    valid = form.is_valid()
    typed = form.cleaned_data
    day = typed.get("day") or clock.today()
    found: list[Any] = []
    office = None
    if typed.get("q"):
        found = table.find_offices(typed["q"])
    elif typed.get("office"):
        office = offices.office_by_code(typed["office"]) or offices.office(typed["office"])
        if office is None:
            raise NotFound(_("There is no such office. Search for it by its place."))
    elif isinstance(acting, Post):
        office = offices.office(acting.office)
    full = (
        office is not None
        and isinstance(acting, Post)
        and (office.pk == acting.office or acting.may(Verb.POWERS, office.where))
    )
    context = {
        "form": form,
        "day": day,
        "found": found,
        "office": office,
        "full": full,
        "shown": table.of_office(office, day) if office else None,
        "room": request.GET.get("room", "")[:32],
        "instrument": Instrument,
    }
    return render(request, "accounts/powers.html", context, status=200 if valid else 422)
