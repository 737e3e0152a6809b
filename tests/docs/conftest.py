"""Fixtures: somebody who follows a page with the command line, in this process."""

import logging
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import matplotlib as mpl
import pytest
from distributed import Client, LocalCluster
from doc_pages import DOCS, Reader

from pipelines import execute
from pipelines.cli import main

PIPELINES = Path(__file__).parents[1] / "pipelines"
sys.path.insert(0, str(PIPELINES))  # the stand-in of the simulator is imported by name
sys.path.insert(0, str(DOCS / "_ext"))


@contextmanager
def threads(n_workers, folder):
    """Workers that are threads of this process: they start at once."""
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,
        ) as started,
        Client(started) as client,
    ):
        yield client


def call_with(simulator):
    def call(words):
        printed, complaints = StringIO(), StringIO()
        with redirect_stdout(printed), redirect_stderr(complaints):
            try:
                main(words, simulator=simulator)
            except SystemExit as end:
                code = end.code or 0
        return code, printed.getvalue(), complaints.getvalue()

    return call


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """Make a reader in an empty folder; with a simulator's name the stand-in runs the trials."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(execute, "local_cluster", threads)
    mpl.use("agg")

    def make(simulator=None, *, parsed=(), **added):
        return Reader(folder=tmp_path, call=call_with(simulator), parsed=parsed, added=added)

    return make
