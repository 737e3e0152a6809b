"""Everything that the build writes before Sphinx looks for pages, into ``docs/generated``.

``conf.py`` enters here. The folder is not committed: it is made from the code, the content files
and the committed results, and pages that are not wanted any more are deleted.
"""

from pathlib import Path
from typing import Final

from api_pages import api_pages
from content_pages import content_pages
from evidence_pages import evidence_pages, evidence_pictures
from model_pages import chemistry_pages, drug_pages
from page_text import shortened, write_if_changed

__all__ = ["FOLDER", "write_pages"]

FOLDER = "generated"
_PACKAGES: Final = ("pipelines", "cohort", "kernels")
_SAMPLE: Final = (("serotonin", "crosstalk"), ("escitalopram",), ("kernels",))


def write_pages(docs: Path, root: Path, *, is_sample: bool = False) -> list[Path]:
    """Write the generated pages.

    Parameters
    ----------
    docs
        Folder of the documentation.
    root
        The repository.
    is_sample
        Whether one system, one drug, one package and the first rows of tables stand for all: a
        test builds these.

    Returns
    -------
    Their paths.

    Examples
    --------
    >>> write_pages.__name__  # run by the build: it writes files
    'write_pages'
    """
    folder = docs / FOLDER
    systems, drugs, packages = _SAMPLE if is_sample else (None, None, _PACKAGES)
    pages = {
        **chemistry_pages(systems),
        **drug_pages(drugs),
        **content_pages(),
        **evidence_pages(root),
        **api_pages(packages),
    }
    for name, text in pages.items():
        write_if_changed(folder / name, shortened(text) if is_sample else text)
    evidence_pictures(root, folder / "evidence")
    wanted = {folder / name for name in pages}
    for path in folder.rglob("*.md"):
        if path not in wanted:
            path.unlink()
    return sorted(wanted)
