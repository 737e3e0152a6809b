"""Imports run one way: pipelines -> cohort -> kernels, and light packages stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDARD = set(sys.stdlib_module_names)
ALLOWED = {
    "kernels": {"kernels", "numpy", "sympy"},
    "cohort": {
        "cohort",
        "kernels",
        "numpy",
        "sympy",
        "pydantic",
        "pydantic_core",
        "pint",
        "ruamel",
        "libsbml",
    },
    "pipelines": {
        "pipelines",
        "cohort",
        "kernels",
        "numpy",
        "sympy",
        "dask",
        "distributed",
        "polars",
        "pyarrow",
        "matplotlib",
        "pydantic",
        "typer",
        "click",
        "rich",
        "psutil",
        "ruamel",
        "scipy",
    },
}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module.split(".")[0], node.lineno


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_its_layer_allows(package):
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for module, line in imports_of(path)
        if module not in ALLOWED[package] | STANDARD
    ]
    assert not wrong


def test_no_drug_is_named_in_outcomes():
    drugs = [path.stem for path in (ROOT / "cohort" / "drugs").glob("*.yaml")]
    compounds = [path.stem for path in (ROOT / "cohort" / "compounds").glob("*.yaml")]
    assert len(drugs) >= 5
    for path in sorted((ROOT / "cohort" / "outcomes").rglob("*.py")):
        text = path.read_text(encoding="utf-8").lower()
        assert not [name for name in drugs + compounds if name in text], path


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("kernels", ["cohort", "pipelines", "dask", "polars", "pydantic", "pint", "cupy"]),
        # not Dask: pint loads it by itself where it is installed
        ("cohort.simulate", ["pipelines", "distributed", "polars", "pyarrow", "cupy"]),
    ],
)
def test_importing_a_layer_does_not_load_the_layers_above(package, heavy):
    code = f"import sys, {package}; print([m for m in {heavy!r} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
