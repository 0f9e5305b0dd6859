"""Is the paper in my hand genuine? The page that checks the code of a paper, for everybody, without signing in."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sala.ledger import papers
from sala.ledger.rules import cose

NONE = _("Write what the code on the paper says.")
NO_CODE = _(
    "This is no code of a hall's paper. It begins with KH1: - scan the square on the paper again and paste the whole text."
)


class PaperForm(forms.Form):
    """The text that a scanned QR code gives. After `is_valid`, ``found`` is what the check found."""

    code = forms.CharField(
        label=_("Text of the code"),
        max_length=cose.LONGEST,
        strip=False,
        widget=forms.Textarea,
        error_messages={"required": NONE, "max_length": NO_CODE},
    )
    found: papers.Found

    def clean_code(self) -> str:
        """Reads the code; an error when it is none at all."""
        text: str = self.cleaned_data["code"]
        try:
            self.found = papers.check(text)
        except cose.BadCodeError as fault:
            raise forms.ValidationError(NO_CODE if text.strip() else NONE, code="code") from fault
        return text


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Says whether this hall signed the code, and shows what stands on the paper, no more."""
    sent = request.POST if request.method == "POST" else request.GET if "code" in request.GET else None
    form = PaperForm(sent)
    good = form.is_bound and form.is_valid()
    context = {"form": form, "found": form.found if good else None}
    return render(request, "ledger/verify.html", context, status=422 if form.is_bound and not good else 200)


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """`/verify`: the page, in the reader's language, with what was asked."""
    query = request.META.get("QUERY_STRING", "")
    response = redirect("verify")
    if query:
        response["Location"] += f"?{query}"
    return response
