"""The problem that every package solves: a serotonin terminal with a daily SSRI tablet, 84 days.

29 states, 76 parameters, 76 nonzeros in the Jacobian; hours, micromol and micromol/L. Terminal:
pterin cycle, tryptophan pool, Michaelis-Menten synthesis, packing, reuptake with competitive
inhibition, glial uptake and breakdown, firing-dependent release, autoreceptor desensitisation,
transporter internalisation, a postsynaptic cascade and a symptom score; drug with depot, two
compartments, metabolite and brain. Time constants run from 0.13 s to 500 h.

A tablet each day at 0, 24, ..., 1992 h; the answer is five states just before each next tablet and
all states at 2016 h. Ten parameters vary between patients, lognormally. The numbers are made for
measuring solvers, not for predicting patients.

The model is given once, as infix text of + - * / and parentheses that Python, C, Antimony and
DiffSL all read; everything else here is made from it.
"""

import math

import numpy as np

N_DOSE = 84
INTERVAL_H = 24.0
END_H = N_DOSE * INTERVAL_H
DOSE = 61.65
"""Amount of a tablet [micromol]: 20 mg of a drug of 324 g/mol."""
SEED = 20240611

# drug-free steady state of the nominal patient
STATES = {
    "depot": 0.0,
    "c1": 0.0,
    "c2": 0.0,
    "cm": 0.0,
    "cb": 0.0,
    "bh2": 0.8964008021875699,
    "bh4": 99.1035991978128,
    "trp": 26.15090318994084,
    "pool": 196.1317739245563,
    "htp": 0.7852105306818086,
    "cht": 0.1718922363772678,
    "vht": 39.37842846896124,
    "rrp": 36.15969400442133,
    "eht": 0.001549414131903965,
    "gli": 0.006591078793075067,
    "hiaa": 1.80612397566228,
    "ehiaa": 2.4224319394047265,
    "b1a": 0.6077530176499125,
    "g": 0.509240007073024,
    "fire": 3.926762850767182,
    "ra": 0.8536822359638936,
    "surf": 1.0,
    "b2a": 0.1341552146462461,
    "camp": 0.219280956347991,
    "pka": 0.1798444855604068,
    "creb": 0.6820468493774952,
    "bdnf": 0.654766023028032,
    "plas": 0.654766023028032,
    "score": 18.198125930816154,
}
OUTCOMES = ("cb", "eht", "ra", "surf", "score")

PARAMETERS = {
    "ka": 0.8,
    "CL": 30.0,
    "Vc": 400.0,
    "fu": 0.2,
    "Ki": 0.0018,
    "Vtph": 6.0,
    "Vsert": 4700.0,
    "Vmao": 1000.0,
    "krel": 0.3,
    "tau_ra": 336.0,
    # pharmacokinetics
    "Fb": 0.8,
    "Q": 60.0,
    "Vp": 800.0,
    "fm": 0.3,
    "CLm": 40.0,
    "Vm": 300.0,
    "fum": 0.2,
    "Kim": 0.02,
    "kb": 2.0,
    # pterin cycle and synthesis
    "Ktrp_t": 40.0,
    "Ksi": 1000.0,
    "Kbh4": 20.0,
    "Vdr": 500.0,
    "Kdr": 100.0,
    "Vdrr": 5.0,
    "Kdrr": 100.0,
    "Vin": 400.0,
    "btrp": 97.0,
    "Kin": 330.0,
    "kout": 1.0,
    "kp1": 6.0,
    "kp2": 0.6,
    "kpc": 0.2,
    "kcat": 0.9,
    "Vaadc": 400.0,
    "Kaadc": 160.0,
    # vesicles, reuptake and breakdown of serotonin
    "Vmat": 3500.0,
    "Kmat": 0.2,
    "kleak": 40.0,
    "kmob": 2.0,
    "kback": 1.0,
    "Ksert": 0.17,
    "Vgli": 400.0,
    "Kgli": 4.7,
    "kmg": 20.0,
    "kdif": 10.0,
    "Kmao": 95.0,
    "khi": 1.0,
    "keh": 0.8,
    # receptors and adaptation
    "kon1": 200000.0,
    "koff1": 200.0,
    "kg": 120.0,
    "kgd": 60.0,
    "Kg": 0.5,
    "tau_f": 0.02,
    "f0": 8.0,
    "Kra": 0.65,
    "ra0": 1.6,
    "alpha": 0.4,
    "tau_s": 72.0,
    "kon2": 5000.0,
    "koff2": 50.0,
    "ks": 12.0,
    "K2a": 0.6,
    "kdc": 10.0,
    "kact": 4.0,
    "kina": 4.0,
    "kcr": 1.0,
    "Kcr": 0.25,
    "kcd": 0.5,
    "kbd": 0.02,
    "kdb": 0.0208333,
    "tau_p": 168.0,
    "s0": 26.0,
    "Kpl": 1.0,
    "tau_c": 500.0,
}
VARIED = {  # standard deviation of the logarithm between patients
    "ka": 0.30,
    "CL": 0.30,
    "Vc": 0.20,
    "fu": 0.30,
    "Ki": 0.30,
    "Vtph": 0.20,
    "Vsert": 0.20,
    "Vmao": 0.20,
    "krel": 0.20,
    "tau_ra": 0.30,
}

