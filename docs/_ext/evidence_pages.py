"""Pages of the committed results: every Markdown file of ``benchmarks``, as it stands there.

Text is not touched but for its links: those to other results go to their pages, pictures are
copied beside, and what is no page is shown as its path.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Final

from page_text import table

__all__ = ["evidence_pages", "evidence_pictures", "page_of", "site_links"]

_LINK: Final = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_PICTURE: Final = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


def page_of(path: Path, root: Path) -> str | None:
    """Return the page of the site that shows a file of the repository.

    Parameters
    ----------
    path
        The file.
    root
        The repository.

    Returns
    -------
    Its name without folder and ending, None for a file that has no page.

    Examples
    --------
    >>> root = Path("/r")
    >>> page_of(root / "benchmarks" / "trials" / "VALIDATION.md", root)
    'trials-validation'
    >>> page_of(root / "pyproject.toml", root)
    """
    if path == root / "README.md":
        return "readme"
    if path.suffix != ".md" or not path.is_relative_to(root / "benchmarks"):
        return None
    parts = path.relative_to(root / "benchmarks").with_suffix("").parts
    return "-".join(parts).lower().replace("_", "-")


def _files(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "benchmarks").rglob("*.md"))]


def site_links(text: str, folder: Path, root: Path) -> str:
    """Return text whose links to files of the repository lead to their pages.

    Parameters
    ----------
    text
        Markdown.
    folder
        Folder of the file that it was written in.
    root
        The repository.

    Returns
    -------
    The text. A file that has no page is named by its path.

    Examples
    --------
    >>> site_links("[it](trials/PLAN.md#rules)", Path("/r/benchmarks"), Path("/r"))
    '[it](/generated/evidence/trials-plan.md#rules)'
    >>> site_links("[how](#engine)", Path("/r"), Path("/r"))
    '[how](#engine)'
    >>> site_links("[learn](docs/tutorial.md)", Path("/r"), Path("/r"))
    '[learn](/tutorial.md)'
    """

    def linked(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if re.match(r"\w+:|#|/", target):
            return found[0]
        place, _, anchor = target.partition("#")
        wanted = (folder / place).resolve()
        if wanted.is_relative_to(root / "docs"):
            own = wanted.relative_to(root / "docs").as_posix()
            return f"[{words}](/{own}{'#' + anchor if anchor else ''})"
        page = page_of(wanted, root)
        if page is None:
            return f"{words} (`{wanted.relative_to(root)}`)"
        return f"[{words}](/generated/evidence/{page}.md{'#' + anchor if anchor else ''})"

    return _LINK.sub(linked, text)


def evidence_pages(root: Path) -> dict[str, str]:
    """Return the pages by path, and the list of them.

    Parameters
    ----------
    root
        The repository.

    Examples
    --------
    >>> evidence_pages.__name__  # run by the build: it reads the repository
    'evidence_pages'
    """
    pages, rows, names = {}, [], []
    for path in _files(root):
        text = path.read_text(encoding="utf-8")
        name = f"evidence/{page_of(path, root)}"
        pages[f"{name}.md"] = site_links(text, path.parent, root)
        title = text.splitlines()[0].lstrip("# ")
        rows.append([f"[{title}](/generated/{name}.md)", f"`{path.relative_to(root)}`"])
        names.append(f"/generated/{name}")
    listed = "\n".join(names)
    pages["evidence_table.md"] = (
        f"{table(['Result', 'File'], rows)}\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )
    pages["verdicts_numbers.md"] = _verdicts(root)
    return pages


def _verdicts(root: Path) -> str:
    """Return how the simulation did against the null models, as judged."""
    path = root / "benchmarks" / "trials" / "validation.json"
    ways = json.loads(path.read_text(encoding="utf-8"))["ways"]
    rows = []
    for null in ("no effect", "one effect", "class means"):
        cells = [f"error of contrasts of scores (CRPS) below '{null}'"]
        for way in ("trial", "drug"):
            one = ways[way]["crps"][null]
            verdict = "met" if one["is_met"] else "**missed**"
            cells.append(f"{verdict}: {one['model']:.4f} against {one['null']:.4f} (n {one['n']})")
        rows.append(cells)
    return table(["", "one trial left out", "one drug left out"], rows) + "\n"


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
