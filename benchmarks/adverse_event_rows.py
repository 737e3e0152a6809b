"""Published rates of adverse events, and the arms that are simulated to meet them.

A row: the event, the arms (with weights where several were pooled), share on placebo and on the
drug, patients on the drug, what it is used for, and where it comes from. ``check`` rows split the
patients of a row for fitting by dose: they are neither fitted nor independent. Recalled numbers
carry the mark ``assumed`` and are to be verified.
"""

from dataclasses import dataclass

WEEK = 7


@dataclass(frozen=True)
class Pool:
    """A condition, a length, and regimens by arm."""

    condition: str
    weeks: int
    arms: dict


@dataclass(frozen=True)
class Change:
    """One published mean change over placebo; ``level`` is the mean on placebo at the end."""

    code: str
    on: str
    arms: dict
    change: float
    error: float
    level: float
    use: str
    source: str


@dataclass(frozen=True)
class Row:
    """One published share."""

    event: str
    on: str
    arms: dict
    placebo: float
    share: float
    n: int
    use: str
    mark: str
    source: str
    placebo_days: int = 56
    until_day: int = 56
    first_day: int = 0
    sex: str = ""
    ascertainment: str = "spontaneous"
    scale: tuple | None = (
        None  # share on placebo and days that gains multiply; else the placebo here
    )


def steps(drug, *doses, every="1 day", weeks=None):
    """Return regimens of a titration, a week a step unless said."""
    starts = weeks or range(len(doses))
    text = []
    for dose, start, stop in zip(doses, starts, (*list(starts)[1:], None), strict=True):
        begin = f", start: week {start}" if start else ""
        end = "" if stop is None else f", stop: week {stop}"
        text.append(f"{{drug: {drug}, dose: {dose:g} mg, every: {every}{begin}{end}}}")
    return ", ".join(text)


def until_week_8(drug, dose):
    return f"{{drug: {drug}, dose: {dose} mg, stop: week 8}}"


MDD, AD, PD, SCZ = (
    "major_depression",
    "alzheimers_disease",
    "parkinsons_disease_early",
    "schizophrenia",
)
ROPINIROLE = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)

