"""The how-to pages: what they tell a reader to do works. A stand-in simulates the trials.

Commands that other tests run, and that take long, are only parsed here; those of blocks that are
shown and not run (``console``) as well. `tests/docs/test_tutorial.py` follows two more pages.
"""

import shlex
import shutil

import polars as pl
import pytest
from doc_pages import DOCS, all_blocks, commands, parse

PAGES = {
    "own-drug": [("drugs", "card"), ("run",)],
    "own-protocol": [("run",)],
    "own-endpoint": [],
    "cluster": [],
    "gpu": [],
}
SHOWN = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("how-to/*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed(reader, page):
    student = reader(
        "standin:simulate",
        parsed=PAGES[page],
        run=["--patients-per-arm", "4"],
        plan=["--no-pilot"],
    )
    names = student.follow(f"how-to/{page}.md")
    assert student.said
    if page == "own-endpoint":
        assert isinstance(names["endpoint"], pl.DataFrame)
        assert set(names["endpoint"]["TRTP"]) == {"placebo", "escitalopram"}


def test_a_model_of_ones_own_can_be_treated(reader, tmp_path):
    files = tmp_path / "docs" / "how-to"
    files.mkdir(parents=True)
    for name in ("warfarin.xml", "warfarin.yaml"):
        shutil.copy(DOCS / "how-to" / name, files)
    student = reader(parsed=[("report",)], run=["--patients-per-arm", "5", "--workers", "1"])
    names = student.follow("how-to/own-model.md")
    assert names["response"]["CL"].is_not_null().all()
    assert any("sound" in said for _, said in student.said)


@pytest.mark.parametrize("page", ["tutorial.md", *SHOWN])
def test_its_commands_exist(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("cluster.yaml", "my-trial.yaml", "sweep.yaml"):  # options that want a file
        (tmp_path / name).touch()
    (tmp_path / "runs" / "first").mkdir(parents=True)
    for language, text in all_blocks(page):
        if language in {"sh", "console"}:
            for words in commands(text):
                if words[0] == "cohort":
                    parse(words[: words.index(">")] if ">" in words else words)
        elif language == "python":
            compile(text, page, "exec")


def test_a_command_that_does_not_exist_is_found():
    with pytest.raises(AssertionError, match="no 'cohort rum'"):
        parse(shlex.split("cohort rum sct-md-01"))
    with pytest.raises(Exception, match="--outt"):
        parse(shlex.split("cohort run sct-md-01 --outt x"))
