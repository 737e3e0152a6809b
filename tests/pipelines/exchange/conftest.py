"""Fixtures: one finished run in every form, and R if it is there."""

import json
import shutil
import subprocess

import polars as pl
import pytest

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
    if shutil.which("Rscript") is None:
        pytest.skip("no Rscript: apt-get install r-base-core r-cran-haven r-cran-jsonlite")
    wanted = " && ".join(f"requireNamespace('{name}', quietly = TRUE)" for name in R_PACKAGES)
    check = subprocess.run(
        ["Rscript", "-e", f"quit(status = if ({wanted}) 0 else 1)"],
        check=False,
        capture_output=True,
    )
    if check.returncode:
        pytest.skip("R lacks a package: apt-get install r-cran-haven r-cran-jsonlite")
    folder = tmp_path_factory.mktemp("r")

    def call(script, *arguments):
        path = folder / "script.R"
        path.write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["Rscript", "--vanilla", str(path), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,  # R starts in a second; a busy machine takes longer
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture(scope="session")
def read_table(run_root):
    return lambda name: pl.read_parquet(run_root / "tables" / f"{name}.parquet")