ALGEBRA = {  # in this order
    "inh": "cb / Ki + fum * cm / Kim",
    "vtph": "Vtph * trp * bh4 / ((Ktrp_t + trp + trp * trp / Ksi) * (Kbh4 + bh4))",
    "vdr": "Vdr * bh2 / (Kdr + bh2) - Vdrr * bh4 / (Kdrr + bh4)",
    "vaadc": "Vaadc * htp / (Kaadc + htp)",
    "vmat": "Vmat * cht / (Kmat + cht) - kleak * vht",
    "vsert": "Vsert * surf * eht / (Ksert * (1.0 + inh) + eht)",
    "vgli": "Vgli * eht / (Kgli + eht)",
    "vmao": "Vmao * cht / (Kmao + cht)",
    "vmob": "kmob * vht - kback * rrp",
    "vrel": "krel * fire * rrp",
    "occ": "inh / (1.0 + inh)",
    "b1sq": "b1a * b1a / (Kra * Kra)",
    "gsq": "g * g / (Kg * Kg)",
    "pksq": "pka * pka",
    "plsq": "plas * plas / (Kpl * Kpl)",
}
RATES = {
    "depot": "-ka * depot",
    "c1": "(ka * depot - CL * c1 - Q * (c1 - c2)) / Vc",
    "c2": "Q * (c1 - c2) / Vp",
    "cm": "(fm * CL * c1 - CLm * cm) / Vm",
    "cb": "kb * (fu * c1 - cb)",
    "bh2": "vtph - vdr",
    "bh4": "vdr - vtph",
    "trp": "Vin * btrp / (Kin + btrp) - kout * trp - vtph - kp1 * trp + kp2 * pool - kcat * trp",
    "pool": "kp1 * trp - kp2 * pool - kpc * pool",
    "htp": "vtph - vaadc",
    "cht": "vaadc - vmat + vsert - vmao",
    "vht": "vmat - vmob",
    "rrp": "vmob - vrel",
    "eht": "vrel - vsert - vgli - kdif * eht",
    "gli": "vgli - kmg * gli",
    "hiaa": "vmao - khi * hiaa",
    "ehiaa": "khi * hiaa + kmg * gli - keh * ehiaa",
    "b1a": "kon1 * eht * (1.0 - b1a) - koff1 * b1a",
    "g": "kg * b1a * ra * (1.0 - g) - kgd * g",
    "fire": "(f0 / (1.0 + gsq) - fire) / tau_f",
    "ra": "(ra0 / (1.0 + b1sq) - ra) / tau_ra",
    "surf": "(1.0 / (1.0 + alpha * occ) - surf) / tau_s",
    "b2a": "kon2 * eht * (1.0 - b2a) - koff2 * b2a",
    "camp": "ks * b2a / (K2a + b2a) - kdc * camp",
    "pka": "kact * camp * (1.0 - pka) - kina * pka",
    "creb": "kcr * pksq / (Kcr * Kcr + pksq) - kcd * creb",
    "bdnf": "kbd * creb - kdb * bdnf",
    "plas": "(bdnf - plas) / tau_p",
    "score": "(s0 / (1.0 + plsq) - score) / tau_c",
}

NAMES = tuple(STATES)
N_STATE, N_PARAMETER = len(STATES), len(PARAMETERS)
START = np.array(list(STATES.values()))
DEPOT = NAMES.index("depot")
BIOAVAILABILITY = list(PARAMETERS).index("Fb")
OUTCOME_ROWS = [NAMES.index(name) for name in OUTCOMES]


def patients(n):
    """Return parameters, shape ``(n, n_parameter)``; patient k is the same for every n."""
    draws = np.random.default_rng(SEED).standard_normal((n, len(VARIED)))
    parameters = np.tile(list(PARAMETERS.values()), (n, 1))
    columns = [list(PARAMETERS).index(name) for name in VARIED]
    parameters[:, columns] *= np.exp(np.array(list(VARIED.values())) * draws)
    return parameters


