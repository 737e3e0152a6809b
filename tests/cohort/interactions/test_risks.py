"""Risks of combinations: who meets whom, when, and how large a change of exposure is forecast."""

import pytest
from ruamel.yaml import YAML

from cohort.compounds import load_compound
from cohort.drugs import load_drug
from cohort.errors import DrugError
from cohort.interactions import drug_profile, exposure_ratio, protocol_risks, risk_rules
from cohort.interactions.risk_rules import Role, _Rules
from cohort.observations import Observation, run_observations
from cohort.trial import Protocol
from cohort.yaml_files import read_yaml_model

DAY = 86_400


def risks(*regimens):
    protocol = Protocol(
        schema_version=1,
        name="tiny",
        title="Two drugs",
        seed=1,
        condition="major_depression",
        duration="12 week",
        visits=["week 0", "week 12"],
        arms=[
            {"name": "placebo", "control": True, "patients": 5},
            {"name": "both", "patients": 5, "regimens": list(regimens)},
        ],
        endpoints=["MADRS"],
        primary_endpoint="MADRS",
    )
    return protocol_risks(protocol)


def grades(found):
    return [risk.grade for risk in found]


PHENELZINE = {"drug": "phenelzine", "dose": "15 mg", "every": "8 h"}
SERTRALINE = {"drug": "sertraline", "dose": "100 mg"}


def test_one_drug_has_no_partner():
    assert risks(SERTRALINE) == ()
    titration = [{**SERTRALINE, "stop": "week 1"}, {**SERTRALINE, "start": "week 1"}]
    assert risks(*titration) == ()


def test_an_mao_inhibitor_with_an_ssri_is_contraindicated_and_says_why():
    (first, *_) = risks(PHENELZINE, SERTRALINE)
    assert first.grade == "contraindicated"
    assert "phenelzine and sertraline together: serotonin syndrome" in str(first)
    assert first.arm == "both"


@pytest.mark.parametrize(("pause_d", "is_soon"), [(0, True), (10, True), (14, False), (20, False)])
def test_the_enzyme_needs_two_weeks_after_an_irreversible_inhibitor(pause_d, is_soon):
    stop = 28
    later = {**SERTRALINE, "start": f"day {stop + pause_d + 1}"}
    found = risks({**PHENELZINE, "stop": f"day {stop + 1}"}, later)
    assert ("contraindicated" in grades(found)) is is_soon
    if is_soon:
        assert "14 days of wash-out" in str(found[0])


def test_an_irreversible_inhibitor_counts_by_what_it_leaves_of_the_enzyme():
    """Selegiline by mouth spares MAO-A and is given with levodopa; the patch does not spare it."""
    levodopa = {"drug": "levodopa_carbidopa", "dose": "125 mg", "every": "8 h"}
    tablet = {"drug": "selegiline", "dose": "10 mg"}
    patch = {"drug": "selegiline_transdermal", "dose": "6 mg"}
    assert "contraindicated" not in grades(risks(tablet, levodopa))
    assert "contraindicated" in grades(risks(patch, SERTRALINE))


@pytest.mark.parametrize(("drug", "form"), [("selegiline_transdermal", "a"), ("rasagiline", "b")])
def test_the_share_of_enzyme_that_is_gone_is_that_of_the_model(drug, form):
    seen = Observation(
        name="share_left",
        doses=[{"drug": drug, "dose": "6 mg", "every": "24 h", "count": 90}],
        systems=[f"monoamine_oxidase_{form}"],
        measure="mean",
        of=f"mao_{form}_activity",
        low=0.0,
        interval="none is published",
        tag="independent",
        mark="design",
        source="the model",
    )
    gone = 1 - run_observations([seen])[0].value
    profile = drug_profile(load_drug(drug), 6)
    # the profile reads the mean level; a tablet comes in pulses, which leave 0.3 points more
    assert profile.occupancy[f"mao_{form}"] == pytest.approx(gone, abs=0.01)


