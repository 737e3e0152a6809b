// The integrator: Rosenbrock steps with their own size in every lane, events, saves and result codes.
//
// Written once against the lane type V. A register of lanes works on many patients at once; a lane that is
// finished is filled with the next patient, so no lane waits for another. What happens between steps (events,
// saves, the end) is done lane by lane. The operations and their order are those of the NumPy backend.
//
// Before this text come lanes.hpp, arithmetic.hpp, the arguments (struct Problem, struct Stream) and the model
// (its sizes, its tableau, model_hoist, model_rhs, model_step, model_lu, model_solve, model_observe).

namespace neurocohort {

#ifdef NEUROCOHORT_EVENTS
enum Code {
    SUCCESS = 0,
    STEP_TOO_SMALL = 1,
    TOO_MANY_STEPS = 2,
    NON_FINITE = 3,
    TOO_MANY_PENDING = 4,
    ENDLESS_EVENTS = 5,
    BAD_DELAY = 6
};
#else
enum Code { SUCCESS = 0, STEP_TOO_SMALL = 1, TOO_MANY_STEPS = 2, NON_FINITE = 3 };
#endif

constexpr double SAFETY = 0.95, GROWTH_MOST = 6.0, GROWTH_LEAST = 0.2, SHRINK_NON_FINITE = 0.25;
constexpr double ERROR_FLOOR = 1e-10, STRETCH = 1.001, RESTART = 0.3, FIRST_STEP = 0.01, FEWEST_ULPS = 16.0;
constexpr Integer NEVER = 0x7fffffffffffffffLL, NONE = -1;
#ifdef NEUROCOHORT_LIMITS
constexpr double NEAR_ULPS = 4.0;     // moments nearer than this are one
constexpr double AFTER_MOMENT = 0.1;  // of the last good step
#endif
#ifdef NEUROCOHORT_EVENTS
constexpr int LOOKS = 4;  // at triggers in a step, the last at its end
#endif

// Everything the lanes of one register need, in the order of its use.
struct Work {
    V y[ROWS], u[ROWS], b[ROWS];
    Stage k[STAGES][ROWS];
    V p[LOOP_PARAMETERS], h[HOISTED], inputs[INPUTS];
    Stage j[JACOBIAN], m[FACTORS];
    V gradient[GRADIENT];
    V start, local, length, size;
    M done, fresh;  // fresh: the step after an event has not been accepted yet
    Counter tries, accepted, rejected;
    Integer lane[LANES], now[LANES], boundary[LANES], save[LANES], event[LANES];
#ifdef NEUROCOHORT_LIMITS
    V limit;  // where in the interval a step must end
#endif
#ifdef NEUROCOHORT_EVENTS
    V truth[N_EVENT];   // what triggers held
    V crowd;            // steps in a row over which time has hardly moved
    double due[LANES];  // the next pending execution
#endif
};

// streams: where a lane is in each of them

INLINE double amount(const Stream& stream, Integer event, Integer lane, Integer n_lane) {
    double value = stream.amounts[event];
    if (stream.scale) {
        const Integer row = stream.segments ? stream.segments[event] : 0;
        value = value * stream.scale[row * n_lane + lane];
    }
    if (stream.taken && !(stream.taken[(event >> 5) * n_lane + lane] >> (event & 31) & 1u)) value = 0.0;
    return value;
}

// sum of the infusions that run after a change point
INLINE double rate_after(const Stream& stream, Integer point, Integer lane, Integer n_lane) {
    double total = 0.0;
    for (Integer at = stream.running_start[point]; at < stream.running_start[point + 1]; ++at)
        total = total + amount(stream, stream.running[at], lane, n_lane);
    return total;
}

// first point, not before `point`, that changes something for this lane
INLINE Integer effective(const Stream& stream, Integer point, double before, Integer lane, Integer n_lane) {
    if (stream.running) {
        while (point < stream.n_point && rate_after(stream, point, lane, n_lane) == before) ++point;
    } else {
        while (point < stream.n_point && amount(stream, point, lane, n_lane) == 0.0) ++point;
    }
    return point;
}

INLINE Integer due_time(const Stream& stream, Integer lane, Integer n_lane) {
    const Integer point = stream.pointer[lane];
    if (point >= stream.n_point) return NEVER;
    return stream.times[point] + (stream.lag ? stream.lag[lane] : 0);
}

SELDOM void start_streams(const Problem& problem, Integer lane) {
    const Integer n_lane = problem.n_lane;
    for (Integer s = 0; s < problem.n_stream; ++s) {
        const Stream& stream = problem.streams[s];
        const Integer earliest = problem.t0 - (stream.lag ? stream.lag[lane] : 0);
        Integer low = 0, high = stream.n_point;  // first point not before the start
        while (low < high) {
            const Integer middle = (low + high) >> 1;
            if (stream.times[middle] < earliest) low = middle + 1;
            else high = middle;
        }
        const double rate = stream.running && low > 0 ? rate_after(stream, low - 1, lane, n_lane) : 0.0;
        if (stream.running) stream.rate[lane] = rate;
        stream.pointer[lane] = effective(stream, low, rate, lane, n_lane);
    }
}

INLINE void set_inputs(const Problem& problem, Work& w, int l) {
    const Integer lane = w.lane[l];
    double values[INPUTS];
    for (int i = 0; i < INPUTS; ++i) values[i] = 0.0;
    for (Integer s = 0; s < problem.n_stream; ++s) {
        const Stream& stream = problem.streams[s];
        if (stream.running) values[stream.row] = values[stream.row] + stream.rate[lane];
    }
    for (int i = 0; i < INPUTS; ++i) set(w.inputs[i], l, (Real)values[i]);
}

// boundaries: saves first, then events, then the next interval

SELDOM void observe(const Problem& problem, const Work& w, int l, Integer save) {
    double y[ROWS], p[LOOP_PARAMETERS], h[HOISTED], inputs[INPUTS], values[OBSERVABLES];
    for (int i = 0; i < ROWS; ++i) y[i] = get(w.y[i], l);
    for (int i = 0; i < LOOP_PARAMETERS; ++i) p[i] = get(w.p[i], l);
    for (int i = 0; i < HOISTED; ++i) h[i] = get(w.h[i], l);
    for (int i = 0; i < INPUTS; ++i) inputs[i] = get(w.inputs[i], l);
    model_observe((double)w.now[l] / problem.unit, y, p, inputs, h, values);
    double* out = problem.observed + save * N_OBSERVABLE * problem.n_lane + w.lane[l];
    for (int i = 0; i < N_OBSERVABLE; ++i) out[i * problem.n_lane] = values[i];
}

// kinds of events: boluses by state, infusions by input, those that end apart
INLINE Integer kind_of(const Stream& stream, double rate) {
    return stream.running ? STATES + 2 * stream.row + (rate == 0.0) : stream.row;
}

// applies what is due and returns the kind of event that came first, NONE without any
SELDOM Integer apply_events(const Problem& problem, Work& w, int l) {
    const Integer lane = w.lane[l], now = w.now[l], n_lane = problem.n_lane;
    Integer event = NONE;
    bool inputs_changed = false;
    if (now >= problem.t1) return NONE;
    for (Integer s = 0; s < problem.n_stream; ++s) {
        const Stream& stream = problem.streams[s];
        while (due_time(stream, lane, n_lane) <= now) {
            const Integer point = stream.pointer[lane];
            double rate = 0.0;
            if (stream.running) {
                rate = rate_after(stream, point, lane, n_lane);
                stream.rate[lane] = rate;
                inputs_changed = true;
            } else {
                const V row = w.y[stream.row];
                set(w.y[stream.row], l, (Real)((double)get(row, l) + amount(stream, point, lane, n_lane)));
            }
            stream.pointer[lane] = effective(stream, point + 1, rate, lane, n_lane);
            if (event == NONE) event = kind_of(stream, rate);
        }
    }
    if (inputs_changed) set_inputs(problem, w, l);
    return event;
}

// the step after an event is the one that served after the last event of its kind
INLINE void restart(const Problem& problem, Work& w, int l, Integer event) {
    const double served = problem.restart_sizes[event * problem.n_lane + w.lane[l]];
    set(w.size, l, served > 0.0 ? (Real)served : get(w.size, l) * (Real)RESTART);
    set(w.fresh, l, true);
    w.event[l] = event;
}

INLINE void remember_restart(const Problem& problem, Work& w, M accept) {
    const M served = both(accept, w.fresh);
    if (!any(served)) return;
    for (int l = 0; l < LANES; ++l) {
        if (!get(served, l)) continue;
        problem.restart_sizes[w.event[l] * problem.n_lane + w.lane[l]] = get(w.size, l);
        set(w.fresh, l, false);
    }
}

#ifdef NEUROCOHORT_EVENTS
#include "events.hpp"

#endif
#ifdef NEUROCOHORT_MOMENTS
#include "moments.hpp"

#endif
#ifdef NEUROCOHORT_LIMITS
INLINE void find_limit(Work& w, int l) {
#ifdef NEUROCOHORT_EVENTS
    set_limit(w, l);
#else
    set(w.limit, l, get(w.length, l));
#endif
#ifdef NEUROCOHORT_MOMENTS
    limit_to_moment(w, l);
#endif
}

#endif
FUNCTION void cross(const Problem& problem, Work& w, int l) {
    for (;;) {
        const Integer now = w.now[l];
#ifdef NEUROCOHORT_EVENTS
        set(w.local, l, (Real)0.0);
        set(w.start, l, (Real)((double)now / problem.unit));
        const Integer fired = fire(problem, w, l);  // first: a save at the moment of an event is of what it left
        if (get(w.done, l)) return;
#endif
        if (w.save[l] < problem.n_save && problem.save_times[w.save[l]] <= now) {
            if (N_OBSERVABLE > 0) observe(problem, w, l, w.save[l]);
            ++w.save[l];
        }
#ifdef NEUROCOHORT_EVENTS
        Integer event = apply_events(problem, w, l);
        if (event != NONE) fire(problem, w, l);
        if (get(w.done, l)) return;
        if (fired != NONE) event = fired;
#else
        const Integer event = apply_events(problem, w, l);
#endif
        if (event != NONE) restart(problem, w, l, event);
        set(w.local, l, (Real)0.0);
        set(w.start, l, (Real)((double)now / problem.unit));
        if (now >= problem.t1) {
            set(w.done, l, true);
            return;
        }
        Integer boundary = problem.t1;
        if (w.save[l] < problem.n_save && problem.save_times[w.save[l]] < boundary)
            boundary = problem.save_times[w.save[l]];
        for (Integer s = 0; s < problem.n_stream; ++s) {
            const Integer due = due_time(problem.streams[s], w.lane[l], problem.n_lane);
            if (due < boundary) boundary = due;
        }
        if (boundary < now) boundary = now;
        w.boundary[l] = boundary;
        set(w.length, l, (Real)((double)(boundary - now) / problem.unit));
#ifdef NEUROCOHORT_LIMITS
        find_limit(w, l);
#endif
        if (boundary != now) return;
    }
}

// a lane comes and goes

SELDOM bool load(const Problem& problem, Work& w, int l, Integer lane) {
    const Integer n_lane = problem.n_lane;
    if (problem.codes[lane] != SUCCESS) return false;
    double p[PARAMETERS], h[HOISTED];
    bool finite = problem.sizes[lane] >= 0.0;
    for (int i = 0; i < N_PARAMETER; ++i) {
        p[i] = problem.parameters[i * n_lane + lane];
        finite = finite && is_finite(p[i]);
    }
    for (int i = 0; i < ROWS; ++i) finite = finite && is_finite(problem.rows[i * n_lane + lane]);
    if (!finite) {
        problem.codes[lane] = NON_FINITE;
        problem.failure_times[lane] = (double)problem.t0 / problem.unit;
        return false;
    }
    model_hoist(p, h);
    for (int i = 0; i < ROWS; ++i) set(w.y[i], l, (Real)problem.rows[i * n_lane + lane]);
    for (int i = 0; i < N_LOOP_PARAMETER; ++i) set(w.p[i], l, (Real)p[LOOP_PARAMETER[i]]);
    for (int i = 0; i < N_HOISTED; ++i) set(w.h[i], l, (Real)h[i]);
    set(w.size, l, (Real)problem.sizes[lane]);
    set(w.done, l, false);
    set(w.fresh, l, false);
    clear(w.tries, l);
    clear(w.accepted, l);
    clear(w.rejected, l);
    w.lane[l] = lane;
    w.now[l] = problem.t0;
    w.save[l] = 0;
    start_streams(problem, lane);
    set_inputs(problem, w, l);
#ifdef NEUROCOHORT_EVENTS
    set(w.crowd, l, (Real)0.0);
    recall(problem, w, l);
#endif
    cross(problem, w, l);
    return true;
}

SELDOM void store(const Problem& problem, const Work& w, int l) {
    const Integer n_lane = problem.n_lane, lane = w.lane[l];
    for (int i = 0; i < ROWS; ++i) problem.rows[i * n_lane + lane] = get(w.y[i], l);
    problem.sizes[lane] = get(w.size, l);
    problem.accepted[lane] = count_of(w.accepted, l);
    problem.rejected[lane] = count_of(w.rejected, l);
}

// one attempted step of every lane

template <int stage, int j> INLINE V stage_state(V sum, const Work& w, int i) {
    if constexpr (j < stage) {
        constexpr double a = A[stage][j];
        return stage_state<stage, j + 1>(sum + lane_cast<V>(w.k[j][i]) * (Real)a, w, i);
    } else {
        return sum;
    }
}

template <int stage, int j> INLINE V stage_right_side(V sum, const Work& w, int i) {
    if constexpr (j < stage) {
        constexpr double c = C[stage][j];
        return stage_right_side<stage, j + 1>(sum + lane_cast<V>(w.k[j][i]) * (Real)c, w, i);
    } else {
        return sum;
    }
}

template <int stage> INLINE void add_time_gradient(Work& w, V h) {
    constexpr double slope = GAMMA_SUM[stage];
    if constexpr (slope != 0.0 && N_GRADIENT > 0) {
        const V scaled_step = h * (Real)slope;
        for (int i = 0; i < N_GRADIENT; ++i)
            w.b[GRADIENT_ROW[i]] = w.b[GRADIENT_ROW[i]] + scaled_step * w.gradient[i];
    }
}

template <int stage> INLINE void stages(Work& w, V h, V inverse, Stage g, V origin) {
    if constexpr (stage < STAGES) {
        UNROLLED
        for (int i = 0; i < ROWS; ++i) {
            if constexpr (stage > A_ROWS) {  // the last rows repeat the one before and add one increment
                w.u[i] = w.u[i] + lane_cast<V>(w.k[stage - 1][i]);
            } else {
                w.u[i] = stage_state<stage, 0>(w.y[i], w, i);
            }
            w.b[i] = stage_right_side<stage, 1>(lane_cast<V>(w.k[0][i]) * (Real)C[stage][0], w, i) * inverse;
        }
        model_rhs<true>(origin + h * (Real)ALPHA[stage], w.u, w.p, w.inputs, w.h, w.b);
        add_time_gradient<stage>(w, h);
        model_solve(origin, w.y, w.p, w.inputs, w.h, w.j, g, w.m, w.b, w.k[stage]);
        stages<stage + 1>(w, h, inverse, g, origin);
    }
}

// leaves the new state in u and returns the error norm of every lane
INLINE V step(const Problem& problem, Work& w, V h) {
    const V inverse = literal<V>(1.0) / h;
    const Stage g = lane_cast<Stage>(inverse / (Real)GAMMA);
    const V origin = w.start + w.local;
#ifdef NEUROCOHORT_MOMENTS
    w.inputs[INPUTS - 1] = origin + h * (Real)0.5;
#endif
    model_step(origin, w.y, w.p, w.inputs, w.h, w.b, w.j, w.gradient);
    model_lu(origin, w.y, w.p, w.inputs, w.h, w.j, g, w.m);
    add_time_gradient<0>(w, h);
    model_solve(origin, w.y, w.p, w.inputs, w.h, w.j, g, w.m, w.b, w.k[0]);
    stages<1>(w, h, inverse, g, origin);
    const Real rtol = (Real)problem.rtol;
    V sum = literal<V>(0.0);
    for (int i = 0; i < ROWS; ++i) {
        const V last = lane_cast<V>(w.k[STAGES - 1][i]);
        w.u[i] = w.u[i] + last;
        if (i < STATES) {
            const V most = maximum(absolute(w.y[i]), absolute(w.u[i]));
            const V ratio = last / (most * rtol + (Real)problem.atol[i]);
            sum = i == 0 ? ratio * ratio : sum + ratio * ratio;
        }
    }
    V norm = square_root(sum / (Real)STATES);
    for (int i = STATES; i < ROWS; ++i)  // quadratures are outside the norm, but must be finite
        norm = select(is_finite(w.u[i]), norm, literal<V>(not_a_number()));
    return norm;
}

FUNCTION void choose_first(const Problem& problem, Work& w) {
    const Real rtol = (Real)problem.rtol;
    V f[ROWS];
#ifdef NEUROCOHORT_MOMENTS
    w.inputs[INPUTS - 1] = w.start + w.local;
#endif
    model_rhs<false>(w.start + w.local, w.y, w.p, w.inputs, w.h, f);
    V size = literal<V>(0.0), speed = literal<V>(0.0);
    for (int i = 0; i < STATES; ++i) {
        const V weight = absolute(w.y[i]) * rtol + (Real)problem.atol[i];
        const V position = w.y[i] / weight, slope = f[i] / weight;
        size = i == 0 ? position * position : size + position * position;
        speed = i == 0 ? slope * slope : speed + slope * slope;
    }
    size = square_root(size / (Real)STATES);
    speed = square_root(speed / (Real)STATES);
    const V first_step = literal<V>(FIRST_STEP);
    V first = maximum(size, literal<V>(1.0)) * first_step / maximum(speed, first_step);
    first = select(is_finite(first), first, first_step);
    w.size = select(w.size == literal<V>(0.0), first, w.size);
}

INLINE V next_size(const Work& w, V h, V error, M finite, M accept, M last) {
    const V bounded = maximum(select(finite, error, literal<V>(1.0)), literal<V>(ERROR_FLOOR));
    V factor = exponential(-logarithm(bounded) / (Real)CONTROL_ORDER) * (Real)SAFETY;
    factor = select(accept, factor, minimum(factor, literal<V>(SAFETY)));
    factor = minimum(maximum(factor, literal<V>(GROWTH_LEAST)), literal<V>(GROWTH_MOST));
    factor = select(finite, factor, literal<V>(SHRINK_NON_FINITE));
    V wish = h * factor;
    // a step cut short by a boundary says nothing against the size that was wished for
    wish = select(both(accept, last), maximum(wish, w.size), wish);
    return select(w.done, w.size, wish);
}

SELDOM void fail(const Problem& problem, Work& w, int l, Code code) {
    problem.codes[w.lane[l]] = code;
    problem.failure_times[w.lane[l]] = (double)w.now[l] / problem.unit + get(w.local, l);
    set(w.done, l, true);
}

INLINE void stop_failures(const Problem& problem, Work& w, M finite) {
    const bool is_fixed = problem.fixed_step > 0.0;
    const V shortest = literal<V>(1.0 / problem.unit);
    const V smallest = spacing(maximum(w.local, shortest)) * (Real)FEWEST_ULPS;
    const M small = both(is_fixed ? negate(finite) : w.size < smallest, negate(w.done));
    const M many = both(at_least(w.tries, problem.max_steps), negate(w.done));
    if (!any(either(small, many))) return;
    for (int l = 0; l < LANES; ++l) {
        if (get(small, l)) fail(problem, w, l, get(finite, l) ? STEP_TOO_SMALL : NON_FINITE);
        else if (get(many, l)) fail(problem, w, l, TOO_MANY_STEPS);
    }
}

INLINE void advance(const Problem& problem, Work& w) {
    const bool is_fixed = problem.fixed_step > 0.0;
    if (is_fixed) w.size = literal<V>(problem.fixed_step);
    if (any(w.size == literal<V>(0.0))) choose_first(problem, w);
#ifdef NEUROCOHORT_LIMITS
    const V left = w.limit - w.local;
#else
    const V left = w.length - w.local;
#endif
    const M last = w.size * (Real)STRETCH >= left;
    const V h = select(w.done, literal<V>(1.0), select(last, left, w.size));
    const V error = step(problem, w, h);
    const M finite = is_finite(error), running = negate(w.done);
    const M good = is_fixed ? finite : both(finite, error <= literal<V>(1.0));
    const M accept = both(good, running);
#ifdef NEUROCOHORT_LIMITS
    V end = select(last, w.limit, w.local + h);
#endif
#ifdef NEUROCOHORT_EVENTS
    const M changed = both(accept, look(w, h, end));
    M cut = both(changed, negate(changed));
    if (any(changed))
        for (int l = 0; l < LANES; ++l)
            if (get(changed, l)) set(cut, l, locate(w, h, end, l));
#endif
    for (int i = 0; i < ROWS; ++i) w.y[i] = select(accept, w.u[i], w.y[i]);
    if (!is_fixed) w.size = next_size(w, h, error, finite, accept, last);
    remember_restart(problem, w, accept);
#ifdef NEUROCOHORT_EVENTS
    const M tiny = both(accept, end - w.local <= near_time<V>(w.start + w.local));
    w.crowd = select(tiny, w.crowd + literal<V>(1.0), select(accept, literal<V>(0.0), w.crowd));
#endif
#ifdef NEUROCOHORT_LIMITS
    w.local = select(accept, end, w.local);
#else
    w.local = select(accept, w.local + h, w.local);
#endif
    w.accepted = counted(w.accepted, accept);
    w.rejected = counted(w.rejected, both(negate(accept), running));
    w.tries = counted(w.tries, running);
#ifdef NEUROCOHORT_EVENTS
    const M stuck = both(accept, w.crowd > literal<V>((double)MOST_EXECUTIONS));
    if (any(stuck))
        for (int l = 0; l < LANES; ++l)
            if (get(stuck, l)) give_up(problem, w, l, ENDLESS_EVENTS);
    const M moved = both(accept, negate(stuck));
    const M at_end = both(both(moved, last), both(negate(cut), w.limit == w.length));
    const M within = both(both(moved, negate(at_end)), either(changed, last));
    if (any(within)) {
        for (int l = 0; l < LANES; ++l) {
            if (!get(within, l)) continue;
            const Integer event = fire(problem, w, l);
            if (event != NONE) restart(problem, w, l, event);
            if (!get(w.done, l)) find_limit(w, l);
        }
    }
#else
#ifdef NEUROCOHORT_LIMITS
    const M at_end = both(both(accept, last), w.limit == w.length);
    const M within = both(both(accept, last), negate(at_end));
    if (any(within)) {
        for (int l = 0; l < LANES; ++l) {
            if (!get(within, l)) continue;
            set(w.size, l, get(w.size, l) * (Real)AFTER_MOMENT);
            find_limit(w, l);
        }
    }
#else
    const M at_end = both(accept, last);
#endif
#endif
    if (any(at_end)) {
        for (int l = 0; l < LANES; ++l) {
            if (!get(at_end, l)) continue;
            w.now[l] = w.boundary[l];
            cross(problem, w, l);
        }
    }
    stop_failures(problem, w, finite);
}

// fill this lane with the next patient that can be integrated
INLINE bool refill(const Problem& problem, Work& w, int l, Integer& next, Integer stride) {
    while (next < problem.n_lane) {
        const Integer lane = next;
        next += stride;
        if (!load(problem, w, l, lane)) continue;
        if (!get(w.done, l)) return true;
        store(problem, w, l);
    }
    return false;
}

INLINE void integrate_lanes(const Problem& problem, Integer next, Integer stride) {
    Work w;
    int running = 0;
    for (int i = 0; i < ROWS; ++i) w.y[i] = literal<V>(1.0);
    for (int i = 0; i < LOOP_PARAMETERS; ++i) w.p[i] = literal<V>(1.0);
    for (int i = 0; i < HOISTED; ++i) w.h[i] = literal<V>(1.0);
    for (int i = 0; i < INPUTS; ++i) w.inputs[i] = literal<V>(0.0);
    w.start = w.local = literal<V>(0.0);
    w.length = w.size = literal<V>(1.0);
#ifdef NEUROCOHORT_LIMITS
    w.limit = literal<V>(1.0);
#endif
#ifdef NEUROCOHORT_EVENTS
    w.crowd = literal<V>(0.0);
    for (int e = 0; e < N_EVENT; ++e) w.truth[e] = literal<V>(0.0);
#endif
    bool waits[LANES];
    for (int l = 0; l < LANES; ++l) {
        set(w.done, l, true);
        set(w.fresh, l, false);
        clear(w.tries, l);
        clear(w.accepted, l);
        clear(w.rejected, l);
        waits[l] = refill(problem, w, l, next, stride);
        running += waits[l];
    }
    while (running) {
        advance(problem, w);
        if (!any(w.done)) continue;
        for (int l = 0; l < LANES; ++l) {
            if (!waits[l] || !get(w.done, l)) continue;
            store(problem, w, l);
            waits[l] = refill(problem, w, l, next, stride);
            running -= !waits[l];
        }
    }
}

}  // namespace neurocohort

#ifdef __CUDACC__
// 256 threads a multiprocessor leave 255 registers to each. Without the second number the compiler makes room
// for more threads and spills some 9 kB of a step (tests/kernels/golden/cuda_resources.json).
extern "C" __global__ void __launch_bounds__(BLOCK_THREADS, 256 / BLOCK_THREADS)
neurocohort_run(const neurocohort::Problem* problem) {
    const neurocohort::Integer thread = blockIdx.x * (neurocohort::Integer)blockDim.x + threadIdx.x;
    neurocohort::integrate_lanes(*problem, thread, gridDim.x * (neurocohort::Integer)blockDim.x);
}
#else
extern "C" __attribute__((visibility("default"))) void neurocohort_run(const neurocohort::Problem* problem) {
    neurocohort::integrate_lanes(*problem, 0, 1);
}
#endif
