// Where a lane must end a step before its interval ends: at a moment known before, or when an event is due. The
// steps are those of kernels/backends/moments.py; part of the integrator where the model has either.

// Where one lane is: what its events and moments read, and no more.
struct Place {
    Real t;
    Real y[ROWS], p[LOOP_PARAMETERS], h[HOISTED], inputs[INPUTS];
};

SELDOM void read_place(const Work& w, int l, Place& at) {
    at.t = get(w.start, l) + get(w.local, l);
    for (int i = 0; i < N_PLACE_Y; ++i) at.y[PLACE_Y[i]] = get(w.y[PLACE_Y[i]], l);
    for (int i = 0; i < N_PLACE_P; ++i) at.p[PLACE_P[i]] = get(w.p[PLACE_P[i]], l);
    for (int i = 0; i < N_PLACE_H; ++i) at.h[PLACE_H[i]] = get(w.h[PLACE_H[i]], l);
    for (int i = 0; i < N_PLACE_U; ++i) at.inputs[PLACE_U[i]] = get(w.inputs[PLACE_U[i]], l);
}

template <class T> INLINE T near_time(T t) { return spacing<T>(absolute(t)) * (Real)NEAR_ULPS; }

// where in the interval the lane must end a step at the latest
FUNCTION void set_limit(Work& w, int l) {
    const Real start = get(w.start, l), local = get(w.local, l), length = get(w.length, l);
    const Real t = start + local;
    const Real now = t + near_time(t), most = length - near_time(start + length);
    Real limit = length, moments[N_STOP + 1];
#ifdef NEUROCOHORT_EVENTS
    moments[N_STOP] = (Real)w.due[l];
#else
    moments[N_STOP] = (Real)infinity();
#endif
    if constexpr (N_STOP > 0) {
        Place at;
        read_place(w, l, at);
        model_stop<Real>(at.t, at.y, at.p, at.inputs, at.h, moments);
    }
    for (int i = 0; i < N_STOP + 1; ++i) {
        const Real x = moments[i] - start;
        if (moments[i] > now && x > local && x < most && x < limit) limit = x;
    }
    set(w.limit, l, limit);
}
