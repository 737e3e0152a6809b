"""The comparison with published SBML files: the table is the result, and Best 2009 agrees."""

import json

import pytest
from cohort_tolerances import PACKING_RTOL, SAME_EQUATIONS_RTOL
from compare_with_sbml import RESULT, ROWS, TABLE, table
from sbml import best2009, files, rows

FOUND = json.loads(RESULT.read_text(encoding="utf-8"))
HOURS = 2  # the committed result covers 24


@pytest.fixture
def roadrunner():
    return pytest.importorskip(
        "roadrunner", reason="libroadrunner is not installed: pip install libroadrunner"
    )


def test_the_table_is_written_from_the_result():
    assert TABLE.read_text(encoding="utf-8") == table(FOUND)


def test_every_file_has_a_row_and_every_row_a_file():
    stems = [path.stem.split("_")[0] for path in sorted(files.FOLDER.glob("*.xml"))]
    assert sorted(row["file"] for row in FOUND["rows"]) == sorted(stems)
    assert len(FOUND["rows"]) == len(ROWS)


def test_a_row_agrees_if_all_that_is_judged_does():
    near = rows.Comparison(what="a", ours=1.0, theirs=1.01, within=0.02)
    far = rows.Comparison(what="b", ours=1.0, theirs=2.0, within=0.02)
    shown = rows.Comparison(what="c", theirs=7.0)
    texts = {"file": "f", "model": "m", "ran": "1 h", "shares": "s", "reason": "r"}
    verdicts = [
        rows.Row(comparisons=comparisons, **texts).verdict
        for comparisons in ((near, shown), (near, far), (far,), (shown,))
    ]
    assert verdicts == [
        "agrees (r)",
        "differs in 1 of 2: because r",
        "differs: because r",
        "nothing shared: r",
    ]


def test_clock_times_are_compared_around_the_clock():
    late = rows.Comparison(what="a", ours=0.5, theirs=23.5, within=0.05, turn=24.0)
    assert late.difference == pytest.approx(1 / 24)
    assert late.agrees


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match=r"MODEL0: 0 files in .*; 1 is allowed"):
        files.path_of("MODEL0")


def test_a_constant_that_a_reaction_lacks_is_named():
    with pytest.raises(SystemExit, match="reaction 'VTH' has no 'Ka'; its own"):
        files.local(best2009.FILE, "VTH", "Ka")


@pytest.mark.usefixtures("roadrunner")
def test_the_file_of_best_2009_holds_our_constants():
    assert best2009.unequal_constants() == []


@pytest.mark.usefixtures("roadrunner")
def test_best_2009_follows_the_corrected_file():
    names = ["start: the file's", "start: 0.1 uM dopamine outside", "dat_v_max x 0"]
    worst = best2009.differences(HOURS, names)
    assert sorted(worst) == sorted(names)
    for name, states in worst.items():
        assert max(states.values()) < SAME_EQUATIONS_RTOL, (name, states)


@pytest.mark.usefixtures("roadrunner")
def test_the_uncorrected_file_packs_27_times_what_is_released():
    as_it_is, *_, right = best2009.after_each_correction(hours=1)
    assert as_it_is["packing"] == pytest.approx(27.45 * 81.0, rel=PACKING_RTOL)
    assert right["packing"] == pytest.approx(81.65, rel=PACKING_RTOL)


@pytest.mark.slow
@pytest.mark.usefixtures("roadrunner")
def test_every_row_still_comes_to_its_verdict():
    committed = {row["file"]: row["verdict"] for row in FOUND["rows"]}
    assert {row.file: row.verdict for row in (make() for make in ROWS)} == committed