def test_fluoxetine_needs_five_weeks_before_an_mao_inhibitor():
    fluoxetine = {"drug": "fluoxetine", "dose": "20 mg", "stop": "week 4"}
    assert "contraindicated" in grades(risks(fluoxetine, {**PHENELZINE, "start": "week 8"}))
    assert "contraindicated" not in grades(risks(fluoxetine, {**PHENELZINE, "start": "day 78"}))


def test_two_mao_inhibitors_are_contraindicated_and_one_alone_is_not():
    tablet = {"drug": "selegiline", "dose": "10 mg"}
    (found,) = [one for one in risks(PHENELZINE, tablet) if one.grade == "contraindicated"]
    assert "phenelzine and selegiline together: hypertensive crisis" in str(found)
    assert risks({"drug": "rasagiline", "dose": "1 mg"}) == ()


def test_two_ssris_are_a_caution():
    found = risks(SERTRALINE, {"drug": "escitalopram", "dose": "10 mg"})
    assert grades(found) == ["caution"]


def test_drugs_that_share_nothing_are_left_in_peace():
    assert risks(SERTRALINE, {"drug": "pregabalin", "dose": "150 mg"}) == ()


def test_the_forecast_is_that_of_rowland_and_matin():
    inhibitor = load_drug("paroxetine")
    profile = drug_profile(inhibitor, 20)
    victim = load_compound("fluoxetine")
    unbound = profile.unbound_um["paroxetine"]
    pool = 0.0136 / (0.0136 + 0.17 * 60 * unbound / (0.167 + unbound))
    left = pool / (1 + unbound / 0.028)
    expected = 1 / (0.7 * left + 0.3)
    assert exposure_ratio(victim, (inhibitor, profile)) == pytest.approx(expected, rel=1e-9)


def test_a_drug_that_already_holds_its_own_enzyme_is_not_held_twice():
    paroxetine, fluoxetine = load_drug("paroxetine"), load_drug("fluoxetine")
    one = (paroxetine, drug_profile(paroxetine, 20))
    two = (fluoxetine, drug_profile(fluoxetine, 20))
    compound = load_compound("paroxetine")
    assert exposure_ratio(compound, two, one) < exposure_ratio(compound, two)


def test_every_rule_is_met_by_two_packaged_drugs():
    """A rule that no drug can meet would warn of nothing."""
    pairs = {
        "serotonin_syndrome": ("phenelzine", 45, "sertraline", 100),
        "pressor_crisis_with_releasers": ("tranylcypromine", 30, "atomoxetine", 80),
        "pressor_crisis_with_dopamine_uptake_inhibitors": ("phenelzine", 45, "bupropion", 300),
        "pressor_crisis_with_levodopa": ("phenelzine", 45, "levodopa_carbidopa", 500),
        "two_mao_inhibitors": ("tranylcypromine", 30, "selegiline", 10),
        "mao_b_with_serotonergic": ("rasagiline", 1, "sertraline", 100),
        "two_serotonergic": ("sertraline", 100, "escitalopram", 10),
        "two_d2_antagonists": ("haloperidol", 5, "risperidone", 4),
        "d2_antagonist_against_dopaminergic": ("haloperidol", 5, "pramipexole", 3),
        "muscarinic_load": ("amitriptyline", 150, "olanzapine", 20),
        "antimuscarinic_against_cholinesterase_inhibitor": ("donepezil", 10, "amitriptyline", 150),
        "two_sedatives": ("diazepam", 20, "lorazepam", 4),
    }
    assert pairs.keys() == {rule.name for rule in risk_rules()}
    for rule in risk_rules():
        first, dose, second, other = pairs[rule.name]
        found = risks(
            {"drug": first, "dose": f"{dose} mg"}, {"drug": second, "dose": f"{other} mg"}
        )
        assert any(rule.risk in risk.text for risk in found), rule.name