POOLS = {
    "citalopram": Pool(
        MDD,
        8,
        {
            "escitalopram 10": steps("escitalopram", 10),
            "escitalopram 20": steps("escitalopram", 10, 20),
            "escitalopram 28": steps("escitalopram", 10, 20, 28),
            "citalopram 20": steps("citalopram", 20),
            "citalopram 40": steps("citalopram", 20, 40),
            "citalopram 60": steps("citalopram", 20, 40, 60),
        },
    ),
    "paroxetine": Pool(
        MDD,
        8,
        {"paroxetine 20": steps("paroxetine", 20), "paroxetine 40": steps("paroxetine", 20, 40)},
    ),
    "sertraline": Pool(
        MDD,
        8,
        {
            "sertraline 50": steps("sertraline", 50),
            "sertraline 100": steps("sertraline", 50, 100),
            "sertraline 200": steps("sertraline", 50, 100, 200),
        },
    ),
    "fluoxetine": Pool(
        MDD,
        8,
        {
            "fluoxetine 20": steps("fluoxetine", 20),
            "fluoxetine 60": steps("fluoxetine", 20, 40, 60),
        },
    ),
    "venlafaxine": Pool(
        MDD,
        8,
        {
            "venlafaxine 75": steps("venlafaxine", 75),
            "venlafaxine 225": steps("venlafaxine", 75, 150, 225),
        },
    ),
    "desvenlafaxine": Pool(
        MDD, 8, {f"desvenlafaxine {d}": steps("desvenlafaxine", d) for d in (50, 100, 200, 400)}
    ),
    "duloxetine": Pool(
        MDD,
        8,
        {
            "duloxetine 60": steps("duloxetine", 60),
            "duloxetine 80": steps("duloxetine", 40, every="12 h"),
        },
    ),
    "bupropion": Pool(
        MDD,
        8,
        {
            "bupropion 300": steps("bupropion", 150, every="12 h"),
            "bupropion 400": steps("bupropion", 150, 200, every="12 h"),
        },
    ),
    "mirtazapine": Pool(MDD, 6, {"mirtazapine 30": steps("mirtazapine", 15, 30)}),
    "vortioxetine": Pool(
        MDD, 8, {f"vortioxetine {d}": steps("vortioxetine", d) for d in (5, 10, 20)}
    ),
    "amitriptyline": Pool(MDD, 8, {"amitriptyline 150": steps("amitriptyline", 75, 100, 150)}),
    "pregabalin": Pool(
        "neuropathic_pain",
        8,
        {
            "pregabalin 75": steps("pregabalin", 25, every="8 h"),
            "pregabalin 150": steps("pregabalin", 50, every="8 h"),
            "pregabalin 300": steps("pregabalin", 50, 100, every="8 h"),
            "pregabalin 600": steps("pregabalin", 100, 200, every="8 h"),
        },
    ),
    "lorazepam": Pool(
        "generalised_anxiety", 4, {"lorazepam 6": steps("lorazepam", 1, 2, every="8 h")}
    ),
    "haloperidol": Pool(
        SCZ, 6, {f"haloperidol {dose}": steps("haloperidol", dose) for dose in (10, 15, 20)}
    ),
    "risperidone": Pool(SCZ, 6, {"risperidone 6": steps("risperidone", 2, 3, every="12 h")}),
    "paliperidone": Pool(
        SCZ, 6, {f"paliperidone {dose}": steps("paliperidone", dose) for dose in (6, 9, 12)}
    ),
    "olanzapine": Pool(SCZ, 6, {"olanzapine 15": steps("olanzapine", 10, 15)}),
    "quetiapine": Pool(SCZ, 6, {"quetiapine 600": steps("quetiapine", 200, 300, every="12 h")}),
    "aripiprazole": Pool(SCZ, 6, {"aripiprazole 20": steps("aripiprazole", 20)}),
    "donepezil": Pool(
        AD,
        24,
        {"donepezil 5": steps("donepezil", 5), "donepezil 10": steps("donepezil", 5, 10)},
    ),
    "pramipexole": Pool(
        PD, 24, {"pramipexole 3": steps("pramipexole", 0.125, 0.25, 0.5, 0.75, 1.0, every="8 h")}
    ),
    "ropinirole": Pool(PD, 24, {"ropinirole 15": steps("ropinirole", *ROPINIROLE, every="8 h")}),
    "levodopa": Pool(
        PD,
        40,
        {
            f"levodopa {day}": steps(
                "levodopa_carbidopa", max(day / 6, 50), day / 3, every="8 h", weeks=(0, 4)
            )
            for day in (150, 300, 600)
        },
    ),
    "atomoxetine": Pool(
        "adhd", 10, {"atomoxetine 90": steps("atomoxetine", 30, 40, 45, every="12 h")}
    ),
    "methylphenidate": Pool(
        "adhd", 6, {"methylphenidate 54": steps("methylphenidate_oros", 18, 36, 54)}
    ),
    "paroxetine stopped": Pool(MDD, 10, {"paroxetine stopped": until_week_8("paroxetine", 20)}),
    "sertraline stopped": Pool(MDD, 10, {"sertraline stopped": until_week_8("sertraline", 100)}),
    "fluoxetine stopped": Pool(MDD, 10, {"fluoxetine stopped": until_week_8("fluoxetine", 20)}),
}

