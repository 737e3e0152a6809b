"""Workers that never come back, that their unit killed, and that left with their job or node."""

import socket
from types import SimpleNamespace

import pytest
from distributed import KilledWorker
from distributed.comm import CommClosedError
from distributed.scheduler import NoValidWorkerError

from pipelines import departures
from pipelines.departures import N_DEPARTURES, Places, is_listening
from pipelines.errors import InputError
from pipelines.execute import Execution
from pipelines.failures import HUNG, N_ATTEMPTS, WORKER_DEATH, WORKER_LEFT
from pipelines.hand_out import AnyWorkers, Driver
from pipelines.run_trial import prepare, run_trial
from pipelines.time_limit import Watch, replace_worker
from pipelines.worker import run_unit


def table_bytes(result):
    return {path.name: path.read_bytes() for path in sorted(result.folder.tables.iterdir())}


class FakeFuture:
    def __init__(self, key, status, outcome=None):
        self.key, self.status, self.outcome = key, status, outcome

    def add_done_callback(self, tell):
        if self.status != "pending":
            tell(self)

    def result(self):
        return self.outcome

    exception = result

    def traceback(self):
        return None

    def release(self):
        pass

    def cancel(self):
        self.status = "cancelled"


class FakeClient:
    """Computes units at once, but for one that hangs or loses its worker some times."""

    def __init__(self, poisoned, *, n_deaths=0, n_hangs=0, nanny=None):
        self.poisoned, self.n_deaths, self.n_hangs = poisoned, n_deaths, n_hangs
        self.nanny = nanny
        self.futures = []
        self.replaced = []

    def processing(self):
        return {"tcp://w:1": [one.key for one in self.futures if one.status == "pending"]}

    def restart_workers(self, workers, **options):
        self.replaced += workers

    def submit(self, function, job, unit, *, key, pure, workers):
        assert key not in {one.key for one in self.futures}  # Dask would give back what it knows
        self.futures.append(self.compute(job, unit, key))
        return self.futures[-1]

    def compute(self, job, unit, key):
        if unit == self.poisoned and self.n_hangs:
            self.n_hangs -= 1
            return FakeFuture(key, "pending")
        if unit == self.poisoned and self.n_deaths:
            self.n_deaths -= 1
            return FakeFuture(key, "error", killed(self.nanny))
        return FakeFuture(key, "finished", run_unit(job, unit))


def killed(nanny):
    return KilledWorker("unit", SimpleNamespace(nanny=nanny, address="tcp://127.0.0.1:9"), 0)


def drive(make_request, tmp_path, **faults):
    """Run three units on two places; the first has the faults."""
    ready = prepare(make_request(tmp_path / "run", block_size=40))
    ready.folder.shards.mkdir(parents=True)
    units = ready.plan.units[:3]
    client = FakeClient(units[0], **faults)
    driver = Driver(
        job=ready.job,
        folder=ready.folder,
        execution=Execution(),
        report=lambda receipt, was_there: None,
        unit_timeout_s=0.3,
        places=Places(grace_s=0.1),
    )
    driver.use(client, AnyWorkers(2), units)
    return driver, client, units


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_a_worker_that_leaves_with_its_nanny_is_no_failure_of_its_unit(make_request, tmp_path):
    driver, _, units = drive(make_request, tmp_path, n_deaths=N_DEPARTURES, nanny=closed_port())
    assert len(driver.execution.receipts) == 3
    assert driver.execution.failures == {}
    assert driver.execution.departures == {units[0].digest: N_DEPARTURES}


def test_a_unit_that_takes_its_whole_job_with_it_every_time_is_set_aside_in_the_end(
    make_request, tmp_path
):
    driver, _, units = drive(make_request, tmp_path, n_deaths=10**6, nanny=closed_port())
    assert len(driver.execution.receipts) == 2
    failures = driver.execution.failures[units[0].digest]
    assert [failure.kind for failure in failures] == N_ATTEMPTS * [WORKER_LEFT]
    assert failures[0].message.endswith(f"went away, {N_DEPARTURES + 1} times by now")


@pytest.mark.parametrize("has_nanny", [True, False])
def test_a_unit_is_blamed_where_the_nanny_lives_on_or_there_is_none(
    make_request, tmp_path, has_nanny
):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nanny = f"tls://127.0.0.1:{server.getsockname()[1]}" if has_nanny else None
        driver, _, units = drive(make_request, tmp_path, n_deaths=10**6, nanny=nanny)
    assert len(driver.execution.receipts) == 2
    kinds = [failure.kind for failure in driver.execution.failures[units[0].digest]]
    assert kinds == N_ATTEMPTS * [WORKER_DEATH]
    assert not driver.execution.departures


