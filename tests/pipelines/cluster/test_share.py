"""Shares of a run without Dask: together they are the run, whatever order they come in."""

import pytest

from pipelines.cluster import share
from pipelines.cluster.share import run_share, units_of
from pipelines.errors import ExecutionError, FolderError, ShardError
from pipelines.run_trial import prepare, run_trial
from pipelines.shards import read_manifest
from pipelines.worker import run_unit


def ignore(receipt, was_there):
    pass


def table_bytes(result):
    return {path.name: path.read_bytes() for path in sorted(result.folder.tables.iterdir())}


@pytest.mark.parametrize("n_shares", [1, 3, 5, 12, 40])
def test_shares_cover_every_unit_once(make_request, tmp_path, n_shares):
    plan = prepare(make_request(tmp_path / "run", block_size=16)).plan
    digests = [
        unit.digest
        for number in range(1, n_shares + 1)
        for unit in units_of(plan, number, n_shares)
    ]
    assert sorted(digests) == sorted(unit.digest for unit in plan.units)


def test_shares_and_then_the_tables_give_the_same_bytes(finished, make_request, tmp_path):
    request = make_request(tmp_path / "run", block_size=16, n_workers=1)
    assert len(run_share(request, "3/3", ignore)) == 4
    assert len(run_share(request, "1/3", ignore)) == 4
    assert len(run_share(request, "1/3", ignore)) == 4  # submitted again: taken as they are
    result = run_trial(request)
    # the share that never ran is computed by the job that makes the tables
    assert (result.execution.n_reused, result.execution.n_computed) == (8, 4)
    assert len(read_manifest(result.folder.manifest)) == 12
    assert table_bytes(result) == table_bytes(finished)


def test_a_share_of_another_protocol_is_refused(finished, make_request, tmp_path):
    request = make_request(tmp_path / "run", block_size=16)
    run_share(request, "1/12", ignore)
    with pytest.raises(FolderError, match="block_size: 16 in the folder, 20 now"):
        run_share(make_request(tmp_path / "run", block_size=20), "1/12", ignore)


def test_units_that_fail_leave_the_others_done(make_request, tmp_path, monkeypatch):
    request = make_request(tmp_path / "run", block_size=16)
    first = prepare(request).plan.units[0]

    def fail_once(job, unit):
        if unit == first:
            raise ShardError("shard ab: no space; room is needed. Make room.")
        return run_unit(job, unit)

    monkeypatch.setattr(share, "run_unit", fail_once)
    with pytest.raises(ExecutionError, match=r"share 1/6: 1 units failed \(first: arm 'placebo'"):
        run_share(request, "1/6", ignore)
    assert len(list((tmp_path / "run" / "shards").iterdir())) == 1
