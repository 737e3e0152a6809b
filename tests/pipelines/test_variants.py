"""Arms crossed with variants: cells, the same bytes whatever the conduct, tables and contrasts."""

import json

import numpy as np
import polars as pl
import pytest
from pipelines_tolerances import FIXED_POINT, QUANTILE
from scipy import stats

from cohort.trial import Meal, Variant, write_protocol
from pipelines.cli import main
from pipelines.outlook import describe_plan, render_outlook
from pipelines.plan import make_plan, override
from pipelines.report_text import render
from pipelines.run_trial import prepare, run_trial
from pipelines.schema import CROSSED_TABLES, TABLES
from pipelines.shards import read_manifest
from pipelines.validate_tables import validate_tables

VARIANTS = (
    Variant(name="usual"),
    Variant(name="one meal", meals=[Meal(at="18:00", protein="75 g", carbohydrate="250 g")]),
    Variant(name="on their own", supervision="self_directed"),
)
NAMES = [variant.name for variant in VARIANTS]


@pytest.fixture(scope="module")
def trial(protocol):
    return protocol.model_copy(update={"variants": VARIANTS})


@pytest.fixture(scope="module")
def crossed(trial, make_request, tmp_path_factory):
    """A run of the stand-in: do not change its folder."""
    out = tmp_path_factory.mktemp("crossed") / "run"
    return run_trial(make_request(out, protocol=trial, n_workers=2, block_size=16))


def table_bytes(result):
    return {path.name: path.read_bytes() for path in sorted(result.folder.tables.iterdir())}


def read(result, name):
    return pl.read_parquet(result.folder.tables / f"{name}.parquet")


# -- cells and resume ------------------------------------------------------------------------------


def test_every_cell_holds_every_patient_of_its_arm_once(trial):
    plan = make_plan(trial, device="numpy", block_size=17)
    for arm in trial.arms:
        for variant in NAMES:
            mine = [unit for unit in plan.units if (unit.arm, unit.variant) == (arm.name, variant)]
            ids = [i for unit in mine for i in range(unit.first_id, unit.last_id + 1)]
            assert ids == list(range(ids[0], ids[0] + arm.patients))
    assert plan.n_patients == 3 * 160
    assert len({unit.digest for unit in plan.units}) == len(plan.units) == 3 * 4 * 3
    first = [(unit.arm, unit.variant) for unit in plan.units][::3]
    assert first == [(arm.name, variant) for arm in trial.arms for variant in NAMES]
    assert str(plan.units[3]) == "arm 'placebo', variant 'one meal', patients 10000001 to 10000017"


def test_an_override_keeps_the_variants(trial):
    assert override(trial, seed=3).variants == VARIANTS


def test_a_lifestyle_file_of_the_user_is_part_of_the_hash(trial, tmp_path):
    path = tmp_path / "mine.yaml"
    one = Variant.model_validate({"name": "mine", "lifestyle": [str(path)]})
    digests = []
    for text in ("a", "b"):
        path.write_text(text)
        changed = trial.model_copy(update={"variants": (one,)})
        digests.append(make_plan(changed, device="numpy").units[0].digest)
    assert digests[0] != digests[1]


def test_conduct_does_not_change_a_byte_and_a_lost_cell_is_computed_alone(
    crossed, trial, make_request, tmp_path
):
    request = make_request(tmp_path / "run", protocol=trial, n_workers=1, block_size=40)
    first = run_trial(request)
    assert table_bytes(first) == table_bytes(crossed)
    plan = make_plan(trial, device=prepare(request).plan.device, block_size=40, n_trajectories=3)
    lost = next(
        unit
        for unit in plan.units
        if (unit.arm, unit.variant) == ("escitalopram 10 mg", "on their own")
    )
    for path in (first.folder.shards / lost.digest).iterdir():
        path.unlink()
    (first.folder.shards / lost.digest).rmdir()
    again = run_trial(request)
    assert (again.execution.n_reused, again.execution.n_computed) == (11, 1)
    assert table_bytes(again) == table_bytes(crossed)
    last = read_manifest(first.folder.manifest)[-1]
    assert (last.arm, last.variant) == ("escitalopram 10 mg", "on their own")


