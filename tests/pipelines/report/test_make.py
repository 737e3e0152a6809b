"""The report as a reader gets it: whole, escaped, the same bytes again, refused where due."""

import itertools
import json
import re
import shutil
import statistics
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import main
from pipelines.errors import InputError
from pipelines.report.document import grids_of, pictures_of
from pipelines.report.make import report_document, write_report
from pipelines.report.run_data import read_run
from pipelines.report.style import DARK, LIGHT
from pipelines.report.write_html import html_text
from pipelines.report.write_markdown import markdown_text
from pipelines.verify import verify_run

VOID = {"meta", "br", "img", "link", "hr", "input"}
HOSTILE = "<script>alert(1)</script> $\\frac{x_1"
PICTURE = '"><img src=x onerror=alert(1)>'


class Reader(HTMLParser):
    """Keeps elements with their attributes, and complains of tags that do not match."""

    def __init__(self):
        super().__init__()
        self.elements, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def run(finished):
    return read_run(finished.folder.root)


@pytest.fixture(scope="module")
def text(run):
    return html_text(report_document(run))


@pytest.fixture(scope="module")
def page(text):
    return read(text)


def test_the_page_needs_nothing_from_outside_and_is_small(text, page):
    assert len(text.encode()) < 5_000_000
    assert not page.all("script")
    assert not page.all("link")
    targets = [one.get("href", "") for _, one in page.elements] + [
        one.get("src", "") for _, one in page.elements
    ]
    assert all(one == "" or one.startswith("#") for one in targets)
    assert "url(http" not in text
    assert "@import" not in text


def test_every_id_is_there_once_and_every_reference_finds_its_own(text, page):
    ids = [one["id"] for _, one in page.elements if "id" in one]
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    names = {one or other for one, other in wanted}
    names |= {one["aria-labelledby"] for _, one in page.elements if "aria-labelledby" in one}
    assert names <= set(ids)


