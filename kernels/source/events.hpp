// Events: looked for in every step, located on its dense output, executed lane by lane. The steps are those of
// kernels/backends/triggers.py, in the same order; part of the integrator where the model has events.
//
// A lane's memory (problem.event_memory) begins with one number an event, whether its trigger held; then come the
// pending executions of each event, EVENT_SLOTS of EVENT_STRIDE numbers: when due, and the values to assign where
// they were evaluated when the event fired. They lie in the order in which they were added, infinity where free.

// Where one lane is: what its events read, and no more.
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

INLINE double& memory(const Problem& problem, Integer lane, Integer row) {
    return problem.event_memory[row * problem.n_lane + lane];
}

INLINE double& slot_due(const Problem& problem, Integer lane, int event, int slot) {
    return memory(problem, lane, EVENT_BASE[event] + slot * EVENT_STRIDE[event]);
}

template <class T> INLINE T near_time(T t) { return spacing<T>(absolute(t)) * (Real)NEAR_ULPS; }

SELDOM void give_up(const Problem& problem, Work& w, int l, Code code) {
    problem.codes[w.lane[l]] = code;
    problem.failure_times[w.lane[l]] = (double)w.now[l] / problem.unit + get(w.local, l);
    set(w.done, l, true);
}

// looking and locating

template <int order, int j> INLINE V dense_sum(V sum, const Work& w, int i) {
    if constexpr (j < STAGES) {
        constexpr double weight = DENSE[order][j];
        return dense_sum<order, j + 1>(sum + lane_cast<V>(w.k[j][i]) * (Real)weight, w, i);
    } else {
        return sum;
    }
}

template <int order> INLINE void dense_sums(const Work& w, int i, V* sums) {
    if constexpr (order < N_DENSE) {
        sums[order] = dense_sum<order, 1>(lane_cast<V>(w.k[0][i]) * (Real)DENSE[order][0], w, i);
        dense_sums<order + 1>(w, i, sums);
    }
}

// written from y0 on, so that a state that rests keeps its bits
template <class T> INLINE T between(T y0, T y1, const T* sums, T share) {
    const T rest = literal<T>(1.0) - share;
    T inner = sums[N_DENSE - 1];
    for (int m = N_DENSE - 2; m >= 0; --m) inner = sums[m] + share * inner;
    return y0 + share * ((y1 - y0) + rest * inner);
}

INLINE M differs(const Work& w, const V* truth) {
    M changed = truth[0] != w.truth[0];
    for (int e = 1; e < N_EVENT; ++e) changed = either(changed, truth[e] != w.truth[e]);
    return changed;
}

// whether a trigger differs from what is remembered, at any look
INLINE M look(const Work& w, V h, V end) {
    V sums[TRIGGER_ROWS][N_DENSE], y[ROWS], truth[N_EVENT];
    for (int r = 0; r < N_TRIGGER_ROW; ++r) dense_sums<0>(w, TRIGGER_ROW[r], sums[r]);
    model_trigger<V>(w.start + end, w.u, w.p, w.inputs, w.h, truth);
    M changed = differs(w, truth);
    for (int number = 1; number < LOOKS; ++number) {
        const V share = literal<V>((double)number / LOOKS);
        for (int r = 0; r < N_TRIGGER_ROW; ++r) {
            const int i = TRIGGER_ROW[r];
            y[i] = between<V>(w.y[i], w.u[i], sums[r], share);
        }
        model_trigger<V>(w.start + (w.local + h * share), y, w.p, w.inputs, w.h, truth);
        changed = either(changed, differs(w, truth));
    }
    return changed;
}

// One lane's step: its ends and its dense output.
struct Step {
    Real start, begin, size;
    Real y0[ROWS], y1[ROWS], sums[ROWS][N_DENSE];
};

INLINE bool differs_at(const Step& step, const Work& w, int l, Place& at, Real x) {
    const Real share = (x - step.begin) / step.size;
    Real truth[N_EVENT];
    at.t = step.start + x;
    for (int r = 0; r < N_TRIGGER_ROW; ++r) {
        const int i = TRIGGER_ROW[r];
        at.y[i] = between<Real>(step.y0[i], step.y1[i], step.sums[i], share);
    }
    model_trigger<Real>(at.t, at.y, at.p, at.inputs, at.h, truth);
    bool changed = false;
    for (int e = 0; e < N_EVENT; ++e) changed = changed || truth[e] != get(w.truth[e], l);
    return changed;
}