ESC_DOSES = "escitalopram US label, fixed-dose trials"
ESC_POOL = "escitalopram US label (droracle.ai 393081, 620032)"
PRE_LABEL = "pregabalin label, table 3 (120ty.net 49520)"
HUHN = "Huhn 2019, trials held back for validation taken out"
ROGERS = "donepezil trials 302 and 304 (bmcneurol 11:57, table 6)"
DON_LABEL = "donepezil label pool (adlarityhcp.com)"
ATO_LABEL = "atomoxetine adult label"
ROP_LABEL = "ropinirole label, early Parkinson"
PRA_LABEL = "pramipexole label, early Parkinson"
SER_LABEL = "sertraline label"
PAR_LABEL = "paroxetine label"
VEN_LABEL = "venlafaxine label (droracle.ai 723499)"
MIR_LABEL = "mirtazapine label"
BOTH = {"escitalopram 10": 310, "escitalopram 20": 125}
HAL = {"haloperidol 10": 1, "haloperidol 15": 1, "haloperidol 20": 1}
ANTIPSYCHOTICS = {
    "haloperidol": HAL,
    "risperidone": {"risperidone 6": 1},
    "olanzapine": {"olanzapine 15": 1},
    "quetiapine": {"quetiapine 600": 1},
    "aripiprazole": {"aripiprazole 20": 1},
    "paliperidone": {"paliperidone 6": 1, "paliperidone 9": 1, "paliperidone 12": 1},
}


def by_dose(event, placebo, ten, twenty, mark="assumed", use="check"):
    return [
        Row(
            event,
            "escitalopram 10 mg",
            {"escitalopram 10": 1},
            placebo,
            ten,
            310,
            use,
            mark,
            ESC_DOSES,
        ),
        Row(
            event,
            "escitalopram 20 mg",
            {"escitalopram 20": 1},
            placebo,
            twenty,
            125,
            use,
            mark,
            ESC_DOSES,
        ),
    ]


def pooled(event, placebo, share, n=715, sex=""):
    return [
        Row(
            event,
            "escitalopram, all doses",
            BOTH,
            placebo,
            share,
            n,
            "fit",
            "read",
            ESC_POOL,
            sex=sex,
        )
    ]


def pregabalin(event, placebo, *shares):
    return [
        Row(
            event,
            f"pregabalin {dose} mg",
            {f"pregabalin {dose}": 1},
            placebo,
            share,
            n,
            "fit",
            "read",
            PRE_LABEL,
        )
        for dose, n, share in zip((75, 150, 300, 600), (77, 212, 321, 369), shares, strict=True)
    ]


def antipsychotics(event, placebo, **shares):
    """Return rows of six-week trials: share and denominator by drug; paliperidone is judged."""
    return [
        Row(
            event,
            drug,
            ANTIPSYCHOTICS[drug],
            placebo,
            share,
            n,
            "judge" if drug == "paliperidone" else "fit",
            "computed",
            HUHN,
            placebo_days=42,
            until_day=42,
        )
        for drug, (share, n) in shares.items()
    ]


def donepezil(event, placebo, five, ten):
    """Return cumulative shares by week 1, 2, 4 and 24, in percent."""
    return [
        Row(
            event,
            f"donepezil {dose} mg, week {week}",
            {f"donepezil {dose}": 1},
            untreated / 100,
            share / 100,
            n,
            "fit",
            "read",
            ROGERS,
            placebo_days=WEEK * week,
            until_day=WEEK * week,
            scale=(placebo[-1] / 100, 168),
        )
        for dose, n, shares in ((5, 425, five), (10, 430, ten))
        for week, untreated, share in zip((1, 2, 4, 24), placebo, shares, strict=True)
    ]


def label(event, on, arms, placebo, share, n, use, source, mark="assumed", days=56, sex=""):
    return Row(
        event,
        on,
        arms,
        placebo,
        share,
        n,
        use,
        mark,
        source,
        placebo_days=days,
        until_day=days,
        sex=sex,
    )


def cholinergic(event, placebo, share):
    arms = {"donepezil 5": 0.5, "donepezil 10": 0.5}
    return label(
        event, "donepezil 5 and 10 mg", arms, placebo, share, 747, "fit", DON_LABEL, "read", 168
    )


