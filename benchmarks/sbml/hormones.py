"""Files about cortisol, its receptor, cytokines and melatonin."""

import numpy as np

from cohort.model import assemble
from cohort.physiology.cortisol import cortisol
from kernels import Schedule, Solver, integrate
from sbml.files import course, half_time, load, local, moved, run_on
from sbml.ours import number
from sbml.rows import ELASTICITY, SAME_CLOCK, SAME_TIME, Comparison, Row

LN2 = float(np.log(2))
DAY = 24
SECONDS = 3600


def half_life(rate_per_h):
    """Return a half-life [min]."""
    return 60 * LN2 / rate_per_h


def compare_half_lives(pairs):
    """Return one comparison a hormone, given the file's rate [1/min] by hormone."""
    return tuple(
        Comparison(
            what=f"half-life of {hormone} [min]",
            ours=half_life(number("cortisol", f"{hormone.lower()}_turnover")),
            theirs=LN2 / float(rate),
            within=SAME_TIME,
        )
        for hormone, rate in pairs.items()
    )


def our_day():
    """Return clock times [h] and our cortisol over a day of the circadian drive, run in."""
    model = assemble("axis", [cortisol("circadian")])
    hours = np.arange(9 * DAY * 10, 10 * DAY * 10 + 1) / 10
    solution = integrate(
        model.system,
        model.lanes({}, 1),
        Schedule(t0=0, t1=10 * DAY * SECONDS),
        np.rint(hours * SECONDS).astype(np.int64),
        Solver(rtol=1e-8, atol=1e-10),
    )
    return hours % DAY, solution["cortisol"][:, 0]


def day_shape(clock, level):
    """Return lowest and highest over the mean, and the clock times of both [h]."""
    mean = level[:-1].mean()
    return (
        float(level.min() / mean),
        float(level.max() / mean),
        float(clock[level.argmin()]),
        float(clock[level.argmax()]),
    )


def kraan1992_excretion():
    model = load("BIOMD0000000916")
    circulating = "[The_FOD_in_the_circulation__X1]"
    urine = "[The_cumulative_FOD_excreted_in_the_urine__X2]"
    (excreted,), ran = run_on(model, 30, [urine], "d")
    minutes = np.arange(0.0, 1441.0)
    falling = course(model, minutes / 1440, [circulating])[:, 0]
    return Row(
        file="BIOMD0000000916",
        model="Kraan 1992, excretion of cortisol",
        ran=ran,
        shares="loss of cortisol from blood",
        reason="theirs is the first fall of an injected label, distribution included; ours "
        "eliminates the hormone as Vinther 2011 does, between the 66 and 93 min measured for it. "
        "Pools beyond blood and urine are not in ours",
        comparisons=(
            Comparison(
                what="half-life of cortisol in blood [min]",
                ours=half_life(number("cortisol", "cortisol_turnover")),
                theirs=half_time(minutes, falling),
                within=SAME_TIME,
            ),
            Comparison(what="share of a dose found in urine [1]", theirs=float(excreted)),
        ),
    )


def kolodkin2013_receptor():
    model = load("BIOMD0000000576")
    rest, ran = run_on(model, 1e6, ["GRprotein", "[s114]"], "min")
    more = {"[Cortisone]": 2 * float(model["[Cortisone]"])}
    doubled, _ = run_on(model, 1e6, ["GRprotein", "[s114]"], "", more)
    feedback = number("cortisol", "receptor_feedback")
    return Row(
        file="BIOMD0000000576",
        model="Kolodkin 2013, cortisol and its receptors in a cell",
        ran=ran,
        shares="cortisol and the glucocorticoid receptor that it lowers",
        reason="theirs is the turnover of receptor protein in a liver cell, with the genes it "
        "acts on; ours is one sensitivity relative to rest that follows cortisol over days. "
        "Binding to CBG and albumin is not in ours",
        comparisons=(
            Comparison(
                what=f"receptor when cortisol rises {doubled[1] / rest[1]:.3g}-fold, over rest",
                ours=(1 + feedback) / (1 + feedback * float(doubled[1] / rest[1])),
                theirs=float(doubled[0] / rest[0]),
                within=ELASTICITY,
            ),
            Comparison(
                what="time constant of the receptor [h]",
                ours=number("cortisol", "receptor_time"),
                theirs=1 / (60 * local("BIOMD0000000576", "re12", "k1")),
                within=SAME_TIME,
            ),
        ),
    )


