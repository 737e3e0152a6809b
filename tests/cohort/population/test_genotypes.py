"""Sampled phenotypes against figures that were not used as inputs, and a file's refusals."""

import math

import numpy as np
import pytest
from cohort_population_tolerances import (
    COMT_COUNTED,
    CYP2C19_ESTONIAN,
    CYP2C19_EUROPEAN,
    CYP2C19_KOREAN,
    CYP2D6_ESTONIAN,
    MAOA_SHARE,
    SLC6A4_SHARE,
    STANDARD_ERRORS,
)
from ruamel.yaml import YAML

import cohort.population
from cohort.errors import FileContentError, UnknownNameError
from cohort.facts import count_assumed
from cohort.population import ANCESTRIES, load_genotypes, sample_genotypes

N = 100_000
IDS = np.arange(N)


@pytest.fixture(scope="module")
def white():
    return sample_genotypes(IDS, 3, np.full(N, "white"))


@pytest.fixture(scope="module")
def women_and_men():
    sex = np.where(IDS % 2 == 0, "F", "M")
    return sex, sample_genotypes(IDS, 3, np.full(N, "white"), sex=sex)


@pytest.fixture(scope="module")
def asian():
    return sample_genotypes(IDS, 3, np.full(N, "asian"))


def _shares(column):
    names, counts = np.unique(column, return_counts=True)
    return {str(name): count / len(column) for name, count in zip(names, counts, strict=True)}


def _assert_near(found, published, tolerance):
    differences = {name: found.get(name, 0.0) - share for name, share in published.items()}
    assert max(map(abs, differences.values())) < tolerance, differences


def test_cyp2c19_of_white_people_is_that_of_europeans(white):
    # PMC9318053 table 3, European reference, n = 1,689,246
    published = {"NM": 0.406, "RM": 0.276, "UM": 0.047, "IM": 0.248, "PM": 0.021}
    _assert_near(_shares(white["cyp2c19"]), published, CYP2C19_EUROPEAN)


def test_cyp2c19_of_white_people_is_near_that_of_estonians(white):
    published = {"PM": 0.024, "IM": 0.236, "RM": 0.312, "UM": 0.069}  # PMC6752278 table 2
    _assert_near(_shares(white["cyp2c19"]), published, CYP2C19_ESTONIAN)


def test_cyp2c19_of_east_asians_is_near_that_of_koreans(asian):
    east = asian["genetic_group"] == "east_asian"
    # PMC9318053 table 3, n = 75; PM by difference
    published = {"NM": 0.36, "RM": 0.0, "UM": 0.0, "IM": 0.426, "PM": 0.21}
    _assert_near(_shares(asian["cyp2c19"][east]), published, CYP2C19_KOREAN)


def test_cyp2d6_of_white_people_is_near_that_of_estonians_and_the_dutch(white):
    found = _shares(white["cyp2d6"])
    _assert_near(found, {"PM": 0.050, "UM": 0.024}, CYP2D6_ESTONIAN)  # PMC6752278 table 2
    _assert_near(found, {"PM": 66 / 1576}, CYP2D6_ESTONIAN)  # PMC7027978
    # its intermediate metabolizers are those of activity 0.5
    assert (white["cyp2d6_activity"] == 0.5).mean() == pytest.approx(0.039, abs=CYP2D6_ESTONIAN)


@pytest.mark.parametrize("ancestry", ANCESTRIES)
def test_cyp2d6_lies_in_the_range_of_world_populations(ancestry):
    found = _shares(sample_genotypes(IDS, 3, np.full(N, ancestry))["cyp2d6"])
    assert 0.004 <= found["PM"] <= 0.054 + CYP2D6_ESTONIAN  # Gaedigk 2017, abstract
    assert 0.01 - 0.002 <= found["UM"] <= 0.21


