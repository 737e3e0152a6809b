"""Set the first printing of the chemistry beside the present one on published numbers.

    python benchmarks/compare_printings.py

writes benchmarks/chemistry/REPAIRS.md and repairs.json: what the first printing had wrong and the
present one has not, and that no number that fitted was lost. Both models are this package's own
assembly; the printed one has the numbers of tests/chemistry_printed_model.py and is held to an
independent program by tests/cohort/test_chemistry.py.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from chemistry_printed_model import printed_model  # noqa: E402 -- a helper of the tests
from chemistry_runs import DAY, ratios  # noqa: E402

from cohort.chemistry import WHOLE, chemistry_model  # noqa: E402

YEAR_END = 84 * DAY


@dataclass(frozen=True)
class Row:
    """One published number: controls and hours, quantity over rest, interval, source."""

    title: str
    steps: list
    quantity: str
    low: float
    high: float
    source: str


SSRI, NRI = {"sert_occupancy": 0.8}, {"net_occupancy": 0.95}
ROWS = (
    Row(
        "SSRI, 6 weeks: MHPG in spinal fluid",
        [(SSRI, 42 * DAY)],
        "mhpg_csf",
        0.52,
        0.91,
        "Sheline 1997, De Bellis 1993",
    ),
    Row(
        "alpha-2 antagonist alone",
        [({"antagonist_alpha2": 0.95}, 3)],
        "noradrenaline_extracellular",
        0.85,
        1.15,
        "Sacchetti 1999",
    ),
    Row(
        "NET 88 % blocked for 14 days",
        [({"net_occupancy": 0.88}, 14 * DAY)],
        "noradrenaline_extracellular",
        4.5,
        7.5,
        "Invernizzi 2001",
    ),
    Row(
        "COMT 90 % blocked, 4 h: HVA in brain",
        [({"comt_inhibition": 0.9}, 4)],
        "hva_brain",
        0.19,
        0.45,
        "Tornwall 1994",
    ),
    Row(
        "COMT 90 % blocked, 4 h: DOPAC in brain",
        [({"comt_inhibition": 0.9}, 4)],
        "dopac_brain",
        1.2,
        1.8,
        "Tornwall 1994",
    ),
    Row(
        "TH 80 % blocked, 26 h: HVA in plasma",
        [({"th_inhibition": 0.8}, 26)],
        "hva_plasma",
        0.18,
        0.40,
        "Verhoeff 2001",
    ),
    Row(
        "TH 80 % blocked, 26 h: MHPG in plasma",
        [({"th_inhibition": 0.8}, 26)],
        "mhpg_plasma",
        0.40,
        0.54,
        "Verhoeff 2001",
    ),
    Row(
        "vigabatrin daily, 30 days: brain GABA",
        [({"gaba_transaminase_inactivation": 0.15}, 30 * DAY)],
        "gaba_total",
        2.0,
        2.4,
        "Petroff 1996",
    ),
    Row(
        "NET 90 % blocked, 3 h: prefrontal dopamine",
        [({"net_occupancy": 0.9}, 3)],
        "dopamine_cortical",
        2.4,
        3.6,
        "Bymaster 2002",
    ),
    Row(
        "neostigmine 100 nM (AChE 89 %)",
        [({"ache_inhibition": 0.894}, 1)],
        "acetylcholine_extracellular",
        7.9,
        10.9,
        "Vinson, Justice 1997",
    ),
    Row(
        "neostigmine 300 nM (AChE 96 %)",
        [({"ache_inhibition": 0.962}, 1)],
        "acetylcholine_extracellular",
        19.7,
        43.4,
        "Vinson, Justice 1997",
    ),
    Row(
        "endotoxin 2 ng/kg, 2 h of drive: IL-6",
        [({"inflammatory_drive": 165.0}, 2)],
        "il6",
        70.0,
        220.0,
        "data in Somvanshi 2020",
    ),
    # what fitted before
    Row("SSRI, 3 h", [(SSRI, 3)], "serotonin_extracellular", 1.55, 2.46, "Bosker 2001, Pozzi 1999"),
    Row(
        "SSRI, 4 weeks",
        [(SSRI, 28 * DAY)],
        "serotonin_extracellular",
        2.0,
        3.5,
        "Bosker 2001, Anderson 2005",
    ),
    Row(
        "SSRI, 4 weeks: 5-HIAA in spinal fluid",
        [(SSRI, 28 * DAY)],
        "hiaa_csf",
        0.40,
        0.67,
        "De Bellis 1993, review",
    ),
    Row(
        "SSRI stopped for a week",
        [(SSRI, 28 * DAY), ({}, 7 * DAY)],
        "serotonin_extracellular",
        0.9,
        1.1,
        "Anderson 2005",
    ),
    Row(
        "TPH 90 % blocked, 3 days",
        [({"tph_inhibition": 0.9}, 3 * DAY)],
        "serotonin_vesicle",
        0.05,
        0.2,
        "PCPA, Pozzi 1999",
    ),
    Row(
        "tryptophan depletion, 14 h: 5-HIAA in spinal fluid",
        [({"tryptophan_supply": 0.05, "lnaa_multiplier": 2.0}, 7), ({"tryptophan_supply": 0.6}, 7)],
        "hiaa_csf",
        0.60,
        0.76,
        "Williams 1999, Carpenter 1998",
    ),
    Row(
        "NET 95 % blocked, 3 h",
        [(NRI, 3)],
        "noradrenaline_extracellular",
        2.9,
        3.9,
        "Sacchetti 1999",
    ),
    Row(
        "the same with alpha-2 antagonist",
        [(NRI | {"antagonist_alpha2": 0.95}, 3)],
        "noradrenaline_extracellular",
        14.0,
        20.0,
        "Sacchetti 1999",
    ),
    Row(
        "MAO-A 80 % blocked, 14 days: HVA in spinal fluid",
        [({"mao_a_inhibition": 0.8}, 14 * DAY)],
        "hva_csf",
        0.55,
        0.80,
        "plasma, Berlin 1990",
    ),
    Row(
        "DAT 60 % blocked, 2 h",
        [({"dat_occupancy": 0.6}, 2)],
        "dopamine_extracellular",
        1.5,
        3.0,
        "methylphenidate, recalled",
    ),
    Row(
        "interferon, 12 weeks: kynurenine in brain",
        [({"interferon_drive": 2.0, "inflammatory_drive": 0.5}, YEAR_END)],
        "kynurenine_brain",
        1.5,
        2.5,
        "Raison 2010, recalled",
    ),
    Row(
        "stress doubled, 28 days: cortisol",
        [({"stress": 2.0}, 28 * DAY)],
        "cortisol",
        1.3,
        1.7,
        "Carroll 2007",
    ),
)


def main():
    options = _options()
    before, after = printed_model(), chemistry_model(WHOLE)
    found = []
    for row in ROWS:
        old = value(before, row) if row.quantity in before.system.observables else None
        new = value(after, row)
        found.append(
            {
                "title": row.title,
                "quantity": row.quantity,
                "published": [row.low, row.high],
                "first_printing": old,
                "now": new,
                "fitted": old is not None and row.low <= old <= row.high,
                "fits": row.low <= new <= row.high,
                "source": row.source,
            }
        )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "repairs.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.out / "REPAIRS.md").write_text(text := report(found))
    print(text)


def value(model, row):
    """Return the quantity at the end of the steps, over rest."""
    return float(ratios(model, row.steps)[-1][row.quantity][0])


def report(found):
    lines = [
        "# What the first printing had wrong",
        "",
        "Written by `python benchmarks/compare_printings.py`; not by hand. Values over rest of the "
        "reference patient. These numbers shaped the model; `CHEMISTRY.md` has others too.",
        "",
        f"repaired: **{sum(row['fits'] and not row['fitted'] for row in found)}**; "
        f"lost: **{sum(row['fitted'] and not row['fits'] for row in found)}**; "
        f"fit as before: {sum(row['fitted'] and row['fits'] for row in found)}; "
        f"fit in neither: {sum(not row['fitted'] and not row['fits'] for row in found)}",
        "",
        "| number | published | first printing | now | | source |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found:
        old = "not there" if row["first_printing"] is None else f"{row['first_printing']:.3g}"
        low, high = row["published"]
        verdict = {
            (False, True): "**repaired**",
            (True, True): "fits",
            (True, False): "**lost**",
            (False, False): "in neither",
        }[row["fitted"], row["fits"]]
        lines.append(
            f"| {row['title']} | {low:g} to {high:g} | {old} | {row['now']:.3g} | {verdict} "
            f"| {row['source']} |"
        )
    return "\n".join(lines) + "\n"


def _options():
    parser = argparse.ArgumentParser(description="Compare two printings of the chemistry.")
    parser.add_argument("--out", type=Path, default=HERE / "chemistry")
    return parser.parse_args()


if __name__ == "__main__":
    main()
