"""Independent referee: the serotonin and precursor equations in plain Python, solved with SciPy.

Written from the equations of the model's design, with its literal numbers, and sharing no code with
the package. The other transmitters, cortisol, the immune system and BH4 are frozen at rest (1).
States keep their short names: TrpP, TyrP, TrpB, MAOA, HTP, Sc, Sv, Se, HIAAb, HIAAc, s1A, s1B,
SERT, r5. Hours and micromolar.

``escape`` is the share of extracellular loss that needs MAO-A: 0.8 in the package, 0 in the first
printing of the equations (where all loss went on under MAO-A inhibition).
"""

# ruff: noqa: N806 -- the short names of the written equations, so that both can be read side by side

import numpy as np
from scipy.integrate import solve_ivp

REST = {
    "TrpP": 60.0,
    "TyrP": 60.0,
    "TrpB": 20.0,
    "MAOA": 1.0,
    "HTP": 1.6,
    "Sc": 0.2,
    "Sv": 20.0,
    "Se": 0.005,
    "HIAAb": 2.0,
    "HIAAc": 0.125,
    "s1A": 1.0,
    "s1B": 1.0,
    "SERT": 1.0,
    "r5": 1.0,
}
NAMES = tuple(REST)
CONTROLS = {
    "uSERT": 0.0,
    "uTPH": 0.0,
    "uAADC": 0.0,
    "uVMAT": 0.0,
    "uMAOA": 0.0,
    "kirrA": 0.0,
    "a1A": 0.0,
    "a1B": 0.0,
    "ftrploss": 0.0,
    "LAA": 1.0,
    "ftrp": 1.0,
    "ftyr": 1.0,
    "fire5": 1.0,
}


def saturation(s, k):
    return s / (k + s)


def brake(x, c, n):
    return (1 + c) / (1 + c * x**n)


def seen(x, s, o):
    return max(1e-6, (1 - o) * (1 + s * (x - 1)))


def tph_saturation(w):
    return w / (40 + w + w**2 / 1000)


def derivative(t, y, u, escape):
    TrpP, TyrP, TrpB, MAOA, HTP, Sc, Sv, Se, HIAAb, HIAAc, s1A, s1B, SERT, r5 = y
    x5 = Se / 0.005
    ma = MAOA * (1 - u["uMAOA"])
    rho = (1 + 60 / 15 + 60 / 64 + 15) / (1 + TrpP / 15 + TyrP / 64 + 15 * u["LAA"])
    F5 = u["fire5"] * brake(seen(x5, s1A, u["a1A"]), 1, 2)

    TPH = 4 * (1 - u["uTPH"]) * tph_saturation(TrpB) / tph_saturation(20)
    TPH = TPH * brake(x5, 1, 1) * brake(Sc / 0.2, 0.15, 1)
    AD5 = 4 / saturation(1.6, 160) * (1 - u["uAADC"]) * saturation(HTP, 160)
    R5 = F5 * brake(seen(x5, s1B, u["a1B"]), 0.6, 1.5) * Sv
    UP5 = (20 - 0.2) / saturation(0.005, 0.17) * SERT * (1 - u["uSERT"]) * saturation(Se, 0.17)
    X5 = 0.2 / 0.005 * Se
    VM5 = 40 / saturation(0.2, 0.2) * (1 - u["uVMAT"]) * saturation(Sc, 0.2) - Sv
    M5 = (4 - 0.2) / 0.2 * ma * Sc

    return [
        24 * u["ftrp"] - (0.30 + u["ftrploss"] + 0.08 + 0.02) * TrpP,
        24 * u["ftyr"] - 0.40 * TyrP,
        24 * (TrpP / 60) * rho - 1.2 * TrpB,
        0.0058 * (1 - MAOA) - u["kirrA"] * MAOA,
        TPH - AD5,
        AD5 + UP5 - VM5 - M5,
        VM5 - R5,
        R5 - UP5 - X5 * (1 - escape + escape * ma),
        0.5 * (2.0 * (M5 + 0.8 * X5 * ma) / 3.96 - HIAAb),
        0.15 * (0.125 * HIAAb / 2.0 - HIAAc),
        (brake(x5, 1, 2.5) - s1A) / 168,
        (brake(x5, 1, 2) - s1B) / 168,
        (1 - 0.15 * u["uSERT"] - SERT) / 48,
        (brake(x5, 0.3, 1) - r5) / 240,
    ]


def simulate(controls, hours, start=None, *, escape=0.8):
    """Return the states after ``hours`` under constant controls, from rest or from ``start``."""
    unknown = set(controls) - set(CONTROLS)
    if unknown:
        raise ValueError(f"unknown controls {sorted(unknown)}; known: {sorted(CONTROLS)}")
    y0 = np.array([(start or REST)[name] for name in NAMES])
    solution = solve_ivp(
        derivative,
        (0.0, hours),
        y0,
        method="LSODA",
        rtol=1e-10,
        atol=1e-14,
        args=(CONTROLS | controls, escape),
    )
    if not solution.success:
        raise RuntimeError(solution.message)
    return dict(zip(NAMES, solution.y[:, -1].tolist(), strict=True))
