"""Pages on the way in: the second factor, a passkey or a provider in place of name and password, an invitation, and saying again who one is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.core.internal.httpkit import deserialize_request
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from sala.accounts import actions, factors, invitations, provider, queries
from sala.accounts.forms import ChooseForm, CodeForm, PasskeyForm, SecretForm, problems_into
from sala.accounts.models import User
from sala.accounts.pages import first_page, own, safe_next
from sala.accounts.terms import Factor
from sala.kit import network
from sala.kit.errors import NotFound, NotSignedIn, Problem
from sala.kit.terms import N_
from sala.numbers import limits

STARTS_AN_HOUR = 300
TOO_MANY = N_("Too many attempts from here. Wait a while, then try again.")


def told(problem: Problem, response: HttpResponse) -> HttpResponse:
    """The response with the problem's status, and when to try again."""
    response.status_code = problem.status
    if hasattr(problem, "retry_after"):
        response["Retry-After"] = str(problem.retry_after)
    return response


def _factor_context(request: HttpRequest, user: User) -> dict[str, Any]:
    kinds = {row.type for row in queries.factors_of(user.pk)}
    options = webauthn.begin_authentication(user) if Factor.PASSKEY in kinds else None
    return {"with_code": kinds != {Factor.PASSKEY}, "options": options}


def _show_factor(request: HttpRequest, user: User) -> tuple[Callable[[], Any], forms.Form]:
    """What a posted form does to show a factor, and the form itself."""
    if "credential" in request.POST:
        key = PasskeyForm(request.POST)
        return lambda: factors.check_passkey(request, user, key.cleaned_data["credential"]), key
    form = CodeForm(request.POST)
    return lambda: factors.check_code(request, user, form.cleaned_data["code"]), form


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """The second step of a sign-in: the code of an app, a recovery code, or a passkey."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or stage.login.user is None:
        return redirect("sign-in")
    user, problem, form = cast(User, stage.login.user), None, CodeForm()
    if request.method == "POST":
        check, form = _show_factor(request, user)  # type: ignore[assignment]
        if form.is_valid():
            try:
                factors.shown(request, user, check())
                response: HttpResponse = stage.exit()
                return response
            except Problem as found:
                problem = found
                problems_into(form, problem)
    context = {"form": form, **_factor_context(request, user)}
    response = render(request, "accounts/factor.html", context, status=422 if form.errors else 200)
    return told(problem, response) if problem else response


@never_cache
@sensitive_post_parameters("credential")
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: the challenge (GET, JSON), and the browser's answer to it."""
    if request.method != "POST":
        with transaction.atomic():
            limits.take(
                door="passkey", source=network.address(request), most=STARTS_AN_HOUR, message=TOO_MANY
            )
        return JsonResponse({"request_options": webauthn.begin_authentication()})
    try:
        return _enter_by_passkey(request, PasskeyForm(request.POST))
    except Problem as problem:
        messages.error(request, _(str(problem.message)))
        return redirect("sign-in")


def _enter_by_passkey(request: HttpRequest, form: PasskeyForm) -> HttpResponse:
    if not form.is_valid():
        raise NotSignedIn(factors.NO_PASSKEY)
    user = factors.passkey_user(form.cleaned_data["credential"])
    row = factors.check_passkey(request, user, form.cleaned_data["credential"])
    if not user.is_active:
        raise NotSignedIn(factors.NO_PASSKEY)
    acting = queries.post_of(actions.posts_today(user)[0], user.pk)
    factors.shown(request, user, row, alone=True)
    goal = safe_next(request) or first_page(acting)
    response: HttpResponse = perform_login(request, Login(user=user, redirect_url=goal))
    return response


@never_cache
@require_GET
def to_provider(request: HttpRequest) -> HttpResponse:
    """Off to the provider, to sign in, or (``?link=1``) to link its sign-in to the account one is signed in to."""
    if not provider.configured():
        raise NotFound(_("Nothing is here."))
    link = "link" in request.GET
    if link:
        own(request).require_recent()
    with transaction.atomic():
        limits.take(door="provider", source=network.address(request), most=STARTS_AN_HOUR, message=TOO_MANY)
    goal = safe_next(request) or (reverse("account") if link else reverse("sign-in"))
    return provider.talk(
        request,
        lambda: provider.Adapter(request, provider.NAME).get_provider().send(request, link=link, goal=goal),
    )


@never_cache
@sensitive_post_parameters("password", "code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Say again who one is, with the second factor where there is one, else with the password; then the act goes on."""
    acting = own(request)
    user = cast(User, request.user)
    goal = safe_next(request) or reverse("account")
    if (
        request.method == "POST" and "again" not in request.POST
    ):  # a form of the page that was shown here after it
        response = HttpResponse(status=307)
        response["Location"] = goal
        return response
    strong = queries.has_factor(user.pk)
    form: forms.Form = CodeForm() if strong else SecretForm()
    problem = None
    if request.method == "POST":
        if strong:
            check, form = _show_factor(request, user)
        else:
            form = SecretForm(request.POST)
            check = lambda: actions.check_credentials(  # noqa: E731
                request, user.username, form.cleaned_data["password"]
            )
        if form.is_valid():
            try:
                check()
                actions.say_again(request, factor=strong)
                request.acting = replace(acting, recent=True)  # type: ignore[attr-defined]
                return _go_on(request, goal)
            except NotSignedIn as found:
                problem = found
                if strong:
                    problems_into(form, problem)
                else:
                    form.add_error("password", _("This is not your present password."))
    context = {"form": form, "next": goal, "strong": strong, **_factor_context(request, user)}
    response = render(request, "accounts/again.html", context, status=422 if form.errors else 200)
    return told(problem, response) if problem else response


def _go_on(request: HttpRequest, goal: str) -> HttpResponse:
    """Do what was asked before, with what was typed then; else go to its page."""
    state = request.session.pop(STATE_SESSION_KEY, None)
    if isinstance(state, dict) and "request" in state:
        kept = deserialize_request(state["request"], request)
        if kept.get_full_path() == goal:
            try:
                match = resolve(kept.path_info)
            except Resolver404:
                return HttpResponseRedirect(goal)
            response: HttpResponse = match.func(kept, *match.args, **match.kwargs)
            return response
    return HttpResponseRedirect(goal)


@never_cache
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Choose a password with the code an administrator gave."""
    form = ChooseForm(request.POST or None, initial={"code": request.GET.get("code", "")[:64]})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                invitations.choose(code=form.cleaned_data["code"], password=form.cleaned_data["password"])
                messages.success(request, _("The password is chosen. Sign in with it now."))
                return redirect("sign-in")
            except Problem as problem:
                problems_into(form, problem)
                status = problem.status
    return render(request, "accounts/invitation.html", {"form": form}, status=status)
