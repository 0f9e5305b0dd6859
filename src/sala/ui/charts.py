"""How do figures become pictures? Server-written SVG with text as text, no inline style, words in the page's language."""

from markupsafe import Markup


def share_bar(share: float | None) -> Markup:
    """A bar for a share of 1 in a table row; decorative, the number stands beside it."""
    width = 0 if share is None else max(0.0, min(1.0, float(share))) * 100
    return Markup(
        '<svg class="hb" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="hb0" width="100" height="10"/><rect class="hb1" width="{}" height="10"/></svg>'
    ).format(f"{width:.1f}")
