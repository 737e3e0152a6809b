"""The packaged protocol says what was published."""

import pytest

from cohort.errors import UnknownNameError
from cohort.lifestyle import lifestyle_names
from cohort.nutrition import food_names, load_supplement, supplement_names
from cohort.protocols import protocol_text
from cohort.trial import diet_names, load_protocol, parse_protocol, planned_doses

TEXT = protocol_text("sct-md-01")


def test_a_packaged_protocol_is_what_its_text_says():
    assert parse_protocol(TEXT) == load_protocol("sct-md-01")


def test_arms_doses_and_sizes_are_those_of_the_trial():
    protocol = load_protocol("sct-md-01")
    given = {
        arm.name: (
            arm.patients,
            [plan.amounts_mg[-1] for plan in planned_doses(protocol, arm.name)],
        )
        for arm in protocol.arms
    }
    assert given == {
        "placebo": (127, []),
        "escitalopram 10 mg": (124, [10.0]),
        "escitalopram 20 mg": (128, [20.0]),
        "citalopram 40 mg": (127, [40.0]),
    }
    assert [visit.name for visit in protocol.visits] == [
        f"week {week}" for week in (0, 1, 2, 4, 6, 8)
    ]


def test_published_means_are_on_the_scale_they_were_analyzed_on():
    rows = {row.arm: row for row in load_protocol("sct-md-01").published if row.scale == "HAMD24"}
    assert {arm: (row.mean_change, row.sd_change, row.n_analyzed) for arm, row in rows.items()} == {
        "placebo": (-7.6, 8.73, 119),
        "escitalopram 10 mg": (-10.2, 7.6, 118),
        "escitalopram 20 mg": (-11.7, 8.87, 123),
        "citalopram 40 mg": (-9.9, 10.06, 125),
    }
    assert {row.mark for row in rows.values()} == {"read"}
    assert [row.responders for row in rows.values()] == [32, 47, 55, 48]


def test_recalled_means_are_marked_and_have_no_spread():
    rows = [row for row in load_protocol("sct-md-01").published if row.scale == "MADRS"]
    assert len(rows) == 4
    assert all(row.mark == "assumed" and row.sd_change is None for row in rows)


def test_an_unknown_protocol_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'sct-md-01'"):
        protocol_text("sct-md-1")


def with_notes(first, last):
    """Return the text of the protocol with its notes from one line to another as lines."""
    lines = TEXT.splitlines(keepends=True)
    begin = next(i for i, line in enumerate(lines) if line.strip().startswith(first))
    end = next(i for i, line in enumerate(lines) if line.strip().startswith(last))
    noted = [line.replace("# ", "", 1) for line in lines[begin : end + 1]]
    return "".join((*lines[:begin], *noted, *lines[end + 1 :]))


def test_notes_on_people_can_be_taken_as_they_stand():
    found = parse_protocol(with_notes("# female_fraction", "#   - cyp2d6")).population
    assert (found.female_fraction, found.smoker_fraction, found.weight_mean) == (0.6, 0.2, 80.0)
    assert sum(found.bmi_shares.values()) == 1.0
    assert len(found.eligibility) == 2
    assert found.entry.at_least == 22


def test_notes_on_an_arm_can_be_taken_as_they_stand():
    found = parse_protocol(with_notes("# adherence:", "#   - {supplement")).arm("citalopram 40 mg")
    assert found.adherence.probability == 0.7
    assert [one.daily_mg for one in found.supplements] == [3000.0]


def test_the_note_on_systems_can_be_taken_as_it_stands():
    found = parse_protocol(with_notes("# systems:", "# systems:"))
    assert found.systems == ("noradrenaline", "dopamine")


def test_notes_name_all_that_is_packaged():
    simulated = {name for name in supplement_names() if load_supplement(name).is_simulated}
    kinds = (diet_names(), lifestyle_names(), simulated)
    assert not [name for names in kinds for name in names if name not in TEXT]
    foods = {name for name in food_names() if not name.startswith(("amino_acids", "essential"))}
    assert not [name for name in foods if name not in TEXT]
