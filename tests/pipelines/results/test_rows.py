import pytest

from pipelines.errors import InputError
from pipelines.results.rows import STATISTICS, format_stat, statistic_rows


@pytest.mark.parametrize(
    ("stat", "fmt", "text"),
    [
        (75.08661, "xx.x", "75.1"),
        (75.08661, "xx.xxx", "75.087"),
        (0.59375, "xx.xxx%", "59.375"),
        (0.005, "xx.x%", "0.5"),
        (2.5, "xx", "3"),
        (-2.5, "xx", "-3"),
        (2.675, "xx.xx", "2.68"),  # as it is written, not as it is stored
        (-0.04, "xx.x", "0.0"),
        (1e21, "xx", "1000000000000000000000"),
        (float("nan"), "xx", None),
        (float("inf"), "xx", None),
    ],
)
def test_halves_are_rounded_away_from_zero_and_shares_are_scaled(stat, fmt, text):
    assert format_stat(stat, fmt) == text


@pytest.mark.parametrize("fmt", ["", "%", "x.", ".x", "%.1f", "xx.y", "x.x.x"])
def test_a_pattern_that_cards_would_not_read_is_refused(fmt):
    with pytest.raises(InputError, match="Write it as"):
        format_stat(1.0, fmt)


def test_a_missing_statistic_has_a_reason_and_no_text():
    (row,) = statistic_rows({}, {"sd": None}, reason="one value")
    assert (row["stat"], row["stat_fmt"], row["error"]) == (None, None, "one value")


def test_every_pattern_is_one_that_cards_reads():
    for one in STATISTICS.values():
        if one.fmt is not None:
            format_stat(1.0, one.fmt)