// ends the step of a lane at the first change, if that is before its end
FUNCTION bool locate(Work& w, V h, V& end, int l) {
    Step step;
    Place at;
    read_place(w, l, at);
    step.start = get(w.start, l);
    step.begin = get(w.local, l);
    step.size = get(h, l);
    for (int i = 0; i < ROWS; ++i) {
        V sums[N_DENSE];
        dense_sums<0>(w, i, sums);
        for (int m = 0; m < N_DENSE; ++m) step.sums[i][m] = get(sums[m], l);
        step.y0[i] = get(w.y[i], l);
        step.y1[i] = get(w.u[i], l);
    }
    const Real last = get(end, l);
    Real low = step.begin, high = last;
    bool found = false;
    // first at the very beginning: what a rounding kept from changing at its own moment is there
    const Real soon = step.begin + near_time(step.start + step.begin);
    for (int number = 0; number < LOOKS && !found; ++number) {
        const Real within = step.begin + step.size * (Real)((double)number / LOOKS);
        const Real x = number > 0 ? within : soon < last ? soon : last;
        found = differs_at(step, w, l, at, x);
        if (found) high = x;
        else low = x;
    }
    if (!found) {
        Real truth[N_EVENT];
        model_trigger<Real>(step.start + last, step.y1, at.p, at.inputs, at.h, truth);
        for (int e = 0; e < N_EVENT; ++e) found = found || truth[e] != get(w.truth[e], l);
        if (!found) return false;
    }
    for (;;) {
        const Real middle = low + (high - low) * (Real)0.5;
        const Real resolution = spacing<Real>(absolute(step.start + high)) * (Real)0.5;
        if (!(low < middle && middle < high) || high - low <= resolution) break;
        if (differs_at(step, w, l, at, middle)) high = middle;
        else low = middle;
    }
    if (high == last) return false;
    const Real share = (high - step.begin) / step.size;
    for (int i = 0; i < ROWS; ++i)
        set(w.u[i], l, between<Real>(step.y0[i], step.y1[i], step.sums[i], share));
    set(end, l, high);
    return true;
}

// firing and executing

INLINE void forget(const Problem& problem, Integer lane, int event, int slot) {
    slot_due(problem, lane, event, slot) = infinity();
    for (int i = 1; i < EVENT_STRIDE[event]; ++i)
        memory(problem, lane, EVENT_BASE[event] + slot * EVENT_STRIDE[event] + i) = 0.0;
}

// adds an execution to those that are pending
INLINE Code add_pending(const Problem& problem, Integer lane, int event, Real t, Real delay, const Real* values) {
    if (!(delay >= (Real)0.0)) return BAD_DELAY;
    const double due = t + delay;
    if (!(due < infinity())) return SUCCESS;
    for (int slot = 0; slot < EVENT_SLOTS[event]; ++slot) {
        if (slot_due(problem, lane, event, slot) != infinity()) continue;
        slot_due(problem, lane, event, slot) = due;
        for (int i = 1; i < EVENT_STRIDE[event]; ++i)
            memory(problem, lane, EVENT_BASE[event] + slot * EVENT_STRIDE[event] + i) =
                values[EVENT_FIRST[event] + i - 1];
        return SUCCESS;
    }
    return TOO_MANY_PENDING;
}

// remembers triggers anew: what rises is pending, what falls may be dropped
SELDOM Code notice(const Problem& problem, Integer lane, const Place& at) {
    Real truth[N_EVENT], delays[N_EVENT], values[VALUES];
    model_trigger<Real>(at.t, at.y, at.p, at.inputs, at.h, truth);
    bool rises = false;
    for (int e = 0; e < N_EVENT; ++e) rises = rises || (truth[e] != 0 && memory(problem, lane, e) == 0.0);
    if (rises) {
        model_delay<Real>(at.t, at.y, at.p, at.inputs, at.h, delays);
        model_assign<Real>(at.t, at.y, at.p, at.inputs, at.h, values);
    }
    for (int e = 0; e < N_EVENT; ++e) {
        const bool held = memory(problem, lane, e) != 0.0, holds = truth[e] != 0;
        if (holds && !held) {
            const Code code = add_pending(problem, lane, e, at.t, delays[e], values);
            if (code != SUCCESS) return code;
        } else if (held && !holds && !EVENT_PERSISTENT[e]) {
            for (int slot = 0; slot < EVENT_SLOTS[e]; ++slot) forget(problem, lane, e, slot);
        }
        memory(problem, lane, e) = truth[e];
    }
    return SUCCESS;
}

