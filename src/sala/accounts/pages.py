"""Pages of accounts: sign in and out, one's own account, and who may do what here and why."""

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from sala.accounts import actions, queries, rules
from sala.accounts import powers as table
from sala.accounts.acting import Post
from sala.accounts.forms import PasswordForm, PowersForm, SignInForm, problems_into
from sala.accounts.terms import Verb
from sala.installation.queries import is_demonstration
from sala.kit import clock
from sala.kit.errors import NotFound, NotSignedIn, Problem, TooMany
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
    context = {"form": form, "next": goal, "demonstration": is_demonstration()}
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


def _own(request: HttpRequest) -> Post:
    acting = request.acting  # type: ignore[attr-defined]
    if not isinstance(acting, Post):
        raise NotSignedIn(_("Sign in first."))
    return acting


@never_cache
@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """My posts, what I may do in them, my sessions and tokens; ends them, switches posts, changes the password."""
    acting = _own(request)
    step = request.POST.get("step", "")
    form = PasswordForm(request.POST if step == "password" else None)
    status = 200
    if request.method == "POST":
        try:
            if step == "password" and not form.is_valid():
                status = 422
            else:
                return _change(request, acting, step, form)
        except Problem as problem:
            if step != "password":
                raise
            problems_into(form, problem)
            status = problem.status
    person = offices.appointments_of(acting.person_id)
    own_mark = rules.session_mark(request.session.session_key or "")
    context = {
        "form": form,
        "acting": acting,
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
        actions.end_session(user=acting.user_id, mark=request.POST.get("session", "")[:32])
        messages.success(request, _("The session has ended."))
    elif step == "token":
        actions.revoke_token(by=acting, user=acting.user_id, token=_uuid(request, "token"))
        messages.success(request, _("The token has ended."))
    else:
        raise NotFound(_("There is no such step on this page."))
    return redirect("account")


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