def at_usual_dose(name):
    dosing = load_drug(name).dosing
    dose_mg, per_day = dosing.usual.number("mg"), dosing.doses_a_day
    return {"drug": name, "dose": f"{dose_mg / per_day:.6g} mg", "every": f"{24 / per_day:g} h"}


@pytest.mark.parametrize("inhibitor", ["phenelzine", "tranylcypromine", "selegiline_transdermal"])
@pytest.mark.parametrize(
    "other",
    [
        "sertraline",
        "vortioxetine",
        "venlafaxine",
        "amitriptyline",
        "nortriptyline",
        "trazodone",
        "atomoxetine",
        "bupropion",
        "methylphenidate",
        "methylphenidate_oros",
    ],
)
def test_what_labels_forbid_with_an_mao_inhibitor_is_forbidden(inhibitor, other):
    found = risks(at_usual_dose(inhibitor), at_usual_dose(other))
    assert "contraindicated" in grades(found)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("fluoxetine", "risperidone", "fluoxetine raises exposure to risperidone"),
        ("fluvoxamine", "duloxetine", "fluvoxamine raises exposure to duloxetine"),
        ("fluvoxamine", "duloxetine", "serotonin syndrome and bleeding"),
        ("haloperidol", "levodopa", "worse parkinsonism"),
        ("aripiprazole", "levodopa_carbidopa", "worse parkinsonism"),
        ("aripiprazole", "risperidone", "additive D2 block"),
        ("diazepam", "fluvoxamine", "fluvoxamine raises exposure to diazepam"),
        ("donepezil", "amitriptyline", "takes the other's effect"),
        ("trazodone", "sertraline", "serotonin syndrome and bleeding"),
    ],
)
def test_pairs_of_the_clinic_are_a_caution(first, second, words):
    found = risks(at_usual_dose(first), at_usual_dose(second))
    assert set(grades(found)) == {"caution"}
    assert any(words in risk.text for risk in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sertraline", "pregabalin"),
        ("escitalopram", "donepezil"),
        ("risperidone", "donepezil"),
        ("memantine", "donepezil"),
        ("escitalopram", "bupropion"),
        ("escitalopram", "buspirone"),
        ("escitalopram", "methylphenidate"),
        ("escitalopram", "quetiapine"),
        ("sertraline", "aripiprazole"),
        ("sertraline", "lorazepam"),
        ("levodopa_carbidopa", "entacapone"),
        ("levodopa_carbidopa", "rasagiline"),
        ("levodopa_carbidopa", "pramipexole"),
    ],
)
def test_pairs_that_are_usual_go_without_a_warning(first, second):
    assert risks(at_usual_dose(first), at_usual_dose(second)) == ()


def test_one_syndrome_is_said_once():
    """Phenelzine destroys MAO-A and MAO-B; the rule of MAO-B adds nothing to that of MAO-A."""
    found = risks(PHENELZINE, SERTRALINE)
    assert sum("serotonin syndrome" in risk.text for risk in found) == 1


def test_a_rule_gives_way_to_one_above_it_alone(tmp_path):
    rule = {
        "name": "a",
        "risk": "harm",
        "grade": "caution",
        "one": {"targets": ["sert"]},
        "other": {"targets": ["sert"]},
        "unless": "b",
        "mark": "design",
        "source": "a test",
    }
    path = tmp_path / "risks.yaml"
    YAML().dump({"risks": [rule, {**rule, "name": "b", "unless": "a"}]}, path)
    with pytest.raises(DrugError, match="unless 'b'; a rule above it is allowed"):
        read_yaml_model(path, _Rules, error=DrugError)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"targets": ["serp"]}, "Did you mean 'sert'"),
        ({}, "neither targets nor supplies"),
        ({"targets": ["d2"], "agonist": True, "antagonist": True}, "at once"),
        ({"targets": ["d2"], "at_least": 2}, "less than or equal to 1"),
    ],
)
def test_nonsense_in_a_role_is_refused(keys, words):
    with pytest.raises((ValueError, DrugError), match=words):
        Role(**keys)