def absolute_tolerance(rtol):
    """Return the tolerance of every state, in its own unit: 1e-8 at rtol 1e-5."""
    return rtol * 1e-3


def rates(states, parameters):
    """Return the derivatives for values of any kind that knows + - * /, as a list."""
    values = dict(zip(STATES, states, strict=True)) | dict(zip(PARAMETERS, parameters, strict=True))
    for name, text in ALGEBRA.items():
        values[name] = eval(text, {}, values)
    return [eval(RATES[name], {}, values) for name in STATES]


# texts for packages that compile


def jacobian():
    """Return (row, column, SymPy expression) of the structural nonzeros of the Jacobian."""
    import sympy  # noqa: PLC0415  only peers that want an analytic Jacobian need it

    columns = sympy.symbols(NAMES)
    rows = rates(columns, sympy.symbols(tuple(PARAMETERS)))
    return [
        (i, j, row.diff(column))
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if row.has(column)
    ]


def python_rates(name):
    """Return the text of ``name(t, y, p, d)``, which writes derivatives into ``d``."""
    lines = [f"def {name}(t, y, p, d):", *_unpacked("    {} = {}[{}]")]
    lines += [f"    {key} = {text}" for key, text in ALGEBRA.items()]
    lines += [f"    d[{i}] = {RATES[key]}" for i, key in enumerate(STATES)]
    return "\n".join(lines)


def python_jacobian(name):
    """Return the text of ``name(t, y, p, J)``, which writes the nonzeros into ``J``."""
    shared, entries = _shared_jacobian()
    lines = [f"def {name}(t, y, p, J):", *_unpacked("    {} = {}[{}]")]
    lines += [f"    {key} = {text}" for key, text in shared]
    lines += [f"    J[{i}, {j}] = {text}" for i, j, text in entries]
    return "\n".join(lines)


def c_source():
    """Return C of ``sert_rhs(y, p, d)`` and ``sert_jac(y, p, J)``, J dense by rows."""
    shared, entries = _shared_jacobian()
    unpacked = _unpacked("  const double {} = {}[{}];")
    lines = ["void sert_rhs(const double *y, const double *p, double *d) {", *unpacked]
    lines += [f"  const double {key} = {text};" for key, text in ALGEBRA.items()]
    lines += [f"  d[{i}] = {RATES[key]};" for i, key in enumerate(STATES)] + ["}"]
    lines += ["void sert_jac(const double *y, const double *p, double *J) {", *unpacked]
    lines += [f"  const double {key} = {text};" for key, text in shared]
    lines += [f"  J[{i * N_STATE + j}] = {text};" for i, j, text in entries] + ["}", ""]
    return "\n".join(lines)


def antimony(*, has_events):
    """Return Antimony text, with the tablets after the first as events if wanted."""
    lines = ["model sert29()", *(f"  {name} := {text};" for name, text in ALGEBRA.items())]
    lines += [f"  {name}' = {text};" for name, text in RATES.items()]
    lines += [f"  {name} = {value!r};" for name, value in (STATES | PARAMETERS).items()]
    if has_events:  # the first tablet is in the initial state
        times = [INTERVAL_H * k for k in range(1, N_DOSE)]
        lines += [f"  at (time >= {t!r}), t0=true: depot = depot + {DOSE!r} * Fb;" for t in times]
    return "\n".join([*lines, "end", ""])


def _unpacked(pattern):
    lines = [pattern.format(name, "y", i) for i, name in enumerate(STATES)]
    return lines + [pattern.format(name, "p", i) for i, name in enumerate(PARAMETERS)]


def _shared_jacobian():
    import sympy  # noqa: PLC0415  see jacobian

    entries = jacobian()
    shared, reduced = sympy.cse([entry for *_, entry in entries], sympy.numbered_symbols("q"))
    write = _plain_text()
    places = [(i, j) for i, j, _ in entries]
    return (
        [(name, write(value)) for name, value in shared],
        [(i, j, write(value)) for (i, j), value in zip(places, reduced, strict=True)],
    )


def _plain_text():
    """Return a writer of expressions that are at once Python and C: products for powers."""
    from sympy.printing.pycode import PythonCodePrinter  # noqa: PLC0415  see jacobian

    class Plain(PythonCodePrinter):
        def _print_Pow(self, expression, **_):  # noqa: N802  SymPy's name
            base, power = expression.as_base_exp()
            product = "*".join([self.parenthesize(base, math.inf)] * abs(int(power)))
            return f"({product})" if power > 0 else f"(1.0/({product}))"

        def _print_Rational(self, expression):  # noqa: N802  1/2 is 0 in C
            return repr(float(expression))

    return Plain({"fully_qualified_modules": False}).doprint
