"""Links of pages to files of the repository lead to the pages that show those files.

In the source such a link is relative, so it works where the repository is read as files too.
"""

from pathlib import Path
from typing import Any

from evidence_pages import site_links
from sphinx.application import Sphinx

__all__ = ["setup"]


def _rewrite(app: Sphinx, name: str, text: list[str]) -> None:
    if not name.startswith("generated/"):
        docs = Path(app.srcdir)
        text[0] = site_links(text[0], (docs / name).parent, docs.parent)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the reading of pages.

    Examples
    --------
    >>> setup.__name__  # called by Sphinx
    'setup'
    """
    app.connect("source-read", _rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
