import pytest

from cohort.errors import ProtocolError
from cohort.trial import SupplementRegimen
from pipelines.errors import InputError
from pipelines.plan import make_plan, override, unit_states


def test_units_cover_every_patient_once_and_in_order(protocol):
    plan = make_plan(protocol, device="numpy", block_size=17)
    for arm in protocol.arms:
        mine = [unit for unit in plan.units if unit.arm == arm.name]
        ids = [i for unit in mine for i in range(unit.first_id, unit.last_id + 1)]
        assert ids == list(range(ids[0], ids[0] + arm.patients))
    assert plan.n_patients == 160
    assert len({unit.digest for unit in plan.units}) == len(plan.units)


def test_arms_of_a_counterfactual_design_have_the_same_patients(protocol):
    paired = protocol.model_copy(update={"design": "counterfactual"})
    plan = make_plan(paired, device="numpy")
    assert {unit.first_id for unit in plan.units} == {1}
    assert len({unit.digest for unit in plan.units}) == 4


@pytest.mark.parametrize(
    "other",
    [{"device": "native"}, {"n_trajectories": 2}, {"block_size": 20}],
    ids=["device", "trajectories", "block size"],
)
def test_the_hash_sees_what_the_bytes_depend_on(protocol, other):
    usual = {"device": "numpy", "n_trajectories": 0, "block_size": 16}
    first = make_plan(protocol, **usual).units[0].digest
    assert first == make_plan(protocol, **usual).units[0].digest
    assert first != make_plan(protocol, **(usual | other)).units[0].digest


def test_the_hash_sees_what_is_in_files_of_food_and_supplements(protocol, tmp_path):
    """A pattern of one's own, the protein source that it names, and a supplement of one's own."""
    content = "{trp: 1 g, tyr: 3 g, phe: 4 g, leu: 8 g, ile: 4 g, val: 5 g}"
    head = "title: Mine\nmark: assumed\nsource: a guess\n"
    said = "mark: assumed, source: guess}"
    doses = ", ".join(f"{name}: {{value: 1 g, {said}" for name in ("lowest", "usual", "highest"))
    food, diet, supplement = (tmp_path / f"{name}.yaml" for name in ("food", "diet", "supplement"))
    food.write_text(f"name: food\n{head}content: {content}\n")
    meal = f'{{at: "08:00", protein: 20 g, source: {food}}}'
    diet.write_text(f"name: diet\n{head}meals: [{meal}]\n")
    bolus = f"{{into: trp_gut, share: {{value: 1, {said}}}"
    supplement.write_text(
        f"name: supplement\ntitle: Mine\ndosing: {{{doses}}}\nboluses: [{bolus}]\n"
    )
    taken = SupplementRegimen(supplement=str(supplement), dose="1 g")
    first, *others = protocol.arms
    arms = (first.model_copy(update={"supplements": (taken,)}), *others)
    own = protocol.model_copy(update={"meals": str(diet), "arms": arms})
    digests = [make_plan(own, device="numpy").units[0].digest]
    for path in (food, diet, supplement):
        path.write_text(path.read_text() + "# changed\n")
        digests.append(make_plan(own, device="numpy").units[0].digest)
    assert len(set(digests)) == 4


def test_the_hash_sees_the_protocol(protocol):
    changed = override(protocol, seed=protocol.seed + 1)
    first, second = (make_plan(one, device="numpy").units[0] for one in (protocol, changed))
    assert first.digest != second.digest


def test_a_drug_file_of_the_user_is_part_of_the_hash(protocol, tmp_path):
    path = tmp_path / "condition.yaml"
    digests = []
    for text in ("a", "b"):
        path.write_text(text)
        changed = protocol.model_copy(update={"condition": str(path)})
        digests.append(make_plan(changed, device="numpy").units[0].digest)
    assert digests[0] != digests[1]


def test_a_file_of_people_is_part_of_the_hash(protocol, tmp_path):
    path = tmp_path / "people.csv"
    population = protocol.population.model_copy(update={"records": str(path)})
    changed = protocol.model_copy(update={"population": population})
    digests = []
    for text in ("a", "b"):
        path.write_text(text)
        digests.append(make_plan(changed, device="numpy").units[0].digest)
    assert digests[0] != digests[1]


def test_kept_patients_do_not_depend_on_the_block_size(protocol):
    kept = [
        make_plan(protocol, device="numpy", block_size=size, n_trajectories=3).trajectory_ids
        for size in (7, 40)
    ]
    assert kept[0] == kept[1]
    assert all(len(ids) == 3 for ids in kept[0].values())


def test_more_trajectories_than_patients_keeps_all(protocol):
    plan = make_plan(protocol, device="numpy", n_trajectories=1000)
    assert len(plan.trajectory_ids["placebo"]) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block_size": 0}, "--block-size: 0 patients; 1 or more"),
        ({"n_trajectories": -1}, "--trajectories: -1 patients; 0 or more"),
    ],
)
def test_numbers_out_of_range_are_refused(protocol, options, message):
    with pytest.raises(InputError, match=message):
        make_plan(protocol, device="numpy", **options)


@pytest.mark.parametrize("change", [{"seed": -1}, {"patients_per_arm": 0}])
def test_overrides_are_checked_as_the_file_is(protocol, change):
    with pytest.raises(ProtocolError, match="with --seed and --patients-per-arm"):
        override(protocol, **change)


def test_units_without_a_shard_are_to_do(protocol, tmp_path):
    states = unit_states(make_plan(protocol, device="numpy"), tmp_path)
    assert {(state.is_done, state.why) for state in states} == {(False, "no shard yet")}
