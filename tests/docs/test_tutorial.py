"""The tutorial, done by the letter with the real simulator; only the trials are smaller."""

import polars as pl
import pytest

pytestmark = pytest.mark.slow


def test_it_leads_from_nothing_to_a_table_a_picture_and_a_report(reader):
    student = reader(
        parsed=[("report", "runs/first", "--format")],
        run=["--patients-per-arm", "6"],
        plan=["--no-pilot"],
    )
    names = student.follow("tutorial.md")
    change = names["change"]
    assert isinstance(change, pl.DataFrame)
    assert change["TRTP"].n_unique() == 4
    assert change["n"].max() <= 6
    assert change["change"].is_finite().all()
    assert (student.folder / "runs/first/change.png").stat().st_size > 10_000
    page = (student.folder / "runs/first/report/report.html").read_text("utf-8")
    assert "escitalopram 20 mg" in page
    assert (student.folder / "runs/mine/tables/adsl.parquet").exists()
    said = {tuple(words[1:3]): printed for words, printed in student.said}
    assert "sound" in said["verify", "runs/first"]
    assert "no mistakes" in said["check", "my-trial.yaml"]

    # the folder is left as these pages expect it
    student.added["verify"] = ["--units", "0"]
    before = (student.folder / "runs/first/tables/adsl.parquet").read_bytes()
    for page in ("how-to/resume-and-verify.md", "how-to/report.md"):
        student.follow(page)
    assert (student.folder / "runs/first/tables/adsl.parquet").read_bytes() == before
