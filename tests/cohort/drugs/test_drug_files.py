"""Drug and compound files: the packaged ones hold, a user's own works, nonsense is refused."""

import pickle
from importlib import resources
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cohort.compounds import CovariateEffect, compound_names, covariate_effects, load_compound
from cohort.drugs import drug_names, load_drug
from cohort.errors import CohortError, DrugError, RangeError, UnknownNameError
from cohort.facts import count_assumed
from cohort.model import assemble
from cohort.physiology.pharmacokinetics import pharmacokinetics
from cohort.units import parse_quantity

PACKAGED = [("drugs", name) for name in drug_names()]
PACKAGED += [("compounds", name) for name in compound_names()]


def text_of(room, name):
    return (resources.files(f"cohort.{room}") / f"{name}.yaml").read_text(encoding="utf-8")


def load(room, path):
    return (load_drug if room == "drugs" else load_compound)(str(path))


def edited(tmp_path, room, name, old, new):
    text = text_of(room, name)
    assert old in text
    path = Path(tmp_path, f"{name}.yaml")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(("room", "name"), PACKAGED)
def test_a_packaged_file_is_what_its_name_says(room, name):
    assert load(room, name).name == name


def loose_numbers(tree, path=""):
    """Yield every number that stands outside a record of value, mark, tag and source."""
    if isinstance(tree, dict):
        if "value" in tree:
            assert set(tree) == {"value", "mark", "tag", "source"}, path
            assert parse_or_number(tree["value"]), path
            return
        for key, value in tree.items():
            yield from loose_numbers(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from loose_numbers(value, f"{path}[{i}]")
    elif isinstance(tree, int | float) and not path.endswith(".compartments"):  # a count
        yield path


def parse_or_number(value):
    if isinstance(value, int | float):
        return True
    number, unit = value.split(maxsplit=1)
    return parse_quantity(f"{number} {unit}", unit) is not None


@pytest.mark.parametrize(("room", "name"), PACKAGED)
def test_every_number_has_unit_source_mark_and_role(room, name):
    tree = YAML(typ="safe").load(text_of(room, name))
    assert list(loose_numbers(tree)) == []
    total, assumed = count_assumed(load(room, name))
    assert total > assumed


def test_a_fact_that_was_recalled_says_so():
    for room, name in PACKAGED:
        for line in text_of(room, name).splitlines():
            if "recalled" in line and "mark: read" in line:
                pytest.fail(f"{room}/{name}: {line.strip()}")


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'sertraline'") as caught:
        load_drug("sertralin")
    assert caught.value.nearest[0] == "sertraline"
    with pytest.raises(UnknownNameError, match="'s_citalopram'"):
        load_compound("s-citalopram")
    with pytest.raises(UnknownNameError):
        load_drug("nowhere.yaml")


def test_a_users_drug_may_use_packaged_compounds(tmp_path):
    path = edited(tmp_path, "drugs", "escitalopram", "name: escitalopram", "name: my_drug")
    drug = load_drug(str(path))
    assert drug.name == "my_drug"
    assert drug.compounds == (load_compound("s_citalopram"),)


def inline(tmp_path):
    compound = YAML(typ="safe").load(text_of("compounds", "sertraline"))
    compound["name"] = "newtraline"
    drug = YAML(typ="safe").load(text_of("drugs", "sertraline"))
    drug |= {"name": "newtraline", "definitions": [compound]}
    drug["contents"][0]["compound"] = "newtraline"
    path = Path(tmp_path, "newtraline.yaml")
    YAML().dump(drug, path)
    return path


def test_a_users_drug_may_define_its_compound(tmp_path):
    drug = load_drug(str(inline(tmp_path)))
    model = assemble("m", [pharmacokinetics(compound) for compound in drug.compounds])
    assert "depot_newtraline" in model.system.states
    assert covariate_effects(drug.compounds[0])[0].parameter == "cl_newtraline"


def test_a_users_file_is_read_again_after_it_changed(tmp_path):
    path = inline(tmp_path)
    assert load_drug(str(path)).name == "newtraline"
    path.write_text(path.read_text().replace("name: newtraline", "name: othertraline", 1))
    assert load_drug(str(path)).name == "othertraline"


def test_records_survive_pickling():
    for room, name in PACKAGED:
        record = load(room, name)
        assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize("name", compound_names())
def test_weight_counts_once_in_what_the_kidney_clears(name):
    """Creatinine clearance of Cockcroft and Gault is in proportion to weight already."""
    compound = load_compound(name)
    share = sum(
        route.share.number("1") for route in compound.elimination if route.enzyme == "renal"
    )
    for rule in compound.covariates:
        if share > 0.25 and rule.covariate == "weight_kg" and "cl" in rule.parameters:
            assert rule.exponent.number("1") == pytest.approx(0.75 * (1 - share), abs=0.001)


NONSENSE = [
    (
        "drugs",
        "ropinirole",
        "per_day: {value: 3,",
        "per_day: {value: 2.5,",
        "2.5 is no whole number",
    ),
    ("drugs", "ropinirole", "per_day: {value: 3,", "per_day: {value: 0,", "at least 1"),
    ("drugs", "ropinirole", "per_day: {value: 3,", "per_day: {value: 3 mg,", "mg"),
    (
        "drugs",
        "ropinirole_prolonged",
        "\nrelease:",
        "  per_day: {value: 6, mark: read, tag: input, source: test}\n\nrelease:",
        "over 5.5 h, but 6 doses a day.*within 4 h",
    ),
    ("compounds", "sertraline", "95 L/h", "95 L", r"\[L\].*Write it in \[L/h\]"),
    ("compounds", "sertraline", "95 L/h", "95", "has no unit"),
    ("compounds", "sertraline", "95 L/h", "-95 L/h", "greater than 0"),
    ("compounds", "sertraline", "95 L/h", "quick", "is not a number with a unit"),
    ("compounds", "sertraline", "value: 0.627", "value: 0.9", "add up to 1.273; 1 is allowed"),
    ("compounds", "sertraline", "value: 0.015", "value: 1.5", "at most 1"),
    ("compounds", "sertraline", "tag: fitted", "tag: guessed", "input.*fitted.*independent"),
    ("compounds", "sertraline", "mark: computed", "mark: dreamed", "read.*computed.*assumed"),
    ("compounds", "sertraline", "  v_c:", "  volume:", "unknown key 'volume'"),
    ("compounds", "sertraline", "enzyme: other", "enzyme: cyp2c19", "an enzyme is given twice"),
    ("compounds", "sertraline", "enzyme: other", "enzyme: cyp2d7", "'cyp2d6'"),
    ("compounds", "sertraline", "target: sert", "target: serp", "Did you mean 'sert'"),
    ("compounds", "sertraline", "    ec50:", "    k_inact_half:", "give ec50"),
    ("compounds", "sertraline", "      RM:", "      XM:", "PM.*IM.*NM.*RM.*UM"),
    ("compounds", "sertraline", "parameters: [cl]", "parameters: [q]", "'q', which disposition"),
    (
        "compounds",
        "sertraline",
        "  v_c:",
        "  q: {value: 1 L/h, mark: design, tag: input, source: test}\n  v_c:",
        "q without v_p",
    ),
    (
        "compounds",
        "norfluoxetine",
        "  cl:",
        "  t_lag: {value: 1 h, mark: design, tag: input, source: test}\n  cl:",
        "swallowed dose. Add k_a",
    ),
    ("compounds", "sertraline", "value: 70 kg", "value: 70 L", r"70 L' is given in \[L\]"),
    ("compounds", "r_citalopram", "      F:", "      X:", "F.*M"),
    ("compounds", "paroxetine", "  k_inact:", "  k_inactivation:", "unknown key 'k_inactivation'"),
    ("drugs", "citalopram", "value: 0.5", "value: 0.4", "add up to 0.9; 1 is allowed"),
    ("drugs", "citalopram", "compound: r_citalopram", "compound: r_citalopran", "'r_citalopram'"),
    ("drugs", "citalopram", "compound: r_citalopram", "compound: s_citalopram", "named twice"),
    ("drugs", "citalopram", "lowest: {value: 10 mg", "lowest: {value: 30 mg", "Order them"),
    ("drugs", "citalopram", "lowest: {value: 10 mg", "lowest: {value: 10 mL", r"\[mg\]"),
    ("drugs", "fluoxetine", "[norfluoxetine]", "[sertraline]", "formed from nothing"),
    ("drugs", "sertraline", "compound: sertraline", "compound: norfluoxetine", "no absorption"),
    ("drugs", "fluoxetine", "metabolites: [norfluoxetine]", "metabolites: [fluoxetine]", "twice"),
    ("drugs", "sertraline", "name: sertraline", "name: Sertraline 50", "name"),
    ("drugs", "sertraline", "title: Sertraline", "title: S\nroute: nasal", "oral.*intravenous"),
    ("drugs", "sertraline", "title: Sertraline", "title: S\nroute: transdermal", "without release"),
    ("drugs", "sertraline", "title: Sertraline", "title: S\nroute: intravenous", "bioavailability"),
]


@pytest.mark.parametrize(("room", "name", "old", "new", "message"), NONSENSE)
def test_nonsense_is_refused_with_its_place(tmp_path, room, name, old, new, message):
    path = edited(tmp_path, room, name, old, new)
    with pytest.raises(DrugError, match=message) as caught:
        load(room, path)
    assert all(mistake.file == str(path) for mistake in caught.value.mistakes)
    assert all(mistake.line for mistake in caught.value.mistakes if mistake.key_path)


def test_all_mistakes_come_at_once(tmp_path):
    path = edited(tmp_path, "compounds", "sertraline", "95 L/h", "95 L")
    path.write_text(path.read_text().replace("3500 L", "3500 h").replace("0.015,", "2,"))
    with pytest.raises(DrugError) as caught:
        load_compound(str(path))
    places = {mistake.key_path for mistake in caught.value.mistakes}
    assert {"f_u", "disposition.cl", "disposition.v_c"} <= places


@pytest.mark.parametrize("text", ["", "- a\n", "name: [", "name: x\nname: y\n"])
def test_broken_files_are_refused(tmp_path, text):
    path = Path(tmp_path, "broken.yaml")
    path.write_text(text)
    for room in ("drugs", "compounds"):
        with pytest.raises(CohortError):
            load(room, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "one of the two"),
        ({"reference": 70.0, "levels": {"F": 1.0}}, "one of the two"),
        ({"reference": -70.0}, "greater than zero"),
        ({"reference": 70.0, "exponent": float("nan")}, "finite exponent"),
        ({"levels": {"PM": -1.0}}, "at least 0"),
    ],
)
def test_an_effect_is_a_power_or_levels(change, message):
    with pytest.raises(RangeError, match=message):
        CovariateEffect(parameter="cl_x", covariate="weight_kg", source="test", **change)
