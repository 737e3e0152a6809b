"""Fixtures: a small protocol, a request for it, and one finished run that tests only read."""

import logging
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from cohort.protocols import protocol_text
from cohort.trial import load_protocol
from pipelines import execute

HERE = Path(__file__).parent
FIVE_EVENTS = ("nausea", "insomnia", "somnolence", "sexual_dysfunction", "serotonin_syndrome")
sys.path.insert(0, str(HERE))  # workers import `standin` by name


def request_of(out, *, simulator="standin:simulate", protocol=None, **options):
    from pipelines.run_trial import Request

    return Request(
        protocol=protocol or small_protocol(),
        protocol_text=protocol_text("sct-md-01"),
        out=out,
        simulator=simulator,
        **options,
    )


def small_protocol(**changes):
    from pipelines.plan import override

    protocol = override(load_protocol("sct-md-01"), patients_per_arm=40)
    return protocol.model_copy(update={"adverse_events": FIVE_EVENTS, **changes})


@pytest.fixture(scope="session")
def protocol():
    return small_protocol()


@pytest.fixture(scope="session")
def make_request():
    return request_of


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run of the stand-in with two workers and blocks of 16: do not change its folder."""
    from pipelines.run_trial import run_trial

    out = tmp_path_factory.mktemp("finished") / "run"
    return run_trial(request_of(out, n_workers=2, block_size=16))


@pytest.fixture(scope="session")
def counterfactual(tmp_path_factory):
    from pipelines.run_trial import run_trial

    out = tmp_path_factory.mktemp("counterfactual") / "run"
    paired = small_protocol(design="counterfactual")
    return run_trial(request_of(out, protocol=paired, n_workers=1, block_size=40))


@pytest.fixture
def in_process(monkeypatch):
    """Let workers be threads of this process: they start at once, and cannot die."""

    @contextmanager
    def cluster(n_workers, folder):
        with (
            LocalCluster(
                n_workers=n_workers,
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

    monkeypatch.setattr(execute, "local_cluster", cluster)