# -- tables ----------------------------------------------------------------------------------------


def test_every_table_has_the_variant_and_breaks_no_rule(crossed):
    assert validate_tables(crossed.folder.tables) == ()
    for name, table in CROSSED_TABLES.items():
        frame = read(crossed, name)
        column = "VARIANT" if table.key[0].isupper() else "variant"
        assert frame.columns == [one.name for one in table.columns]
        assert set(frame[column]) <= set(NAMES)
        assert len(frame.select(table.key).unique()) == len(frame)
        assert frame.equals(frame.sort(table.key))
    assert set(read(crossed, "adsl")["VARIANT"]) == set(NAMES)


def test_tables_without_variants_have_no_column_more(finished):
    for name, table in TABLES.items():
        names = [one.name for one in table.columns]
        assert read(finished, name).columns == names
        assert not {"VARIANT", "VARIANTN", "variant", "comparison"} & set(names)
        assert set(names) < {one.name for one in CROSSED_TABLES[name].columns}


def test_a_person_has_one_subject_id_and_an_identifier_a_variant(crossed):
    subjects = read(crossed, "adsl")
    assert subjects["USUBJID"].n_unique() == len(subjects) == 480
    assert subjects["SUBJID"].n_unique() == 160
    per_person = subjects.group_by("SUBJID").agg(pl.col("AGE").n_unique(), pl.len())
    assert set(per_person["AGE"]) == {1}
    assert set(per_person["len"]) == {3}
    assert subjects["USUBJID"][0] == "SCT-MD-01-01-01-010000001"


def changes(crossed, arm, variant):
    scores = read(crossed, "adqs").filter(
        (pl.col("TRTP") == arm)
        & (pl.col("VARIANT") == variant)
        & (pl.col("PARAMCD") == "MADRS")
        & (pl.col("AVISIT") == "week 8")
        & (pl.col("ANL01FL") == "Y")
    )
    return dict(zip(scores["SUBJID"], scores["CHG"], strict=True))


def contrasts(crossed, comparison):
    return (
        read(crossed, "contrasts")
        .filter(
            (pl.col("comparison") == comparison)
            & (pl.col("visit") == "week 8")
            & (pl.col("endpoint") == "MADRS")
        )
        .to_dicts()
    )


def test_arms_are_compared_with_control_of_the_same_variant(crossed):
    found = contrasts(crossed, "control")
    assert len(found) == 3 * 3
    for row in found:
        assert (row["control"], row["control_variant"]) == ("placebo", row["variant"])
        assert row["method"] == "parallel"
        mine, control = (
            np.array(list(changes(crossed, arm, row["variant"]).values()))
            for arm in (row["arm"], "placebo")
        )
        expected = stats.ttest_ind(mine, control, equal_var=False).confidence_interval(0.95)
        assert row["difference"] == pytest.approx(mine.mean() - control.mean(), abs=FIXED_POINT)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            (expected.low, expected.high), rel=QUANTILE
        )


def test_variants_are_compared_with_the_first_within_patients(crossed):
    found = contrasts(crossed, "first variant")
    assert len(found) == 4 * 2
    for row in found:
        assert (row["control"], row["control_variant"]) == (row["arm"], "usual")
        assert row["method"] == "paired"
        mine, first = (changes(crossed, row["arm"], name) for name in (row["variant"], "usual"))
        both = np.array([mine[one] - first[one] for one in sorted(mine.keys() & first.keys())])
        expected = stats.ttest_1samp(both, 0).confidence_interval(0.95)
        assert row["n_arm"] == row["n_control"] == len(both)
        assert row["difference"] == pytest.approx(both.mean(), abs=FIXED_POINT)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx(
            (expected.low, expected.high), rel=QUANTILE
        )


