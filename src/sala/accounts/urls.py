"""Addresses of accounts; mounted under each language. ``mfa_authenticate`` is the name under which allauth looks for its stage."""

from django.urls import path

from sala.accounts import entry_pages, keeping_pages, pages, provider

urlpatterns = [
    path("sign-in", pages.sign_in, name="sign-in"),
    path("sign-in", pages.sign_in, name="account_login"),
    path("sign-in/factor", entry_pages.factor, name="mfa_authenticate"),
    path("sign-in/passkey", entry_pages.passkey, name="sign-in-passkey"),
    path("sign-in/provider", entry_pages.to_provider, name="provider"),
    path("sign-in/again", entry_pages.again, name="sign-in-again"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("invitation", entry_pages.invitation, name="invitation"),
    path("account", pages.account, name="account"),
    path("account/factors", pages.factors, name="factors"),
    path("account/codes", pages.codes, name="codes"),
    path("account/codes.txt", pages.codes_file, name="codes-file"),
    path("powers", pages.powers, name="powers"),
    path("accounts", keeping_pages.accounts, name="accounts"),
    path("accounts/new", keeping_pages.new, name="account-new"),
    path("accounts/<uuid:person_id>", keeping_pages.person, name="account-of"),
]
plain_urlpatterns = [path("sign-in/back", provider.back, name="provider-back")]
