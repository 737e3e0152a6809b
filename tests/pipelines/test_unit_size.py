from dataclasses import replace
from itertools import pairwise

import pytest

from pipelines.plan import override
from pipelines.run_trial import prepare
from pipelines.unit_size import (
    CARD_LANES,
    LOSS_S,
    MEMORY_BYTES,
    UnitCosts,
    choose_block_size,
    expected_seconds,
    largest_block_size,
    unit_costs,
)

COSTS = UnitCosts(
    seconds_a_block=1.0,
    seconds_a_patient=0.002,
    base_bytes=180_000_000,
    bytes_a_patient=131_000.0,
    driver_seconds_a_unit=0.01,
)
LARGE = [1_000_000] * 4


def share_of_fixed_time(size, costs=COSTS):
    return costs.seconds_a_block / costs.seconds(size)


def by_hand(cells, size, n):
    """Give every unit to the worker that is free first: the referee of the schedule."""
    free = [0.0] * n
    for cell in cells:
        while cell > 0:
            first = free.index(min(free))
            free[first] += 1.0 + 0.002 * min(cell, size)
            cell -= size
    return max(free)


def test_a_large_trial_pays_little_for_its_blocks():
    size = choose_block_size(LARGE, COSTS, 2)
    assert share_of_fixed_time(size) < 0.08
    assert share_of_fixed_time(size // 2) > 0.08  # no larger than that needs
    assert expected_seconds(LARGE, size, COSTS, 2) < 0.55 * expected_seconds(LARGE, 512, COSTS, 2)


def test_a_small_trial_is_not_cut_into_more_units_than_it_has_arms():
    assert choose_block_size([127, 124, 128, 127], COSTS, 2) == 128


def test_many_workers_get_smaller_units():
    cells = [25_000] * 4
    sizes = [choose_block_size(cells, COSTS, n) for n in (1, 16, 256)]
    assert all(few > many for few, many in pairwise(sizes))


@pytest.mark.parametrize("cells", [[127, 124, 128, 127], [3000, 40], [25_000] * 4])
@pytest.mark.parametrize("n", [1, 2, 16, 64])
def test_no_other_size_is_much_quicker(cells, n):
    chosen = expected_seconds(cells, choose_block_size(cells, COSTS, n), COSTS, n)
    others = [expected_seconds(cells, size, COSTS, n) for size in range(50, 9000, 50)]
    assert chosen < 1.25 * min(others)


def test_a_driver_that_is_slow_gets_fewer_units():
    slow = replace(COSTS, driver_seconds_a_unit=0.5)
    assert choose_block_size(LARGE, slow, 1000) > choose_block_size(LARGE, COSTS, 1000)


@pytest.mark.parametrize(
    ("costs", "n_largest"),
    [
        (replace(COSTS, seconds_a_patient=0.2), (LOSS_S - 1) / 0.2),
        (replace(COSTS, bytes_a_patient=2e6), (MEMORY_BYTES - 180e6) / 2e6),
    ],
    ids=["a kill loses no more", "a worker needs no more memory"],
)
def test_limits_hold_whatever_is_quickest(costs, n_largest):
    free = choose_block_size(LARGE, replace(costs, seconds_a_block=50.0), 2)
    assert choose_block_size(LARGE, costs, 2) <= n_largest
    assert free <= n_largest


@pytest.mark.parametrize(
    ("cells", "size", "n"), [([100, 30], 64, 3), ([5000], 64, 7), ([9], 64, 4)]
)
def test_the_schedule_is_that_of_workers_who_take_the_next_unit(cells, size, n):
    longest = COSTS.seconds(min(max(cells), size))
    expected = by_hand(cells, size, n) + 0.25 * longest
    assert expected_seconds(cells, size, COSTS, n) == pytest.approx(expected)


def test_the_model_is_within_a_third_of_what_was_measured(protocol):
    """Measured on one core of AMD EPYC, native, a trial of 56 days: patients a CPU-second."""
    from cohort.trial_equations import step_operations

    costs = unit_costs(protocol, "native", step_operations(protocol))
    for n_patients, rate, megabytes in ((512, 263, 249), (2048, 360, 458), (8192, 477, 1234)):
        assert n_patients / costs.seconds(n_patients) == pytest.approx(rate, rel=1 / 3)
        assert costs.bytes(n_patients) / 1e6 == pytest.approx(megabytes, rel=0.1)


def test_twice_the_days_cost_twice_the_time_a_patient(protocol):
    longer = protocol.model_copy(update={"duration": 2 * protocol.duration + protocol.run_in})
    once, twice = (unit_costs(one, "native", 10_000) for one in (protocol, longer))
    assert twice.seconds_a_patient == pytest.approx(2 * once.seconds_a_patient)
    assert twice.bytes_a_patient == pytest.approx(2 * once.bytes_a_patient)
    assert twice.seconds_a_block == once.seconds_a_block


def test_a_run_is_cut_by_the_model_and_keeps_its_size_with_other_workers(make_request, tmp_path):
    request = make_request(tmp_path / "run", n_workers=2)
    request = replace(request, protocol=override(request.protocol, patients_per_arm=20_000))
    ready = prepare(request)
    cells = [20_000] * 4
    assert ready.plan.block_size == choose_block_size(cells, ready.costs, 2)
    cluster = prepare(replace(request, n_places=640)).plan.block_size
    assert cluster < ready.plan.block_size
    (tmp_path / "run").mkdir()
    ready.folder.begin(ready.settings, request.protocol_text)
    again = prepare(replace(request, n_workers=640))
    assert again.plan.block_size == ready.plan.block_size


def test_a_card_gets_as_many_patients_as_the_memory_of_its_worker_holds():
    for bytes_a_patient in (1_000.0, 30_000.0, 140_000.0, 3_000_000.0):
        costs = replace(COSTS, bytes_a_patient=bytes_a_patient)
        size = largest_block_size(costs)
        assert costs.bytes(size) <= MEMORY_BYTES
        assert size == CARD_LANES or costs.bytes(2 * size) > MEMORY_BYTES
