"""One live run a folder, also where the file system knows no locks."""

import errno
import fcntl
import json
import multiprocessing
import os
import socket

import pytest

from pipelines.errors import LockError
from pipelines.exclusive import exclusive_file
from pipelines.run_folder import RunFolder, hold, refuse_if_held

DEAD = 2**22 + 1  # above the largest process number of Linux


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def folder(request, tmp_path, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)
    return RunFolder(tmp_path)


def test_a_folder_is_held_by_one_run_at_a_time_and_nothing_stays(folder):
    with hold(folder):
        assert json.loads(folder.lock.read_text())["pid"] == os.getpid()
        message = rf"held by process {os.getpid()} on .*no locks.*call: rm .*run\.lock\.held"
        with pytest.raises(LockError, match=message), hold(folder):
            pass
        with pytest.raises(LockError, match="held by process"):
            refuse_if_held(folder)
        # the one that was refused took nothing away
        assert json.loads(folder.lock.read_text())["pid"] == os.getpid()
    assert [path.name for path in folder.root.iterdir()] == ["run.lock"]
    refuse_if_held(folder)
    with hold(folder):
        pass


def test_what_a_killed_run_of_this_host_left_is_taken_over(folder):
    left = {"pid": DEAD, "host": socket.gethostname(), "since": "today"}
    folder.exclusive.write_text(json.dumps(left))
    folder.lock.write_text(json.dumps(left))
    refuse_if_held(folder)
    with hold(folder):
        assert json.loads(folder.exclusive.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("text", ['{"pid": 1, "host": "elsewhere", "since": "today"}', "", "[1]"])
def test_what_may_be_alive_elsewhere_is_believed(folder, text):
    folder.exclusive.write_text(text)
    with pytest.raises(LockError, match="if that run is dead, call: rm"), hold(folder):
        pass
    assert folder.exclusive.read_text() == text


def test_a_disk_that_fails_is_no_lock_of_another(tmp_path, monkeypatch):
    def fail(descriptor, how):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", fail)
    folder = RunFolder(tmp_path)
    folder.lock.write_text('{"pid": 1}')
    with pytest.raises(OSError, match="Input/output"), hold(folder):
        pass
    assert folder.lock.read_text() == '{"pid": 1}'


def take(path, barrier, won):
    barrier.wait()
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": "now"}
    try:
        with exclusive_file(path, owner):
            won.put(os.getpid())
            barrier.wait()  # nobody lets go before all have tried
    except LockError:
        barrier.wait()


def test_of_many_that_find_a_dead_one_s_file_at_once_one_takes_it(tmp_path):
    path = tmp_path / "held"
    path.write_text(json.dumps({"pid": DEAD, "host": socket.gethostname()}))
    fork = multiprocessing.get_context("fork")
    barrier, won = fork.Barrier(4), fork.Queue()
    racers = [fork.Process(target=take, args=(path, barrier, won)) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    winner = won.get(timeout=10)
    assert won.empty()
    assert winner in {racer.pid for racer in racers}
    assert list(tmp_path.iterdir()) == []