def atomoxetine(event, placebo, share, sex=""):
    return label(
        event,
        "atomoxetine",
        {"atomoxetine 90": 1},
        placebo,
        share,
        540,
        "fit",
        ATO_LABEL,
        days=70,
        sex=sex,
    )


def ropinirole(event, placebo, share):
    return label(
        event, "ropinirole", {"ropinirole 15": 1}, placebo, share, 157, "fit", ROP_LABEL, days=168
    )


def pramipexole(event, placebo, share):
    return label(
        event,
        "pramipexole",
        {"pramipexole 3": 1},
        placebo,
        share,
        388,
        "judge",
        PRA_LABEL,
        days=168,
    )


SER = {"sertraline 50": 1, "sertraline 100": 1, "sertraline 200": 1}
PAR = {"paroxetine 20": 1, "paroxetine 40": 1}
VEN = {"venlafaxine 75": 1, "venlafaxine 225": 1}
FLU = {"fluoxetine 20": 1, "fluoxetine 60": 1}


def judged(event, on, arms, placebo, share, n, source, mark="assumed", days=56, sex=""):
    return label(event, on, arms, placebo, share, n, "judge", source, mark, days, sex)


def stopped(drug, share, n, use):
    return Row(
        "drug_withdrawal_syndrome",
        f"{drug} interrupted, asked for",
        {f"{drug} stopped": 1},
        0.10,
        share,
        n,
        use,
        "assumed",
        "Rosenbaum 1998, 5-8 days",
        placebo_days=8,
        first_day=56,
        until_day=64,
        ascertainment="checklist",
    )


def suicidality(event, share):
    arms = {"escitalopram 10": 1, "sertraline 100": 1, "fluoxetine 20": 1, "paroxetine 20": 1}
    return label(
        event,
        "blockers of serotonin uptake",
        arms,
        0.01,
        share,
        5000,
        "fit",
        "FDA 2006, differences by age",
    )


