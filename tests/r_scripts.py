"""How tests run R, another reader and another statistician. Not a test."""

import json
import shutil
import subprocess

import pytest


def require_r(*packages):
    """Skip the test where R or one of its packages is not installed."""
    remedy = " ".join(("apt-get install r-base-core", *(f"r-cran-{one}" for one in packages)))
    if shutil.which("Rscript") is None:
        pytest.skip(f"no Rscript: {remedy}")
    wanted = " && ".join(f"requireNamespace('{one}', quietly = TRUE)" for one in packages)
    check = subprocess.run(
        ["Rscript", "-e", f"quit(status = if ({wanted}) 0 else 1)"],
        check=False,
        capture_output=True,
    )
    if check.returncode:
        pytest.skip(f"R lacks a package: {remedy}")


def run_r(folder, script, *arguments):
    """Run an R script, which is written into the folder, and return the JSON that it prints."""
    path = folder / "script.R"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "--vanilla", str(path), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,  # R starts in a second; a busy machine takes longer
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
