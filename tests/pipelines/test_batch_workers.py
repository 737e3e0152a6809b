"""The queue of a batch without Dask: who gets a place, what becomes of lost workers and faults."""

import threading
import time
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from pipelines.batch_points import n_open
from pipelines.batch_workers import SharedWorkers
from pipelines.errors import ExecutionError
from pipelines.local_cluster import ClusterStartError

SOON_S = 20.0


class Client:
    """What the queue asks of a client of Dask."""

    def __init__(self, names):
        self.names = list(names)
        self.status = "running"
        self.futures = {}
        self.asked = "of the client itself"

    def nthreads(self):
        return dict.fromkeys(self.names, 1)


class Bench:
    """Shared workers, and the main thread that serves them."""

    def __init__(self, *, n_workers=2, are_named=True, faults=()):
        self.clients = []
        self.faults = list(faults)
        self.calls = SimpleQueue()
        self.workers = SharedWorkers(
            self.connect,
            n_workers=n_workers,
            root=Path("no/folder"),
            are_named=are_named,
            ask=self.calls.put,
        )

    @contextmanager
    def connect(self, n_workers, root):
        if self.faults:
            raise self.faults.pop(0)
        client = Client(f"w{len(self.clients)}{n}" for n in range(n_workers))
        self.clients.append(client)
        yield client
        client.status = "closed"

    def serve(self):
        self.calls.get(timeout=SOON_S)()


def in_thread(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


@contextmanager
def point(bench, number):
    connect = bench.workers.of_point(number)
    with connect(9, Path("no/folder")) as client:
        yield client


def first(bench, number):
    """Open the first point of a bench, which has its workers started."""
    opened = point(bench, number)
    result = []
    thread = in_thread(lambda: result.append(opened.__enter__()))
    bench.serve()
    thread.join(SOON_S)
    return opened, result[0]


def test_places_that_are_free_go_to_the_lowest_point_that_waits():
    bench = Bench()
    opened, one = first(bench, 1)
    assert one.asked == "of the client itself"
    assert one.places.take(5) == ["w00", "w01"]
    assert one.places.take(3) == []  # it has units in flight and need not wait
    got = SimpleQueue()

    def wait(number):
        with point(bench, number) as client:
            got.put((number, client.places.take(1)))
            time.sleep(0.05)

    threads = []
    for number in (7, 3, 5):
        threads.append(in_thread(lambda number=number: wait(number)))
        time.sleep(0.05)
    one.places.note("nothing", "w01")
    assert got.get(timeout=SOON_S) == (3, ["w01"])
    for number in (5, 7):
        one.places.note("nothing", "w00") if number == 5 else None
        assert got.get(timeout=SOON_S)[0] == number
    for thread in threads:
        thread.join(SOON_S)
    opened.__exit__(None, None, None)
    assert len(bench.clients) == 1


def test_a_worker_that_died_is_replaced_by_the_one_that_was_started_anew():
    bench = Bench(n_workers=1)
    _, one = first(bench, 1)
    assert one.places.take(1) == ["w00"]
    bench.clients[0].names = []
    one.places.note("worker", "w00")
    got = SimpleQueue()
    in_thread(lambda: got.put(one.places.take(1)))
    time.sleep(0.1)
    assert got.empty()
    bench.clients[0].names = ["fresh"]
    assert got.get(timeout=SOON_S) == ["fresh"]


def test_a_point_that_lost_its_workers_gets_others_and_so_do_the_rest():
    bench = Bench(are_named=False)
    connect = bench.workers.of_point(1)
    opened = connect(2, Path("no/folder"))
    clients = []
    thread = in_thread(lambda: clients.append(opened.__enter__()))
    bench.serve()
    thread.join(SOON_S)
    with point(bench, 2) as other:
        assert clients[0].places.take(2) == ["", ""]
        clients[0].places.note("cluster", "")
        assert clients[0].places.take(1) == []
        opened.__exit__(None, None, None)
        again = connect(2, Path("no/folder"))
        thread = in_thread(lambda: clients.append(again.__enter__()))
        bench.serve()
        thread.join(SOON_S)
        assert [one.status for one in bench.clients] == ["closed", "running"]
        assert other.places.take(1) == []  # of the former workers
        assert clients[1].places.take(2) == ["", ""]
        again.__exit__(None, None, None)  # units that nobody hears: their places are free again
    with point(bench, 2) as other:
        assert other.places.take(2) == ["", ""]
    assert len(bench.clients) == 2


def test_a_fault_of_the_workers_reaches_every_point_and_the_main_thread():
    bench = Bench(faults=[ExecutionError("no answer")])
    said = SimpleQueue()

    def ask(number):
        try:
            with point(bench, number):
                pass
        except ExecutionError as error:
            said.put(str(error))

    for number in (1, 2):
        in_thread(lambda number=number: ask(number))
    with pytest.raises(ExecutionError, match="no answer"):
        bench.serve()
    assert [said.get(timeout=SOON_S) for _ in range(2)] == ["no answer", "no answer"]


def test_workers_that_die_while_they_start_are_tried_again():
    bench = Bench(faults=[ClusterStartError("died"), ClusterStartError("died")])
    first(bench, 1)
    assert bench.workers.fault is None


def test_enough_points_are_open_to_keep_all_workers_busy_and_not_more_than_threads_allow():
    for n_workers in (1, 2, 30):
        for n_units in (1, 4, 1000):
            assert n_units * (n_open(n_workers, n_units) - 2) >= n_workers
    assert n_open(10_000, 1) == 64