ROWS = (
    # ---- escitalopram by dose
    *pooled("nausea", 0.07, 0.15),
    *pooled("diarrhoea", 0.05, 0.08),
    *by_dose("diarrhoea", 0.05, 0.06, 0.14),
    *by_dose("dry_mouth", 0.03, 0.04, 0.09, use="fit"),
    *pooled("constipation", 0.01, 0.03),
    *by_dose("constipation", 0.01, 0.03, 0.06),
    *pooled("dyspepsia", 0.01, 0.03),
    *by_dose("dyspepsia", 0.01, 0.02, 0.06),
    *pooled("abdominal_pain", 0.01, 0.02),
    *pooled("insomnia", 0.04, 0.09),
    *by_dose("insomnia", 0.04, 0.07, 0.14, "read"),
    *pooled("somnolence", 0.02, 0.06),
    *by_dose("somnolence", 0.01, 0.04, 0.09),
    *pooled("dizziness", 0.03, 0.05),
    *by_dose("dizziness", 0.02, 0.04, 0.07),
    *pooled("fatigue", 0.02, 0.05),
    *by_dose("fatigue", 0.02, 0.02, 0.06),
    *pooled("hyperhidrosis", 0.02, 0.05),
    *by_dose("hyperhidrosis", 0.005, 0.03, 0.08),
    *pooled("decreased_appetite", 0.01, 0.03),
    *pooled("libido_decreased", 0.01, 0.03),
    *pooled("ejaculation_disorder", 0.005, 0.09, 225, "M"),
    *pooled("erectile_dysfunction", 0.005, 0.03, 225, "M"),
    *pooled("anorgasmia", 0.005, 0.02, 490, "F"),
    *pooled("sexual_dysfunction", 0.01, 0.07),
    # ---- pregabalin by dose
    *pregabalin("dizziness", 0.05, 0.08, 0.09, 0.23, 0.29),
    *pregabalin("somnolence", 0.03, 0.04, 0.06, 0.13, 0.16),
    *pregabalin("oedema_peripheral", 0.02, 0.04, 0.06, 0.09, 0.12),
    *pregabalin("weight_increased", 0.001, 0.0, 0.04, 0.04, 0.06),
    *pregabalin("asthenia", 0.02, 0.04, 0.02, 0.04, 0.07),
    *pregabalin("dry_mouth", 0.01, 0.03, 0.02, 0.05, 0.07),
    *pregabalin("constipation", 0.02, 0.0, 0.02, 0.04, 0.06),
    *pregabalin("ataxia", 0.01, 0.06, 0.01, 0.02, 0.04),
    *pregabalin("vertigo", 0.01, 0.01, 0.02, 0.02, 0.04),
    *pregabalin("confusional_state", 0.01, 0.0, 0.01, 0.02, 0.03),
    *pregabalin("euphoric_mood", 0.002, 0.0, 0.0, 0.03, 0.02),
    *pregabalin("vision_blurred", 0.02, 0.03, 0.01, 0.03, 0.06),
    # ---- antipsychotics
    *antipsychotics(
        "somnolence",
        0.045,
        haloperidol=(0.133, 624),
        risperidone=(0.116, 970),
        olanzapine=(0.158, 1296),
        quetiapine=(0.160, 1722),
        aripiprazole=(0.076, 370),
        paliperidone=(0.074, 1139),
    ),
    *antipsychotics(
        "sedation",
        0.045,
        haloperidol=(0.133, 624),
        risperidone=(0.116, 970),
        olanzapine=(0.158, 1296),
        quetiapine=(0.160, 1722),
        aripiprazole=(0.076, 370),
        paliperidone=(0.074, 1139),
    ),
    *antipsychotics(
        "extrapyramidal_disorder",
        0.104,
        haloperidol=(0.480, 1068),
        risperidone=(0.269, 372),
        olanzapine=(0.121, 777),
        quetiapine=(0.060, 1472),
        aripiprazole=(0.175, 395),
        paliperidone=(0.160, 1355),
    ),
    *antipsychotics(
        "akathisia",
        0.039,
        haloperidol=(0.178, 731),
        risperidone=(0.087, 698),
        olanzapine=(0.068, 731),
        quetiapine=(0.029, 750),
        aripiprazole=(0.050, 522),
        paliperidone=(0.108, 844),
    ),
    *antipsychotics(
        "blood_prolactin_increased",
        0.045,
        haloperidol=(0.192, 432),
        risperidone=(0.401, 374),
        olanzapine=(0.150, 533),
        quetiapine=(0.011, 270),
        aripiprazole=(0.022, 226),
        paliperidone=(0.166, 561),
    ),
    *antipsychotics(
        "constipation",
        0.056,
        haloperidol=(0.078, 527),
        risperidone=(0.071, 1099),
        olanzapine=(0.068, 783),
        quetiapine=(0.071, 1560),
        aripiprazole=(0.077, 350),
        paliperidone=(0.055, 764),
    ),
    *antipsychotics(
        "vision_blurred",
        0.009,
        haloperidol=(0.055, 236),
        risperidone=(0.042, 259),
        olanzapine=(0.004, 226),
        quetiapine=(0.034, 267),
    ),
    *antipsychotics(
        "dry_mouth",
        0.019,
        haloperidol=(0.071, 351),
        risperidone=(0.056, 532),
        olanzapine=(0.070, 834),
        quetiapine=(0.139, 1139),
        paliperidone=(0.039, 639),
    ),
    *antipsychotics(
        "hypotension",
        0.032,
        haloperidol=(0.025, 396),
        risperidone=(0.034, 149),
        olanzapine=(0.022, 464),
        quetiapine=(0.089, 1016),
        aripiprazole=(0.099, 172),
        paliperidone=(0.027, 599),
    ),
    *antipsychotics(
        "orthostatic_hypotension", 0.032, risperidone=(0.034, 149), quetiapine=(0.089, 1016)
    ),
    *antipsychotics(
        "weight_increased",
        0.036,
        haloperidol=(0.062, 487),
        risperidone=(0.144, 866),
        olanzapine=(0.195, 1074),
        quetiapine=(0.122, 1090),
        aripiprazole=(0.070, 469),
        paliperidone=(0.066, 1355),
    ),
    *antipsychotics(
        "tachycardia",
        0.025,
        haloperidol=(0.018, 273),
        risperidone=(0.050, 401),
        olanzapine=(0.062, 763),
        quetiapine=(0.094, 545),
        aripiprazole=(0.050, 20),
        paliperidone=(0.102, 930),
    ),
    label("dystonia", "haloperidol", HAL, 0.01, 0.08, 69, "fit", "olanzapine label", days=42),
    label("parkinsonism", "haloperidol", HAL, 0.10, 0.38, 69, "fit", "olanzapine label", days=42),
    label(
        "tardive_dyskinesia",
        "haloperidol, one year",
        HAL,
        0.001,
        0.045,
        300,
        "fit",
        "4-5 % a year",
        days=364,
    ),
    label(
        "increased_appetite",
        "olanzapine",
        {"olanzapine 15": 1},
        0.03,
        0.06,
        532,
        "fit",
        "olanzapine label",
        days=42,
    ),
    # ---- donepezil by week
    *donepezil("nausea", (1.4, 2.5, 3.2, 5.7), (3.5, 3.8, 4.5, 6.1), (5.1, 14.4, 18.1, 21.4)),
    *donepezil("vomiting", (0.5, 0.5, 0.7, 3.0), (1.6, 2.1, 2.4, 4.0), (3.0, 8.8, 10.9, 13.7)),
    *donepezil("diarrhoea", (0.9, 1.4, 2.1, 5.0), (2.1, 3.5, 4.2, 9.9), (3.3, 7.2, 10.5, 17.0)),
    *donepezil("dizziness", (0.9, 1.8, 2.3, 4.8), (1.9, 3.3, 3.5, 6.6), (2.1, 4.7, 6.0, 8.8)),
    *donepezil("headache", (2.1, 2.3, 4.4, 11.5), (1.6, 2.6, 4.7, 9.6), (4.0, 7.2, 8.4, 13.3)),
    cholinergic("muscle_spasms", 0.02, 0.06),
    cholinergic("fatigue", 0.03, 0.05),
    cholinergic("decreased_appetite", 0.02, 0.04),
    cholinergic("abnormal_dreams", 0.003, 0.03),
    cholinergic("syncope", 0.01, 0.02),
    # ---- noradrenaline
    atomoxetine("nausea", 0.06, 0.26),
    atomoxetine("dry_mouth", 0.05, 0.20),
    atomoxetine("decreased_appetite", 0.03, 0.16),
    atomoxetine("insomnia", 0.08, 0.15),
    atomoxetine("constipation", 0.03, 0.08),
    atomoxetine("hyperhidrosis", 0.01, 0.04),
    atomoxetine("dizziness", 0.03, 0.08),
    atomoxetine("erectile_dysfunction", 0.01, 0.08, "M"),
    atomoxetine("urinary_hesitation", 0.01, 0.06),
    atomoxetine("palpitations", 0.01, 0.03),
    label(
        "insomnia",
        "methylphenidate 54 mg",
        {"methylphenidate 54": 1},
        0.06,
        0.12,
        415,
        "fit",
        "methylphenidate adult label",
        days=42,
    ),
    # ---- dopamine
    ropinirole("nausea", 0.22, 0.60),
    ropinirole("vomiting", 0.07, 0.12),
    ropinirole("dizziness", 0.22, 0.40),
    ropinirole("somnolence", 0.06, 0.40),
    ropinirole("syncope", 0.01, 0.12),
    ropinirole("hallucination", 0.01, 0.05),
    ropinirole("orthostatic_hypotension", 0.05, 0.06),
    *(
        label(
            "nausea",
            f"levodopa {d} mg",
            {f"levodopa {d}": 1},
            0.133,
            p,
            n,
            "fit",
            "ELLDOPA",
            days=280,
        )
        for d, n, p in ((150, 92, 0.163), (300, 88, 0.261), (600, 91, 0.319))
    ),
    label(
        "dyskinesia",
        "levodopa, two years",
        {"levodopa 300": 0.5, "levodopa 600": 0.5},
        0.084,
        0.31,
        150,
        "fit",
        "CALM-PD",
        days=728,
    ),
    # ---- others for fitting
    label(
        "somnolence",
        "lorazepam 6 mg",
        {"lorazepam 6": 1},
        0.15,
        0.50,
        200,
        "fit",
        "45-60 against 15 %",
        days=28,
    ),
    label("tremor", "sertraline", SER, 0.03, 0.11, 861, "fit", SER_LABEL),
    suicidality("suicidal_ideation_young", 0.015),
    suicidality("suicidal_ideation", 0.009),
    suicidality("suicidal_ideation_old", 0.004),
    stopped("paroxetine", 0.66, 59, "fit"),
    # ---- judged
    judged("nausea", "sertraline", SER, 0.12, 0.26, 861, SER_LABEL),
    judged("nausea", "fluoxetine", FLU, 0.09, 0.21, 1730, "fluoxetine label"),
    judged("nausea", "paroxetine", PAR, 0.09, 0.26, 421, PAR_LABEL),
    judged("nausea", "venlafaxine", VEN, 0.11, 0.37, 1033, VEN_LABEL, "read"),
    judged("insomnia", "sertraline", SER, 0.09, 0.16, 861, SER_LABEL),
    judged("insomnia", "paroxetine", PAR, 0.06, 0.13, 421, PAR_LABEL),
    judged("insomnia", "venlafaxine", VEN, 0.10, 0.18, 1033, VEN_LABEL, "read"),
    judged(
        "insomnia", "bupropion 300 mg", {"bupropion 300": 1}, 0.06, 0.11, 376, "bupropion label"
    ),
    judged(
        "insomnia", "bupropion 400 mg", {"bupropion 400": 1}, 0.06, 0.16, 114, "bupropion label"
    ),
    judged("somnolence", "sertraline", SER, 0.06, 0.13, 861, SER_LABEL),
    judged("somnolence", "paroxetine", PAR, 0.09, 0.23, 421, PAR_LABEL),
    judged("somnolence", "venlafaxine", VEN, 0.09, 0.23, 1033, VEN_LABEL, "read"),
    judged(
        "somnolence",
        "mirtazapine 30 mg",
        {"mirtazapine 30": 1},
        0.18,
        0.54,
        453,
        MIR_LABEL,
        days=42,
    ),
    judged(
        "increased_appetite",
        "mirtazapine 30 mg",
        {"mirtazapine 30": 1},
        0.02,
        0.17,
        453,
        MIR_LABEL,
        days=42,
    ),
    judged(
        "weight_increased",
        "mirtazapine 30 mg",
        {"mirtazapine 30": 1},
        0.02,
        0.12,
        453,
        MIR_LABEL,
        days=42,
    ),
    judged(
        "dizziness", "mirtazapine 30 mg", {"mirtazapine 30": 1}, 0.03, 0.07, 453, MIR_LABEL, days=42
    ),
    judged("dizziness", "venlafaxine", VEN, 0.07, 0.19, 1033, VEN_LABEL, "read"),
    judged("dizziness", "sertraline", SER, 0.07, 0.12, 861, SER_LABEL),
    judged("dry_mouth", "venlafaxine", VEN, 0.11, 0.22, 1033, VEN_LABEL, "read"),
    judged("dry_mouth", "paroxetine", PAR, 0.12, 0.18, 421, PAR_LABEL),
    judged("dry_mouth", "sertraline", SER, 0.09, 0.16, 861, SER_LABEL),
    judged(
        "dry_mouth", "amitriptyline 150 mg", {"amitriptyline 150": 1}, 0.15, 0.60, 200, "50-70 %"
    ),
    judged("constipation", "venlafaxine", VEN, 0.07, 0.15, 1033, VEN_LABEL),
    judged("constipation", "paroxetine", PAR, 0.09, 0.14, 421, PAR_LABEL),
    judged(
        "constipation", "amitriptyline 150 mg", {"amitriptyline 150": 1}, 0.05, 0.20, 200, "15-25 %"
    ),
    judged(
        "vision_blurred",
        "amitriptyline 150 mg",
        {"amitriptyline 150": 1},
        0.03,
        0.12,
        200,
        "10-15 %",
    ),
    judged(
        "urinary_retention",
        "amitriptyline 150 mg",
        {"amitriptyline 150": 1},
        0.003,
        0.03,
        200,
        "about 3 %",
    ),
    judged("hyperhidrosis", "venlafaxine", VEN, 0.03, 0.12, 1033, "venlafaxine label"),
    judged("hyperhidrosis", "paroxetine", PAR, 0.02, 0.11, 421, PAR_LABEL),
    judged("hyperhidrosis", "sertraline", SER, 0.03, 0.08, 861, SER_LABEL),
    judged("ejaculation_disorder", "venlafaxine", VEN, 0.02, 0.12, 400, VEN_LABEL, "read", sex="M"),
    judged("ejaculation_disorder", "paroxetine", PAR, 0.005, 0.13, 200, PAR_LABEL, sex="M"),
    judged("erectile_dysfunction", "venlafaxine", VEN, 0.02, 0.06, 400, VEN_LABEL, "read", sex="M"),
    judged("diarrhoea", "sertraline", SER, 0.09, 0.18, 861, SER_LABEL),
    judged("tremor", "paroxetine", PAR, 0.02, 0.08, 421, PAR_LABEL),
    pramipexole("nausea", 0.18, 0.28),
    pramipexole("dizziness", 0.24, 0.25),
    pramipexole("somnolence", 0.09, 0.22),
    pramipexole("insomnia", 0.12, 0.17),
    pramipexole("constipation", 0.06, 0.14),
    pramipexole("hallucination", 0.03, 0.09),
    *(
        judged(
            "dyskinesia", f"levodopa {d} mg", {f"levodopa {d}": 1}, 0.033, p, n, "ELLDOPA", days=280
        )
        for d, n, p in ((150, 92, 0.033), (300, 88, 0.023), (600, 91, 0.165))
    ),
    stopped("sertraline", 0.60, 63, "judge"),
    stopped("fluoxetine", 0.14, 63, "judge"),
)