// which event is due and has the greatest priority, and which of its executions is first; NONE without any
SELDOM int most_urgent(const Problem& problem, Integer lane, const Place& at, int& slot) {
    const double latest = at.t + near_time(at.t);
    Real priority[N_EVENT];
    bool is_known = false;
    int best = -1;
    for (int e = 0; e < N_EVENT; ++e) {
        int first = 0;
        double due = slot_due(problem, lane, e, 0);
        for (int other = 1; other < EVENT_SLOTS[e]; ++other) {
            const double time = slot_due(problem, lane, e, other);
            if (time < due) {
                due = time;
                first = other;
            }
        }
        if (!(due <= latest)) continue;
        if (!is_known) {
            model_priority<Real>(at.t, at.y, at.p, at.inputs, at.h, priority);
            for (int i = 0; i < N_EVENT; ++i)
                if (is_nan(priority[i])) priority[i] = (Real)-infinity();
            is_known = true;
        }
        if (best >= 0 && !(priority[e] > priority[best])) continue;
        best = e;
        slot = first;
    }
    return best;
}

SELDOM void execute(const Problem& problem, Integer lane, Place& at, int event, int slot) {
    Real values[VALUES];
    const Integer base = EVENT_BASE[event], stride = EVENT_STRIDE[event];
    const int first = EVENT_FIRST[event];
    if (EVENT_STORED[event]) {
        for (int i = 0; i < EVENT_TARGETS[event]; ++i)
            values[first + i] = (Real)memory(problem, lane, base + slot * stride + 1 + i);
    } else {
        model_assign<Real>(at.t, at.y, at.p, at.inputs, at.h, values);
    }
    for (int i = 0; i < EVENT_TARGETS[event]; ++i) at.y[TARGET_ROW[first + i]] = values[first + i];
    const Integer end = base + (EVENT_SLOTS[event] - 1) * stride;
    for (Integer row = base + slot * stride; row < end; ++row)
        memory(problem, lane, row) = memory(problem, lane, row + stride);
    forget(problem, lane, event, EVENT_SLOTS[event] - 1);
}

// takes what a lane remembers into its registers
SELDOM void recall(const Problem& problem, Work& w, int l) {
    double due = infinity();
    for (int e = 0; e < N_EVENT; ++e) {
        set(w.truth[e], l, (Real)memory(problem, w.lane[l], e));
        for (int slot = 0; slot < EVENT_SLOTS[e]; ++slot) {
            const double time = slot_due(problem, w.lane[l], e, slot);
            if (time < due) due = time;
        }
    }
    w.due[l] = due;
}

// executes what is due until nothing is, and returns the kind of the first execution, NONE without any
FUNCTION Integer fire(const Problem& problem, Work& w, int l) {
    const Integer lane = w.lane[l];
    Integer first = NONE;
    Code code = SUCCESS;
    Place at;
    Real truth[N_EVENT];
    read_place(w, l, at);
    model_trigger<Real>(at.t, at.y, at.p, at.inputs, at.h, truth);
    bool is_idle = !(w.due[l] <= (double)(at.t + near_time(at.t)));
    for (int e = 0; e < N_EVENT; ++e) is_idle = is_idle && truth[e] == get(w.truth[e], l);
    if (is_idle) return NONE;
    for (int executed = 0;; ++executed) {
        int slot = 0;
        code = notice(problem, lane, at);
        if (code != SUCCESS) break;
        const int event = most_urgent(problem, lane, at, slot);
        if (event < 0) break;
        if (executed == MOST_EXECUTIONS) {
            code = ENDLESS_EVENTS;
            break;
        }
        execute(problem, lane, at, event, slot);
        if (first == NONE) first = FIRST_EVENT_KIND + event;
    }
    if (first != NONE)
        for (int i = 0; i < N_TARGET; ++i) set(w.y[TARGET[i]], l, at.y[TARGET[i]]);
    recall(problem, w, l);
    if (code != SUCCESS) give_up(problem, w, l, code);
    return first;
}

// where in the interval the lane must end a step at the latest
FUNCTION void set_limit(Work& w, int l) {
    const Real start = get(w.start, l), local = get(w.local, l), length = get(w.length, l);
    const Real t = start + local;
    const Real now = t + near_time(t), most = length - near_time(start + length);
    Real limit = length, moments[N_STOP + 1];
    moments[0] = (Real)w.due[l];
    if constexpr (N_STOP > 0) {
        Place at;
        read_place(w, l, at);
        model_stop<Real>(at.t, at.y, at.p, at.inputs, at.h, moments + 1);
    }
    for (int i = 0; i < N_STOP + 1; ++i) {
        const Real x = moments[i] - start;
        if (moments[i] > now && x > local && x < most && x < limit) limit = x;
    }
    set(w.limit, l, limit);
}
