"""A user's own file of people: drawn as it is, or refused with every mistake and its row."""

import random

import numpy as np
import pytest
from cohort_population_tolerances import MARGIN, STANDARD_ERRORS
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.errors import FileContentError, RangeError
from cohort.population import (
    PopulationSpec,
    load_people,
    load_people_file,
    rake,
    sample_covariates,
)

HEAD = "age_y,sex,weight_kg,height_cm,ancestry,smoker"
WHOLE = {"age_min_y": 18, "age_max_y": 80}


def _rows(n=200):
    rng = random.Random(5)
    return [
        f"{rng.randint(18, 80)},{rng.choice('FM')},{rng.uniform(50, 120):.1f},"
        f"{rng.uniform(150, 195):.1f},{rng.choice(['white', 'asian'])},{rng.choice(['yes', 'no'])}"
        for _ in range(n)
    ]


def _write(path, rows, head=HEAD):
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return str(path)


def _cut(rows, *columns):
    names = HEAD.split(",")
    kept = [place for place, name in enumerate(names) if name not in columns]
    head = ",".join(names[place] for place in kept)
    return head, [",".join(row.split(",")[place] for place in kept) for row in rows]


def test_own_records_are_drawn_as_they_are(tmp_path):
    path = _write(tmp_path / "own.csv", _rows())
    people, n = load_people_file(path), 40_000
    found = sample_covariates(np.arange(n), 7, PopulationSpec(**WHOLE, records=path))
    assert set(found["weight_kg"]) == set(people.weight_kg)
    error = people.weight_kg.std() / np.sqrt(n)
    assert abs(found["weight_kg"].mean() - people.weight_kg.mean()) < STANDARD_ERRORS * error
    pairs = set(zip(people.weight_kg, people.height_cm, people.smoker, strict=True))
    drawn = zip(found["weight_kg"], found["height_cm"], found["smoker"], strict=True)
    assert set(drawn) == pairs


def test_own_records_are_raked_where_a_margin_is_stated(tmp_path):
    path = _write(tmp_path / "own.csv", _rows())
    people = load_people_file(path)
    chances = rake(people, PopulationSpec(**WHOLE, records=path, female_fraction=0.7))
    assert chances[people.sex == "F"].sum() == pytest.approx(0.7, abs=MARGIN)


def test_the_order_of_the_rows_and_comments_mean_nothing(tmp_path):
    rows = _rows()
    shuffled = random.Random(1).sample(rows, len(rows))
    one = PopulationSpec(**WHOLE, records=_write(tmp_path / "a.csv", rows))
    two = PopulationSpec(
        **WHOLE, records=_write(tmp_path / "b.csv", ["# by centre", "", *shuffled])
    )
    ids = np.arange(500)
    first, second = sample_covariates(ids, 7, one), sample_covariates(ids, 7, two)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_packaged_people_written_as_ones_own_are_the_packaged_people(tmp_path):
    people = load_people()
    rows = [
        f"{people.age_y[i]},{people.sex[i]},{people.weight_kg[i]},{people.height_cm[i]},"
        f"{people.ancestry[i]},{people.smoker[i]}"
        for i in range(len(people))
    ]
    margins = {"age_mean_y": 41, "age_sd_y": 12, "female_fraction": 0.6, "smoker_fraction": 0.3}
    own = PopulationSpec(**WHOLE, **margins, records=_write(tmp_path / "own.csv", rows))
    packaged = PopulationSpec(**WHOLE, **margins)
    ids = np.arange(300)
    first, second = sample_covariates(ids, 7, own), sample_covariates(ids, 7, packaged)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_what_the_records_do_not_tell_is_drawn_by_its_stated_share(tmp_path):
    head, rows = _cut(_rows(), "ancestry", "smoker")
    path, n = _write(tmp_path / "own.csv", rows, head), 40_000
    assert load_people_file(path).untold == ("ancestry", "smoker")
    stated = {"smoker_fraction": 0.25, "ancestry_shares": {"white": 0.9, "other": 0.1}}
    found = sample_covariates(np.arange(n), 7, PopulationSpec(**WHOLE, **stated, records=path))
    for name, level, share in [("smoker", "yes", 0.25), ("ancestry", "other", 0.1)]:
        error = np.sqrt(share * (1 - share) / n)
        assert abs((found[name] == level).mean() - share) < STANDARD_ERRORS * error
    alone = sample_covariates([17], 7, PopulationSpec(**WHOLE, **stated, records=path))
    assert alone["ancestry"][0] == found["ancestry"][17]


