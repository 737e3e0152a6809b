"""Exposure and response against DuckDB, on a run whose biomarkers are renamed to exposures."""

import duckdb
import polars as pl
import pytest
from scipy import stats

from pipelines.definitions import read_definitions
from pipelines.exposure import exposure_response
from pipelines.plan import trial_facts
from pipelines.schema import CROSSED_TABLES, TABLES, polars_schema


@pytest.fixture(scope="module")
def facts(protocol):
    return trial_facts(protocol, read_definitions(protocol.endpoints, protocol.adverse_events))


@pytest.fixture(scope="module")
def tables(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exposed")
    for name in ("adsl", "adqs", "adae", "adlb"):  # the last stays as the frame
        frame = pl.read_parquet(finished.folder.tables / f"{name}.parquet")
        if name == "adlb":
            on_drug = pl.col("TRTPN") > 1
            frame = frame.with_columns(
                PARAMCD=pl.col("PARAMCD").replace("SERTOCC", "O_SERT"),
                AVAL=pl.when(on_drug).then("AVAL").otherwise(pl.col("AVAL") * 0),
            )
        frame.write_parquet(folder / f"{name}.parquet")
    frame.head(0).write_parquet(folder / "adpc.parquet")
    return folder


@pytest.fixture(scope="module")
def found(tables, facts):
    return exposure_response(tables, facts)


def people(tables):
    """Return every exposed person with mean exposure, by quartile of DuckDB."""
    return duckdb.sql(
        f"""
        with mean as (select USUBJID, avg(AVAL) as exposure from '{tables}/adlb.parquet'
                      where PARAMCD = 'O_SERT' and ABLFL is null and AVAL is not null
                      group by USUBJID having avg(AVAL) > 1e-6)
        select USUBJID, exposure, ntile(4) over (order by exposure) as quartile from mean
        """
    ).pl()


def test_concentrations_are_exposures_too(tables, facts, found, tmp_path):
    for name in ("adsl", "adqs", "adae"):
        (tmp_path / f"{name}.parquet").symlink_to(tables / f"{name}.parquet")
    markers = pl.read_parquet(tables / "adlb.parquet")
    levels = markers.filter(PARAMCD="O_SERT").with_columns(PARAMCD=pl.lit("C_SCITAL"))
    levels.write_parquet(tmp_path / "adpc.parquet")
    markers.head(0).write_parquet(tmp_path / "adlb.parquet")
    moved = exposure_response(tmp_path, facts)
    assert set(moved["exposure"]) == {"C_SCITAL"}
    assert moved.drop("exposure").equals(found.drop("exposure"))


def test_quartiles_are_those_of_duckdb(tables, found):
    rows = found.filter(kind="response", outcome="MADRS").to_dicts()
    expected = (
        people(tables)
        .group_by("quartile")
        .agg(
            pl.len(), pl.col("exposure").min().alias("low"), pl.col("exposure").max().alias("high")
        )
    )
    assert {row["exposure"] for row in rows} == {"O_SERT"}
    assert sum(row["n"] for row in rows) == expected["len"].sum()
    assert [row["quartile"] for row in rows] == [1, 2, 3, 4]
    for row, other in zip(rows, expected.sort("quartile").to_dicts(), strict=True):
        assert abs(row["n"] - other["len"]) <= 1  # ties and remainders fall to one side or other
    assert rows[0]["exposure_low"] == expected["low"].min()
    assert rows[3]["exposure_high"] == expected["high"].max()


def test_change_and_events_are_those_of_the_people(tables, found):
    exposed = people(tables).sort("exposure", "USUBJID")
    top = found.filter(kind="change", outcome="MADRS", quartile=4).to_dicts()[0]
    mine = exposed.filter(pl.col("exposure") >= top["exposure_low"])["USUBJID"].to_list()
    names = ", ".join(f"'{one}'" for one in mine)
    changes = duckdb.sql(
        f"select CHG from '{tables}/adqs.parquet' where PARAMCD = 'MADRS' and AVISIT = 'week 8' "
        f"and ANL01FL = 'Y' and USUBJID in ({names})"
    ).fetchnumpy()["CHG"]
    assert top["n"] == len(changes)
    assert top["value"] == pytest.approx(changes.mean())
    interval = stats.t.interval(0.95, len(changes) - 1, changes.mean(), stats.sem(changes))
    assert (top["low"], top["high"]) == pytest.approx(interval, rel=1e-7)
    nausea = found.filter(kind="adverse event", outcome="Nausea", quartile=4).to_dicts()[0]
    n_with = duckdb.sql(
        f"select count(distinct USUBJID) from '{tables}/adae.parquet' where AEDECOD = 'Nausea' "
        f"and USUBJID in ({names})"
    ).fetchall()[0][0]
    assert nausea["value"] == pytest.approx(100 * n_with / len(mine))


def test_the_table_has_its_schema_and_key(found):
    table = TABLES["exposure_response"]
    assert found.schema == polars_schema(table)
    assert len(found.select(table.key).unique()) == len(found)
    assert CROSSED_TABLES["exposure_response"].key[0] == "variant_number"


def test_without_exposures_there_are_no_rows(tables, facts, tmp_path):
    for name in ("adsl", "adqs", "adae", "adpc"):
        (tmp_path / f"{name}.parquet").symlink_to(tables / f"{name}.parquet")
    markers = pl.read_parquet(tables / "adlb.parquet")
    markers.filter(pl.col("PARAMCD") != "O_SERT").write_parquet(tmp_path / "adlb.parquet")
    assert len(exposure_response(tmp_path, facts)) == 0
