"""Twelve arms, made up: none is left out, all can be told apart, and few columns are read."""

import shutil
from collections import Counter

import polars as pl
import pytest
from made_run import MANY_ARMS, write_run
from made_trial import trial

from pipelines.report.bands import COLUMNS, MOST_SHOWN, WIDE_COLUMNS, bands, looks_of
from pipelines.report.counts import COLUMNS_READ
from pipelines.report.document import grids_of, pictures_of
from pipelines.report.make import report_document
from pipelines.report.run_data import read_run
from pipelines.report.write_markdown import markdown_text

BESIDE = (
    *("disposition", "demographics", "genotypes", "visits-1", "severity", "groups", "terms"),
    *("notable", "biomarkers", "genotype-cyp2c19"),
)
"""Tables with a column an arm."""
BELOW = ("arms", "glance", "primary", "contrasts", "responders", "departures", "achievements")
"""Tables with a line an arm."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("twelve"), trial(arms=MANY_ARMS), 30)


@pytest.fixture(scope="module")
def run(root):
    return read_run(root)


@pytest.fixture(scope="module")
def document(run):
    return report_document(run)


def of_key(things, key):
    """Return a table or picture with its later parts."""
    return [one for one in things if one.key == key or one.key.removeprefix(f"{key}-").isdigit()]


@pytest.mark.parametrize("width", [8, COLUMNS, WIDE_COLUMNS])
def test_every_arm_is_in_one_band_and_control_in_each(run, width):
    found = bands(run, width)
    assert all(len(one.cells) <= width for one in found)
    assert all(one.cells[0].is_control for one in found)
    counted = Counter(cell.arm for one in found for cell in one.cells[1:])
    assert counted == Counter(MANY_ARMS[1:])
    sizes = [len(one.cells) for one in found]
    assert max(sizes) - min(sizes) <= max(1, len(found) - 1)


def test_arms_of_a_band_differ_in_colour_marker_and_line(run):
    for band in bands(run):
        looks = [style for _, style in band.looks]
        for part in ("color", "marker", "line"):
            assert len({getattr(one, part) for one in looks}) == len(looks)
    assert set(looks_of(run)) == set(run.cells)
    assert len(run.cells) < MOST_SHOWN


@pytest.mark.parametrize("key", BESIDE)
def test_a_table_with_a_column_an_arm_comes_in_parts_that_hold_all(document, key):
    parts = of_key(grids_of(document), key)
    heads = [" ".join(one.head) for one in parts]
    assert len(parts) > 1
    assert all("placebo" in one for one in heads)
    for arm in MANY_ARMS[1:]:
        assert sum(f"{arm} " in f"{one} " or f"{arm}(" in one.replace(" ", " ") for one in heads)
    for one in parts:
        assert len({len(row.cells) for row in one.rows if row.cells}) == 1
        assert len(one.rows[-1].cells) == len(one.head) - 1


@pytest.mark.parametrize("key", BELOW)
def test_a_table_with_a_line_an_arm_has_them_all(document, key):
    (one,) = of_key(grids_of(document), key)
    labels = {row.label for row in one.rows}
    assert set(MANY_ARMS[key in ("primary", "contrasts") :]) <= labels


def test_keys_are_there_once_and_what_is_said_names_every_arm(document):
    for things in (pictures_of(document), grids_of(document)):
        assert max(Counter(one.key for one in things).values()) == 1
    # each is a region of the page with its caption as its name
    captions = Counter(one.caption for one in grids_of(document))
    assert max(captions.values()) == 1, captions.most_common(1)
    for key in ("flow", "discontinuation", "response", "course", "adverse-events"):
        said = " ".join(one.finding for one in of_key(pictures_of(document), key))
        assert all(arm in said for arm in MANY_ARMS)
    top = document.sections[0].blocks[0].answer[0].text
    assert len(top) < 500


def test_a_report_reads_no_other_column_of_patients(root, run, document, tmp_path):
    bare = shutil.copytree(root, tmp_path / "bare")
    for name, columns in COLUMNS_READ.items():
        frame = pl.read_parquet(bare / "tables" / f"{name}.parquet")
        kept = [column for column in columns if column in frame.columns]
        frame.select(kept).write_parquet(bare / "tables" / f"{name}.parquet")
    (bare / "tables" / "adpc.parquet").unlink()
    again = report_document(read_run(bare))
    assert markdown_text(again, "figures") == markdown_text(document, "figures")
    # a column less would have been missed
    name = bare / "tables" / "adqs.parquet"
    pl.read_parquet(name).drop("CHG").write_parquet(name)
    with pytest.raises(OSError, match="cannot be read"):
        report_document(read_run(bare))
