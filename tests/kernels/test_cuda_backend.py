"""What the CUDA backend decides on the host, everywhere; and the device, where there is one."""

import re

import numpy as np
import pytest
from kernels_tolerances import FLOAT32_FLOOR, MIXED_FLOOR
from kernels_zoo import HOUR, every_operation, zoo_lanes, zoo_saves, zoo_schedule

from kernels import DeviceError, Lanes, OdeSystem, Schedule, Solver, integrate, lower, symbol
from kernels.backends import cuda_backend
from kernels.backends.cuda_backend import (
    BLOCK_THREADS,
    CudaBackend,
    cuda_devices,
    is_out_of_memory,
    launch_grid,
    solve_halving,
)
from kernels.backends.cuda_build import Resources
from kernels.blocks import take_block
from kernels.integrate import _fitting


def resources(registers):
    return Resources(registers=registers, stack_bytes=0, spill_store_bytes=0, spill_load_bytes=0)


def test_the_grid_is_what_the_card_holds_at_once_or_what_the_lanes_need():
    for registers, resident in ((32, 16), (64, 8), (128, 4), (168, 3), (255, 2)):
        full = (100 * resident, BLOCK_THREADS)
        assert launch_grid(10**9, resources(registers), 100) == full
    assert launch_grid(0, resources(64), 100) == (1, 32)


@pytest.mark.parametrize(
    ("n_lane", "grid"),
    [(1, (1, 32)), (33, (2, 32)), (3200, (100, 32)), (3201, (51, 64)), (12_800, (100, 128))],
)
def test_few_lanes_are_spread_over_all_multiprocessors(n_lane, grid):
    assert launch_grid(n_lane, resources(255), 100) == grid


@pytest.mark.parametrize("n_lane", [*range(1, 300, 7), 10_000, 33_791, 33_792, 33_793])
def test_every_lane_has_a_thread_or_waits_for_one_of_a_full_card(n_lane):
    blocks, threads = launch_grid(n_lane, resources(255), 132)
    assert threads % 32 == 0
    assert blocks * threads >= min(n_lane, 132 * 2 * BLOCK_THREADS)
    assert (blocks - 1) * threads < n_lane


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (MemoryError("4 GB"), True),  # CuPy's OutOfMemoryError is one
        (RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"), True),
        (RuntimeError("cudaErrorMemoryAllocation: out of memory"), True),
        (RuntimeError("cudaErrorIllegalAddress"), False),
        (ValueError("CUDA_ERROR_OUT_OF_MEMORY"), False),
    ],
)
def test_errors_of_memory_are_told_from_others(error, wanted):
    assert is_out_of_memory(error) == wanted


def test_errors_of_the_driver_become_ours_and_ours_stay():
    with (
        pytest.raises(DeviceError, match=r"'cuda:1': the kernel failed \(illegal address\)"),
        cuda_backend._cuda_errors("cuda:1", "the kernel failed"),
    ):
        raise RuntimeError("illegal address")
    ours = DeviceError("a", "b", "c", "d")
    with pytest.raises(DeviceError) as caught, cuda_backend._cuda_errors("cuda:1", "it failed"):
        raise ours
    assert caught.value is ours


class MemoryGoneError(Exception):
    pass


def numpy_up_to(n_most, calls):
    """Solve blocks of at most some lanes on NumPy; larger ones do not fit."""
    system = every_operation()

    def attempt(lanes, schedule):
        calls.append(lanes.n_lane)
        if lanes.n_lane > n_most:
            raise MemoryGoneError
        return integrate(system, lanes, schedule, zoo_saves(), device="numpy")

    return attempt


def test_a_block_that_does_not_fit_is_halved_and_gives_the_same():
    n = 11
    lanes, schedule, calls = zoo_lanes(n), zoo_schedule(n), []
    halved = solve_halving(
        lanes, schedule, numpy_up_to(3, calls), lambda error: isinstance(error, MemoryGoneError)
    )
    assert calls == [11, 5, 2, 3, 6, 3, 3]
    whole = integrate(every_operation(), lanes, schedule, zoo_saves(), device="numpy")
    assert np.array_equal(halved.observables, whole.observables)
    assert np.array_equal(halved.end.states, whole.end.states)


def test_one_lane_that_does_not_fit_is_an_error_and_others_pass_through():
    lanes, schedule = zoo_lanes(2), zoo_schedule(2)
    with pytest.raises(DeviceError, match="one lane does not fit the memory of the card"):
        solve_halving(lanes, schedule, numpy_up_to(0, []), lambda _: True)
    with pytest.raises(MemoryGoneError):
        solve_halving(lanes, schedule, numpy_up_to(0, []), lambda _: False)


