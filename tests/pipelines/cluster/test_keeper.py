"""The loop that keeps jobs alive, on a queue that is a dictionary and a clock that is a number."""

import pytest

from pipelines.cluster.keeper import Keeper
from pipelines.cluster.systems import QueryError
from pipelines.errors import ExecutionError


class Queue:
    def __init__(self, **options):
        self.jobs, self.now, self.n_wanted, self.n_submitted = {}, 0.0, 3, 0
        self.is_silent = self.is_full = self.is_cancelled = False
        self.failed = []
        self.keeper = Keeper(
            submit=self.submit,
            alive=self.alive,
            cancel=self.cancel,
            wanted=lambda: self.n_wanted,
            n_replacements=options.pop("n_replacements", 2),
            poll_s=0.01,
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