def test_a_nanny_that_ends_a_moment_after_its_worker_left_with_it():
    server = socket.create_server(("127.0.0.1", 0))
    nanny = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    looked = []

    def looks(address, ends_after=2):
        looked.append(address)
        if len(looked) == ends_after:
            server.close()
        return is_listening(address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures, "is_listening", looks)
        assert Places(grace_s=5.0).is_gone(killed(nanny))
    assert looked == 2 * [nanny]


def test_a_node_that_does_not_answer_is_waited_for_once(monkeypatch):
    looked = []
    monkeypatch.setattr(departures, "is_listening", looked.append)  # returns None: no answer
    places = Places()
    for port in range(3):
        assert places.is_gone(killed(f"tcp://10.9.9.9:{4000 + port}"))
    assert len(looked) == 1


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_time_limit_is_refused_before_anything_is_written(
    make_request, tmp_path, seconds
):
    with pytest.raises(InputError, match=r"--unit-timeout: .* s; more than 0 s is allowed"):
        run_trial(make_request(tmp_path / "run", unit_timeout_s=seconds))
    assert not (tmp_path / "run").exists()


def test_a_unit_that_moves_to_another_worker_begins_anew_and_one_that_waits_has_no_age():
    now = iter(range(100))
    watch = Watch(pace_s=5.0, clock=lambda: next(now))
    watch.look({"a": "w1", "b": "w1"})
    assert watch.look({"a": "w1", "b": "w1"}) == {"a": 1.0, "b": 1.0}
    assert watch.look({"a": "w2"}) == {"a": 0.0}
    assert watch.look({"a": "w2", "b": "w1"}) == {"a": 1.0, "b": 0.0}


def test_a_unit_that_hangs_is_given_to_another_worker(make_request, tmp_path):
    driver, client, units = drive(make_request, tmp_path, n_hangs=1)
    assert len(driver.execution.receipts) == 3
    (attempt,) = driver.execution.failures[units[0].digest]
    assert attempt.kind == HUNG
    assert attempt.message.endswith(" s; 0.3 s are allowed")
    assert client.replaced == ["tcp://w:1"]


def test_a_unit_that_always_hangs_is_set_aside(make_request, tmp_path):
    driver, client, units = drive(make_request, tmp_path, n_hangs=10**6)
    assert len(driver.execution.receipts) == 2
    kinds = [failure.kind for failure in driver.execution.failures[units[0].digest]]
    assert kinds == N_ATTEMPTS * [HUNG]
    assert client.replaced == N_ATTEMPTS * ["tcp://w:1"]


def test_a_scheduler_that_is_lost_before_it_tells_a_result_or_takes_a_unit_ends_its_cluster(
    make_request, tmp_path
):
    driver, client, units = drive(make_request, tmp_path)

    def lost(*arguments, **options):
        raise CommClosedError("Connection reset by peer")

    gone = NoValidWorkerError("unit", set(), {"tcp://w:1"}, {}, 60.0)
    assert driver._note(units[0], FakeFuture("unit", "error", gone)) == "cluster"
    assert driver.execution.failures == {}
    silent = FakeFuture("unit", "finished")
    silent.result = lost
    assert driver._note(units[0], silent) == "cluster"
    workers = AnyWorkers(2)
    client.submit = lost
    driver.use(client, workers, units)
    assert workers.take(2) == []


def test_a_worker_without_nanny_that_hangs_is_retired():
    asked = []

    class Client:
        def restart_workers(self, workers, **options):
            raise ValueError("Restarting workers requires a nanny to be used.")

        def retire_workers(self, workers, *, close_workers):
            asked.append((workers, close_workers))

    replace_worker(Client(), "tcp://w:1")
    assert asked == [(["tcp://w:1"], True)]


@pytest.mark.slow
def test_a_worker_process_that_hangs_is_killed_and_replaced(
    finished, make_request, tmp_path, monkeypatch
):
    monkeypatch.setenv("STANDIN_MARK", str(tmp_path / "mark"))
    request = make_request(
        tmp_path / "run",
        simulator="standin:hang_once",
        n_workers=2,
        block_size=40,
        unit_timeout_s=20.0,
    )
    result = run_trial(request)
    (attempts,) = result.execution.failures.values()
    assert [attempt.kind for attempt in attempts] == [HUNG]
    assert table_bytes(result) == table_bytes(finished)
