"""Protein sources: what is packaged is whole, what is eaten arrives, nonsense is refused."""

import pytest

from cohort.errors import FileContentError, UnknownNameError
from cohort.nutrition import MIXED, food_names, load_food
from cohort.physiology.amino_acid_gut import AMINO_ACID_GUTS

TEXT = """\
name: mine
title: Mine
mark: assumed
source: a guess
content:
  trp: 1 g
  tyr: 3 g
  phe: 4 g
  leu: 8 g
  ile: 4000 mg
  val: 5 g
  met: 2 g
"""


def load(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    return load_food(str(path))


@pytest.mark.parametrize("name", food_names())
def test_every_packaged_source_is_whole_and_named_as_its_file(name):
    food = load_food(name)
    assert food.name == name
    boluses = food.boluses(50.0)
    assert set(boluses) == ({"protein_gut"} if name == MIXED else set(AMINO_ACID_GUTS))
    assert all(0 <= amount <= 50.0 for amount in boluses.values())


def test_the_published_contrasts_of_composition_are_there():
    def trp_over_rivals(name):
        food = load_food(name)
        rivals = ("tyr", "phe", "leu", "ile", "val")
        return food.grams_per_100_g("trp") / sum(map(food.grams_per_100_g, rivals))

    assert trp_over_rivals("alpha_lactalbumin") > 2 * trp_over_rivals("casein")
    assert trp_over_rivals("casein") > 0
    without = ("zein", "gelatin", "amino_acids_without_trp", "essential_without_trp")
    assert [trp_over_rivals(name) for name in without] == [0.0] * 4
    drink = load_food("amino_acids_without_tyr_phe")
    assert (drink.grams_per_100_g("tyr"), drink.grams_per_100_g("phe")) == (0.0, 0.0)


def test_a_source_of_ones_own_is_read_in_any_unit_of_mass(tmp_path):
    boluses = load(TEXT, tmp_path).boluses(200.0)
    wanted = {"trp_gut": 2.0, "tyr_gut": 6.0, "phe_gut": 8.0, "bcaa_gut": 34.0}
    assert boluses == pytest.approx(wanted)


def test_nothing_eaten_is_nothing_in_the_gut(tmp_path):
    assert set(load(TEXT, tmp_path).boluses(0.0).values()) == {0.0}


WRONG = {
    "no tryptophan said": ("  trp: 1 g\n", "", "Write 'trp: 0 g' where there is none"),
    "an unknown amino acid": ("met:", "meth:", "meth"),
    "an amount without unit": ("trp: 1 g", "trp: 1", "1"),
    "an amount that is no mass": ("trp: 1 g", "trp: 1 h", "[g]"),
    "a negative amount": ("trp: 1 g", "trp: -1 g", "-1"),
    "an amount that is no number": ("trp: 1 g", "trp: some", "some"),
    "more than there is": ("leu: 8 g", "leu: 90 g", "100 g at most"),
    "more than there is of one": ("leu: 8 g", "leu: 101 g", "101"),
    "no source": ("source: a guess\n", "", "'source' is missing"),
    "a mark that does not exist": ("mark: assumed", "mark: heard", "heard"),
    "a name that is no identifier": ("name: mine", "name: My food", "My food"),
    "an unknown key": ("title:", "titel:", "Did you mean 'title'"),
    "a list of contents": (TEXT[TEXT.index("  trp") :], "  - trp\n", "content"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_nonsense_is_refused_with_its_place(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    with pytest.raises(FileContentError) as caught:
        load(TEXT.replace(old, new, 1), tmp_path)
    assert words in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_an_unknown_source_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'gelatine'.*'gelatin'"):
        load_food("gelatine")
