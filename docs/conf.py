"""How the documentation is laid out; `make docs` builds it from a copy of this folder with the generated pages beside it."""

project = "Sala"
author = "the authors of Sala"
copyright = "2026, the authors of Sala"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns: list[str] = []
html_theme = "alabaster"
html_theme_options = {
    "description": "One record, from the window to the ministry",
    "fixed_sidebar": True,
    "page_width": "1100px",
    "show_powered_by": False,
}
html_static_path = ["generated/static"]
html_css_files = ["khmer.css"]
html_show_sourcelink = False
html_copy_source = False
html_search_language = "en"
