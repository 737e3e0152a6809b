"""What is installed is what is here: three packages with their data files."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_exactly_the_three_packages(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"cohort", "kernels", "pipelines"}


def test_the_wheel_holds_every_source_and_data_file(wheel_names):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("cohort", "kernels", "pipelines")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".yaml", ".csv", ".hpp", ".css"} or path.name == "py.typed"
    }
    assert not wanted - set(wheel_names)
    assert any(name.endswith("py.typed") for name in wheel_names)


def test_the_command_is_declared(wheel_names):
    assert any(name.endswith("entry_points.txt") for name in wheel_names)
