"""Every block of the how-to page runs, and all languages find the same."""

import re

import doc_pages
import duckdb
import polars as pl
import pytest
from doc_pages import DOCS, all_blocks, commands

NAME = "how-to/read-the-tables.md"
PAGE = DOCS / NAME


def blocks(language):
    return doc_pages.blocks(NAME, language)


@pytest.fixture
def here(tmp_path, monkeypatch, run_root, in_form):
    """A folder with ``runs/first``, exported as the page says."""
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "tables").symlink_to(run_root / "tables")
    (tmp_path / "runs" / "first" / "exports").symlink_to(in_form("xpt").parent)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def expected(read_table):
    used = read_table("adqs").filter(
        pl.col("PARAMCD") == "MADRS", pl.col("AVISIT") == "week 8", pl.col("ANL01FL") == "Y"
    )
    return [
        (number, arm, pytest.approx(sum(part["CHG"]) / len(part), rel=1e-12))
        for (number, arm), part in sorted(used.group_by("TRTPN", "TRTP"))
    ]


def test_it_knows_every_language():
    assert {language for language, _ in all_blocks(NAME)} == {"python", "sql", "r", "sh"}


@pytest.mark.usefixtures("here")
def test_python_and_sql_find_the_same(expected, capsys):
    answers = []
    for text in blocks("python"):
        found = {}
        exec(compile(text, str(PAGE), "exec"), found)
        if "answer" in found:
            answer = found["answer"]
            is_polars = isinstance(answer, pl.DataFrame)
            rows = answer.rows() if is_polars else list(answer.itertuples(index=False, name=None))
            answers.append(rows)
    answers += [duckdb.sql(text).fetchall() for text in blocks("sql")]
    assert len(answers) == 4
    assert len(expected) == 4
    for rows in answers:
        assert rows == expected
    assert "Change from Baseline" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_r_finds_the_same(expected, r):
    (text,) = blocks("r")
    quiet = text.replace("print(", "invisible(")
    found = r(f"{quiet}\ncat(jsonlite::toJSON(answer, digits = NA, dataframe = 'values'))")
    assert [tuple(row) for row in found] == expected
    assert 'attr(scores$CHG, "label")' in text


@pytest.mark.usefixtures("here")
def test_its_commands_are_forms_that_exist(exported):
    for text in blocks("sh"):
        for words in commands(text):
            assert words[:3] == ["cohort", "export", "runs/first"]
            forms = words[4::2]
            assert set(words[3::2]) == {"--to"}
            assert set(forms) <= set(exported)
    table = re.findall(r"^\| (`.*?`) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    named = {form for cell in table for form in re.findall(r"`([\w-]+)`", cell)} - {"--to"}
    assert named == set(exported)