def test_headings_descend_one_step_at_a_time_and_tables_have_heads(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert page.all("table")
    assert all("scope" in one for one in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_every_figure_says_what_is_to_be_seen_with_numbers(run, page):
    pictures = [one for one in page.all("svg") if one.get("role") == "img"]
    assert len(pictures) == len(pictures_of(report_document(run)))
    assert all(re.search(r"\d", one["aria-label"]) for one in pictures)


def test_the_chapters_hold_what_the_tables_say(run, page):
    said = " ".join(page.text)
    assert "Simulated patients. A research tool, not medical advice." in said
    for cell in run.others:
        row = run.analysis(cell)
        assert f"{abs(row['estimate']):.2f}" in said
    failed = sum(
        run.row("outcomes_by_arm", cell, endpoint=run.endpoint, visit=run.visit)["n_failed"]
        for cell in run.cells
    )
    assert failed > 0
    assert f"{failed} of 160 patients could not be solved" in " ".join(said.split())


def test_the_same_run_gives_the_same_bytes(run, text):
    document = report_document(run)
    again = html_text(replace(document, sections=document.sections[:2]))
    chapters = again[again.index("<section") : again.rindex("</section>")]
    assert chapters.count("<svg") > 2
    assert chapters in text


def luminance(color):
    """Relative luminance of WCAG 2.2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_page_as_much_as_the_guidelines_ask(palette):
    assert set(LIGHT) == set(DARK)
    assert len(set(palette.values())) == len(palette)
    for name, color in palette.items():
        ends = sorted((luminance(color), luminance(palette["paper"])))
        contrast = (ends[1] + 0.05) / (ends[0] + 0.05)
        if name in ("ink", "muted"):  # text: WCAG 2.2, 1.4.3
            assert contrast >= 4.5, name
        elif name.startswith("series"):  # graphics: 1.4.11
            assert contrast >= 3.0, name


def test_names_that_are_programs_are_shown_and_do_nothing(finished, tmp_path):
    root = shutil.copytree(finished.folder.root, tmp_path / "run")
    settings = json.loads((root / "settings.json").read_text())
    settings["protocol"]["title"] = PICTURE
    settings["protocol"]["arms"][1]["name"] = HOSTILE
    settings["protocol"]["arms"][2]["name"] = "_hidden\n| a | b"
    (root / "settings.json").write_text(json.dumps(settings))
    document = report_document(read_run(root))
    reader = read(html_text(document))
    assert not reader.all("script")
    assert not reader.all("img")
    assert HOSTILE in " ".join(reader.text)
    lines = markdown_text(document, "figures")
    assert "<script>" not in lines
    assert "\\<script\\>" in lines


def test_a_report_in_the_run_names_pictures_that_are_beside_it_and_leaves_it_sound(
    finished, tmp_path
):
    root = shutil.copytree(finished.folder.root, tmp_path / "run")
    out, *pictures = write_report(root, kind="markdown")
    assert out == root / "report" / "report.md"
    named = re.findall(r"\]\(([^)]+\.png)\)", out.read_text())
    assert len(named) == len(pictures) > 5
    for name in named:
        assert (out.parent / name).read_bytes().startswith(b"\x89PNG")
    assert verify_run(root, n_units=0).verdict == "sound"


def test_a_counterfactual_trial_shows_who_benefits_and_how_much_persons_differ(counterfactual):
    run = read_run(counterfactual.folder.root)
    document = report_document(run)
    keys = [one.key for one in pictures_of(document)]
    assert any(key.startswith("subgroups-") for key in keys)
    assert len(keys) == len(set(keys))
    scores = pl.read_parquet(run.root / "tables" / "adqs.parquet").filter(
        (pl.col("PARAMCD") == run.endpoint)
        & (pl.col("AVISIT") == run.visit)
        & (pl.col("ANL01FL") == "Y")
    )
    of = {cell.key: dict(scores.filter(pl.col("TRTPN") == cell.arm_number)
                         .select("SUBJID", "CHG").iter_rows()) for cell in run.cells}  # fmt: skip
    table = next(one for one in grids_of(document) if one.key == "individual-effects")
    for cell, row in zip(run.others, table.rows, strict=True):
        mine, theirs = of[cell.key], of[run.control.key]
        effects = [mine[person] - theirs[person] for person in mine if person in theirs]
        spread = statistics.stdev(effects)
        mean = statistics.fmean(effects)
        assert row.cells[0] == str(len(effects))
        assert row.cells[1].replace("\u2212", "-") == f"{mean:.1f} ({spread:.1f})"
        assert row.cells[3].split()[0].split("\u00a0")[0] == str(sum(one < 0 for one in effects))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda run, path: [str(path / "no")], "no run there"),
        (lambda run, path: [str(path)], "no run there"),
        (lambda run, path: [str(run / "settings.json")], "no run there"),
        (lambda run, path: [str(run), "--format", "pdf"], "--format: 'pdf'"),
        (lambda run, path: [str(run), "--out", str(run)], "is there already"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(finished, tmp_path, capsys, make, message):
    with pytest.raises(SystemExit) as left:
        main(["report", *make(finished.folder.root, tmp_path)])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_tables_and_a_damaged_one_say_so(finished, tmp_path):
    root = shutil.copytree(finished.folder.root, tmp_path / "run")
    table = root / "tables" / "analyses.parquet"
    table.write_bytes(b"PAR1 no")
    with pytest.raises(OSError, match=r"analyses\.parquet: cannot be read .*cohort verify"):
        write_report(root)
    table.unlink()
    with pytest.raises(InputError, match=r"no tables there \(analyses\.parquet is missing\)"):
        write_report(root)


def test_a_run_of_a_version_without_results_says_so(finished, tmp_path):
    root = shutil.copytree(finished.folder.root, tmp_path / "run")
    (root / "tables" / "results.parquet").unlink()
    with pytest.raises(InputError, match=r"wrote no table 'results'.* another --out") as told:
        write_report(root)
    assert len(str(told.value).splitlines()) == 1


def test_a_place_that_cannot_be_written_is_named(finished):
    with pytest.raises(OSError, match=r"/dev/null/a\.html: cannot be written"):
        write_report(finished.folder.root, out=Path("/dev/null/a.html"))
