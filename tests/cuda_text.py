"""Run the text of the GPU, its CUDA branches included, thread by thread on the processor.

No card is pretended: CUDA's words are given their plain C++ meaning, and a loop takes the place of
the grid. What is tested is the text: the lanes a thread takes, events and saves, the bits.
"""

import ctypes
import subprocess

import numpy as np

from kernels import DeviceError, lower
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


def has_compiler():
    """Return whether the system has a compiler that takes the flags."""
    try:
        return not find_compiler().is_zig
    except DeviceError:
        return False


def build_text(system, solver, folder):
    """Build the text of a system; return a function that solves lanes on a grid of blocks."""
    program = lower(system)
    source = folder / "text.cpp"
    source.write_text(WORDS + kernel_text(program, solver, 1, BLOCK_THREADS) + GRID)
    library = source.with_suffix(".so")
    command = [*find_compiler().command, *FLAGS, "-o", str(library), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    entry = ctypes.CDLL(str(library)).launch

    def solve(some, schedule, saves, grid, block):
        lanes = _fitting(system, some)
        packed = pack_arguments(system, program, lanes, schedule, saves, solver)
        entry(ctypes.c_void_p(packed.problem.ctypes.data), grid, block)
        return unpack_solution(packed.arrays, program, lanes, saves, "text")

    return solve


def assert_same_bits(given, wanted):
    """Fail unless two solutions are the same, to what their lanes remember."""
    assert np.array_equal(given.codes, wanted.codes)
    assert np.array_equal(given.observables, wanted.observables)
    assert np.array_equal(given.accepted, wanted.accepted)
    assert np.array_equal(given.end.states, wanted.end.states)
    assert np.array_equal(given.end.restart_sizes, wanted.end.restart_sizes)
    assert np.array_equal(given.end.event_memory, wanted.end.event_memory)
