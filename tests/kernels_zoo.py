"""Systems that between them use every operation and every part of a schedule."""

import numpy as np
import sympy as sp

from kernels import TIME, Event, Lanes, OdeSystem, Schedule, Stream, functions, symbol

HOUR = 3600


def every_operation():
    """All operations of a program, time in the equations, inputs, quadratures, observables."""
    x, y, z = map(symbol, "xyz")
    k, m, drive = map(symbol, ("k", "m", "drive"))
    return OdeSystem(
        name="zoo",
        states=("x", "y", "z"),
        parameters=("k", "m"),
        inputs=("drive",),
        rhs={
            "x": drive
            - k * x
            + sp.sin(TIME / 3) * sp.exp(-x * x)
            + sp.sqrt(y * y + 1) / (m + y * y),
            "y": sp.Piecewise((x - y, x < m), (m - y, True)) + abs(z) / 8 + sp.Max(z, k) * m,
            "z": sp.log(1 + x * x)
            - (sp.Min(z, m) ** 2 + 1) ** k * z
            + sp.cos(k * TIME)
            - (y * y + 2) ** -k,
        },
        quadratures={
            "area": x * z,
            "clock": TIME * y + TIME**2 / 2,
            "above": sp.Piecewise((1, y > m), (0, True)),
        },
        observables={
            "sum": x + y + z + drive,
            "angle": sp.sin(x) * sp.cos(TIME) + sp.log(y * y + 3) + k**m,
            "late": sp.Piecewise((k, TIME > 5), (x, True)),
        },
        scales={"z": 0.5},
    )


def every_event():
    """Events of every kind: of states, time, inputs; delayed, ranked, drawn, dropped, chained."""
    x, y, z, flag, last = map(symbol, ("x", "y", "z", "flag", "last"))
    k, m, drive = map(symbol, ("k", "m", "drive"))
    events = (
        Event(name="high", trigger=x > m + 0.5, assignments={"x": x / 2, "last": TIME}),
        Event(
            name="late",
            trigger=sp.And(TIME - 7 * k >= 0, TIME - 7 * k < 0.01),
            assignments={"flag": flag + 1, "y": y + k},
            delay=m / 3,
        ),
        Event(
            name="dripping",
            trigger=drive > 0.2,
            assignments={"z": z + 0.1 * drive},
            delay=0.7,
            persistent=False,
            values_from_trigger_time=False,
        ),
        Event(name="first", trigger=flag > 0.5, assignments={"z": 2 * z}, priority=m),
        Event(name="second", trigger=flag > 0.5, assignments={"z": z + 0.25, "x": y}, priority=k),
        Event(
            name="heads",
            trigger=drive > 0.1,
            assignments={"y": y / 2},
            priority=k,
            values_from_trigger_time=False,
            by_chance=True,
        ),
        Event(
            name="tails",
            trigger=drive > 0.1,
            assignments={"y": y + 0.3},
            priority=k,
            values_from_trigger_time=False,
            by_chance=True,
        ),
        Event(name="start", trigger=m > 1, assignments={"y": y + 0.1}, initial_value=False),
        Event(
            name="often",
            trigger=y > x * z,
            assignments={"last": last + x},
            delay=3 * k,
        ),
        Event(name="chained", trigger=sp.Or(last > 3, y < -2), assignments={"last": 0}),
    )
    return OdeSystem(
        name="eventful",
        states=("x", "y", "z", "flag", "last"),
        parameters=("k", "m"),
        inputs=("drive",),
        rhs={
            "x": 3 * k * y + drive - x / 20,
            "y": m - 3 * k * x,
            "z": x / 4 - m * z + z / (1 + TIME),
            "flag": 0,
            "last": k / 7,
        },
        quadratures={"area": x * z},
        observables={"x": x, "z": z, "flag": flag, "last": last, "drive": drive},
        scales={"z": 0.5},
        events=events,
    )


def further_functions():
    """One observable for each function of `kernels.functions`."""
    p, x = symbol("p"), symbol("x")
    return OdeSystem(
        name="further functions",
        states=("x",),
        parameters=("p",),
        rhs={"x": x * 0},
        observables={
            **{name: getattr(sp, name)(p) for name in functions.__all__},
            "floor_of_state": sp.floor(x),
        },
    )


def zoo_lanes(n, n_state=3):
    """Return n different lanes."""
    generator = np.random.default_rng(7)
    return Lanes(
        parameters=generator.uniform(0.4, 1.6, (2, n)),
        states=np.pad(generator.uniform(0.1, 1.2, (3, n)), ((0, n_state - 3), (0, 0))),
        keys=np.arange(n, dtype=np.uint64) << np.uint64(40),  # of both words
    )


def zoo_schedule(n, end=30 * HOUR):
    """Return boluses and infusions with lag, scale by segment, adherence and ties."""
    generator = np.random.default_rng(8)
    n_event = 40
    tablet = Stream(
        name="tablet",
        target="x",
        times=np.arange(n_event) * HOUR,
        amounts=np.linspace(0.1, 0.4, n_event),
        lag=generator.integers(0, 3, n) * 600,
        scale=generator.uniform(0.5, 1.5, (2, n)),
        segments=np.arange(n_event) % 2,
        taken=generator.uniform(size=(n_event, n)) < 0.6,
    )
    drip = Stream(
        name="drip",
        target="drive",
        times=np.array([0, 4, 6, 20]) * HOUR,
        amounts=np.array([0.3, 0.2, 0.2, 0.7]),
        durations=np.array([2, 3, 5, 1]) * HOUR,
        scale=generator.uniform(0.0, 2.0, n),
    )
    shared = Stream(name="shared", target="z", times=[5 * HOUR, 5 * HOUR], amounts=[0.1, 0.2])
    return Schedule(t0=0, t1=end, streams=(tablet, drip, shared))


def zoo_saves(end=30 * HOUR):
    """Return a save every three hours, both ends included."""
    return np.arange(0, end + 1, 3 * HOUR)
