// Elementary functions whose bits are the same with every compiler: the steps of kernels/arithmetic.py,
// one by one. Reductions and coefficients are those of fdlibm (Sun Microsystems 1993: e_exp.c, e_log.c,
// e_pow.c, k_sin.c, k_cos.c). Registers of float are widened, computed in double and narrowed.

namespace neurocohort {

template <class D> INLINE D horner(D, double last) { return literal<D>(last); }

template <class D, class... Rest> INLINE D horner(D x, double first, Rest... rest) {
    return literal<D>(first) + x * horner<D>(x, rest...);
}

// x times 2 to the power n, in two factors: one alone overflows at n = 1024 and loses the subnormal numbers
template <class D> INLINE D scaled(D x, D n) {
    const auto exponent = whole(n);
    const auto first = exponent >> 1;
    const auto second = exponent - first;
    return x * from_bits((first + 1023) << 52) * from_bits((second + 1023) << 52);
}

// mantissa in [lowest, 2 lowest) and exponent of positive finite numbers
template <class D> INLINE void split(D x, double lowest, D& mantissa, D& exponent) {
    const auto subnormal = x < literal<D>(2.2250738585072014e-308);
    const auto b = bits(select(subnormal, x * literal<D>(18014398509481984.0), x));
    exponent = number((b >> 52) - 1023) - select(subnormal, literal<D>(54.0), literal<D>(0.0));
    mantissa = from_bits((b & 0x000fffffffffffffLL) | 0x3ff0000000000000LL);
    const auto high = mantissa >= literal<D>(2.0 * lowest);
    mantissa = select(high, literal<D>(0.5) * mantissa, mantissa);
    exponent = exponent + select(high, literal<D>(1.0), literal<D>(0.0));
}

template <class D> INLINE D truncated(D x) { return from_bits(bits(x) & -0x100000000LL); }

template <class D> INLINE D exp_of(D x) {
    const D most = literal<D>(7.09782712893383973096e02), least = literal<D>(-7.45133219101941108420e02);
    const D zero = literal<D>(0.0);
    const D inside = select(both(x <= most, x >= least), x, zero);
    const D n = nearest(inside * literal<D>(1.44269504088896338700e00));
    const D hi = inside - n * literal<D>(6.93147180369123816490e-01);
    const D lo = n * literal<D>(1.90821492927058770002e-10);
    const D r = hi - lo;
    const D square = r * r;
    const D c = r - square * horner<D>(square, 1.66666666666666019037e-01, -2.77777777770155933842e-03,
                                       6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                       4.13813679705723846039e-08);
    D value = literal<D>(1.0) - ((lo - (r * c) / (literal<D>(2.0) - c)) - hi);
    value = scaled(value, n);
    value = select(x > most, literal<D>(infinity()), value);
    value = select(x < least, zero, value);
    return select(is_nan(x), x, value);
}

template <class D> INLINE D log_of(D x) {
    const D zero = literal<D>(0.0), unbounded = literal<D>(infinity());
    const D positive = select(both(x > zero, x < unbounded), x, literal<D>(1.0));
    D mantissa, exponent;
    split(positive, 0.70710678118654757, mantissa, exponent);
    const D f = mantissa - literal<D>(1.0);
    const D s = f / (literal<D>(2.0) + f);
    const D z = s * s;
    const D w = z * z;
    const D even = w * horner<D>(w, 3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01);
    const D odd = z * horner<D>(w, 6.666666666666735130e-01, 2.857142874366239149e-01, 1.818357216161805012e-01,
                                1.479819860511658591e-01);
    const D remainder = even + odd;
    const D half_square = literal<D>(0.5) * f * f;
    const D correction = s * (half_square + remainder) + exponent * literal<D>(1.90821492927058770002e-10);
    D value = exponent * literal<D>(6.93147180369123816490e-01) - ((half_square - correction) - f);
    value = select(x == zero, -unbounded, value);
    value = select(x == unbounded, unbounded, value);
    return select(either(x < zero, is_nan(x)), literal<D>(not_a_number()), value);
}

// log2(x) as a short head and a tail (fdlibm e_pow.c)
template <class D> INLINE void log2_in_two(D x, D& head, D& tail) {
    D mantissa, n;
    split(x, 0.8660254037844386, mantissa, n);
    const auto upper = mantissa >= literal<D>(1.7320508075688772 / 1.4142135623730951);
    const D anchor = select(upper, literal<D>(1.5), literal<D>(1.0));
    D u = mantissa - anchor;
    D v = literal<D>(1.0) / (mantissa + anchor);
    const D ss = u * v;
    const D s_hi = truncated(ss);
    D t_hi = truncated(mantissa + anchor);
    D t_lo = mantissa - (t_hi - anchor);
    const D s_lo = v * ((u - s_hi * t_hi) - s_hi * t_lo);
    D s2 = ss * ss;
    D r = s2 * s2 * horner<D>(s2, 5.99999999999994648725e-01, 4.28571428578550184252e-01, 3.33333329818377432918e-01,
                              2.72728123808534006489e-01, 2.30660745775561754067e-01, 2.06975017800338417784e-01);
    r = r + s_lo * (s_hi + ss);
    s2 = s_hi * s_hi;
    t_hi = truncated(literal<D>(3.0) + s2 + r);
    t_lo = r - ((t_hi - literal<D>(3.0)) - s2);
    u = s_hi * t_hi;
    v = s_lo * t_hi + t_lo * ss;
    const D p_hi = truncated(u + v);
    const D p_lo = v - (p_hi - u);
    const D z_hi = literal<D>(9.61796700954437255859e-01) * p_hi;
    const D z_lo = literal<D>(-7.02846165095275826516e-09) * p_hi + p_lo * literal<D>(9.61796693925975554329e-01)
                   + select(upper, literal<D>(1.35003920212974897128e-08), literal<D>(0.0));
    const D dp_hi = select(upper, literal<D>(5.84962487220764160156e-01), literal<D>(0.0));
    head = truncated(((z_hi + z_lo) + dp_hi) + n);
    tail = z_lo - (((head - n) - dp_hi) - z_hi);
}

// 2 to the power high + low (fdlibm e_pow.c)
template <class D> INLINE D exp2_in_two(D high, D low) {
    const D zero = literal<D>(0.0);
    const D z = high + low;
    const auto finite = both(z < literal<D>(1025.0), z > literal<D>(-1080.0));
    high = select(finite, high, zero);
    low = select(finite, low, zero);
    const D n = nearest(select(finite, z, zero));
    high = high - n;
    D t = truncated(low + high);
    const D u = t * literal<D>(6.93147182464599609375e-01);
    const D v = (low - (t - high)) * literal<D>(6.93147180559945286227e-01)
                + t * literal<D>(-1.90465429995776804525e-09);
    const D sum = u + v;
    const D w = v - (sum - u);
    t = sum * sum;
    const D t1 = sum - t * horner<D>(t, 1.66666666666666019037e-01, -2.77777777770155933842e-03,
                                     6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                     4.13813679705723846039e-08);
    const D r = (sum * t1) / (t1 - literal<D>(2.0)) - (w + sum * w);
    const D value = scaled(literal<D>(1.0) - (r - sum), n);
    return select(finite, value, select(z > zero, literal<D>(infinity()), zero));
}

template <class D> INLINE D power_of(D x, D y) {
    const D zero = literal<D>(0.0), one = literal<D>(1.0), unbounded = literal<D>(infinity());
    const auto regular = both(both(x > zero, x < unbounded), is_finite(y));
    const D base = select(regular, x, one);
    const D exponent = select(regular, y, one);
    D log_hi, log_lo;
    log2_in_two(base, log_hi, log_lo);
    const D y_hi = truncated(exponent);
    const D low = (exponent - y_hi) * log_hi + exponent * log_lo;
    const D high = y_hi * log_hi;
    D value = exp2_in_two(high, low);
    const auto up = y > zero, above = x > one;
    const auto grows = either(both(above, up), both(negate(above), negate(up)));
    const D limit = select(x == one, one, select(grows, unbounded, zero));
    value = select(absolute(y) == unbounded, limit, value);
    const auto nought = x == zero, falling = y < zero;
    const auto rises = either(both(nought, falling), both(negate(nought), negate(falling)));
    value = select(either(nought, x == unbounded), select(rises, unbounded, zero), value);
    value = select(either(x < zero, either(is_nan(x), is_nan(y))), literal<D>(not_a_number()), value);
    return select(y == zero, one, value);
}

template <class D> INLINE D sin_kernel(D x, D tail) {
    const D z = x * x;
    const D v = z * x;
    const D r = horner<D>(z, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                          -2.50507602534068634195e-08, 1.58969099521155010221e-10);
    return x - ((z * (literal<D>(0.5) * tail - v * r) - tail) - v * literal<D>(-1.66666666666666324348e-01));
}

template <class D> INLINE D cos_kernel(D x, D tail) {
    const D z = x * x;
    const D r = z * horner<D>(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
                              -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11);
    const D half = literal<D>(0.5) * z;
    const D w = literal<D>(1.0) - half;
    return w + (((literal<D>(1.0) - w) - half) + (z * r - x * tail));
}

template <class D> INLINE D circular(D x, int quarter) {
    const auto inside = absolute(x) <= literal<D>(1073741824.0);
    const D angle = select(inside, x, literal<D>(0.0));
    const D n = nearest(angle * literal<D>(6.36619772367581382433e-01));
    const D first = angle - n * literal<D>(1.57079632673412561417e00);
    const D tail = n * literal<D>(6.07710050630396597660e-11);
    const D r = first - tail;
    const D low = ((first - r) - tail) - n * literal<D>(2.02226624879595063154e-21);
    const auto quadrant = (whole(n) + quarter) & 3;
    const auto odd = number(quadrant & 1) == literal<D>(1.0);
    const D value = select(odd, cos_kernel(r, low), sin_kernel(r, low));
    const auto lower = number(quadrant & 2) == literal<D>(2.0);
    return select(inside, select(lower, -value, value), literal<D>(not_a_number()));
}

template <class T> INLINE T exponential(T x) { return narrow<T>(exp_of(widen(x))); }
template <class T> INLINE T logarithm(T x) { return narrow<T>(log_of(widen(x))); }
template <class T> INLINE T power(T x, T y) { return narrow<T>(power_of(widen(x), widen(y))); }
template <class T> INLINE T sine(T x) { return narrow<T>(circular(widen(x), 0)); }
template <class T> INLINE T cosine(T x) { return narrow<T>(circular(widen(x), 1)); }

// distance to the next larger number, of numbers that are not negative
template <class T> INLINE T spacing(T x);
template <> INLINE double spacing<double>(double x) { return from_bits(bits(x) + 1) - x; }
template <> INLINE float spacing<float>(float x) { return (float)(spacing((double)x) * 536870912.0); }
#if LANES > 1
template <> INLINE Doubles spacing<Doubles>(Doubles x) { return from_bits(bits(x) + 1) - x; }
#if defined(NEUROCOHORT_FLOAT)
template <> INLINE Floats spacing<Floats>(Floats x) { return (Floats)((M)x + 1) - x; }
#endif
#endif

}  // namespace neurocohort
