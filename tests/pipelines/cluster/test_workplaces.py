"""Where units are computed: a running scheduler in the clear and with TLS, and what is refused."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest
from distributed import LocalCluster
from distributed.comm import CommClosedError

from pipelines.cluster import workplaces
from pipelines.cluster.certificates import certificates, security_of
from pipelines.cluster.profile import parse_profile
from pipelines.cluster.same_program import SameProgram
from pipelines.cluster.workplaces import (
    check_address,
    open_jobs,
    open_scheduler,
    private_folder,
)
from pipelines.cluster_cli import choose_workplace
from pipelines.errors import ExecutionError, InputError
from pipelines.plan import code_versions
from pipelines.run_folder import RunFolder
from pipelines.run_trial import run_trial

AUTO = "kind: slurm\nmemory: 4 GB\nwalltime: 1 h"


def table_bytes(result):
    return {path.name: path.read_bytes() for path in sorted(result.folder.tables.iterdir())}


def start_scheduler(tmp_path, security=None, n_workers=1):
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        protocol="tls://" if security else "tcp://",
        security=security,
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        local_directory=str(tmp_path / "scratch"),
    )


def test_a_running_scheduler_gives_the_same_bytes(finished, make_request, tmp_path):
    with start_scheduler(tmp_path) as cluster:
        place = functools.partial(open_scheduler, address=cluster.scheduler_address)
        request = make_request(tmp_path / "run", block_size=16, open_workplace=place)
        result = run_trial(request)
        assert len(cluster.scheduler_info["workers"]) == 1  # it is left to others
    assert result.execution.n_computed == 12
    assert table_bytes(result) == table_bytes(finished)


def test_tls_gives_the_same_bytes_and_the_clear_is_refused(finished, make_request, tmp_path):
    with certificates(parse_profile(AUTO), tmp_path) as files:
        assert files["key"].stat().st_mode & 0o077 == 0
        with start_scheduler(tmp_path, security_of(files)) as cluster:
            address = cluster.scheduler_address
            assert address.startswith("tls://")
            place = functools.partial(open_scheduler, address=address, tls_files=files)
            request = make_request(tmp_path / "run", block_size=40, open_workplace=place)
            assert table_bytes(run_trial(request)) == table_bytes(finished)
    assert not list(tmp_path.glob("*.pem"))


@pytest.mark.parametrize(
    ("address", "has_tls", "message"),
    [
        ("10.0.0.1:8786", False, "Write tcp://10.0.0.1:8786"),
        ("tcp://host", False, "Write tcp://host:8786"),
        ("http://host:1", False, "tcp://HOST:PORT"),
        ("inproc://1/2/3", False, "tcp://HOST:PORT"),
        ("tcp://h:1 --preload=x", False, "tcp://HOST:PORT"),
        ("", False, "tcp://HOST:PORT"),
        ("tls://h:1", False, "without the options"),
        ("tcp://h:1", True, "with the options"),
    ],
)
def test_what_is_no_address_is_refused(address, has_tls, message):
    with pytest.raises(InputError, match=message):
        check_address(address, has_tls=has_tls)


def test_nobody_at_the_address_is_told_in_one_line(make_request, tmp_path, monkeypatch):
    monkeypatch.setattr(workplaces, "_CONNECT_S", 0.5)
    place = functools.partial(open_scheduler, address="tcp://127.0.0.1:9")
    with pytest.raises(ExecutionError, match=r"tcp://127\.0\.0\.1:9 does not answer"):
        run_trial(make_request(tmp_path / "run", open_workplace=place))


def test_a_scheduler_without_workers_ends_the_run(make_request, tmp_path, monkeypatch):
    monkeypatch.setattr(workplaces, "_FIRST_WORKER_S", 0.3)
    with start_scheduler(tmp_path, n_workers=0) as cluster:
        place = functools.partial(open_scheduler, address=cluster.scheduler_address)
        with pytest.raises(ExecutionError, match=r"no worker after 0 s"):
            run_trial(make_request(tmp_path / "run", open_workplace=place))


def test_a_worker_with_another_program_or_without_the_folder_is_refused(tmp_path):
    mark = tmp_path / "mark"
    with pytest.raises(ExecutionError, match=f"does not see {tmp_path}"):
        SameProgram(code_versions(), mark).setup(None)
    mark.touch()
    SameProgram(code_versions(), mark).setup(None)
    other = {**code_versions(), "numpy": "1.0", "sources": "ab"}
    with pytest.raises(ExecutionError, match=r"numpy 1\.0 on the driver, .*sources ab on the"):
        SameProgram(other, mark).setup(None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cluster": Path("p.yaml"), "scheduler": "tcp://h:1"}, "--cluster: was given with"),
        ({"cluster": Path("p.yaml"), "workers": 2}, "--cluster: was given with"),
        ({"share": "1/2", "workers": 2}, "--share: was given with"),
        ({"share": "0/2"}, "--share: '0/2'; i/n"),
        ({"share": "3/2"}, "--share: '3/2'; i/n"),
        ({"share": "a"}, "--share: 'a'; i/n"),
        ({"tls": {"ca": Path("a"), "cert": None, "key": None}}, "give --scheduler tls"),
        (
            {"scheduler": "tls://h:1", "tls": {"ca": Path("a"), "cert": None, "key": None}},
            "--tls-ca alone",
        ),
        (
            {"scheduler": "tls://h:1", "tls": dict.fromkeys(("ca", "cert", "key"), Path("no"))},
            "--tls-ca: no is no file",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    usual = {"out": Path("r"), "scheduler": None, "tls": {}, "cluster": None, "workers": None}
    with pytest.raises(InputError, match=message):
        choose_workplace(**{**usual, **options})


def test_an_interface_that_is_not_there_is_told_with_those_that_are(tmp_path):
    profile = parse_profile(f"{AUTO}\ninterface: ib7\ntls: off")
    folder = RunFolder(tmp_path)
    with (
        open_jobs(folder, 1, profile=profile, name="nc-1-w") as place,
        pytest.raises(InputError, match=r"'ib7' is not on this machine; .*lo"),
        place.connect(1, tmp_path),
    ):
        pass


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    text = f"{AUTO}\ntls: {{ca: {tmp_path}/ca.pem, cert: /c.pem, key: /k.pem}}"
    with (
        pytest.raises(InputError, match=r"tls ca: .*ca\.pem cannot be read"),
        certificates(parse_profile(text), tmp_path),
    ):
        pass


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_key_that_others_may_read_or_change_is_refused_with_what_to_call(tmp_path, mode):
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").touch(mode=0o600)
    files = ", ".join(f"{name}: {tmp_path}/{name}.pem" for name in ("ca", "cert", "key"))
    profile = parse_profile(f"{AUTO}\ntls: {{{files}}}")
    with certificates(profile, tmp_path) as found:
        assert found["key"] == tmp_path / "key.pem"
    (tmp_path / "key.pem").chmod(mode)
    with (
        pytest.raises(InputError, match=rf"mode {mode:04o}.* Call: chmod 600 {tmp_path}/key.pem"),
        certificates(profile, tmp_path),
    ):
        pass


def test_a_private_folder_that_was_copied_with_other_modes_is_private_again(tmp_path):
    (tmp_path / "cluster").mkdir(mode=0o755)
    assert private_folder(RunFolder(tmp_path)).stat().st_mode & 0o777 == 0o700


def test_without_openssl_the_profile_can_still_say_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ExecutionError, match="tls: openssl cannot be run"),
        certificates(parse_profile(AUTO), tmp_path),
    ):
        pass


def test_dask_is_not_loaded_by_the_commands_that_follow_a_run():
    code = "import sys, pipelines.cluster_cli; print('distributed' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "False"


class Dying:
    """A client some of whose workers go away while they are asked."""

    def __init__(self, n_failures):
        self.n_failures = n_failures
        self.n_calls = 0

    def register_plugin(self, plugin):
        self.n_calls += 1
        if self.n_calls <= self.n_failures:
            raise CommClosedError("stream is closed")


def test_a_worker_that_goes_away_while_it_is_asked_is_no_reason_to_stop(tmp_path, monkeypatch):
    monkeypatch.setattr(workplaces, "_RETRY_S", 0.0)
    client = Dying(2)
    workplaces._admit_same_program(client, tmp_path)
    assert client.n_calls == 3
    with pytest.raises(ExecutionError, match=r"stream is closed.*run the same command again"):
        workplaces._admit_same_program(Dying(99), tmp_path)
