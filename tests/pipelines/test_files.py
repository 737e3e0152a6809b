import pytest

from pipelines.files import canonical_json, write_atomically, write_json


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"x": 1})

    def fail(temporary):
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_text() == '{\n  "x": 1\n}\n'
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"b": {"d": 1, "c": 2}, "a": 0}) == canonical_json(
        {"a": 0, "b": {"c": 2, "d": 1}}
    )
