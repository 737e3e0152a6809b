// Moments at which a comparison of time in the equations changes: every lane ends a step there. The steps are those
// of kernels/backends/equation_moments.py; part of the integrator where the equations compare time.

// brings the limit of a lane forward to the next moment
FUNCTION void limit_to_moment(Work& w, int l) {
    Real y[ROWS], p[LOOP_PARAMETERS], h[HOISTED], inputs[INPUTS], moments[N_MOMENT];
    for (int i = 0; i < ROWS; ++i) y[i] = get(w.y[i], l);
    for (int i = 0; i < LOOP_PARAMETERS; ++i) p[i] = get(w.p[i], l);
    for (int i = 0; i < HOISTED; ++i) h[i] = get(w.h[i], l);
    for (int i = 0; i < INPUTS; ++i) inputs[i] = get(w.inputs[i], l);
    const Real start = get(w.start, l), local = get(w.local, l), length = get(w.length, l);
    const Real t = start + local, end = start + length;
    const Real now = t + spacing<Real>(absolute(t)) * (Real)NEAR_ULPS;
    const Real most = length - spacing<Real>(absolute(end)) * (Real)NEAR_ULPS;
    Real limit = get(w.limit, l);
    model_moments(t, y, p, inputs, h, moments);
    for (int i = 0; i < N_MOMENT; ++i) {
        const Real x = moments[i] - start;
        if (moments[i] > now && x > local && x < most && x < limit) limit = x;
    }
    set(w.limit, l, limit);
}