@pytest.mark.parametrize(
    ("ancestry", "share"),
    # PMC3692498 table 2: German and African American controls
    [("white", 1294 / (1294 + 1898)), ("black", 35 / (35 + 93))],
)
def test_short_alleles_are_as_common_as_in_other_samples(ancestry, share):
    found = _shares(sample_genotypes(IDS, 3, np.full(N, ancestry))["slc6a4"])
    assert found["SS"] + found["SL"] / 2 == pytest.approx(share, abs=SLC6A4_SHARE)


def test_genotypes_are_in_hardy_weinberg_proportions_within_a_group(white):
    found = _shares(white["slc6a4"])
    short = 0.43
    expected = {"SS": short**2, "SL": 2 * short * (1 - short), "LL": (1 - short) ** 2}
    for name, share in expected.items():
        assert abs(found[name] - share) < STANDARD_ERRORS * math.sqrt(share * (1 - share) / N)


def test_comt_is_in_hardy_weinberg_proportions_as_whites_were_counted(white):
    found, met = _shares(white["comt"]), 0.52
    expected = {"MetMet": met**2, "ValMet": 2 * met * (1 - met), "ValVal": (1 - met) ** 2}
    for name, share in expected.items():
        assert abs(found[name] - share) < STANDARD_ERRORS * math.sqrt(share * (1 - share) / N)
    # McLeod 1994, 202 people by activity: high, intermediate, low; the frequency came from these
    _assert_near(found, {"ValVal": 0.23, "ValMet": 0.50, "MetMet": 0.27}, COMT_COUNTED)


def test_comt_of_black_people_is_near_the_activities_that_were_counted():
    found = _shares(sample_genotypes(IDS, 3, np.full(N, "black"))["comt"])
    _assert_near(found, {"ValVal": 0.55, "ValMet": 0.38, "MetMet": 0.07}, COMT_COUNTED)


def test_met_alleles_of_east_asians_are_between_filipinos_and_europeans(asian):
    found = _shares(asian["comt"][asian["genetic_group"] == "east_asian"])
    assert 0.17 < found["MetMet"] + found["ValMet"] / 2 < 0.5  # PMID 22724048; Palmatier 1999


def test_men_have_one_allele_of_maoa_and_women_two(women_and_men):
    sex, columns = women_and_men
    assert set(columns["maoa"][sex == "M"]) == {"3R", "4R"}
    assert set(columns["maoa"][sex == "F"]) == {"3R3R", "3R4R", "4R4R"}


def test_maoa_is_in_the_proportions_of_a_gene_on_the_x_chromosome(women_and_men):
    sex, columns = women_and_men
    three, n = 0.35, N / 2
    men, women = (_shares(columns["maoa"][sex == one]) for one in ("M", "F"))
    expected = {"3R3R": three**2, "3R4R": 2 * three * (1 - three), "4R4R": (1 - three) ** 2}
    for found, shares in ((men, {"3R": three, "4R": 1 - three}), (women, expected)):
        for name, share in shares.items():
            assert abs(found[name] - share) < STANDARD_ERRORS * math.sqrt(share * (1 - share) / n)


def test_low_genotypes_of_men_are_as_common_as_in_a_sample_that_was_not_used(women_and_men):
    # Fowler 2007, PMC2712611 table 1: 12 of 38 American men, 22 of them white
    sex, columns = women_and_men
    share = (columns["maoa"][sex == "M"] == "3R").mean()
    assert share == pytest.approx(12 / 38, abs=MAOA_SHARE)


def test_maoa_needs_a_sex(white):
    assert "maoa" not in white
    with pytest.raises(UnknownNameError, match="unknown sex 'x'"):
        sample_genotypes([1, 2], 3, ["white", "white"], sex=["F", "x"])


def test_genes_are_independent(white):
    one, two = white["cyp2d6_activity"], (white["slc6a4"] == "SS").astype(float)
    assert abs(np.corrcoef(one, two)[0, 1]) < STANDARD_ERRORS / math.sqrt(N)