@pytest.mark.parametrize(
    ("has_cupy", "reason", "remedy"),
    [
        (False, "CuPy is not installed", r"'\.\[gpu-cuda13\]'"),
        (True, "CuPy is installed, but no NVIDIA driver", "nvidia-smi"),
    ],
)
def test_without_cupy_or_driver_the_report_says_what_to_install(
    monkeypatch, has_cupy, reason, remedy
):
    monkeypatch.setattr(cuda_backend, "_cupy", lambda: None)
    monkeypatch.setattr(cuda_backend, "_has_driver", lambda: False)
    found = cuda_backend.importlib.util.find_spec("numpy") if has_cupy else None
    monkeypatch.setattr(cuda_backend.importlib.util, "find_spec", lambda _: found)
    monkeypatch.setattr(cuda_backend, "_count", cuda_backend._count.__wrapped__)
    report = CudaBackend().report()
    assert not report.is_available
    assert report.reason.startswith(reason)
    assert re.search(remedy, report.remedy)
    with pytest.raises(DeviceError, match=reason):
        CudaBackend().prepare(lower(every_operation()), Solver())
    assert cuda_devices() == 0


def test_without_a_driver_cupy_is_not_even_imported(monkeypatch):
    monkeypatch.setattr(cuda_backend, "_has_driver", lambda: False)
    monkeypatch.setattr(cuda_backend.importlib, "import_module", None)  # it must not be called
    assert cuda_backend._cupy.__wrapped__() is None


# with a device

on_a_device = [
    pytest.mark.gpu,
    pytest.mark.skipif(cuda_devices() == 0, reason="no CUDA device"),
]


def run(backend, n=300, **options):
    system = every_operation()
    lanes = _fitting(system, zoo_lanes(n))
    solver = Solver(**options)
    program = lower(system)
    backend.prepare(program, solver)
    return backend.run(system, program, lanes, zoo_schedule(n), zoo_saves(), solver)


class TestDevice:
    pytestmark = on_a_device

    def test_the_checking_mode_has_the_bits_of_numpy(self):
        given = run(CudaBackend(is_checked=True))
        n = given.end.n_lane
        wanted = integrate(
            every_operation(), zoo_lanes(n), zoo_schedule(n), zoo_saves(), device="numpy"
        )
        assert np.array_equal(given.observables.view(np.int64), wanted.observables.view(np.int64))
        assert np.array_equal(given.accepted, wanted.accepted)

    @pytest.mark.parametrize(
        ("precision", "floor"),
        [("float64", MIXED_FLOOR), ("mixed", MIXED_FLOOR), ("float32", FLOAT32_FLOOR)],
    )
    def test_every_precision_is_right(self, precision, floor):
        given = run(CudaBackend(), rtol=1e-6, atol=1e-7, precision=precision)
        n = given.end.n_lane
        tight = integrate(
            every_operation(),
            zoo_lanes(n),
            zoo_schedule(n),
            zoo_saves(),
            Solver(rtol=1e-10, atol=1e-12),
            device="native",
        )
        error = np.abs(given.observables - tight.observables) / (np.abs(tight.observables) + 1e-3)
        assert not given.codes.any()
        assert error[:, :2].max() < floor

    @pytest.mark.parametrize("lane", [0, 130, 299])
    def test_a_lane_alone_equals_the_lane_in_a_block(self, lane):
        system, lanes, schedule = every_operation(), zoo_lanes(300), zoo_schedule(300)
        alone_lanes, alone_schedule = take_block(lanes, schedule, slice(lane, lane + 1))
        whole = integrate(system, lanes, schedule, zoo_saves(), device="cuda:0")
        alone = integrate(system, alone_lanes, alone_schedule, zoo_saves(), device="cuda:0")
        assert np.array_equal(alone.observables[..., 0], whole.observables[..., lane])
        assert alone.accepted[0] == whole.accepted[lane]

    def test_lanes_that_outnumber_the_card_are_all_done(self):
        x = symbol("x")
        decay = OdeSystem(name="decay", states=("x",), parameters=(), rhs={"x": -x})
        n = 1_000_000
        lanes = Lanes(parameters=np.ones((0, n)), states=np.linspace(1, 2, n)[None])
        end = integrate(
            decay, lanes, Schedule(t0=0, t1=HOUR), np.zeros(0, np.int64), device="cuda:0"
        ).end
        assert end.states[0] == pytest.approx(np.linspace(1, 2, n) * np.exp(-1.0), rel=1e-4)

    def test_memory_that_does_not_suffice_halves_the_block(self):
        cupy = cuda_backend._cupy()
        pool = cupy.get_default_memory_pool()
        wanted = run(CudaBackend())
        pool.free_all_blocks()
        pool.set_limit(size=pool.used_bytes() + (1 << 16))  # 66 kB; the block takes twice as much
        try:
            halved = run(CudaBackend())
        finally:
            pool.set_limit(size=0)
        assert np.array_equal(halved.observables, wanted.observables)

    def test_memory_is_the_same_after_many_blocks(self):
        cupy = cuda_backend._cupy()
        program = lower(every_operation())
        for _ in range(3):
            run(CudaBackend())
        sizes = set()
        total = cupy.get_default_memory_pool().total_bytes()
        for _ in range(5):
            run(CudaBackend())
            sizes.add(CudaBackend().block_lanes(program))
        assert cupy.get_default_memory_pool().total_bytes() == total
        assert len(sizes) == 1
