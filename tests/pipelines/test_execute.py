import signal
import threading
from contextlib import contextmanager

import pytest

from pipelines import execute
from pipelines.errors import ExecutionError, InterruptedRunError
from pipelines.execute import take_stock
from pipelines.interruption import interruptible
from pipelines.run_trial import prepare
from pipelines.shards import read_manifest
from pipelines.worker import run_unit


def test_a_shard_that_was_written_but_not_logged_is_kept_and_logged(make_request, tmp_path):
    ready = prepare(make_request(tmp_path / "run", block_size=40))
    ready.folder.shards.mkdir(parents=True)
    receipt = run_unit(ready.job, ready.plan.units[2])
    stock = take_stock(ready.plan, ready.folder)
    assert stock.n_reused == 1
    assert read_manifest(ready.folder.manifest) == [receipt]
    assert take_stock(ready.plan, ready.folder).n_reused == 1
    assert read_manifest(ready.folder.manifest) == [receipt]


def test_what_killed_runs_left_is_removed(make_request, tmp_path):
    ready = prepare(make_request(tmp_path / "run"))
    for folder in (ready.folder.shards, ready.folder.tables, ready.folder.root):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".tmp-left").mkdir()
    take_stock(ready.plan, ready.folder)
    assert not list(ready.folder.root.rglob(".tmp-*"))


def test_a_unit_has_the_same_bytes_every_time(make_request, tmp_path):
    receipts = []
    for name in ("a", "b"):
        ready = prepare(make_request(tmp_path / name, n_trajectories=2))
        ready.folder.shards.mkdir(parents=True)
        receipts.append(run_unit(ready.job, ready.plan.units[1]))
    assert receipts[0].files == receipts[1].files


@pytest.mark.parametrize("n_deaths", [2, 3])
def test_a_worker_that_dies_while_its_cluster_starts_costs_a_cluster_and_three_end_the_run(
    make_request, tmp_path, monkeypatch, in_process, n_deaths
):
    ready = prepare(make_request(tmp_path / "run", block_size=40))
    ready.folder.shards.mkdir(parents=True)
    deaths = []
    start = execute.local_cluster

    @contextmanager
    def dying(n_workers, folder):
        if len(deaths) < n_deaths:
            deaths.append(n_workers)
            raise execute.ClusterStartError("a nanny failed")
        with start(n_workers, folder) as client:
            yield client

    monkeypatch.setattr(execute, "local_cluster", dying)
    if n_deaths == 3:
        with pytest.raises(ExecutionError, match=r"3 clusters in a row .*\(last: a nanny failed\)"):
            execute.execute(ready.plan, ready.job, ready.folder, n_workers=2)
    else:
        done = execute.execute(ready.plan, ready.job, ready.folder, n_workers=2)
        assert done.n_computed == 4


def interrupt_twice():
    with interruptible():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)


def test_the_second_signal_is_ignored_and_handlers_come_back():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(InterruptedRunError, match="SIGINT"):
        interrupt_twice()
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    found = []

    def look():
        with interruptible():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