@pytest.mark.parametrize("missing", ["ancestry", "smoker"])
def test_what_is_neither_told_nor_stated_is_refused(tmp_path, missing):
    head, rows = _cut(_rows(), missing)
    path = _write(tmp_path / "own.csv", rows, head)
    with pytest.raises(RangeError, match=f"no column '{missing}' and .* is not stated"):
        sample_covariates([1], 7, PopulationSpec(**WHOLE, records=path))


GOOD = "40,F,70,165,white,no"
WRONG = {
    "a text for a number": ("forty,F,70,165,white,no", "age_y", "'forty' [y]; a number from 18"),
    "a child": ("12,F,70,165,white,no", "age_y", "from 18 to 80"),
    "nothing": ("40,F,,165,white,no", "weight_kg", "'' [kg]"),
    "not a number": ("40,F,nan,165,white,no", "weight_kg", "'nan' [kg]"),
    "a height in metres": ("40,F,70,1.65,white,no", "height_cm", "from 100 to 250 [cm]"),
    "an underscore": ("4_0,F,70,165,white,no", "age_y", "4_0"),
    "a sex in words": ("40,female,70,165,white,no", "sex", "one of F, M is allowed"),
    "an unknown ancestry": ("40,F,70,165,whyte,no", "ancestry", "white, black"),
    "smoking in numbers": ("40,F,70,165,white,1", "smoker", "one of yes, no"),
    "a value too few": ("40,F,70,165,white", "", "5 values; 6 are allowed"),
    "a quote that is not closed": ('40,F,70,165,"white,no', "", "no row of CSV"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_one_mistake_in_a_row_is_one_message_with_its_row(tmp_path, case):
    row, column, words = WRONG[case]
    path = _write(tmp_path / "own.csv", [*[GOOD] * 40, row])
    with pytest.raises(FileContentError) as caught:
        load_people_file(path)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.key_path) == (42, column)
    assert words in mistake.message


def test_all_mistakes_are_listed_until_there_are_too_many(tmp_path):
    path = _write(tmp_path / "own.csv", ["x,y,70,165,white,no"] * 3 + [GOOD] * 40)
    with pytest.raises(FileContentError) as caught:
        load_people_file(path)
    assert [one.line for one in caught.value.mistakes] == [2, 2, 3, 3, 4, 4]
    with pytest.raises(FileContentError, match="50 more mistakes are not listed"):
        load_people_file(_write(tmp_path / "own.csv", ["x,y,70,165,white,no"] * 50))


HEADS = {
    "a missing column": (HEAD.replace("weight_kg,", ""), "weight_kg: the column is missing"),
    "a misspelt column": (HEAD.replace("smoker", "smokers"), "Did you mean 'smoker'"),
    "a column twice": (HEAD.replace("smoker", "sex"), "sex: the column is there twice"),
}


@pytest.mark.parametrize("case", HEADS, ids=str)
def test_a_wrong_head_is_refused_once(tmp_path, case):
    head, words = HEADS[case]
    with pytest.raises(FileContentError) as caught:
        load_people_file(_write(tmp_path / "own.csv", [GOOD] * 40, head))
    assert len(caught.value.mistakes) == 1
    assert words in str(caught.value)


def test_a_file_that_is_no_table_is_refused(tmp_path):
    for name, content, words in [
        ("empty.csv", b"", "is empty"),
        ("few.csv", f"{HEAD}\n{GOOD}\n".encode(), "1 people; at least 30"),
        ("binary.csv", b"\xff\xfe\x00\x01", "no UTF-8"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileContentError, match=words):
            load_people_file(path)
    for path in (tmp_path / "none.csv", tmp_path, "a\0b"):
        with pytest.raises(FileContentError):
            load_people_file(path)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_nonsense_is_refused_by_its_own_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "nonsense.csv"
    path.write_bytes(content)
    with pytest.raises(FileContentError):
        load_people_file(path)
