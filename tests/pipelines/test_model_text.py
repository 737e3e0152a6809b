"""What `cohort model show` says: everything that is declared, in three forms."""

import json
import re

import pytest

from cohort.chemistry import WHOLE, Setting, chemistry, chemistry_model, system_names
from cohort.errors import UnknownNameError
from cohort.physiology import COUPLINGS
from pipelines.model_request import read_setting
from pipelines.model_text import WIDTH, grid, render_markdown, render_text
from pipelines.model_view import total_counts, view_systems


@pytest.fixture(scope="module")
def views():
    return view_systems()


@pytest.fixture(scope="module")
def parts():
    return dict(zip((*WHOLE, "crosstalk", "balance"), chemistry(), strict=True))


def test_the_whole_is_every_system_of_it_and_what_joins_them(views):
    assert [view.name for view in views] == [*WHOLE, "crosstalk", "balance"]


def test_every_number_is_shown_once_and_counted_by_its_mark(views):
    table = chemistry_model().parameter_table()
    declared = {row.name: row for row in table.rows if "nothing provides" not in row.source}
    shown = {item.name: item for view in views for item in view.numbers}
    assert shown.keys() == declared.keys()
    for name, row in declared.items():
        item = shown[name]
        assert (item.value, item.unit, item.mark) == (row.value, row.unit, row.mark)
        assert (item.sd_log, item.source) == (row.sd_log, row.source)
    counts = total_counts(views)
    assert counts.total == len(declared) == sum(view.counts.total for view in views)
    assert counts.known + counts.design + counts.assumed == counts.total
    assert counts.assumed == sum(row.mark == "assumed" for row in declared.values())


def test_every_state_has_an_equation_and_its_resting_value(views):
    model = chemistry_model()
    resting = dict(zip(model.system.states, model.lanes({}, 1).states[:, 0], strict=True))
    shown = {item.name: item.resting for view in views for item in view.states}
    assert shown == resting
    for view in views:
        assert [item.state for item in view.equations] == [item.name for item in view.states]


def test_fluxes_of_an_equation_are_those_of_the_reactions(views, parts):
    for view in views:
        flux = {item.name for item in view.fluxes}
        for equation in view.equations:
            assert set(equation.fluxes) <= flux
            for reaction in parts[view.name].reactions:
                count = reaction.stoichiometry.get(equation.state)
                assert equation.fluxes.get(reaction.name) == count


def test_what_is_read_says_from_whom_or_that_it_is_a_control(views):
    reads = {item.name: item for item in views[WHOLE.index("serotonin")].reads}
    assert reads["trp_brain"].provider == "precursors"
    assert reads["serotonin_drive"].provider == "crosstalk"
    assert reads["vmat_rival_load"].provider == "levodopa"
    assert reads["sert_occupancy"].provider is None
    text = render_text([views[WHOLE.index("serotonin")]])
    assert re.search(r"bh4 +\[1\] +from inflammation, without it 1 ", text)
    assert re.search(r"sert_occupancy +\[1\] +control, 0 at rest", text)


def test_every_coupling_says_how_it_is_switched_off(views):
    crosstalk = views[-2]
    assert len(crosstalk.couplings) == len(COUPLINGS)
    text = render_text([crosstalk])
    for item in COUPLINGS:
        assert f"off: --without {item.name}, or --set coupling_{item.name}=0" in text
        assert item.evidence.text.split(",")[0] in text.replace("\n" + " " * 16, " ")
        left = read_setting(left_out=[item.name])
        assert item.name not in {one.name for one in left.couplings}
        # the parameter is there, and 0 is in its bounds
        assert chemistry_model().parameters[f"coupling_{item.name}"].bounds.contains(0.0)


def test_a_coupling_that_is_left_out_is_not_shown():
    without = view_systems(["crosstalk"], read_setting(left_out=["serotonin_on_dopamine"]))
    assert "serotonin_on_dopamine" not in render_text(without)


def test_a_system_with_needs_says_so_and_shows_itself_alone():
    (view,) = view_systems(["kynurenine", "kynurenine"])
    assert "Needs precursors, inflammation (shown if named)." in render_text([view])


@pytest.mark.parametrize("name", [*system_names(), "crosstalk", "balance"])
def test_every_system_can_be_shown_alone_in_every_form(name):
    views = view_systems([name], Setting(meals=True, rhythm="circadian"))
    text, page = render_text(views), render_markdown(views)
    for item in (*views[0].rules, *views[0].derived):
        assert f"  {item.name} = " in text
        assert f"`{item.name}` [{item.unit}]" in page
    assert json.loads(json.dumps([view.as_dict() for view in views]))[0]["name"] == name


def test_formulas_fit_the_width_and_are_indented(views):
    text = render_text(views)
    formulas = re.findall(r"^  (?:d \w+/dt|\w+) = .*(?:\n {8}.*)*", text, re.MULTILINE)
    assert len(formulas) > 200
    for line in "\n".join(formulas).splitlines():
        assert len(line) <= WIDTH


def test_markdown_has_a_block_a_formula_and_closes_each(views):
    page = render_markdown(views)
    blocks = re.findall(r"^\$\$\n(.+)\n\$\$$", page, re.MULTILINE)
    n_formulas = sum(
        len(group)
        for view in views
        for group in (view.equations, view.fluxes, view.rules, view.derived)
    )
    n_formulas += sum(len(view.conditions) + len(view.couplings) for view in views)
    assert len(blocks) == n_formulas == page.count("$$") // 2
    tables = [line for line in page.splitlines() if line.startswith("| ")]
    assert all(line.endswith(" |") for line in tables)


def test_the_end_says_where_the_numbers_come_from(views):
    counts = total_counts(views)
    end = " ".join(render_text(views).rsplit("In all:", 1)[1].split())
    assert f"of {counts.total} numbers {counts.known} are read or computed from what" in end
    assert f"{counts.design} design (chosen or fitted by hand), {counts.assumed} assumed" in end
    assert "controls besides" in end


def test_a_system_without_numbers_says_so():
    assert "0 states; no numbers." in render_text(view_systems(["balance"]))


@pytest.mark.parametrize("name", ["serotonn", "", "CORTISOL", "crosstalks"])
def test_an_unknown_system_is_refused_with_the_nearest_known(name):
    with pytest.raises(UnknownNameError, match=f"unknown system '{name}'"):
        view_systems(["cortisol", name])


def test_columns_stand_under_one_another():
    assert grid([["a", "1"], ["bbb", "22"]], right=[1], indent=" ") == " a     1\n bbb  22"
    assert grid([]) == ""
