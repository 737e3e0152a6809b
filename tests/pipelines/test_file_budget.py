"""How many files a run makes, against its plan, its folder and a quota."""

import re

import pytest

from cohort.protocols import protocol_names
from cohort.trial import load_protocol
from pipelines.cli import main
from pipelines.errors import InputError
from pipelines.file_budget import (
    FILES_OF_A_RUN,
    FILES_OF_A_UNIT,
    check_files,
    count_files,
    count_units,
)
from pipelines.plan import make_plan, override


@pytest.mark.parametrize("name", protocol_names())
def test_units_are_counted_as_they_are_planned(name):
    protocol = load_protocol(name)
    for block_size in (7, 100):
        plan = make_plan(protocol, device="numpy", block_size=block_size)
        assert count_units(protocol, block_size) == len(plan.units)


def test_files_are_counted_as_they_lie_in_a_finished_run(finished):
    root = finished.folder.root
    n_units = len(finished.execution.receipts)
    shards = list(finished.folder.shards.rglob("*"))
    assert len(shards) == FILES_OF_A_UNIT * n_units
    assert len(list(root.rglob("*"))) - len(shards) < FILES_OF_A_RUN


def test_the_block_size_that_is_named_is_the_smallest_that_will_do():
    protocol = override(load_protocol("sct-md-01"), patients_per_arm=250_000)
    for most in (1_000, 20_000, 123_456):
        with pytest.raises(InputError, match=rf"; {most:,} are allowed\. Use --block") as caught:
            check_files(protocol, 10, most)
        block_size = int(re.search(r"--block-size (\d+)", str(caught.value))[1])
        assert check_files(protocol, block_size, most) <= most
        assert count_files(protocol, block_size - 1) > most
    assert check_files(protocol, 10, None) == count_files(protocol, 10)


def test_a_quota_that_no_block_size_meets_is_told():
    with pytest.raises(InputError, match=r"No units make fewer than .*: ask for a larger quota"):
        check_files(load_protocol("sct-md-01"), 1, 100)


def test_a_plan_says_how_many_files_it_makes_and_refuses_too_many(capsys):
    words = ["plan", "sct-md-01", "--device", "numpy", "--no-pilot", "--block-size", "10"]
    for more, code, said in (
        ([], 0, "  files       about "),
        (["--files", "300"], 2, "; 300 are allowed. Use --block-size "),
    ):
        with pytest.raises(SystemExit) as caught:
            main([*words, *more])
        out, err = capsys.readouterr()
        assert caught.value.code == code
        assert said in (out if code == 0 else err)
