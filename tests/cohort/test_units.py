import pytest
from cohort_tolerances import CONVERSION_RTOL
from hypothesis import given
from hypothesis import strategies as st

from cohort.errors import CohortError, RangeError, UnitError
from cohort.units import conversion_factor, parse_quantity, parse_unit, same_unit, ureg


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10 mg", "mg", 10.0),
        ("10mg", "ug", 10_000.0),
        ("1.5e-3 g", "mg", 1.5),
        (" 8 week ", "h", 8 * 7 * 24.0),
        ("18 y", "day", 18 * 365.25),
        ("80 %", "1", 0.8),
        ("0.5", "1", 0.5),
        ("-3 uM", "nM", -3000.0),
        (".5 L/h", "mL/h", 500.0),
        ("31.7 ng/mL", "ug/L", 31.7),
    ],
)
def test_a_quantity_is_read_in_the_unit_asked_for(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=CONVERSION_RTOL)


def test_powers_of_ten_convert_exactly():
    assert parse_quantity("3 mg", "ug") == 3000.0
    assert conversion_factor(parse_unit("ng/mL"), parse_unit("ug/L")) == 1.0


@pytest.mark.parametrize(
    ("text", "unit", "error", "message"),
    [
        ("10", "mg", UnitError, r"arm\.dose: '10' has no unit; .*Write '10 mg'\."),
        ("ten mg", "mg", UnitError, "is not a number with a unit"),
        ("", "mg", UnitError, "is not a number with a unit"),
        ("10 mL", "mg", UnitError, r"given in \[mL\]; .* measured in \[mg\]\. Write it in \[mg\]"),
        ("10 mgg", "mg", UnitError, "'mgg' is not a unit"),
        ("10 mg/", "mg", UnitError, "is not a unit"),
        ("nan mg", "mg", RangeError, "is not finite"),
        ("inf mg", "mg", RangeError, "is not finite"),
        ("1e999 mg", "mg", RangeError, "is not finite"),
        ("-1 mg", "mg", RangeError, r"from 0 to 100 \[mg\] is allowed"),
        ("1 g", "mg", RangeError, r"is 1000 \[mg\]; from 0 to 100"),
    ],
)
def test_a_wrong_quantity_says_where_what_and_what_to_do(text, unit, error, message):
    with pytest.raises(error, match=message):
        parse_quantity(text, unit, where="arm.dose", minimum=0.0, maximum=100.0)


@pytest.mark.parametrize("text", [None, 10, 10.0, ["10 mg"], b"10 mg"])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(CohortError, match="is not a number with a unit"):
        parse_quantity(text, "mg")


def test_an_empty_unit_is_refused():
    with pytest.raises(UnitError, match="pure numbers have unit '1'"):
        parse_unit(" ", "cl")


def test_same_unit_knows_size_and_kind():
    assert same_unit(parse_unit("1/h"), parse_unit("h^-1"))
    assert not same_unit(parse_unit("nM"), parse_unit("uM"))
    assert not same_unit(parse_unit("mg"), parse_unit("h"))


@given(st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False))
def test_writing_then_reading_returns_the_number(value):
    assert parse_quantity(f"{value!r} mg", "mg") == value


@given(st.text(max_size=12))
def test_any_text_gives_a_unit_or_an_error_of_ours(text):
    try:
        parse_unit(text)
    except UnitError:
        return


def test_there_is_one_registry():
    assert (ureg.Quantity(1.0, "h") + ureg.Quantity(30.0, "min")).to("min").magnitude == 90.0
