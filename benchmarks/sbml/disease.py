"""Files about slow disease, drugs and trials: most share nothing with ours, and say why."""

import numpy as np

from sbml.files import course, half_time, load, run_on
from sbml.rows import Comparison, Row


def _ehrenstein(file, model_name, also=""):
    model = load(file)
    _, ran = run_on(model, 2000, ["[b]"], "d")
    times = np.arange(0.0, 401.0)
    levels = course(model, times, ["[a]"])[:, 0]
    return Row(
        file=file,
        model=model_name,
        ran=ran,
        shares="by name only: acetylcholine, one number that stands for choline inside cells",
        reason="amyloid and the loss of cells over months are not in ours, where acetylcholine "
        f"turns over in seconds to hours{also}",
        comparisons=(
            Comparison(what="half of it is lost after [d]", theirs=half_time(times, levels)),
        ),
    )


def ehrenstein1997_choline():
    return _ehrenstein("BIOMD0000000553", "Ehrenstein 1997, choline leakage")


def ehrenstein2000_acetylcholine():
    same = [
        course(load(file), [0, 50, 100, 200], ["[a]", "[b]"])
        for file in ("BIOMD0000000552", "BIOMD0000000553")
    ]
    also = "; same course as the file of 1997" if np.array_equal(*same) else ""
    return _ehrenstein("BIOMD0000000552", "Ehrenstein 2000, acetylcholine loss", also)


def petrov2018_esterase():
    model = load("MODEL1910240001")
    _, ran = run_on(model, 30_000, ["[y3]"], "min")
    free = course(model, [0, 1440], ["[y3]"])[:, 0] / float(model["E_0"])
    return Row(
        file="MODEL1910240001",
        model="Petrov 2018, slow-binding esterase inhibitor",
        ran=ran,
        shares="by name only: acetylcholinesterase and the share of it that is blocked",
        reason="theirs is the binding of one candidate drug and has no acetylcholine; ours reads "
        "the blocked share from a drug's own file",
        comparisons=(
            Comparison(what="free enzyme at the start, of all [1]", theirs=float(free[0])),
            Comparison(what="free enzyme after a day [1]", theirs=float(free[1])),
        ),
    )


def lockwood2006_trial():
    model = load("BIOMD0000000673")
    return Row(
        file="BIOMD0000000673",
        model="Lockwood 2006, ADAS-cog in a trial",
        ran="no differential equation; evaluated",
        shares="by name only: drug and placebo on a rating scale, as ours on other scales",
        reason="ADAS-cog and Alzheimer's disease are not in ours",
        comparisons=(Comparison(what="ADAS-cog at its settings", theirs=float(model["S"])),),
    )


def cloutier2012_parkinson():
    model = load("BIOMD0000000558")
    end, ran = run_on(model, 2000, ["[ROS]", "[alpha_syn]"], "d")
    return Row(
        file="BIOMD0000000558",
        model="Cloutier 2012, feedback of Parkinson's disease",
        ran=ran,
        shares="nothing: reactive oxygen and alpha-synuclein",
        reason="ours takes the share of surviving dopamine terminals as given and has no cause of "
        "their loss",
        comparisons=(
            Comparison(
                what="alpha-synuclein for good, over its start, after stress from day 10 to 150",
                theirs=float(end[1]),
            ),
        ),
    )
