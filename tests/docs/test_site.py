"""A part of the site is built: all pages by hand, one system, one drug, one package.

``.ci/run`` builds the whole. Warnings are errors, so a dead link between pages fails the build.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from html import unescape

import pytest
from doc_pages import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The sample, built once, however many workers run these tests."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "documentation"
    with (base.parent / "documentation.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "built").exists():
            build(root)
            (root / "built").touch()
    return root / "site"


def build(root):
    skipped = shutil.ignore_patterns("_build", "generated", "__pycache__")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT / "docs", root / "docs", ignore=skipped)
    shutil.copytree(ROOT / "benchmarks", root / "benchmarks", ignore=skipped)
    for name in ("README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-t", "sample", "-b", "html", "docs", "site"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def read(site, page):
    return (site / page).read_text("utf-8")


def test_equations_are_those_of_the_model(site):
    from pipelines.model_view import view_systems

    page = read(site, "generated/chemistry/serotonin.html")
    (view,) = view_systems(["serotonin"])
    assert page.count("<math") >= len(view.equations) + len(view.fluxes) + len(view.rules)
    for number in view.numbers[:3]:  # the sample has the first rows of tables
        assert number.name in page
        assert number.source in unescape(page)
    assert "<mtext>serotonin extracellular</mtext>" in page


def test_a_drug_shows_its_sources_and_equations(site):
    page = read(site, "generated/drugs/escitalopram.html")
    assert "smallest fixed dose of a trial arm (GRISELDA)" in page
    assert "<mtext>central s citalopram</mtext>" in page


def test_credibility_counts_what_is_there(site):
    from cohort.chemistry import WHOLE
    from pipelines.model_view import total_counts, view_systems

    counts = total_counts(view_systems())
    row = re.sub(r"<[^>]+>|\s+", " ", read(site, "credibility.html"))
    words = " ".join(row.split())
    share = f"{100 * counts.assumed / counts.total:.0f} %"
    assert f"the chemistry {counts.total} {counts.assumed} {share}" in words
    assert f"of {len(WHOLE)} systems" in words
    assert "missed" in words
    assert "{{" not in words


def test_nothing_is_asked_of_a_network(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text("utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=\"([^\"]+)\"", text)
        loaded += re.findall(r"<link[^>]*rel=\"stylesheet\"[^>]*href=\"([^\"]+)\"", text)
        assert not [target for target in loaded if re.match(r"\w+:|//", target)], page
        assert "problematic" not in text, page


def test_links_to_results_lead_to_their_pages(site):
    page = read(site, "credibility.html")
    assert 'href="generated/evidence/trials-validation.html"' in page
    assert (site / "generated/evidence/trials-validation.html").exists()
    assert "Written by" in read(site, "generated/evidence/trials-validation.html")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1300, "dark"), (390, "light")])
def test_pages_fit_and_are_silent(site, width, scheme):
    interface = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with interface.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.set_default_timeout(60_000)
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda asked: said.append(asked.url))
        for name in ("index", "credibility", "generated/chemistry/serotonin", "methods/events"):
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not [text for text in said if not text.startswith("file:")]
        browser.close()
