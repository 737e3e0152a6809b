import json
import subprocess
import sys

import pytest

from pipelines.errors import FolderError, LockError
from pipelines.run_folder import RunFolder, differences, hold, read_settings
from pipelines.run_trial import prepare


def begin(make_request, out, **options):
    ready = prepare(make_request(out, **options))
    ready.folder.root.mkdir()
    ready.folder.begin(ready.settings, "name: a\n")
    return ready


def test_a_begun_folder_says_what_it_was_begun_with(make_request, tmp_path):
    ready = begin(make_request, tmp_path / "run")
    assert read_settings(ready.folder) == ready.settings
    assert ready.folder.protocol_as_given.read_text() == "name: a\n"
    assert json.loads(ready.folder.protocol_resolved.read_text())["name"] == "sct-md-01"


def test_a_folder_of_another_protocol_is_refused_naming_key_old_and_new(
    make_request, tmp_path, protocol
):
    from pipelines.plan import override

    begin(make_request, tmp_path / "run")
    other = override(protocol, patients_per_arm=41)
    with pytest.raises(
        FolderError, match=r"another protocol.*arms\.placebo\.patients: 40 in the folder, 41 now"
    ):
        prepare(make_request(tmp_path / "run", protocol=other))


def test_a_resumed_folder_keeps_its_block_size(make_request, tmp_path):
    begin(make_request, tmp_path / "run", block_size=16, n_trajectories=1)
    again = prepare(make_request(tmp_path / "run"))
    assert again.plan.block_size == 16
    assert again.settings.n_trajectories == 1
    with pytest.raises(FolderError, match="block_size: 16 in the folder, 20 now"):
        prepare(make_request(tmp_path / "run", block_size=20))


def test_a_folder_begun_with_other_code_is_refused(make_request, tmp_path):
    ready = begin(make_request, tmp_path / "run")
    raw = json.loads(ready.folder.settings.read_text())
    raw["code"]["numpy"] = "1.0"
    ready.folder.settings.write_text(json.dumps(raw))
    with pytest.raises(FolderError, match=r"code\.numpy: 1\.0 in the folder"):
        prepare(make_request(tmp_path / "run"))


def test_a_folder_with_other_files_is_refused(make_request, tmp_path):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(FolderError, match=r"holds other files \(thesis\.doc\)"):
        prepare(make_request(tmp_path))


def test_a_file_in_place_of_the_folder_is_refused(make_request, tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(FolderError, match="is a file; a folder is allowed"):
        prepare(make_request(tmp_path / "run"))


def test_settings_that_cannot_be_read_are_refused(make_request, tmp_path):
    ready = begin(make_request, tmp_path / "run")
    ready.folder.settings.write_text("{")
    with pytest.raises(FolderError, match=r"settings\.json: cannot be read"):
        prepare(make_request(tmp_path / "run"))


def test_preparing_writes_nothing(make_request, tmp_path):
    prepare(make_request(tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []


HOLDER = """
import sys, time
from pathlib import Path
from pipelines.run_folder import RunFolder, hold
with hold(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_that_a_live_run_holds_is_refused_and_a_killed_one_is_not(tmp_path):
    folder = RunFolder(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockError, match=f"held by process {holder.pid} on "), hold(folder):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with hold(folder):
        pass
    assert folder.lock.read_text() == ""


def test_a_lock_of_another_host_is_believed(tmp_path):
    folder = RunFolder(tmp_path)
    folder.lock.write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "today"}))
    with (
        pytest.raises(LockError, match=r"on elsewhere since today.*If that run is dead"),
        hold(folder),
    ):
        pass


def test_differences_name_the_key_path():
    old = {"a": 1, "arms": [{"name": "x", "n": 1}, {"name": "y", "n": 2}], "v": [1, 2]}
    new = {"a": 2, "arms": [{"name": "x", "n": 1}, {"name": "z", "n": 2}], "v": [1, 3], "b": 0}
    assert differences(old, new) == [
        ("a", 1, 2),
        ("arms.y", {"name": "y", "n": 2}, "nothing"),
        ("arms.z", "nothing", {"name": "z", "n": 2}),
        ("v.1", 2, 3),
        ("b", "nothing", 0),
    ]
