"""Which drawings stand beside words? Line icons of 24 units, always with a word next to them, so hidden from readers' software."""

from markupsafe import Markup

_PATHS = {
    "add": '<path d="M12 5v14M5 12h14"/>',
    "calendar": '<path d="M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"/>',
    "camera": '<path d="M4 8h4l2-3h4l2 3h4v11H4z"/><circle cx="12" cy="13" r="3.5"/>',
    "check": '<path d="m5 13 4.5 4.5L19.5 6.5"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "document": '<path d="M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6"/>',
    "download": '<path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14"/>',
    "find": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.01"/>',
    "lock": '<path d="M5 11h14v10H5zM8 11V8a4 4 0 0 1 8 0v3"/>',
    "pause": '<path d="M9 6v12M15 6v12"/>',
    "people": '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c0-4 3-6.5 6.5-6.5s6.5 2.5 6.5 6.5M16 5a3.5 3.5 0 0 1 0 '
    '6.5M18 14c2 .8 3.5 3 3.5 6"/>',
    "pin": '<path d="M12 21s-7-7.5-7-12a7 7 0 0 1 14 0c0 4.5-7 12-7 12z"/><circle cx="12" cy="9" r="2.5"/>',
    "report": '<path d="M4 10v4h3l8 4V6l-8 4zM18.5 9.5a4 4 0 0 1 0 5M8 14.5v4.5h2.5l-.5-3.5"/>',
    "warn": '<path d="M12 3.5 22 20.5H2zM12 10v4.5M12 17.5v.01"/>',
}

# The icon of a tag repeats what its word says: late, due soon, paused, done.
TAG_ICONS = {"late": "warn", "soon": "clock", "wait": "pause", "ok": "check"}

MARK = Markup(
    '<svg viewBox="0 0 44 34" aria-hidden="true" fill="currentColor"><path d="M22 0l2 5 9 8H11l9-8zM9 15h26l7 '
    '7H2zM6 24h4v8H6zm14 0h4v8h-4zm14 0h4v8h-4zM3 32h38v2H3z"/></svg>'
)


def icon(name: str) -> Markup:
    """The SVG of ``name``; raises KeyError for an unknown one."""
    drawing = _PATHS[name]
    return Markup(f'<svg class="i" viewBox="0 0 24 24" aria-hidden="true">{drawing}</svg>')  # noqa: S704 - ours


NAMES = tuple(_PATHS)
