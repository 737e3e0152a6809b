"""The report in a real browser: it fits, is silent, asks for nothing, and everybody can read it."""

import shutil
from pathlib import Path

import pytest

from pipelines.report.make import write_report

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ALONE = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
LIMIT_MS = 60_000


@pytest.fixture(scope="module")
def browser():
    interface = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with interface.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "report.html"
    write_report(finished.folder.root, out=out)
    return out


def opened(browser, report, screen, scheme):
    width, height = SCREENS[screen]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=False
    )
    page.set_default_timeout(LIMIT_MS)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url))
    page.goto(report.as_uri())
    return page, said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_page_fits_and_says_and_asks_for_nothing(browser, report, screen, scheme):
    page, said = opened(browser, report, screen, scheme)
    assert said == [report.as_uri()]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen][0]
    # what came out is on the first screen of a desk
    top = page.evaluate("document.querySelector('.finding').getBoundingClientRect().bottom")
    assert top < (2 * SCREENS[screen][1])
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(254, 254, 254)") == (scheme == "light")
    page.close()


@pytest.mark.parametrize(("screen", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_serious(browser, report, screen, scheme):
    package = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed"
    )
    page, _ = opened(browser, report, screen, scheme)
    page.evaluate(Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    serious = {
        one["id"]: one["help"]
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    }
    assert serious == {}
    assert len(found["passes"]) > 20
    page.close()


def cut_off(page):
    """Return the tables that are wider than the box they scroll in."""
    return page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(box => box.scrollWidth > box.clientWidth + 1)"
        ".map(box => box.getAttribute('aria-labelledby'))"
    )


def test_no_table_is_cut_off_on_a_desk(browser, report):
    page, _ = opened(browser, report, "desktop", "light")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert cut_off(page) == []
    page.close()


def test_what_came_out_is_not_cut_off_on_a_phone(browser, report):
    page, _ = opened(browser, report, "phone", "light")
    assert "table-glance" not in cut_off(page)
    page.close()


def test_the_keyboard_reaches_the_report_first(browser, report):
    page, _ = opened(browser, report, "desktop", "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()
