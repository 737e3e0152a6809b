"""The loop that keeps jobs alive, on a queue that is a dictionary and a clock that is a number."""

import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from pipelines.cluster.keeper import Keeper
from pipelines.cluster.profile import parse_profile
from pipelines.cluster.systems import QueryError
from pipelines.cluster.workplaces import _release_idle, jobs_wanted
from pipelines.errors import ExecutionError


class Queue:
    def __init__(self, **options):
        self.jobs, self.now, self.n_wanted, self.n_submitted = {}, 0.0, 3, 0
        self.is_silent = self.is_full = self.is_cancelled = False
        self.failed, self.idle, self.asked = [], [], []
        self.keeper = Keeper(
            submit=self.submit,
            alive=self.alive,
            cancel=self.cancel,
            wanted=lambda: self.n_wanted,
            n_replacements=options.pop("n_replacements", 2),
            poll_s=0.01,
            release=self.release,
            hint=lambda: "MemoryError (worker-9.log).",
            is_cancelled=lambda: self.is_cancelled,
            on_failure=lambda: self.failed.append(True),
            clock=lambda: self.now,
        )

    def submit(self):
        if self.is_full:
            raise ExecutionError("sbatch: QOSMaxSubmitJobPerUserLimit; fewer. Wait.")
        self.n_submitted += 1
        self.jobs[str(self.n_submitted)] = "running"
        return str(self.n_submitted)

    def alive(self):
        if self.is_silent:
            raise QueryError("squeue: timeout; an answer. Try again.")
        return dict(self.jobs)

    def release(self, n_jobs):
        self.asked.append(n_jobs)
        released, self.idle = self.idle[:n_jobs], self.idle[n_jobs:]
        return released

    def cancel(self, numbers):
        for number in numbers:
            self.jobs.pop(number, None)

    def look(self, seconds=10.0):
        self.now += seconds
        self.keeper.look()


def test_missing_jobs_are_submitted_and_lost_ones_replaced():
    queue = Queue()
    queue.look()
    assert sorted(queue.jobs) == ["1", "2", "3"]
    del queue.jobs["2"]
    queue.look()
    assert sorted(queue.jobs) == ["1", "3", "4"]
    assert (queue.keeper.n_submitted, queue.keeper.n_lost) == (4, 1)


def test_a_queue_that_does_not_answer_replaces_nothing():
    queue = Queue()
    queue.look()
    queue.is_silent = True
    for _ in range(20):
        queue.look()
    assert queue.n_submitted == 3
    assert queue.keeper.failure is None


def test_a_job_that_is_not_listed_yet_is_not_submitted_twice():
    queue = Queue()
    queue.look()
    queue.jobs.clear()
    queue.look(seconds=1.0)
    assert queue.n_submitted == 3
    queue.look(seconds=10.0)
    assert queue.n_submitted == 6


def test_jobs_that_end_in_vain_are_replaced_so_often_and_the_last_one_is_quoted():
    queue = Queue()
    for _ in range(10):
        queue.look()
        queue.jobs.clear()
    # three jobs, each replaced twice
    assert queue.n_submitted == 9
    assert "9 worker jobs ended before another unit was done" in queue.keeper.failure
    assert "MemoryError (worker-9.log)." in queue.keeper.failure
    # a unit that began after the first call must end as well
    assert len(queue.failed) > 1


def test_units_that_are_done_in_between_let_jobs_be_replaced_for_ever():
    queue = Queue()
    for _ in range(10):
        queue.look()
        queue.jobs.clear()
        queue.keeper.note_progress()
    assert queue.keeper.failure is None
    assert queue.n_submitted == 30


def test_the_first_refusal_is_raised_and_later_ones_wait():
    queue = Queue()
    queue.is_full = True
    with pytest.raises(ExecutionError, match="QOSMaxSubmit"):
        queue.look()
    queue.is_full = False
    queue.n_wanted = 1
    queue.look()
    queue.is_full, queue.n_wanted = True, 3
    for _ in range(5):
        queue.look()
    assert queue.keeper.failure is None
    queue.jobs.clear()
    queue.look()
    assert "QOSMaxSubmit" in queue.keeper.failure


def test_fewer_wanted_jobs_cancel_those_that_wait_and_leave_those_that_run():
    queue = Queue()
    queue.look()
    queue.jobs["2"] = "queued"
    queue.n_wanted = 1
    queue.look()
    assert sorted(queue.jobs) == ["1", "3"]


def test_a_cancelled_run_gives_up():
    queue = Queue()
    queue.look()
    queue.is_cancelled = True
    queue.jobs.clear()
    queue.look()
    assert "was cancelled" in queue.keeper.failure
    assert queue.jobs == {}


def test_stopping_cancels_everything_also_what_was_not_known():
    queue = Queue()
    queue.keeper.start()
    queue.jobs["77"] = "running"
    queue.keeper.stop()
    assert queue.jobs == {}


def test_idle_jobs_are_given_back_when_fewer_are_wanted_and_do_not_count_as_lost():
    queue = Queue(n_replacements=1)
    queue.idle = ["2"]
    queue.look()
    queue.jobs["3"] = "queued"
    queue.n_wanted = 1
    queue.look()
    # what waits goes first, then what is idle; job 1 has a unit
    assert sorted(queue.jobs) == ["1"]
    assert queue.asked == [1]
    for _ in range(5):
        queue.look()
    assert (queue.n_submitted, queue.keeper.n_lost, queue.keeper.n_released) == (3, 0, 1)
    assert queue.keeper.failure is None


def test_jobs_that_are_all_busy_stay_although_fewer_are_wanted():
    queue = Queue()
    queue.look()
    queue.n_wanted = 1
    for _ in range(3):
        queue.look()
    assert sorted(queue.jobs) == ["1", "2", "3"]
    assert queue.asked == [2, 2, 2]


@pytest.mark.parametrize(
    ("n_left", "n_jobs"), [(100, 8), (16, 8), (15, 8), (14, 7), (3, 2), (1, 1), (0, 1)]
)
def test_never_more_jobs_are_wanted_than_there_are_units_for(n_left, n_jobs):
    text = "kind: slurm\nmemory: 4 GB\nwalltime: 1 h\ncores: 2\n"
    for how in ("workers: 8", "adaptive: {min: 8, max: 8}", "adaptive: {max: 8}"):
        assert jobs_wanted(parse_profile(text + how), n_left) == n_jobs


def hold_unit(folder, number):
    """Begin a unit, as a file tells, and end it when another file says so."""
    Path(folder, f"begun-{number}").touch()
    while not Path(folder, "may-end").exists():
        time.sleep(0.01)
    return number


def wait_for(path):
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_only_workers_with_nothing_to_do_are_let_go_and_their_jobs_named(tmp_path):
    with (
        LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):
        (busy,) = (
            address
            for address, worker in client.scheduler_info()["workers"].items()
            if worker["name"] == 1
        )
        future = client.submit(hold_unit, str(tmp_path), 7, workers=[busy], pure=False)
        wait_for(tmp_path / "begun-7")
        assert _release_idle(cluster, 1) == ["2"]
        assert _release_idle(cluster, 5) == ["0"]
        assert _release_idle(cluster, 5) == []
        assert [worker["name"] for worker in client.scheduler_info()["workers"].values()] == [1]
        (tmp_path / "may-end").touch()
        assert future.result(timeout=60) == 7
