"""Imported models as text of the GPU: compiled, run on the processor, and on a card.

One model is written here and has an event of every kind that the reader makes; one is published.
"""

from pathlib import Path

import numpy as np
import pytest
import sbml_models as sb
from cuda_text import assert_same_bits, build_text, has_compiler
from sbml_models import level3

from cohort.sbml import parse_sbml, read_sbml
from kernels import DeviceError, Schedule, Solver, integrate, lower
from kernels.backends.cuda_backend import BLOCK_THREADS, CudaBackend, cuda_devices
from kernels.backends.cuda_build import compile_cubin, find_nvrtc
from kernels.backends.kernel_text import kernel_text
from kernels.integrate import _fitting

PUBLISHED = Path(__file__).parents[2] / "data" / "sbml" / "BIOMD0000000698_Reed2004_methionine.xml"
N_LANE = 41
SOLVER = Solver(rtol=1e-7, atol=1e-9)
SAVES = np.arange(0, 13)


def eventful():
    """A species that is dosed late, a volume that is set, a rule, and two events that draw lots."""
    return parse_sbml(
        level3(
            sb.compartment(size=2.0, constant=False),
            sb.species("A", concentration=1.0),
            sb.species("B", amount=0.0),
            sb.parameter("k", 0.4),
            sb.parameter("n", 1.5),
            sb.parameter("wait", 0.7),
            sb.parameter("ratio", constant=False),
            sb.parameter("order", 0.0, constant=False),
            sb.assignment("ratio", "B / (A + B + 0.1)"),
            sb.reaction("turn", "c * k * A ^ n", ["A"], ["B"]),
            sb.event("dose", "ratio > 0.6", {"A": "A + 2 * k"}, delay="wait", persistent=False),
            sb.event("grow", "time > 5.25", {"c": "3"}),
            sb.event("heads", "ratio < 0.55", {"order": "2 * order"}, priority="k"),
            sb.event("tails", "ratio < 0.55", {"order": "2 * order + 1"}, priority="k"),
        ).replace('useValuesFromTriggerTime="true"', 'useValuesFromTriggerTime="false"', 1)
    )


def published():
    return read_sbml(PUBLISHED)


MODELS = {"eventful": eventful, "published": published}
every_model = pytest.mark.parametrize("model", MODELS)


def problem(name):
    """Return system, lanes that differ in every parameter, schedule and save times."""
    model = MODELS[name]()
    spread = np.random.default_rng(5).uniform(0.8, 1.25, (len(model.parameters), N_LANE))
    values = {n: v * row for (n, v), row in zip(model.parameters.items(), spread, strict=True)}
    return model.system, model.lanes(N_LANE, values), Schedule(t0=0, t1=12), SAVES


def test_the_model_has_what_it_is_here_for():
    system, *rest = problem("eventful")
    found = integrate(system, *rest, SOLVER, device="numpy")
    assert not found.codes.any()
    first = len(system.states)
    served = {e.name: int((row > 0).sum()) for e, row in
              zip(system.events, found.end.restart_sizes[first:], strict=True)}  # fmt: skip
    assert all(served[name] for name in ("dose", "grow")), served
    # values are of the moment of firing, so the last of a pair appends its digit, 0 or 1
    assert len(np.unique(found["order"][-1])) > 3
    assert found.end.event_memory[-1].min() >= 1


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler of the system")
@every_model
def test_the_text_of_an_imported_model_has_the_bits_of_numpy(model, tmp_path):
    system, *given = problem(model)
    wanted = integrate(system, *given, SOLVER, device="numpy")
    assert not wanted.codes.any()
    solve = build_text(system, SOLVER, tmp_path)
    assert_same_bits(solve(*given, 2, 7), wanted)


def has_nvrtc():
    try:
        return bool(find_nvrtc())
    except DeviceError:
        return False


@pytest.mark.nvrtc
@pytest.mark.skipif(not has_nvrtc(), reason="libnvrtc is not installed")
@every_model
def test_the_text_of_an_imported_model_compiles_without_a_device(model):
    text = kernel_text(lower(MODELS[model]().system), SOLVER, 1, BLOCK_THREADS)
    kernel = compile_cubin(text, "sm_90")
    assert kernel.cubin.startswith(b"\x7fELF")
    assert kernel.resources.spill_store_bytes == 0


@pytest.mark.gpu
@pytest.mark.skipif(cuda_devices() == 0, reason="no CUDA device")
@every_model
def test_an_imported_model_on_a_card_has_the_bits_of_numpy(model):
    system, lanes, schedule, saves = problem(model)
    wanted = integrate(system, lanes, schedule, saves, SOLVER, device="numpy")
    backend, program = CudaBackend(is_checked=True), lower(system)
    backend.prepare(program, SOLVER)
    given = backend.run(system, program, _fitting(system, lanes), schedule, saves, SOLVER)
    assert_same_bits(given, wanted)
