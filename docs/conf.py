"""How the documentation is built: ``python -m sphinx -b html -W docs docs/_build/html``.

Pages under ``docs/generated`` are written first, from the model, the content files, the committed
results and the docstrings; see ``docs/_ext``. The site needs no network and no script to be read.
"""

import sys
from importlib import metadata
from pathlib import Path

DOCS = Path(__file__).parent.resolve()
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]

from site_numbers import site_numbers  # noqa: E402 - found by the line above
from site_pages import write_pages  # noqa: E402

write_pages(DOCS, ROOT, is_sample=tags.has("sample"))  # noqa: F821 - Sphinx defines tags

project = "neurocohort"
author = "the neurocohort authors"
project_copyright = f"2026, {author}"
release = metadata.version("neurocohort")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "repository_links",
]
# parts of pages, which other pages include
exclude_patterns = ["_build", "_ext", "generated/*_table.md", "generated/*_numbers.md"]
source_suffix = {".md": "markdown"}
default_role = "py:obj"  # docstrings write names in single backquotes
language = "en"
smartquotes_action = "D"  # dashes only: quotation marks of sources stay as they are

myst_enable_extensions = ["colon_fence", "dollarmath", "substitution", "deflist", "fieldlist"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
myst_substitutions = site_numbers(ROOT)

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # evaluated, they are longer than what docstrings say in words
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = False
# these hold prose here; napoleon would take their first line for a type
napoleon_custom_sections = ["Returns", "Yields", "Contract"]
napoleon_attr_annotations = False
suppress_warnings = ["ref.python"]  # an error class of the same name in two packages
toc_object_entries = False  # every page would carry every name in its side bar

html_theme = "furo"
html_title = f"neurocohort {release}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
