import shutil

import polars as pl
import pytest

from pipelines.errors import InputError, LockError, PipelineError, ShardError
from pipelines.exchange.contents import read_contents
from pipelines.exchange.export import EXPORTS, export_run
from pipelines.run_folder import RunFolder, hold
from pipelines.schema import SUBJECT_TABLES


@pytest.fixture
def run(run_root, tmp_path):
    """A copy without its shards, to do harm to."""
    copy = tmp_path / "run"
    shutil.copytree(run_root, copy, ignore=shutil.ignore_patterns("shards"))
    return copy


def test_study_version_and_moment_come_from_the_run(run):
    contents = read_contents(run)
    assert contents.study == "SCT-MD-01"
    assert contents.made[10] == "T"
    assert contents.made[-3] == ":"
    assert list(contents.tables)[:3] == list(SUBJECT_TABLES[:3])


def test_a_run_that_has_not_finished_is_refused(run):
    (run / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="no tables there; a folder that 'cohort run' has finish"):
        read_contents(run)


def test_a_live_run_is_not_read(run):
    with hold(RunFolder(run)), pytest.raises(LockError, match="held by process"):
        read_contents(run)


@pytest.mark.parametrize("form", ["csv", "plain", "plain-csv", "xpt", "dataset-json"])
def test_a_damaged_table_is_named_and_no_file_of_it_is_left(run, form):
    path = run / "tables" / "adae.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ShardError, match=r"adae\.parquet: cannot be read"):
        export_run(run, form)
    path.write_bytes(whole[:100] + bytes(400) + whole[500:])
    with pytest.raises(PipelineError, match=r"adae|adverse_events"):
        export_run(run, form)
    written = {path.stem for path in (run / EXPORTS).rglob("*.*") if path.is_file()}
    assert not written & {"adae", "adverse_events"}
    assert not list(run.rglob(".tmp-*"))


def test_damaged_provenance_is_named(run):
    (run / "provenance.json").write_text("{")
    with pytest.raises(ShardError, match=r"provenance\.json: cannot be read"):
        read_contents(run)


def test_only_the_named_tables_are_written(run):
    found = export_run(run, "csv", only=["adsl", "contrasts"])
    assert [path.name for path in found.paths] == [
        "adsl.csv",
        "contrasts.csv",
        "data_dictionary.csv",
    ]
    with pytest.raises(InputError, match=r"--table: adlab; a table in .* is allowed: adae"):
        export_run(run, "csv", only=["adlab"])
    with pytest.raises(InputError, match="left out, because names there are longer"):
        export_run(run, "xpt", only=["contrasts"])


def test_a_folder_that_cannot_be_made_is_refused(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be created"):
        export_run(run, "csv", out=tmp_path / "file")


def test_a_table_that_no_schema_knows_is_described_by_its_file(run):
    frame = pl.DataFrame({"arm": ["a", None], "points": [1.5, None], "n": [1, 2]})
    frame.write_parquet(run / "tables" / "more.parquet")
    table = read_contents(run).tables["more"].table
    assert [(one.name, one.kind) for one in table.columns] == [
        ("arm", "text"),
        ("points", "number"),
        ("n", "integer"),
    ]
    for form in ("csv", "plain", "xpt8", "dataset-json", "dictionary"):
        assert export_run(run, form, only=["more"]).paths
    frame.with_columns(pl.lit(value=True).alias("flag")).write_parquet(
        run / "tables" / "more.parquet"
    )
    with pytest.raises(InputError, match="table more, column flag: type bool; text, 64-bit"):
        read_contents(run)
