"""A run opened from Python: tables by both names, figures, what people see, clear refusals."""

import copy
import pickle
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import polars as pl
import pytest

import pipelines
from pipelines.errors import InputError, LockError
from pipelines.interactive import UnknownTableError, load
from pipelines.interactive import finished as finished_run
from pipelines.interactive.glance import table_html
from pipelines.report.document import Grid, Row
from pipelines.run_folder import RunFolder, hold


@pytest.fixture(scope="module")
def opened(finished):
    return load(finished.folder.root)


def table(run, name):
    return pl.read_parquet(run.folder / "tables" / f"{name}.parquet")


def test_a_table_is_an_attribute_an_entry_and_a_scan(opened):
    for name in ("adsl", "adqs", "results"):
        assert opened[name].equals(table(opened, name))
        assert opened.scan(name).collect().equals(table(opened, name))
    assert opened.adsl.equals(table(opened, "adsl"))
    assert isinstance(opened.scan("adqs"), pl.LazyFrame)


def test_plain_names_give_the_same_rows_under_plain_words(opened):
    adsl, patients = opened.adsl, opened.patients
    assert patients["age_y"].equals(adsl["AGE"].alias("age_y"))
    assert patients["is_treated"].to_list() == [one == "Y" for one in adsl["SAFFL"]]
    assert opened.scores["score"].to_list() == opened.adqs["AVAL"].to_list()
    assert opened.columns("scores")["column"].to_list() == opened.scores.columns
    assert opened.columns("adqs")["column"].to_list() == opened.adqs.columns


def test_what_is_listed_is_what_is_there(opened):
    listed = opened.tables
    files = {path.stem for path in (opened.folder / "tables").glob("*.parquet")}
    assert set(listed["table"]) == files == set(opened)
    assert len(opened) == len(files)
    for name, rows in listed.select("table", "rows").iter_rows():
        assert rows == len(opened[name])
    assert "adsl" in opened
    assert "patients" in dir(opened)
    assert "no" not in opened
    assert opened.n_patients == len(opened.adsl) == 160


def test_protocol_and_provenance_are_those_of_the_run(opened):
    assert opened.name == opened.protocol["name"] == "sct-md-01"
    assert opened.provenance["device"]
    assert opened.title in repr(opened)


def test_every_figure_is_a_picture_that_says_what_is_seen(opened):
    assert "primary" in opened.plots
    for name in opened.plots:
        assert opened.plots[name].finding
    figure = opened.plot("first event")
    root = ET.fromstring(figure._repr_svg_())
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == figure.finding
    assert opened.plot().key == "primary"
    assert repr(figure) == f"<Figure 'first-event': {figure.title}>"


def test_a_figure_is_saved_as_its_name_says(opened, tmp_path):
    figure = opened.plot("flow")
    assert figure.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert figure.save(tmp_path / "a.svg").read_text() == figure.svg
    with pytest.raises(InputError, match=r"figure flow: .*a\.pdf.*\.svg or \.png is allowed"):
        figure.save(tmp_path / "a.pdf")
    with pytest.raises(InputError, match=r"figure flow: .* cannot be written"):
        figure.save(tmp_path / "no" / "a.png")


def test_a_report_is_asked_for_as_on_the_command_line(opened, monkeypatch):
    asked = []
    monkeypatch.setattr(finished_run, "write_report", lambda *given, **said: asked.append(
        (given, said)) or [opened.folder / "report" / "a"])  # fmt: skip
    assert opened.report() == opened.folder / "report" / "a"
    assert opened.report("b", form="figures") == opened.folder / "report"
    assert asked == [
        ((opened.folder,), {"out": None, "kind": "html"}),
        ((opened.folder,), {"out": Path("b"), "kind": "figures"}),
    ]


def test_a_run_survives_copy_and_pickle(opened):
    assert copy.copy(opened).n_patients == opened.n_patients
    assert pickle.loads(pickle.dumps(opened)).n_patients == opened.n_patients


def test_a_notebook_shows_what_came_out_with_every_character_escaped(opened):
    page = opened._repr_html_()
    assert "placebo" in page
    ET.fromstring(page.replace("&nbsp;", " "))  # elements match
    row = Row("<b>", ("<i>",))
    shown = table_html(Grid(key="a", caption="<u>", head=("<s>", "<q>"), rows=(row,)))
    assert not {"<b>", "<i>", "<u>", "<s>", "<q>"} & set(shown.replace(">", "> ").split())
    assert shown.count("&lt;") == 5


def test_a_run_that_lost_a_table_still_shows_itself(finished, tmp_path):
    run = load(shutil.copytree(finished.folder.root, tmp_path / "run"))
    (run.folder / "tables" / "analyses.parquet").unlink()
    assert "analyses.parquet is missing" in run._repr_html_()


@pytest.mark.parametrize("ask", ["adxl", "ADSL", "patient", "", 3])
def test_an_unknown_table_comes_with_the_nearest(opened, ask):
    with pytest.raises(UnknownTableError, match=r"no table .*; it has adsl, adqs") as told:
        opened[ask]
    near = {"adxl": "'adsl'", "ADSL": "'adsl'", "patient": "'patients'"}
    assert near.get(ask, "'run.tables' lists them") in str(told.value)


def test_an_unknown_attribute_is_none_as_python_asks(opened):
    assert not hasattr(opened, "adxl")
    with pytest.raises(AttributeError, match=r"Did you mean 'adsl'\?"):
        opened.adxl  # noqa: B018 - asked for what it raises
    with pytest.raises(InputError, match=r"figure 'corse'.* Did you mean 'course'\?"):
        opened.plot("corse")
    with pytest.raises(InputError, match=r"figure 3"):
        opened.plot(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda run, path: path / "no", "no folder there"),
        (lambda run, path: run / "settings.json", "a file; a folder"),
        (lambda run, path: run / "tables", r"no run there.* Did you mean '.*run'\?"),
        (lambda run, path: run.parent, r"no run there.* Did you mean '.*run'\?"),
        (lambda run, path: path, "no run there.* Look at the path"),
        (lambda run, path: 3, "load: 3; the path"),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(finished, tmp_path, make, message):
    with pytest.raises(InputError, match=message) as told:
        load(make(finished.folder.root, tmp_path))
    assert len(str(told.value).splitlines()) == 1


def test_unfinished_and_live_runs_are_refused(finished, tmp_path):
    root = shutil.copytree(finished.folder.root, tmp_path / "run")
    with hold(RunFolder(root)), pytest.raises(LockError, match="held by"):
        load(root)
    (root / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match=r"this run is not finished.* Run the same command again"):
        load(root)


def test_the_package_offers_them_without_loading_them():
    assert {"Run", "load", "run"} <= set(dir(pipelines))
    assert pipelines.load is load
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        pipelines.lod  # noqa: B018 - asked for what it raises
