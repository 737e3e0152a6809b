"""The compiled kernel against its referee: the bits of NumPy, whatever the width or the block."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from kernels_compare import assert_same, bits, run_both
from kernels_tolerances import FLOAT32_FLOOR, MIXED_FLOOR
from kernels_zoo import HOUR, every_operation, zoo_lanes, zoo_saves, zoo_schedule

from cohort.simulate import simulate_block
from cohort.trial import load_protocol
from kernels import (
    BuildError,
    Lanes,
    OdeSystem,
    ResultCode,
    Schedule,
    Solver,
    Stream,
    integrate,
    lower,
    symbol,
)
from kernels.backends import build_cache, native_build
from kernels.backends.native_backend import NativeBackend
from kernels.integrate import _fitting

TIGHT = Solver(rtol=1e-10, atol=1e-12)
WIDTHS = [1, 2, 4, 8]


@pytest.mark.parametrize("method", ["rodas5p", "rodas4"])
@pytest.mark.parametrize("n_double", WIDTHS)
def test_every_operation_gives_the_bits_of_numpy_at_every_width(n_double, method):
    n = 21  # no multiple of any width
    given, wanted = run_both(
        every_operation(),
        zoo_lanes(n),
        zoo_schedule(n),
        zoo_saves(),
        Solver(method=method),
        n_double,
    )
    assert wanted.codes.tolist() == [0] * n
    assert_same(given, wanted)


@pytest.fixture(scope="module")
def patients():
    """Patients of a trial at its end, and their equations."""
    block = simulate_block(load_protocol("sct-md-01"), "placebo", np.arange(1, 12), device="numpy")
    return block.model.system, block.solutions[-1].end


@pytest.mark.parametrize("n_double", WIDTHS)
def test_the_patient_model_gives_the_bits_of_numpy_at_every_width(patients, n_double):
    system, lanes = patients
    saves = np.arange(1, 9) * 6 * HOUR
    given, wanted = run_both(system, lanes, Schedule(t0=0, t1=48 * HOUR), saves, Solver(), n_double)
    assert wanted.accepted.min() > 5
    assert_same(given, wanted)


def test_a_fixed_step_gives_the_bits_of_numpy():
    fixed = Solver(fixed_step=0.13)
    given, wanted = run_both(every_operation(), zoo_lanes(5), zoo_schedule(5), zoo_saves(), fixed)
    assert_same(given, wanted)


def elementary(name):
    """A system whose derivative is one function of a parameter, so that registers compute it."""
    p, q = symbol("p"), symbol("q")
    import sympy as sp

    functions = {
        "exp": sp.exp(p),
        "log": sp.log(p),
        "power": p**q,
        "sin": sp.sin(p),
        "cos": sp.cos(p),
        "sqrt": sp.sqrt(p),
    }
    return OdeSystem(
        name=name,
        states=("x",),
        parameters=("p", "q"),
        rhs={"x": functions[name]},
        observables={"f": functions[name]},
    )


EXTREMES = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 2.2e-308, 1.7e308, 709.78, -745.1, 1e-5, 0.5]


@pytest.mark.parametrize("n_double", [1, 8])
@pytest.mark.parametrize("name", ["exp", "log", "power", "sin", "cos", "sqrt"])
def test_elementary_functions_have_the_bits_of_numpy(name, n_double):
    generator = np.random.default_rng(11)
    n = 20_000
    p = np.concatenate((EXTREMES, generator.uniform(-40, 40, n), 10 ** generator.uniform(-9, 9, n)))
    q = np.concatenate((np.ones(len(EXTREMES)), generator.uniform(-3, 3, 2 * n)))
    lanes = Lanes(parameters=np.array([p, q]), states=np.zeros((1, len(p))))
    one_step = Solver(fixed_step=1.0, max_steps=2)
    given, wanted = run_both(
        elementary(name),
        lanes,
        Schedule(t0=0, t1=HOUR),
        np.array([0]),
        one_step,
        n_double,
    )
    assert np.isfinite(wanted["f"]).mean() > 0.4
    assert_same(given, wanted)


@pytest.mark.parametrize("lane", [0, 6, 20])
def test_a_lane_alone_equals_the_lane_in_a_block(lane):
    n = 21
    lanes, schedule = zoo_lanes(n), zoo_schedule(n)
    whole = integrate(every_operation(), lanes, schedule, zoo_saves(), device="native")
    one = slice(lane, lane + 1)
    streams = tuple(stream.take(one) for stream in schedule.streams)
    alone = integrate(
        every_operation(),
        lanes.take(one),
        replace(schedule, streams=streams),
        zoo_saves(),
        device="native",
    )
    assert np.array_equal(bits(alone.observables[..., 0]), bits(whole.observables[..., lane]))
    assert alone.accepted[0] == whole.accepted[lane]


@pytest.mark.parametrize(("block", "threads"), [(None, 3), (1, 2), (7, 5), (1000, 1)])
def test_blocks_and_threads_change_no_bit(block, threads):
    n = 200
    arguments = (every_operation(), zoo_lanes(n), zoo_schedule(n), zoo_saves())
    whole = integrate(*arguments, device="native", threads=1)
    parts = integrate(*arguments, device="native", block_lanes=block, threads=threads)
    assert_same(parts, whole)


def test_no_lanes_and_one_lane_are_integrated():
    for n in (0, 1):
        lanes, schedule = zoo_lanes(n), zoo_schedule(n)
        solution = integrate(every_operation(), lanes, schedule, zoo_saves(), device="native")
        assert solution.observables.shape == (len(zoo_saves()), 3, n)
        assert np.isfinite(solution.observables).all()


def division():
    x, k = symbol("x"), symbol("k")
    return OdeSystem(
        name="division",
        states=("x",),
        parameters=("k",),
        rhs={"x": k / (1 - x)},
        observables={"x_": x},
    )


def test_a_right_hand_side_that_divides_by_zero_fails_its_lane_alone():
    lanes = Lanes(parameters=np.ones((1, 3)), states=np.array([[1.0, 3.0, 0.5]]))
    given, wanted = run_both(
        division(), lanes, Schedule(t0=0, t1=HOUR), np.array([0, HOUR]), Solver(max_steps=2000)
    )
    assert given.codes[0] == ResultCode.NON_FINITE
    assert given.codes[1] == ResultCode.SUCCESS
    assert given.codes[2] != ResultCode.SUCCESS  # runs into the pole at 7.5 minutes
    assert given["x_"][1, 1] == pytest.approx(1 + np.sqrt(4 - 2), rel=1e-4)
    assert_same(given, wanted)


@pytest.fixture(scope="module")
def tight():
    arguments = (every_operation(), zoo_lanes(21), zoo_schedule(21), zoo_saves())
    return integrate(*arguments, TIGHT, device="numpy").observables


@pytest.mark.parametrize(
    ("precision", "floor"), [("float32", FLOAT32_FLOOR), ("mixed", MIXED_FLOOR)]
)
@pytest.mark.parametrize("n_double", [1, 4])
def test_lower_precisions_stay_above_their_floor_only(tight, precision, floor, n_double):
    system, lanes = every_operation(), zoo_lanes(21)
    given = NativeBackend(n_double).run(
        system,
        lower(system),
        _fitting(system, lanes),
        zoo_schedule(21),
        zoo_saves(),
        Solver(rtol=1e-6, atol=1e-7, precision=precision),
    )
    error = np.abs(given.observables - tight) / (np.abs(tight) + 1e-3)
    assert given.codes.tolist() == [0] * 21
    assert 1e-9 < error[:, :2].max() < floor


# the cache


def small(rate=2):
    x = symbol("x")
    return OdeSystem(name="small", states=("x",), parameters=(), rhs={"x": -rate * x})


def run_small(rate=2):
    lanes = Lanes(parameters=np.ones((0, 1)), states=np.ones((1, 1)))
    schedule = Schedule(t0=0, t1=HOUR)
    return integrate(small(rate), lanes, schedule, np.zeros(0, np.int64), device="native")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(native_build, "_LOADED", {})
    return tmp_path / "neurocohort"


def libraries(cache):
    return sorted(cache.glob("*.so"))


def test_a_second_process_finds_what_the_first_has_built(cache, monkeypatch):
    first = run_small().end.states
    built = {path: path.stat().st_mtime_ns for path in libraries(cache)}
    assert len(built) == 1
    monkeypatch.setattr(native_build, "_LOADED", {})
    monkeypatch.setattr(native_build, "_build", None)  # it must not be called
    assert np.array_equal(run_small().end.states, first)
    assert {path: path.stat().st_mtime_ns for path in libraries(cache)} == built


@pytest.mark.parametrize("damage", [b"", b"not a library"])
def test_a_damaged_entry_is_built_again(cache, damage, monkeypatch):
    first = run_small().end.states
    (library,) = libraries(cache)
    damaged = damage or library.read_bytes()[:-100]
    library.unlink()  # this process still runs the file that was there
    library.write_bytes(damaged)
    monkeypatch.setattr(native_build, "_LOADED", {})
    assert np.array_equal(run_small().end.states, first)
    assert build_cache.is_whole(library)


def test_a_folder_that_cannot_be_written_costs_a_build_not_the_result(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(in_the_way))
    monkeypatch.setattr(native_build, "_LOADED", {})
    assert run_small(rate=3).codes.tolist() == [0]


def test_a_compiler_killed_half_way_leaves_nothing_behind(cache, monkeypatch):
    fake = cache.parent / "cxx"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo broken 1.0 && exit 0\n'
        'while [ "$1" != -o ]; do shift; done\necho half > "$2"\nkill -9 $$\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    with pytest.raises(BuildError, match=r"did not build the kernel \(exit status -9"):
        run_small()
    assert libraries(cache) == []
    assert list(cache.glob("build-*")) == []
    monkeypatch.delenv("CXX")
    assert run_small().codes.tolist() == [0]


SECOND = """
import sys
sys.path[:0] = {path!r}
import numpy as np
from kernels import Lanes, OdeSystem, Schedule, integrate, symbol
small = OdeSystem(name="small", states=("x",), parameters=(), rhs={{"x": -5 * symbol("x")}})
lanes = Lanes(parameters=np.ones((0, 1)), states=np.ones((1, 1)))
end = integrate(small, lanes, Schedule(t0=0, t1=3600), np.zeros(0, int), device="native").end
print(float(end.states[0, 0]).hex())
"""


def test_two_processes_that_build_at_once_build_once(cache):
    code = SECOND.format(path=sys.path)

    def one(_):
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(one, range(2)))
    assert len(answers) == 1
    assert float.fromhex(answers.pop()) == pytest.approx(np.exp(-5.0), rel=1e-5)
    assert len(libraries(cache)) == 1
    assert list(cache.glob("build-*")) == []


def test_more_lanes_than_a_block_are_cut_into_blocks():
    n = 3 * NativeBackend().block_lanes(lower(small())) + 5
    lanes = Lanes(parameters=np.ones((0, n)), states=np.linspace(1, 2, n)[None])
    schedule = Schedule(
        t0=0, t1=HOUR, streams=(Stream(name="d", target="x", times=[60], amounts=[1.0]),)
    )
    solution = integrate(small(), lanes, schedule, np.zeros(0, np.int64), TIGHT, device="native")
    hour = 1 / 60
    wanted = np.linspace(1, 2, n) * np.exp(-2.0) + np.exp(-2 * (1 - hour))
    assert solution.end.states[0] == pytest.approx(wanted, rel=1e-8)
