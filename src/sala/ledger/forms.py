"""Is what was handed in a receipt that can be checked?"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sala.ledger.receipts import GREATEST, Check, check


class ReceiptForm(forms.Form):
    """A receipt as pasted text or as the downloaded file. After `is_valid`, ``found`` is what the check found."""

    receipt = forms.CharField(
        label=_("Text of the receipt"),
        required=False,
        max_length=GREATEST,
        widget=forms.Textarea,
        error_messages={"max_length": _("This is too long for a receipt. Paste one receipt only.")},
    )
    file = forms.FileField(label=_("Or the file that you kept"), required=False)
    found: Check

    def clean(self) -> dict[str, Any]:
        """Reads the text; adds an error when it is no receipt at all."""
        fields: dict[str, Any] = super().clean() or {}
        if self.errors:
            return fields
        text = fields.get("receipt") or self._of_file(fields.get("file"))
        if not self.errors and not text.strip():
            self.add_error("receipt", _("Paste the text of the receipt, or choose its file."))
        elif not self.errors:
            self.found = check(text)
            if not self.found.readable:
                self.add_error(
                    "receipt", _("This is no receipt. Paste its whole text, from the first line to the last.")
                )
        return fields

    def _of_file(self, file: Any) -> str:
        if file is None:
            return ""
        if file.size > GREATEST:
            self.add_error("file", _("This file is too large for a receipt. Choose the file that you kept."))
            return ""
        try:
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            self.add_error("file", _("This file is no text. Choose the file that you kept."))
            return ""
