"""Fixtures: one finished run in every form, and R if it is there."""

import polars as pl
import pytest
from r_scripts import require_r, run_r

from pipelines.exchange.contents import RunTable
from pipelines.exchange.export import FORMS, export_run

R_PACKAGES = ("haven", "jsonlite")


@pytest.fixture(scope="session")
def run_root(finished):
    return finished.folder.root


@pytest.fixture(scope="session")
def exported(run_root, tmp_path_factory):
    """What each form wrote, by form; the files lie in ``paths[0].parent``."""
    out = tmp_path_factory.mktemp("exports")
    return {form: export_run(run_root, form, out=out) for form in FORMS}


@pytest.fixture(scope="session")
def in_form(exported):
    """The folder of a form."""
    return lambda form: exported[form].paths[0].parent


@pytest.fixture
def as_run_table(tmp_path):
    """Write a frame as the Parquet file of a table that it is described as."""

    def write(table, frame):
        path = tmp_path / f"{table.name}.parquet"
        frame.write_parquet(path)
        return RunTable(table=table, path=path, n_rows=len(frame))

    return write


@pytest.fixture(scope="session")
def r(tmp_path_factory):
    """Run an R script with arguments and return the JSON that it prints."""
    require_r(*R_PACKAGES)
    folder = tmp_path_factory.mktemp("r")
    return lambda script, *arguments: run_r(folder, script, *arguments)


@pytest.fixture(scope="session")
def read_table(run_root):
    return lambda name: pl.read_parquet(run_root / "tables" / f"{name}.parquet")
