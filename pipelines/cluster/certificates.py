"""Certificates for a run: made by openssl for it alone, and removed with its scheduler.

Whoever can reach a scheduler without TLS can run programs as its user. Both ends of every
connection show the run's certificate; its key lies in the run folder, readable by the owner only.
"""

import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from distributed.security import Security

from pipelines.errors import ExecutionError, InputError

if TYPE_CHECKING:
    from pipelines.cluster.profile import Profile

__all__ = ["certificates", "security_of"]

_DAYS = 365
_OTHERS = 0o077
_OPENSSL_S = 60


@contextmanager
def certificates(profile: "Profile", folder: Path) -> Iterator[dict[str, Path] | None]:
    r"""Yield the files ``ca``, ``cert`` and ``key`` of a run; None if the profile turns TLS off.

    Parameters
    ----------
    profile
        The cluster.
    folder
        Where files are made; every node sees it.

    Raises
    ------
    ExecutionError
        If they cannot be made.
    InputError
        If the profile names files that cannot be read.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> profile = parse_profile("kind: slurm\nmemory: 4 GB\nwalltime: 1 h\ntls: off")
    >>> with certificates(profile, Path("no/folder")) as files:
    ...     print(files)
    None
    """
    if profile.tls == "off":
        yield None
    elif profile.tls == "auto":
        cert, key = folder / "certificate.pem", folder / "key.pem"
        _make(cert, key)
        try:
            yield {"ca": cert, "cert": cert, "key": key}
        finally:
            for path in (key, cert):
                path.unlink(missing_ok=True)
    else:
        files = {name: Path(path) for name, path in profile.tls.model_dump().items()}
        _check(files)
        yield files


def _make(cert: Path, key: Path) -> None:
    key.unlink(missing_ok=True)
    key.touch(mode=0o600)  # before openssl writes into it
    try:
        answer = subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", str(_DAYS)),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=neurocohort"),
                *("-keyout", str(key), "-out", str(cert)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_OPENSSL_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExecutionError(
            f"tls: openssl cannot be run ({error}); it makes the certificates of a run. Install "
            "it, or write 'tls: {ca: FILE, cert: FILE, key: FILE}' or 'tls: off' in the profile."
        ) from error
    if answer.returncode != 0:
        raise ExecutionError(
            f"tls: openssl failed ({' '.join(answer.stderr.split())}); certificates are needed. "
            "Write 'tls: {ca: FILE, cert: FILE, key: FILE}' or 'tls: off' in the profile."
        )


def security_of(files: Mapping[str, Path] | None) -> Security | None:
    """Return what Dask needs to speak TLS at both ends; None without files.

    Parameters
    ----------
    files
        ``ca``, ``cert`` and ``key``.

    Examples
    --------
    >>> security_of({"ca": Path("a"), "cert": Path("b"), "key": Path("c")}).require_encryption
    True
    """
    if files is None:
        return None
    ends = {
        f"tls_{end}_{name}": str(files[name])
        for end in ("client", "scheduler", "worker")
        for name in ("cert", "key")
    }
    security: Security = Security(  # type: ignore[no-untyped-call]
        require_encryption=True, tls_ca_file=str(files["ca"]), **ends
    )
    return security


def _check(files: Mapping[str, Path]) -> None:
    for name, path in files.items():
        try:
            path.open("rb").close()
        except OSError as error:
            raise InputError(
                f"tls {name}: {path} cannot be read ({error.strerror}); a PEM file is needed. "
                "Correct the path."
            ) from error
    key = files["key"]
    mode = key.stat().st_mode & 0o777
    if mode & _OTHERS:
        raise InputError(
            f"tls key: {key} has mode {mode:04o}, so that others of this machine can read it or "
            f"change it; its owner alone is allowed. Call: chmod 600 {shlex.quote(str(key))}"
        )