FDA = "FDA, quoted by rxmedonline.su"
QTC = (  # arm, published lengthening ms, use, source
    ("escitalopram 10", 4.5, "fit", FDA),
    ("escitalopram 20", 6.6, "fit", FDA),
    ("escitalopram 28", 10.7, "judge", FDA + ", at 30 mg"),
    ("citalopram 20", 8.5, "fit", FDA),
    ("citalopram 40", 12.6, "judge", FDA),
    ("citalopram 60", 18.5, "judge", FDA),
)


def changes(code, placebo, level, error, **found):
    return [
        Change(
            code,
            drug,
            ANTIPSYCHOTICS[drug],
            change - placebo,
            error,
            level,
            "judge" if drug in ("paliperidone", "aripiprazole") else "fit",
            HUHN,
        )
        for drug, change in found.items()
    ]


CHANGES = (
    *changes(
        "PRLCTN",
        -5.4,
        15.0,  # above normal at entry, falling: former antipsychotics wash out
        5.0,
        haloperidol=14.9,
        risperidone=36.6,
        olanzapine=3.7,
        quetiapine=-12.1,
        aripiprazole=-18.2,
        paliperidone=58.0,
    ),
    *changes(
        "WEIGHT",
        -0.02,
        80.0,
        0.3,
        haloperidol=0.38,
        risperidone=1.83,
        olanzapine=2.67,
        quetiapine=1.56,
        aripiprazole=0.41,
        paliperidone=0.93,
    ),
)
