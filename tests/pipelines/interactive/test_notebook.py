"""A run in a real notebook: progress in place, rich displays, nothing on standard error."""

import os
from pathlib import Path

import pytest

from pipelines.interactive.notebook_progress import NotebookProgress
from pipelines.shards import Receipt

ROOT = Path(__file__).parents[3]
CELLS = (
    "from pipelines import run; stand_in = {'simulator': 'standin:simulate'}",
    'made = run("sct-md-01", out="run", patients_per_arm=6, workers=1, **stand_in)',
    "made",
    'made.plot("flow")',
    "made.plots",
    "made.patients.head(2)",
    "made.adxl",
)


def receipt(n_patients):
    return Receipt(
        unit="ab",
        arm="placebo",
        first_id=1,
        n_patients=n_patients,
        n_failed=0,
        files={},
        seconds=1.0,
        worker="h:1",
    )


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    import nbformat

    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in CELLS])
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "pipelines")))
    nbclient.NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    ).execute(env=os.environ | {"PYTHONPATH": path})
    return dict(zip(CELLS, notebook.cells, strict=True))


@pytest.mark.slow
def test_a_run_shows_one_output_that_ends_as_a_line(cells):
    (shown,) = cells[CELLS[1]].outputs
    assert shown.output_type == "display_data"
    text = shown.data["text/plain"]
    assert text.startswith("patients: 24 of 24, ")
    assert text.isprintable()
    assert shown.data["text/html"] == f"<div>{text}</div>"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "kind", "holds"),
    [
        (CELLS[2], "text/html", "placebo"),
        (CELLS[2], "text/plain", "24 simulated patients"),
        (CELLS[3], "image/svg+xml", "aria-label="),
        (CELLS[3], "text/plain", "<Figure 'flow'"),
        (CELLS[4], "text/plain", "waterfall"),
        (CELLS[5], "text/html", "is_treated"),
    ],
)
def test_what_a_run_has_is_shown_as_it_should(cells, cell, kind, holds):
    (shown,) = cells[cell].outputs
    assert holds in shown.data[kind]


@pytest.mark.slow
def test_a_mistake_shows_the_nearest_name(cells):
    (shown,) = cells[CELLS[-1]].outputs
    assert shown.ename == "UnknownTableError"
    assert shown.evalue.endswith("Did you mean 'adsl'?")


def test_the_bar_is_there_until_the_run_is_over():
    with NotebookProgress(100) as progress:
        assert repr(progress) == ""
        progress.tell("starting <workers>")
        assert progress._repr_html_() == "<div>starting &lt;workers&gt;</div>"
        progress.report(receipt(40), True)
        assert 'value="40" max="100"' in progress._repr_html_()
        assert repr(progress) == "patients: 40 of 100. starting <workers>"
    assert progress._repr_html_() == "<div>patients: 40 of 100</div>"