def test_outcomes_and_events_are_of_one_cell(crossed):
    scores, subjects, events = (read(crossed, name) for name in ("adqs", "adsl", "adae"))
    for row in read(crossed, "outcomes_by_arm").filter(pl.col("visit") == "week 8").to_dicts():
        mine = scores.filter(
            (pl.col("TRTP") == row["arm"])
            & (pl.col("VARIANT") == row["variant"])
            & (pl.col("PARAMCD") == row["endpoint"])
            & (pl.col("AVISIT") == "week 8")
            & (pl.col("ANL01FL") == "Y")
        )
        assert row["n_randomised"] == 40
        assert row["n_analysed"] == len(mine)
        assert row["change_mean"] == pytest.approx(mine["CHG"].mean(), abs=FIXED_POINT)
    treated = subjects.filter(pl.col("SAFFL") == "Y").select("USUBJID")
    for row in read(crossed, "ae_rates_by_arm").filter(pl.col("term") == "Nausea").to_dicts():
        mine = events.join(treated, on="USUBJID", how="semi").filter(
            (pl.col("TRTA") == row["arm"])
            & (pl.col("VARIANT") == row["variant"])
            & (pl.col("AEDECOD") == "Nausea")
        )
        assert row["n_with_event"] == mine["USUBJID"].n_unique()
    assert len(read(crossed, "ae_rates_by_arm")) == 4 * 3 * 6


# -- what people read ------------------------------------------------------------------------------


def test_many_cells_are_shown_variant_by_variant(crossed):
    text = render(crossed.summary)
    assert "480 patients in 3 variants" in text
    assert [line for line in text.splitlines() if line.startswith("Variant: ")] == [
        f"Variant: {name}" for name in NAMES
    ]
    assert text.count("Difference vs control") == 3
    assert text.count("Difference vs usual") == 2
    assert json.loads(json.dumps(crossed.summary)) == crossed.summary


def test_few_cells_stand_side_by_side_and_counterfactual_arms_are_paired(
    trial, make_request, tmp_path
):
    # the stand-in gives levels of citalopram, so that arm has to be there
    arms = (trial.arms[0], trial.arms[3])
    changes = {"arms": arms, "published": (), "design": "counterfactual"}
    small = trial.model_copy(update=changes)
    result = run_trial(make_request(tmp_path / "run", protocol=small, n_workers=1))
    assert set(read(result, "contrasts")["method"]) == {"paired"}
    assert validate_tables(result.folder.tables) == ()
    text = render(result.summary)
    assert "placebo / usual" in text
    assert "citalopram 40 mg / on their own" in text
    assert text.count("Difference vs usual") == 1
    found = {(one["arm"], one["variant"]): one for one in result.summary["arms"]}
    other = found["placebo", "one meal"]
    assert other["contrast"] is None
    assert other["contrast_of_variants"]["method"] == "paired"


def test_a_plan_names_the_cells(trial, make_request, tmp_path):
    ready = prepare(make_request(tmp_path / "run", protocol=trial))
    outlook = describe_plan(ready, with_pilot=False)
    text = render_outlook(outlook)
    assert "480 patients in 4 arms x 3 variants (usual, one meal, on their own)" in text
    assert {unit["variant"] for unit in outlook["units"]} == set(NAMES)


def test_check_counts_cells(trial, tmp_path, capsys):
    path = tmp_path / "trial.yaml"
    path.write_text(write_protocol(trial), encoding="utf-8")
    with pytest.raises(SystemExit, match="0"):
        main(["check", str(path)])
    assert "4 arms, 3 variants (12 cells), 160 patients, 6 visits" in capsys.readouterr().out


def test_a_pilot_simulates_the_variants(trial, make_request, tmp_path):
    ready = prepare(make_request(tmp_path / "run", protocol=trial, n_workers=1, block_size=8))
    pilot = describe_plan(ready, with_pilot=True)["pilot"]
    assert pilot["n_patients"] == 16


def test_variants_are_analysed_one_by_one(crossed):
    rows = read(crossed, "analyses").filter(endpoint="MADRS", visit="week 8")
    assert rows["variant"].to_list() == NAMES * 3
    assert rows["estimate"].n_unique() == 9
    contrasts = read(crossed, "contrasts").filter(
        endpoint="MADRS", visit="week 8", comparison="control"
    )
    assert rows["n_arm"].to_list() == contrasts["n_arm"].to_list()
