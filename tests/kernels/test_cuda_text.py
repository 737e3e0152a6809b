"""The text of the GPU, executed thread by thread on the processor (`cuda_text`)."""

import pytest
from cuda_text import assert_same_bits, build_text, has_compiler
from kernels_zoo import every_event, every_operation, zoo_lanes, zoo_saves, zoo_schedule

from kernels import Solver, integrate

N_LANE = 53

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
    given = (zoo_lanes(N_LANE, len(system.states)), zoo_schedule(N_LANE), zoo_saves())
    solve = build_text(system, solver, tmp_path_factory.mktemp("cuda"))
    device = "numpy" if precision == "float64" else "native"
    wanted = integrate(system, *given, solver, device)
    return lambda grid, block: solve(*given, grid, block), wanted


@pytest.mark.parametrize(("grid", "block"), [(1, 32), (2, 7), (3, 32), (1, 1)])
def test_every_grid_gives_every_lane_the_bits_of_the_processor(launch, grid, block):
    solve, wanted = launch
    given = solve(grid, block)
    assert not given.codes.any()
    assert_same_bits(given, wanted)
