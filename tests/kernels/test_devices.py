"""The list of devices and the choice among them."""

import pytest

from kernels import DeviceError, devices
from kernels.devices import choose_backend


def test_numpy_is_there_and_absent_devices_say_why_and_what_helps():
    reports = {report.name: report for report in devices()}
    assert reports.pop("numpy").is_available
    for report in reports.values():
        assert not report.is_available
        assert report.reason
        assert "'numpy'" in report.remedy


def test_auto_falls_to_numpy_and_keeps_every_reason():
    backend, reasons = choose_backend("auto")
    assert backend.name == "numpy"
    assert reasons.keys() == {r.name for r in devices() if not r.is_available}


def test_numpy_by_name_passes_nothing_over():
    assert choose_backend("numpy")[1] == {}


@pytest.mark.parametrize("name", ["cuda:0", "cuda:1", "native", "abacus", "", None, 3])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(DeviceError, match="available: 'numpy'"):
        choose_backend(name)
