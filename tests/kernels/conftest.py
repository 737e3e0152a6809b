"""Run a module on every backend that needs no device: the text of the GPU, and its referee."""

import sys

import pytest

from kernels.backends.cuda_backend import CudaBackend, cuda_devices
from kernels.backends.native_backend import NativeBackend
from kernels.backends.numpy_backend import NumpyBackend

BACKENDS = {
    "numpy": NumpyBackend,
    "native": NativeBackend,
    "native, one lane a register": lambda: NativeBackend(n_double=1),  # the lane loop of CUDA
    "cuda": CudaBackend,
}
NEEDS_DEVICE = [
    pytest.mark.gpu,
    pytest.mark.skipif(cuda_devices() == 0, reason="no CUDA device"),
]


@pytest.fixture(
    params=[pytest.param(name, marks=NEEDS_DEVICE if name == "cuda" else []) for name in BACKENDS]
)
def every_backend(request, monkeypatch):
    """Let ``auto`` be one backend, which must not fall back."""
    backend = BACKENDS[request.param]()
    module = sys.modules["kernels.devices"]  # the package has a function of that name
    monkeypatch.setattr(module, "_backends", lambda: (backend, NumpyBackend()))

    def only(backends, program, solver):
        backends[0].prepare(program, solver)
        return backends[0], {}

    monkeypatch.setattr(module, "_first_that_runs", only)
    return backend
