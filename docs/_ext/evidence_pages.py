"""Pages of the committed results: every Markdown file of ``benchmarks``, as it stands there.

Text is not touched but for its links: those to other results go to their pages, pictures are
copied beside, and what is no page is shown as its path.
"""

import re
import shutil
from pathlib import Path
from typing import Final

from page_text import table

__all__ = ["evidence_pages", "evidence_pictures", "page_of"]

_LINK: Final = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_PICTURE: Final = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE: Final = re.compile(r"^```\n", re.MULTILINE)


def page_of(path: Path, root: Path) -> str:
    """Return the name of the page of a file of results.

    Examples
    --------
    >>> page_of(Path("/r/benchmarks/trials/VALIDATION.md"), Path("/r"))
    'trials-validation'
    """
    parts = path.relative_to(root / "benchmarks").with_suffix("").parts
    return "-".join(parts).lower().replace("_", "-")


def _files(root: Path) -> list[Path]:
    return sorted((root / "benchmarks").rglob("*.md"))


def evidence_pages(root: Path) -> dict[str, str]:
    """Return the pages by path, and the list of them.

    Parameters
    ----------
    root
        The repository.

    Examples
    --------
    >>> pages = evidence_pages(Path.cwd())  # doctest: +SKIP
    """
    files = _files(root)
    pages = {f"evidence/{page_of(path, root)}.md": _page(path, root) for path in files}
    rows = []
    for path in files:
        title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        rows.append([f"[{title}](/generated/evidence/{page_of(path, root)}.md)", f"`{path.relative_to(root)}`"])
    names = "\n".join(f"/generated/evidence/{page_of(path, root)}" for path in files)
    listed = table(["Result", "File"], rows)
    pages["evidence_table.md"] = f"{listed}\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    return pages


def _page(path: Path, root: Path) -> str:
    def linked(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if re.match(r"\w+:|#", target):
            return found[0]
        place, _, anchor = target.partition("#")
        wanted = (path.parent / place).resolve()
        if wanted.suffix == ".md" and wanted.is_relative_to(root / "benchmarks"):
            return f"[{words}]({page_of(wanted, root)}.md{'#' + anchor if anchor else ''})"
        return f"{words} (`{wanted.relative_to(root)}`)"

    text = _LINK.sub(linked, path.read_text(encoding="utf-8"))
    text = re.sub(r"^(#+ .*)$", lambda found: found[1].replace("{", r"\{"), text, flags=re.M)
    return text


def evidence_pictures(root: Path, folder: Path) -> None:
    """Copy the pictures that results show beside their pages.

    Parameters
    ----------
    root
        The repository.
    folder
        Folder of the pages.

    Examples
    --------
    >>> evidence_pictures.__name__  # called by the build: it copies files
    'evidence_pictures'
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in _files(root):
        for target in _PICTURE.findall(path.read_text(encoding="utf-8")):
            picture = path.parent / target
            copied = folder / picture.name
            if not copied.exists() or copied.read_bytes() != picture.read_bytes():
                shutil.copyfile(picture, copied)
