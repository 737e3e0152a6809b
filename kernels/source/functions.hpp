// Further elementary functions with the same bits under every compiler: the steps of kernels/functions.py, one
// by one. Enters a text only where the model uses one of them.

namespace neurocohort {

template <class D> INLINE D signed_as(D x, D value) { return select(x < literal<D>(0.0), -value, value); }

template <class D> INLINE D atan_of(D x) {
    const D one = literal<D>(1.0), a = absolute(x);
    D above = a, below = one, high = literal<D>(0.0), low = literal<D>(0.0);
    auto beyond = a >= literal<D>(0.4375);
    above = select(beyond, literal<D>(2.0) * a - one, above);
    below = select(beyond, literal<D>(2.0) + a, below);
    high = select(beyond, literal<D>(4.63647609000806093515e-01), high);
    low = select(beyond, literal<D>(2.26987774529616870924e-17), low);
    beyond = a >= literal<D>(0.6875);
    above = select(beyond, a - one, above);
    below = select(beyond, a + one, below);
    high = select(beyond, literal<D>(7.85398163397448278999e-01), high);
    low = select(beyond, literal<D>(3.06161699786838301793e-17), low);
    beyond = a >= literal<D>(1.1875);
    above = select(beyond, a - literal<D>(1.5), above);
    below = select(beyond, one + literal<D>(1.5) * a, below);
    high = select(beyond, literal<D>(9.82793723247329054082e-01), high);
    low = select(beyond, literal<D>(1.39033110312309984516e-17), low);
    beyond = a >= literal<D>(2.4375);
    above = select(beyond, literal<D>(-1.0), above);
    below = select(beyond, a, below);
    high = select(beyond, literal<D>(1.57079632679489655800e00), high);
    low = select(beyond, literal<D>(6.12323399573676603587e-17), low);
    const D r = above / below;
    const D z = r * r;
    const D w = z * z;
    const D odd = z * horner<D>(w, 3.33333333333329318027e-01, 1.42857142725034663711e-01, 9.09088713343650656196e-02,
                                6.66107313738753120669e-02, 4.97687799461593236017e-02, 1.62858201153657823623e-02);
    const D even = w * horner<D>(w, -1.99999999998764832476e-01, -1.11111104054623557880e-01,
                                 -7.69187620504482999495e-02, -5.83357013379057348645e-02, -3.65315727442169155270e-02);
    return signed_as(x, high - ((r * (odd + even) - low) - r));
}

template <class D> INLINE D arc_ratio(D z) {
    const D p = z * horner<D>(z, 1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01,
                              -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05);
    return p / horner<D>(z, 1.0, -2.40339491173441421878e00, 2.02094576023350569471e00, -6.88283971605453293030e-01,
                         7.70381505559019352791e-02);
}

template <class D> INLINE D asin_of(D x) {
    const D one = literal<D>(1.0), two = literal<D>(2.0), quarter = literal<D>(7.85398163397448278999e-01);
    const D a = absolute(x);
    const auto small = a < literal<D>(0.5);
    const D z = select(small, a * a, (one - a) * literal<D>(0.5));
    const D r = arc_ratio(z);
    const D root = square_root(z);
    const D w = truncated(root);
    const D c = (z - w * w) / (root + w);
    const D p = two * root * r - (literal<D>(6.12323399573676603587e-17) - two * c);
    const D q = quarter - two * w;
    D value = select(small, a + a * r, quarter - (p - q));
    value = select(a == one, two * quarter, value);
    return signed_as(x, value);
}

template <class D> INLINE D acos_of(D x) {
    const D one = literal<D>(1.0), two = literal<D>(2.0), tail = literal<D>(6.12323399573676603587e-17);
    const D a = absolute(x);
    const auto small = a < literal<D>(0.5);
    const D z = select(small, x * x, (one - a) * literal<D>(0.5));
    const D r = arc_ratio(z);
    const D root = square_root(z);
    const D w = truncated(root);
    const D c = (z - w * w) / (root + w);
    const D middle = two * literal<D>(7.85398163397448278999e-01) - (x - (tail - x * r));
    const D right = select(x == one, literal<D>(0.0), two * (w + (r * root + c)));
    const D left = literal<D>(3.14159265358979311600e00) - two * (root + (r * root - tail));
    return select(small, middle, select(x < literal<D>(0.0), left, right));
}

// exp(x) - 1
template <class D> INLINE D expm1_of(D x) {
    const D most = literal<D>(7.09782712893383973096e02), fewest = literal<D>(-40.0), one = literal<D>(1.0);
    D inside = select(x < fewest, fewest, x);
    inside = select(inside > most, most, inside);
    inside = select(is_nan(inside), literal<D>(0.0), inside);
    const D n = nearest(inside * literal<D>(1.44269504088896338700e00));
    const D high = inside - n * literal<D>(6.93147180369123816490e-01);
    const D low = n * literal<D>(1.90821492927058770002e-10);
    const D r = high - low;
    const D c = (high - r) - low;
    const D half = literal<D>(0.5) * r;
    const D square = r * half;
    const D r1 = horner<D>(square, 1.0, -3.33333333333331316428e-02, 1.58730158725481460165e-03,
                           -7.93650757867487942473e-05, 4.00821782732936239552e-06, -2.01099218183624371326e-07);
    const D t = literal<D>(3.0) - r1 * half;
    D e = square * ((r1 - t) / (literal<D>(6.0) - r * t));
    e = (r * (e - c) - c) - square;
    const D offset = one - scaled(one, -n);
    D value = scaled(offset - (e - r), n);
    value = select(x > most, literal<D>(infinity()), value);
    return select(is_nan(x), x, value);
}

// log(1 + x)
template <class D> INLINE D log1p_of(D x) {
    const D one = literal<D>(1.0);
    const D u = one + x;
    return log_of(u) + select(u == literal<D>(infinity()), literal<D>(0.0), (x - (u - one)) / u);
}

template <class D> INLINE D sinh_of(D x) {
    const D one = literal<D>(1.0), half = literal<D>(0.5), a = absolute(x);
    const D t = expm1_of(a);
    const D ratio = t / (t + one);
    D value = half * select(a < one, literal<D>(2.0) * t - t * ratio, t + ratio);
    const D root = exp_of(half * a);
    value = select(a >= literal<D>(22.0), (half * root) * root, value);
    return signed_as(x, value);
}

template <class D> INLINE D cosh_of(D x) {
    const D half = literal<D>(0.5), a = absolute(x);
    const auto is_large = a >= literal<D>(22.0);
    const D w = exp_of(select(is_large, half * a, a));
    return select(is_large, (half * w) * w, half * w + half / w);
}

template <class D> INLINE D tanh_of(D x) {
    const D one = literal<D>(1.0), two = literal<D>(2.0), a = absolute(x);
    const auto is_large = a >= one;
    const D t = expm1_of(select(is_large, two * a, literal<D>(-2.0) * a));
    return signed_as(x, select(is_large, one - two / (t + two), -t / (t + two)));
}

template <class D> INLINE D asinh_of(D x) {
    const D one = literal<D>(1.0), two = literal<D>(2.0), large = literal<D>(268435456.0), a = absolute(x);
    const D square = a * a;
    const D root = square_root(square + one);
    const D middle = two * a + one / (root + a);
    D value = log_of(select(a > large, a, middle))
              + select(a > large, literal<D>(6.93147180559945286227e-01), literal<D>(0.0));
    value = select(a > two, value, log1p_of(a + square / (one + root)));
    return signed_as(x, value);
}

template <class D> INLINE D acosh_of(D x) {
    const D one = literal<D>(1.0), two = literal<D>(2.0), large = literal<D>(268435456.0);
    const D middle = two * x - one / (x + square_root(x * x - one));
    D value = log_of(select(x > large, x, middle))
              + select(x > large, literal<D>(6.93147180559945286227e-01), literal<D>(0.0));
    const D t = x - one;
    value = select(x > two, value, log1p_of(t + square_root(two * t + t * t)));
    return select(x < one, literal<D>(not_a_number()), value);
}

template <class D> INLINE D atanh_of(D x) {
    const D one = literal<D>(1.0), a = absolute(x);
    D t = a + a;
    t = select(a < literal<D>(0.5), t + t * a / (one - a), t / (one - a));
    D value = literal<D>(0.5) * log1p_of(t);
    value = select(a > one, literal<D>(not_a_number()), value);
    return signed_as(x, value);
}

template <class D> INLINE D floor_of(D x) {
    const D zero = literal<D>(0.0);
    const auto inside = absolute(x) < literal<D>(2251799813685248.0);
    const D bounded = select(inside, x, zero);
    D n = nearest(bounded) + zero;
    n = n - select(n > bounded, literal<D>(1.0), zero);
    return select(inside, n, x);
}

template <class D> INLINE D factorial_of(D x) {
    const D one = literal<D>(1.0);
    D value = one;
    for (int factor = 2; factor <= 170; ++factor)
        value = value * select(x >= literal<D>((double)factor), literal<D>((double)factor), one);
    value = select(x > literal<D>(170.0), literal<D>(infinity()), value);
    return select(both(x >= literal<D>(0.0), floor_of(x) == x), value, literal<D>(not_a_number()));
}

// powers of the sizes of x become powers of x: kept out of the line, since a negative base is seldom
template <class D> FUNCTION void give_sign(D& value, const D& x, const D& y) {
    const D half = y * literal<D>(0.5);
    const auto whole = floor_of(y) == y;
    const D turned = select(both(whole, floor_of(half) != half), -value, value);
    value = select(x < literal<D>(0.0), select(whole, turned, literal<D>(not_a_number())), value);
}

// a power of a negative number too where the exponent is whole, as that of C
template <class D> INLINE D signed_power_of(D x, D y) {
    D value = power_of(absolute(x), y);
    if (any(x < literal<D>(0.0))) give_sign<D>(value, x, y);
    return value;
}

template <class T> INLINE T tangent(T x) { return narrow<T>(circular(widen(x), 0) / circular(widen(x), 1)); }
template <class T> INLINE T arc_tangent(T x) { return narrow<T>(atan_of(widen(x))); }
template <class T> INLINE T arc_sine(T x) { return narrow<T>(asin_of(widen(x))); }
template <class T> INLINE T arc_cosine(T x) { return narrow<T>(acos_of(widen(x))); }
template <class T> INLINE T hyperbolic_sine(T x) { return narrow<T>(sinh_of(widen(x))); }
template <class T> INLINE T hyperbolic_cosine(T x) { return narrow<T>(cosh_of(widen(x))); }
template <class T> INLINE T hyperbolic_tangent(T x) { return narrow<T>(tanh_of(widen(x))); }
template <class T> INLINE T area_sine(T x) { return narrow<T>(asinh_of(widen(x))); }
template <class T> INLINE T area_cosine(T x) { return narrow<T>(acosh_of(widen(x))); }
template <class T> INLINE T area_tangent(T x) { return narrow<T>(atanh_of(widen(x))); }
template <class T> INLINE T whole_part(T x) { return narrow<T>(floor_of(widen(x))); }
template <class T> INLINE T signed_power(T x, T y) { return narrow<T>(signed_power_of(widen(x), widen(y))); }
template <class T> INLINE T product_up_to(T x) { return narrow<T>(factorial_of(widen(x))); }

}  // namespace neurocohort