def bae2017_clock():
    model = load("BIOMD0000001005")
    hours = np.arange(0.0, 481.0, 0.1)
    levels = course(model, hours, ["[F_HPA]"])[:, 0]
    day = slice(19 * 240, 20 * 240 + 1)
    repeats = moved(levels[[19 * 240, 20 * 240]].reshape(2, 1))
    theirs = day_shape(hours[day] % DAY, levels[day])
    ours = day_shape(*our_day())
    names = ("lowest cortisol over mean", "highest cortisol over mean")
    clocks = ("clock time of the lowest [h]", "clock time of the highest [h]")
    return Row(
        file="BIOMD0000001005",
        model="Bae 2017, stress axis, clock and cytokine",
        ran=f"480 h, a day repeats to {repeats:.0e}",
        shares="CRH, ACTH and cortisol over the day, a cytokine; the clock in cells and "
        "gluconeogenesis are not in ours",
        reason="their drive is light, on from 6 to 18 h, ours a curve fitted to people, steeper "
        "and with its lowest level after midnight; their cytokine stands for several",
        comparisons=(
            *(
                Comparison(what=what, ours=left, theirs=right, within=ELASTICITY)
                for what, left, right in zip(names, ours[:2], theirs[:2], strict=True)
            ),
            *(
                Comparison(what=what, ours=left, theirs=right, within=SAME_CLOCK, turn=DAY)
                for what, left, right in zip(clocks, ours[2:], theirs[2:], strict=True)
            ),
            Comparison(
                what="half-life of the cytokine (ours TNF) [min]",
                ours=half_life(number("inflammation", "tnf_clearance")),
                theirs=half_life(local("BIOMD0000001005", "P_cyt_Degradation", "k1")),
                within=SAME_TIME,
            ),
        ),
    )


def kyrylov2005_pulses():
    model = load("MODEL0478740924")
    minutes = np.arange(0.0, 20_001.0)
    late = course(model, minutes, ["y2"])[10_000:, 0]
    peaks = np.flatnonzero((late[1:-1] > late[:-2]) & (late[1:-1] > late[2:]))
    pulses = {p.name: p.value for p in cortisol("ultradian").parameters}
    return Row(
        file="MODEL0478740924",
        model="Kyrylov 2005, pulses of the stress axis",
        ran=f"20,000 min, {len(peaks)} pulses in its last half",
        shares="pulses of cortisol within the day",
        reason="theirs oscillates by itself; ours rests by itself and takes pulses, where they are "
        "asked for, from a curve on CRH",
        comparisons=(
            Comparison(
                what="period of cortisol [min]",
                ours=60 * pulses["pulse_period"],
                theirs=float(np.diff(peaks).mean()),
                within=SAME_TIME,
            ),
        ),
    )


def gonzalez1994_axis():
    model = load("MODEL0911270004")
    (level,), ran = run_on(model, 10_000, ["cortisol"], "min")
    rates = {"cortisol": model["k3"], "ACTH": model["k6"], "CRH": model["k8"]}
    return Row(
        file="MODEL0911270004",
        model="Gonzalez-Heydrich 1994, stress axis",
        ran=f"{ran}; its pulse of CRH never ends, so cortisol is {level:.0e} ug/ml",
        shares="CRH, ACTH and cortisol, each lost first order",
        reason="their CRH is the ovine one of a test, injected, which stays longer than one's own",
        comparisons=compare_half_lives(rates),
    )


def bingzheng1990_axis():
    model = load("MODEL1172200168")
    (level,), ran = run_on(model, 20_000, ["X3"], "min")
    rates = {"cortisol": model["b3"], "ACTH": model["b2"], "CRH": model["b1"]}
    return Row(
        file="MODEL1172200168",
        model="Bingzheng 1990, stress axis",
        ran=ran,
        shares="CRH, ACTH and cortisol, each lost first order",
        reason="ours takes its rates from Vinther 2011; cortisol was measured at 66 and 93 min, "
        "so theirs is short",
        comparisons=(
            *compare_half_lives(rates),
            Comparison(what="cortisol at rest [ug/dl], ours 6.3 by choice", theirs=float(level)),
        ),
    )


def dempsher1984_adrenal():
    model = load("MODEL0912835813")
    hour = course(model, [0, 60], ["CORT"])[:, 0]
    _, ran = run_on(model, 2000, ["CORT", "cAMP"], "min")
    return Row(
        file="MODEL0912835813",
        model="Dempsher 1984, steroid synthesis in the adrenal",
        ran=ran,
        shares="by name only: cortisol from ACTH",
        reason="the gland is one first-order step in ours; theirs follows cholesterol through it, "
        "and does not rest where its file starts",
        comparisons=(
            Comparison(
                what="cortisol in the gland after an hour, over its start",
                theirs=float(hour[1] / hour[0]),
            ),
        ),
    )


def yakimchuk2019_immune():
    model = load("MODEL1912170005")
    (level,), ran = run_on(model, 400, ["[N]"], "d, natural killer cells")
    return Row(
        file="MODEL1912170005",
        model="Yakimchuk 2019, glucocorticoids and a tumor",
        ran=ran,
        shares="nothing: counts of immune cells and a tumor under a given steroid",
        reason="ours has cytokines that cortisol restrains, and no cells",
        comparisons=(Comparison(what="natural killer cells at the end", theirs=float(level)),),
    )


def peng2013_melatonin():
    model = load("MODEL2003190006")
    course_failed = False
    try:
        course(model, [0, 1e-3], ["C_Venous"])
    except RuntimeError:
        course_failed = True
    start, power = float(model["alpha"]), float(model["n"]) - 1
    ran = "CVODE stops at once" if course_failed else "runs"
    return Row(
        file="MODEL2003190006",
        model="Peng 2013, melatonin in the body",
        ran=f"{ran}: its light response at the start is {start:g}",
        shares="nothing: melatonin, which is made from serotonin in the pineal gland",
        reason="melatonin is not in ours, and the file cannot be integrated as published: it "
        f"divides light 0 by a reference of 0, and absorbs at t^{power:.2f}, infinite at 0",
    )
