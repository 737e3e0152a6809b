"""Hostile and broken files get one clear message, and the C library never sees them."""

import pickle

import pytest
import sbml_models as sb
from sbml_models import level3

from cohort.sbml import SbmlError, UnsupportedSbmlError, parse_sbml, read_sbml
from cohort.sbml import library as library_module
from cohort.sbml.guard import DEEPEST, DEEPEST_MATH, check_text
from cohort.sbml.library import MissingLibraryError

BOMB = (
    '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><sbml>&b;</sbml>'
)
OUTSIDE = '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><sbml>&a;</sbml>'


@pytest.fixture
def blind(monkeypatch):
    """Fail if libSBML is given any text."""

    def never(_text):
        raise AssertionError("the C library saw it")

    monkeypatch.setattr(sb.libsbml, "readSBMLFromString", never)


def number(text, kind="real"):
    inner = f'<cn type="{kind}">{text}</cn>'
    return (
        "Rules",
        f'<rateRule variable="x"><math xmlns="{sb.MATH}">{inner}</math></rateRule>',
    )


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "document type"),
        (OUTSIDE, "document type"),
        ("", "no element found"),
        ("<sbml>", "well-formed XML"),
        ("id: 5", "syntax error"),
        ("<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1), f"{DEEPEST} elements within"),
        (
            f'<math xmlns="{sb.MATH}">'
            + "<apply>" * DEEPEST_MATH
            + "</apply>" * DEEPEST_MATH
            + "</math>",
            "mathematics of more than",
        ),
        (level3(number("1e999")), "the number 1e999"),
        (level3(number("9" * 400, "integer")), "64 characters"),
        (level3(number("1<sep/>99999", "e-notation")), "the number 1e99999"),
        (level3(number("one")), "'one' in a cn"),
    ],
)
def test_the_guard_refuses(text, message):
    with pytest.raises(SbmlError, match=r"bad\.xml, line 1") as found:
        parse_sbml(text, "bad.xml")
    assert message in str(found.value)


def test_a_whole_valid_text_passes():
    check_text(level3(sb.parameter("x", 1.0), number("1<sep/>3", "rational")), "m.xml")


def functions(n, formula):
    return [sb.function("f0", ["x", "y"], "x * y + 1")] + [
        sb.function(f"f{i}", ["x", "y"], formula.format(f"f{i - 1}")) for i in range(1, n)
    ]


def test_functions_that_double_each_other_are_refused():
    parts = functions(40, "{0}(x + 1, y) * {0}(x, y + 2)")
    x = [sb.parameter("x", 1.0, constant=False), sb.rate_rule("x", "f39(x, x)")]
    with pytest.raises(SbmlError, match="written out"):
        parse_sbml(level3(*parts, *x))


def test_rules_that_double_each_other_are_refused():
    parts = [sb.parameter("x0", 1.0, constant=False), sb.rate_rule("x0", "x60")]
    for i in range(1, 61):
        parts += [
            sb.parameter(f"x{i}", constant=False),
            sb.assignment(f"x{i}", f"exp(x{i - 1} + {i}) * sin(x{i - 1} - {i})"),
        ]
    with pytest.raises(UnsupportedSbmlError, match="operations"):
        parse_sbml(level3(*parts))


def test_recursion_is_refused():
    parts = [sb.function("f", ["x"], "g(x)"), sb.function("g", ["x"], "f(x)")]
    with pytest.raises(SbmlError):
        parse_sbml(
            level3(*parts, sb.parameter("x", 1.0, constant=False), sb.rate_rule("x", "f(x)"))
        )


def test_rings_of_rules_are_refused():
    parts = [
        sb.parameter("a", constant=False),
        sb.parameter("b", constant=False),
        sb.assignment("a", "b"),
        sb.assignment("b", "a"),
    ]
    with pytest.raises(SbmlError):
        parse_sbml(level3(*parts))


@pytest.mark.parametrize("formula", ["10^(10^9)", "2^100000", "exp(1e9)"])
def test_powers_of_numbers_do_not_fill_the_memory(formula):
    with pytest.raises(SbmlError):
        parse_sbml(level3(sb.parameter("x", 1.0, constant=False), sb.rate_rule("x", formula)))


def test_a_division_by_zero_is_refused():
    text = level3(sb.parameter("x", 1.0, constant=False), sb.rate_rule("x", "x / 0"))
    with pytest.raises(SbmlError, match="divides by 0"):
        parse_sbml(text)


def test_no_file_elsewhere_is_opened(tmp_path):
    comp = "http://www.sbml.org/sbml/level3/version1/comp/version1"
    text = (
        f'<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" xmlns:comp="{comp}" '
        'level="3" version="1" comp:required="true"><comp:listOfExternalModelDefinitions>'
        '<comp:externalModelDefinition comp:id="e" comp:source="{source}"/>'
        '</comp:listOfExternalModelDefinitions><model id="m"><comp:listOfSubmodels>'
        '<comp:submodel comp:id="s" comp:modelRef="e"/></comp:listOfSubmodels></model></sbml>'
    )
    path = tmp_path / "m.xml"
    for source in ("../m.xml", "/etc/passwd", "http://a.b/c.xml", "file:///etc/passwd"):
        path.write_text(text.format(source=source))
        with pytest.raises(SbmlError, match="a file beside this one"):
            read_sbml(path)
    path.write_text(text.format(source="m.xml"))
    with pytest.raises(SbmlError, match="in a ring"):
        read_sbml(path)
    path.write_text(text.format(source="inner.xml"))
    (tmp_path / "inner.xml").write_text(BOMB)
    with pytest.raises(SbmlError, match=r"inner.xml, line 1: a document type"):
        read_sbml(path)
    inner = level3(sb.parameter("x", 1.0, constant=False), sb.rate_rule("x", "-x"))
    (tmp_path / "inner.xml").write_text(inner)
    model = read_sbml(path)
    assert model.system.states == ("s__x",)
    assert "package comp: 1 submodels flattened into one" in model.notes


def test_other_levels_and_packages_are_refused_by_name():
    one = (
        '<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="m">'
        '<listOfCompartments><compartment name="c"/></listOfCompartments></model></sbml>'
    )
    with pytest.raises(UnsupportedSbmlError, match="Level 1; Level 2 and Level 3"):
        parse_sbml(one)
    fbc = "http://www.sbml.org/sbml/level3/version1/fbc/version2"
    text = (
        f'<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" xmlns:fbc="{fbc}" '
        'level="3" version="1" fbc:required="false"><model id="m" fbc:strict="false"/></sbml>'
    )
    with pytest.raises(UnsupportedSbmlError, match="the package 'fbc'") as found:
        parse_sbml(text)
    assert found.value.features == ("package fbc",)
    again = pickle.loads(pickle.dumps(found.value))
    assert again.features == found.value.features
    assert str(again) == str(found.value)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(SbmlError, match=r"none.xml: No such file"):
        read_sbml(tmp_path / "none.xml")
    with pytest.raises(SbmlError, match="directory"):
        read_sbml(tmp_path)
    (tmp_path / "a.xml").write_bytes(b"\x1f\x8b\x08\xff\xfe")
    with pytest.raises(SbmlError, match="UTF-8"):
        read_sbml(tmp_path / "a.xml")


def test_a_missing_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "libsbml", None)
    with pytest.raises(MissingLibraryError, match=r"neurocohort\[sbml\]"):
        library_module.libsbml()
