"""What writes the generated pages: examples run, unknown LaTeX is refused."""

import doctest
import importlib

import pytest
from doc_pages import DOCS
from sphinx.errors import ExtensionError

MODULES = sorted(path.stem for path in (DOCS / "_ext").glob("*.py"))
SLOW = ("content_pages", "model_pages")  # `test_site` runs them


@pytest.mark.parametrize("name", [name for name in MODULES if name not in SLOW])
def test_the_examples_run(name):
    module = importlib.import_module(name)
    assert module.__doc__
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted


@pytest.mark.parametrize("formula", [r"\unknown{x}", r"\begin{nonsense}a\end{nonsense}"])
def test_a_wrong_formula_stops_the_build(formula):
    from mathml import mathml

    with pytest.raises(ExtensionError, match="formula"):
        mathml(formula, is_block=True)


def test_lines_of_a_formula_stand_under_one_another():
    from mathml import mathml

    written = mathml(r"a &= \Big(b\Big) \\ c &= d", is_block=True)
    assert written.count("<mtr>") == 2
    assert 'display="block"' in written


def test_marks_are_found_wherever_they_stand():
    from page_text import marked_rows

    tree = {"a": [{"name": "x", "k": {"value": "1 h", "mark": "read", "source": "s"}}], "b": 3}
    assert list(marked_rows(tree)) == [("a[x].k", "1 h", "read", "s")]
    shared = {"mild": 0.6, "severe": 0.4, "mark": "assumed", "source": "s"}
    assert list(marked_rows({"severity": shared})) == [
        ("severity", "mild 0.6, severe 0.4", "assumed", "s")
    ]


def test_every_number_of_a_file_is_listed():
    from content_pages import number_table

    from cohort.facts import count_assumed
    from cohort.outcomes import load_adverse_event

    event = load_adverse_event("nausea")
    total, assumed = count_assumed(event)
    rows = number_table(event.model_dump(mode="json", exclude_none=True)).splitlines()[2:]
    assert len(rows) == total
    assert sum("| assumed |" in row for row in rows) == assumed
