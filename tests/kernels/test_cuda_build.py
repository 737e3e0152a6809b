"""The text of the GPU, compiled without one: it must build, and stay within its budget."""

import json
from pathlib import Path

import pytest
from kernels_zoo import every_event, every_operation, further_functions

from cohort.chemistry import WHOLE
from cohort.patient_model import patient_model
from cohort.trial import load_protocol
from cohort.trial_equations import protocol_compounds
from kernels import BuildError, DeviceError, Solver, lower
from kernels.backends import cuda_build
from kernels.backends.cuda_backend import BLOCK_THREADS
from kernels.backends.cuda_build import (
    compile_cubin,
    find_nvrtc,
    nearest_architecture,
    supported_architectures,
)
from kernels.backends.kernel_text import kernel_text

BUDGET = Path(__file__).parent / "golden" / "cuda_resources.json"
SLACK = 1.1


def has_nvrtc():
    try:
        return bool(find_nvrtc())
    except DeviceError:
        return False


pytestmark = [
    pytest.mark.nvrtc,
    pytest.mark.skipif(not has_nvrtc(), reason="libnvrtc is not installed"),
]


def patient():
    return patient_model(protocol_compounds(load_protocol("sct-md-01"))).system


def whole():
    return patient_model(protocol_compounds(load_protocol("sct-md-01")), WHOLE).system


SYSTEMS = {
    "patient": patient,
    "zoo": every_operation,
    "whole chemistry": whole,
    "events": every_event,
    "further functions": further_functions,
}
SMALL = ("patient", "zoo")
CASES = [
    *((system, arch, "float64") for system in SMALL for arch in ("sm_80", "sm_90", "sm_100")),
    *((system, "sm_90", precision) for system in SMALL for precision in ("float32", "mixed")),
    ("whole chemistry", "sm_90", "float64"),
    *(("events", "sm_90", precision) for precision in ("float64", "float32")),
    ("further functions", "sm_90", "float64"),
]


def text_of(system, precision):
    return kernel_text(lower(SYSTEMS[system]()), Solver(precision=precision), 1, BLOCK_THREADS)


@pytest.mark.parametrize(("system", "arch", "precision"), CASES)
def test_the_text_compiles_without_a_device_and_keeps_its_budget(system, arch, precision):
    kernel = compile_cubin(text_of(system, precision), arch)
    assert kernel.cubin.startswith(b"\x7fELF")
    budget = json.loads(BUDGET.read_text())[f"{system} {arch} {precision}"]
    taken = kernel.resources
    for name, most in budget.items():
        assert getattr(taken, name) <= most * SLACK, (
            f"{system} on {arch} in {precision}, {name}: {getattr(taken, name)} (recorded {most}). "
            "If it is worth it, record it: python tests/kernels/test_cuda_build.py"
        )


def test_the_checking_mode_is_another_kernel():
    text = text_of("zoo", "float64")
    assert compile_cubin(text, "sm_90", is_checked=True).cubin != compile_cubin(text, "sm_90").cubin


def test_an_architecture_or_text_that_nvrtc_refuses_is_named():
    with pytest.raises(BuildError, match="NVRTC did not build the kernel"):
        compile_cubin("extern", "sm_11")
    with pytest.raises(BuildError, match=r"neurocohort\.cu\(1\): error"):
        compile_cubin("nonsense;", "sm_90")


def test_a_card_gets_the_newest_code_of_its_own_major_version():
    assert {80, 90, 100} <= set(supported_architectures())
    known = (80, 86, 90, 100)
    for capability, wanted in ((80, "sm_80"), (87, "sm_86"), (90, "sm_90"), (103, "sm_100")):
        assert nearest_architecture(capability, known) == wanted
    with pytest.raises(BuildError, match=r"compute capability 7\.0.*8\.0, 8\.6.*gpu-cuda12"):
        nearest_architecture(70, known)


def test_without_a_compiler_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cuda_build, "_nvrtc_places", lambda: iter(()))
    with pytest.raises(DeviceError, match=r"gpu-cuda13"):
        compile_cubin("", "sm_90")


def record():
    recorded = {}
    for system, arch, precision in CASES:
        taken = compile_cubin(text_of(system, precision), arch).resources
        recorded[f"{system} {arch} {precision}"] = {
            name: getattr(taken, name) for name in taken.__slots__
        }
    BUDGET.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    record()
