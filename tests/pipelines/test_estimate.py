import pytest

from pipelines.estimate import Pilot, estimate
from pipelines.plan import make_plan

PILOT = Pilot(
    start_seconds=1.0,
    seconds_a_block=2.0,
    seconds_a_patient=0.01,
    bytes_a_patient=1000.0,
    first_peak_bytes=200_000_000,
    peak_bytes=256_000_000,
    n_patients=144,
)


def test_more_workers_take_less_time_and_more_memory(protocol):
    plan = make_plan(protocol, device="numpy", block_size=40)
    one, four = (estimate(PILOT, plan.units, plan, n) for n in (1, 4))
    assert one.seconds == pytest.approx(3 + 4 * (2 + 0.4))
    assert four.seconds == pytest.approx(3 + 2.4)
    assert four.memory_bytes - one.memory_bytes == 3 * 256_000_000
    assert one.disk_bytes == 2 * 160 * 1000


def test_memory_grows_with_the_block(protocol):
    plans = [make_plan(protocol, device="numpy", block_size=size) for size in (10, 40)]
    small, large = (estimate(PILOT, plan.units, plan, 1).memory_bytes for plan in plans)
    assert small == large  # both below the pilot's largest block
    wide = protocol.model_copy(
        update={"arms": tuple(a.model_copy(update={"patients": 512}) for a in protocol.arms)}
    )
    plan = make_plan(wide, device="numpy", block_size=512)
    assert estimate(PILOT, plan.units, plan, 1).memory_bytes == large + 448 * 1_000_000


def test_nothing_to_do_takes_no_time(protocol):
    plan = make_plan(protocol, device="numpy")
    assert estimate(PILOT, (), plan, 2).seconds == 0
