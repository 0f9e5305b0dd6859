"""Is what a program sent usable? The same fields as what a person types, without the forms around them."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.utils.translation import gettext as _

from sala.kit.errors import FieldError, Invalid, NotFound
from sala.kit.khmer import ascii_digits
from sala.window import forms, queries
from sala.window.terms import Kind

# The fields of the forms that a person fills in, without the forms: making one costs more than reading what it holds.
_FIELDS: dict[str, dict[str, Any]] = {
    kind: {**forms.PointForm().fields, **forms.WhatForm(document=kind == Kind.DOCUMENT).fields}
    for kind in Kind
}


def checked(data: dict[str, Any], *, wordless: bool = False) -> dict[str, Any]:
    """What a program sent, through the same fields as what a person typed. Raises `Invalid` with the fields.

    ``wordless``: a report without a description is one (GeoReport v2 leaves it to the client).
    """
    try:
        terms = queries.service(data["service"])
    except NotFound as missing:  # a bad field of the body, not a missing page
        raise Invalid(
            missing.message, errors=[FieldError("service", "unknown", missing.message)]
        ) from missing
    said: dict[str, Any] = {}
    wrong: list[tuple[str, ValidationError]] = []
    for name, field in _FIELDS[terms.kind].items():
        if wordless and name == "description" and not data[name]:
            said[name] = ""
            continue
        try:
            said[name] = field.clean(data[name])
        except ValidationError as error:
            wrong.append((name, error))
    if "latitude" in said and "longitude" in said:
        wrong += forms.astray(said["latitude"], said["longitude"])
    if wrong:
        raise _invalid(wrong)
    said["attributes"] = data["attributes"]
    return {"service": terms, "place": ascii_digits(data["place"]), **said}


def read(form: Form, data: Mapping[str, Any], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """These fields of a form, through what it asks of a person. ``names``: what a program calls them. Raises `Invalid`."""
    said: dict[str, Any] = {}
    wrong: list[tuple[str, ValidationError]] = []
    for name, value in data.items():
        try:
            said[name] = form.fields[name].clean(value)
        except ValidationError as error:
            code = "required" if error.error_list[0].code == "required" else "invalid"
            wrong.append(((names or {}).get(name, name), ValidationError(error.messages[0], code)))
    if wrong:
        raise _invalid(wrong)
    return said


def words(typed: str) -> str:
    """What is said with a step, which may be nothing. Raises `Invalid`."""
    return str(read(forms.ReplyForm(), {"text": typed})["text"]) if typed else ""


def _invalid(wrong: list[tuple[str, ValidationError]]) -> Invalid:
    errors = [
        FieldError(name, str(each.code or "invalid"), each.messages[0])
        for name, error in wrong
        for each in error.error_list
    ]
    return Invalid(_("Something in what was sent is not right. See the fields."), errors=errors)
