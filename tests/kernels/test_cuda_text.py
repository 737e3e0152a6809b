"""The text of the GPU, its CUDA branches included, executed thread by thread on the processor.

No card is pretended: CUDA's words are given their plain C++ meaning, and a loop takes the place of
the grid. What is tested is the text: the lanes a thread takes, events and saves, the bits.
"""

import ctypes
import subprocess

import numpy as np
import pytest
from kernels_zoo import every_event, every_operation, zoo_lanes, zoo_saves, zoo_schedule

from kernels import DeviceError, Solver, integrate, lower
from kernels.backends.arguments import pack_arguments, unpack_solution
from kernels.backends.cuda_backend import BLOCK_THREADS
from kernels.backends.kernel_text import kernel_text
from kernels.backends.native_build import find_compiler
from kernels.integrate import _fitting

WORDS = """
#define __CUDACC__
#define __device__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __global__
#define __launch_bounds__(...)
struct Index { unsigned x; };
static Index blockIdx, blockDim, gridDim, threadIdx;
inline double sqrt(double x) { return __builtin_sqrt(x); }
inline float sqrtf(float x) { return __builtin_sqrtf(x); }
inline long long __double_as_longlong(double x) {
    long long i;
    __builtin_memcpy(&i, &x, 8);
    return i;
}
inline double __longlong_as_double(long long i) {
    double x;
    __builtin_memcpy(&x, &i, 8);
    return x;
}
"""
GRID = """
extern "C" void launch(const neurocohort::Problem* problem, unsigned grid, unsigned block) {
    gridDim.x = grid;
    blockDim.x = block;
    for (blockIdx.x = 0; blockIdx.x < grid; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < block; ++threadIdx.x) neurocohort_run(problem);
}
"""
FLAGS = [
    "-O1",
    "-std=c++17",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-builtin",
    "-fPIC",
    "-shared",
    "-w",
]
N_LANE = 53


def has_compiler():
    try:
        return not find_compiler().is_zig
    except DeviceError:
        return False


pytestmark = pytest.mark.skipif(not has_compiler(), reason="no C++ compiler of the system")


CASES = {
    "float64": (every_operation, "float64"),
    "mixed": (every_operation, "mixed"),
    "float32": (every_operation, "float32"),
    "events": (every_event, "float64"),
}


@pytest.fixture(scope="module", params=CASES)
def launch(request, tmp_path_factory):
    """Build the text; return a function that solves on a grid, with what the processor gives."""
    declare, precision = CASES[request.param]
    solver = Solver(precision=precision)
    system = declare()
    program = lower(system)
    some = zoo_lanes(N_LANE, len(system.states))
    source = tmp_path_factory.mktemp("cuda") / "text.cpp"
    source.write_text(WORDS + kernel_text(program, solver, 1, BLOCK_THREADS) + GRID)
    library = source.with_suffix(".so")
    command = [*find_compiler().command, *FLAGS, "-o", str(library), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    entry = ctypes.CDLL(str(library)).launch

    def solve(grid, block):
        lanes = _fitting(system, some)
        saves = zoo_saves()
        packed = pack_arguments(system, program, lanes, zoo_schedule(N_LANE), saves, solver)
        entry(ctypes.c_void_p(packed.problem.ctypes.data), grid, block)
        return unpack_solution(packed.arrays, program, lanes, saves, "text")

    device = "numpy" if precision == "float64" else "native"
    wanted = integrate(system, some, zoo_schedule(N_LANE), zoo_saves(), solver, device)
    return solve, wanted


@pytest.mark.parametrize(("grid", "block"), [(1, 32), (2, 7), (3, 32), (1, 1)])
def test_every_grid_gives_every_lane_the_bits_of_the_processor(launch, grid, block):
    solve, wanted = launch
    given = solve(grid, block)
    assert not given.codes.any()
    assert np.array_equal(given.observables, wanted.observables)
    assert np.array_equal(given.accepted, wanted.accepted)
    assert np.array_equal(given.end.states, wanted.end.states)
    assert np.array_equal(given.end.restart_sizes, wanted.end.restart_sizes)
    assert np.array_equal(given.end.event_memory, wanted.end.event_memory)
