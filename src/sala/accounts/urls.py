"""Addresses of accounts; mounted under each language."""

from django.urls import path

from sala.accounts import pages

urlpatterns = [
    path("sign-in", pages.sign_in, name="sign-in"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("account", pages.account, name="account"),
    path("powers", pages.powers, name="powers"),
]
