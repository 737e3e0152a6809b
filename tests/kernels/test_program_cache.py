"""The cache of programs: saves the work, never changes the result, never stands in the way."""

import stat
import sys
from pathlib import Path

import pytest

from kernels import OdeSystem, program_cache, symbol
from kernels.lower import lower
from kernels.program_cache import cache_folder, cached_program

X = symbol("x")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(program_cache, "_MEMORY", {})
    return tmp_path / "neurocohort"


@pytest.fixture
def forget(monkeypatch):
    return lambda: monkeypatch.setattr(program_cache, "_MEMORY", {})


def system(rate=1):
    return OdeSystem(name="cached", states=("x",), parameters=(), rhs={"x": -rate * X})


class Builder:
    def __init__(self):
        self.n_call = 0
        self.program = lower(system())

    def __call__(self, _system):
        self.n_call += 1
        return self.program


@pytest.fixture
def builder(forget, folder):
    build = Builder()
    forget()
    for path in folder.glob("*"):
        path.unlink()
    return build


def test_memory_saves_the_second_build(builder):
    assert cached_program(system(), builder) is cached_program(system(), builder)
    assert builder.n_call == 1


def test_the_disk_saves_the_build_of_another_process(builder, forget):
    first = cached_program(system(), builder)
    forget()
    assert cached_program(system(), builder) == first
    assert builder.n_call == 1


def test_another_system_is_another_entry(builder, folder):
    cached_program(system(), builder)
    cached_program(system(2), builder)
    assert builder.n_call == 2
    assert len(list(folder.glob("*.program"))) == 2


@pytest.mark.parametrize(
    ("module", "attribute"), [(program_cache, "LOWERING"), (program_cache.sympy, "__version__")]
)
def test_another_version_is_another_entry(builder, forget, monkeypatch, module, attribute):
    cached_program(system(), builder)
    forget()
    monkeypatch.setattr(module, attribute, "0.0.other")
    cached_program(system(), builder)
    assert builder.n_call == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"neurocohort-program 1\n"])
def test_a_file_that_cannot_be_read_is_built_again_and_replaced(builder, forget, folder, content):
    cached_program(system(), builder)
    (path,) = folder.glob("*.program")
    good = path.read_bytes()
    path.write_bytes(content)
    forget()
    assert cached_program(system(), builder) == builder.program
    assert builder.n_call == 2
    assert path.read_bytes() == good


def test_a_changed_digit_is_noticed(builder, forget, folder):
    cached_program(system(), builder)
    (path,) = folder.glob("*.program")
    text = path.read_text("utf-8")
    path.write_text(text.replace("neg y0", "neg y1"), encoding="utf-8")
    assert path.read_text("utf-8") != text
    forget()
    assert cached_program(system(), builder) == builder.program


def test_nothing_unfinished_is_left_behind(builder, folder):
    cached_program(system(), builder)
    assert [path.suffix for path in folder.iterdir()] == [".program"]


def test_a_file_where_the_folder_should_be_is_no_obstacle(builder, folder):
    folder.rmdir()
    folder.write_text("in the way")
    assert cached_program(system(), builder) == builder.program


def test_a_folder_in_place_of_the_file_is_no_obstacle(builder, forget, folder):
    cached_program(system(), builder)
    (path,) = folder.glob("*.program")
    path.unlink()
    path.mkdir()
    forget()
    assert cached_program(system(), builder) == builder.program


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no write bit on folders")
def test_a_folder_without_the_write_bit_is_no_obstacle(builder, folder):
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert cached_program(system(), builder) == builder.program
    finally:
        folder.chmod(stat.S_IRWXU)


def test_a_user_without_a_home_is_no_obstacle(builder, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA")
    monkeypatch.setattr(Path, "home", no_home)
    assert cached_program(system(), builder) == builder.program


@pytest.mark.skipif(sys.platform == "win32", reason="LOCALAPPDATA is the root there")
def test_the_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere" / "neurocohort"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "neurocohort"


@pytest.mark.skipif(sys.platform == "win32", reason="the other branch is the live one there")
def test_on_windows_the_folder_is_local_application_data(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache_folder() == tmp_path / "neurocohort"
