"""Links from page to page, and to their headings, lead somewhere. No network is asked."""

import re
from pathlib import Path

import pytest
from doc_pages import DOCS, ROOT

PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0][0] not in "_g"),
        *(ROOT / "benchmarks").rglob("*.md"),
    ]
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def slug(heading):
    """The anchor that GitHub and MyST give a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(text):
    return {slug(heading) for heading in HEADING.findall(CODE.sub("", text))}


def targets(text):
    return LINK.findall(CODE.sub("", text))


def broken(page, text):
    """Return the links of a page that lead nowhere."""
    found = []
    for target in targets(text):
        if re.match(r"[a-z]+:|/generated/", target):  # the build checks the latter
            continue
        place, _, anchor = target.partition("#")
        path = ((DOCS if place.startswith("/") else page.parent) / place.lstrip("/")).resolve()
        if not place:
            path = page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert broken(page, page.read_text("utf-8")) == []


def test_a_broken_link_is_found():
    page = DOCS / "index.md"
    text = "[a](no-such.md) [b](tutorial.md#no-such) [c](tutorial.md#install) `[d](no.md)`"
    assert broken(page, text) == ["no-such.md", "tutorial.md#no-such"]


def test_every_page_of_ours_is_looked_at():
    names = {path.relative_to(ROOT).as_posix() for path in PAGES}
    assert {"README.md", "docs/tutorial.md", "benchmarks/trials/PLAN.md"} <= names
    assert not [name for name in names if name.startswith(("docs/generated", "docs/_build"))]
    assert any(targets(Path(ROOT, "README.md").read_text("utf-8")))
