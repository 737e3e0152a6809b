"""Types in signatures are looked up by their full name only.

Sphinx looks for each of them among the ends of all names, which takes longer than all else that
the build does for a page of names.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

__all__ = ["setup"]


def _forget(_app: Sphinx, doctree: nodes.document) -> None:
    for reference in doctree.findall(addnodes.pending_xref):
        if reference.get("refspecific") is False:
            del reference["refspecific"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of reading a page.

    Examples
    --------
    >>> setup.__name__  # called by Sphinx
    'setup'
    """
    app.connect("doctree-read", _forget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