def test_phenotypes_follow_the_activity_score(white):
    for phenotype, low, high in [("PM", 0, 0), ("IM", 0.25, 1), ("NM", 1.25, 2.25), ("UM", 2.5, 4)]:
        scores = white["cyp2d6_activity"][white["cyp2d6"] == phenotype]
        assert low <= scores.min() <= scores.max() <= high


def test_each_patient_belongs_to_a_group_of_their_ancestry(asian):
    share = (asian["genetic_group"] == "east_asian").mean()
    assert share == pytest.approx(0.7, abs=STANDARD_ERRORS * math.sqrt(0.21 / N))
    assert set(asian["genetic_group"]) == {"east_asian", "south_asian"}


def test_the_density_of_the_transporter_moves_by_ten_percent_at_most():
    densities = [fact.number("1") for fact in load_genotypes().slc6a4.densities.values()]
    assert max(densities) - min(densities) <= 0.1 + 1e-12


def test_every_number_says_how_it_was_obtained():
    numbers, assumed = count_assumed(load_genotypes())
    assert numbers > 80
    assert assumed < numbers / 3


def test_an_unknown_ancestry_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'white'"):
        sample_genotypes([1], 3, ["whyte"])


def _edit(tmp_path, change):
    yaml = YAML()
    packaged = next(iter(cohort.population.__path__))
    with open(f"{packaged}/genotypes.yaml", encoding="utf-8") as text:  # noqa: PTH123
        tree = yaml.load(text)
    change(tree)
    path = tmp_path / "genotypes.yaml"
    with path.open("w", encoding="utf-8") as text:
        yaml.dump(tree, text)
    return path


def test_a_file_of_ones_own_replaces_the_packaged_one(tmp_path):
    def all_short(tree):
        tree["slc6a4"]["short_allele"]["european"]["value"] = 1.0

    facts = load_genotypes(_edit(tmp_path, all_short))
    found = sample_genotypes(np.arange(50), 3, np.full(50, "white"), facts)
    assert set(found["slc6a4"]) == {"SS"}


MISTAKES = [
    (lambda tree: tree.pop("cyp2d6"), "cyp2d6"),
    (lambda tree: tree["cyp2c19"]["frequencies"].pop("latino"), "latino"),
    (lambda tree: tree["ancestries"].pop("other"), "other"),
    (lambda tree: tree["ancestries"]["white"]["groups"].update(european=0.9), "add up to 0.9"),
    (lambda tree: tree["ancestries"]["white"]["groups"].update(martian=0.0), "martian"),
    (lambda tree: tree["cyp2d6"]["frequencies"]["latino"]["*4"].update(value=1.2), "1.2"),
    (lambda tree: tree["cyp2d6"]["frequencies"]["latino"]["*4"].update(value=0.99), "at most 1"),
    (lambda tree: tree["cyp2d6"]["phenotypes"].pop(-1), "falling to 0"),
    (lambda tree: tree["cyp2c19"]["phenotypes"].pop(0), "Add the row"),
    (lambda tree: tree["cyp2c19"]["functions"]["*2"].update(value="some"), "value"),
    (lambda tree: tree["slc6a4"]["short_allele"]["latino"].update(value=-0.1), "from 0 to 1"),
    (lambda tree: tree["slc6a4"]["short_allele"]["latino"].pop("source"), "source"),
    (lambda tree: tree["slc6a4"]["densities"].pop("SL"), "above 0"),
    (lambda tree: tree["comt"]["met_allele"].pop("latino"), "comt: groups"),
    (lambda tree: tree["comt"]["met_allele"]["latino"].update(value=1.1), "from 0 to 1"),
    (lambda tree: tree["comt"]["activities"].pop("ValMet"), "activities.ValMet"),
    (lambda tree: tree["maoa"]["activities"]["3R"].update(value=0), "activities.3R"),
    (lambda tree: tree["maoa"]["three_repeat"]["latino"].update(value=-0.1), "three_repeat.latino"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, change, message):
    with pytest.raises(FileContentError, match=message):
        load_genotypes(_edit(tmp_path, change))
