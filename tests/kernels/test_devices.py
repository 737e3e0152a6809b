"""The list of devices and the choice among them."""

import sys

import numpy as np
import pytest

from kernels import (
    BuildError,
    DeviceError,
    Lanes,
    OdeSystem,
    Schedule,
    Solver,
    UnknownNameError,
    devices,
    integrate,
    lower,
)
from kernels.backends import cuda_backend, native_build
from kernels.devices import choose_backend

REST = OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 1})


def choose(device, **options):
    return choose_backend(device, lower(REST), Solver(**options))


@pytest.fixture(autouse=True)
def no_card(monkeypatch):
    """Make the choices the same on a machine that has a CUDA device."""
    for module in (cuda_backend, sys.modules["kernels.devices"]):
        monkeypatch.setattr(module, "cuda_devices", lambda: 0)


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(native_build.importlib.util, "find_spec", lambda name: None)
    native_build._find_compiler.cache_clear()
    yield
    native_build._find_compiler.cache_clear()


def test_every_device_says_what_was_found_and_what_helps():
    reports = {report.name: report for report in devices()}
    assert reports["numpy"].is_available
    assert list(reports)[-2:] == ["native", "numpy"]
    for report in reports.values():
        assert report.reason
        assert bool(report.remedy) != report.is_available


def test_auto_takes_the_compiler_and_keeps_the_reason_of_every_device_before_it():
    backend, reasons = choose("auto")
    assert backend.name == "native"
    names = [report.name for report in devices()]
    assert list(reasons) == names[: names.index("native")]


@pytest.mark.usefixtures("no_compiler")
def test_auto_falls_to_numpy_without_a_compiler_and_says_why():
    backend, reasons = choose("auto")
    assert backend.name == "numpy"
    assert "no C++ compiler was found (tried c++, g++, clang++, ziglang)" in reasons["native"]
    lanes = Lanes(parameters=np.ones((0, 1)), states=np.zeros((1, 1)))
    solution = integrate(REST, lanes, Schedule(t0=0, t1=60), np.zeros(0, np.int64))
    assert solution.device == "numpy"
    assert solution.reasons == reasons


@pytest.mark.usefixtures("no_compiler")
def test_native_by_name_without_a_compiler_is_an_error_that_says_how_to_get_one():
    with pytest.raises(DeviceError, match=r"no C\+\+ compiler was found"):
        choose("native")
    remedy = {report.name: report.remedy for report in devices()}["native"]
    assert ".[native]" in remedy


def test_numpy_by_name_passes_nothing_over():
    assert choose("numpy")[1] == {}


@pytest.mark.parametrize("name", ["cuda:99", "abacus", "", None, 3])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(DeviceError, match=r"available: .*'numpy'"):
        choose(name)


def test_an_instruction_set_that_the_processor_lacks_is_refused_or_passed_over(monkeypatch):
    monkeypatch.setenv("NEUROCOHORT_INSTRUCTION_SET", "pdp-11")
    with pytest.raises(DeviceError, match="'pdp-11' is not what this processor has"):
        choose("native")
    backend, reasons = choose("auto")
    assert backend.name == "numpy"
    assert "pdp-11" in reasons["native"]


@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_numpy_refuses_a_precision_it_does_not_have(precision, monkeypatch):
    with pytest.raises(DeviceError, match="NumPy has only float64"):
        choose("numpy", precision=precision)
    assert choose("auto", precision=precision)[0].name == "native"
    monkeypatch.setenv("NEUROCOHORT_INSTRUCTION_SET", "pdp-11")
    with pytest.raises(DeviceError, match="'auto' found none"):
        choose("auto", precision=precision)


def test_an_unknown_precision_names_the_known():
    with pytest.raises(UnknownNameError, match=r"unknown precision 'float46'.*float64"):
        Solver(precision="float46")


def test_a_compiler_that_fails_is_passed_over_by_auto_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fake = tmp_path / "cxx"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo broken 1.0 && exit 0\nkill -9 $$\n')
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    backend, reasons = choose("auto")
    assert backend.name == "numpy"
    assert "did not build the kernel (exit status -9" in reasons["native"]
    with pytest.raises(BuildError, match="exit status -9"):
        choose("native")
    assert not list(tmp_path.glob("neurocohort/*.so"))
    monkeypatch.delenv("CXX")
    assert choose("auto")[0].name == "native"
