// What one lane, or one register full of lanes, can do.
//
// `V` is the type the integrator works on and `M` its mask. On a GPU `V` is one number and every thread
// is a lane; on a CPU `V` is a vector of LANES numbers, one lane an element. Nothing here comes from the
// standard library, so that g++, clang, zig and NVRTC read the same text.
//
// Set from outside: LANES (1, 2, 4, 8, 16), NEUROCOHORT_FLOAT (V holds float), NEUROCOHORT_MIXED (stage
// increments and LU factors hold float), and for a GPU BLOCK_THREADS (the most threads of a block).

#ifdef __CUDACC__
#define INLINE __device__ __forceinline__
#define FUNCTION __device__ __noinline__
#define SELDOM FUNCTION  // what happens between steps does not take the registers of a step
#define UNROLLED
#else
#define INLINE inline __attribute__((always_inline))
#define FUNCTION static __attribute__((noinline))
#define SELDOM INLINE
#ifdef __clang__
#define UNROLLED _Pragma("unroll 4")
#else
#define UNROLLED _Pragma("GCC unroll 4")
#endif
#endif

namespace neurocohort {

typedef long long Integer;

template <class T> struct Lane;  // S: number in a lane, M: mask, I: integers, D: the same lanes in double

template <> struct Lane<double> {
    typedef double S;
    typedef bool M;
    typedef Integer I;
    typedef double D;
};

template <> struct Lane<float> {
    typedef float S;
    typedef bool M;
    typedef Integer I;
    typedef double D;
};

#if LANES == 1

typedef double Doubles;
typedef float Floats;

#else

typedef double Doubles __attribute__((vector_size(8 * LANES)));
typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef decltype(Doubles() < Doubles()) Integers;

template <> struct Lane<Doubles> {
    typedef double S;
    typedef Integers M;
    typedef Integers I;
    typedef Doubles D;
};

template <> struct Lane<Floats> {
    typedef float S;
    typedef decltype(Floats() < Floats()) M;
    typedef Integers I;
    typedef Doubles D;
};

#endif

#ifdef NEUROCOHORT_FLOAT
typedef Floats V;
#else
typedef Doubles V;
#endif
#if defined(NEUROCOHORT_FLOAT) || defined(NEUROCOHORT_MIXED)
typedef Floats Stage;
#else
typedef Doubles Stage;
#endif
typedef Lane<V>::S Real;
typedef Lane<V>::M M;
#if LANES == 1
typedef Integer Counter;
#else
typedef M Counter;  // integers as wide as the numbers
#endif

// one lane

template <class T> INLINE T literal(double x);
template <> INLINE double literal<double>(double x) { return x; }
template <> INLINE float literal<float>(double x) { return (float)x; }

INLINE double get(const double& v, int) { return v; }
INLINE float get(const float& v, int) { return v; }
INLINE bool get(const bool& v, int) { return v; }
INLINE Integer get(const Integer& v, int) { return v; }
INLINE void set(double& v, int, double x) { v = x; }
INLINE void set(float& v, int, float x) { v = x; }
INLINE void set(bool& v, int, bool x) { v = x; }
INLINE void set(Integer& v, int, Integer x) { v = x; }

INLINE double select(bool m, double a, double b) { return m ? a : b; }
INLINE float select(bool m, float a, float b) { return m ? a : b; }
INLINE Integer select(bool m, Integer a, Integer b) { return m ? a : b; }
INLINE bool both(bool a, bool b) { return a && b; }
INLINE bool either(bool a, bool b) { return a || b; }
INLINE bool negate(bool a) { return !a; }
INLINE bool any(bool m) { return m; }
INLINE Integer counted(Integer count, bool m) { return count + (m ? 1 : 0); }
INLINE bool at_least(Integer count, Integer limit) { return count >= limit; }

INLINE double square_root(double x) {
#ifdef __CUDACC__
    return sqrt(x);
#else
    return __builtin_sqrt(x);
#endif
}

INLINE float square_root(float x) {
#ifdef __CUDACC__
    return sqrtf(x);
#else
    return __builtin_sqrtf(x);
#endif
}

INLINE Integer bits(double x) {
#ifdef __CUDACC__
    return __double_as_longlong(x);
#else
    Integer i;
    __builtin_memcpy(&i, &x, sizeof i);
    return i;
#endif
}

INLINE double from_bits(Integer i) {
#ifdef __CUDACC__
    return __longlong_as_double(i);
#else
    double x;
    __builtin_memcpy(&x, &i, sizeof x);
    return x;
#endif
}

INLINE double infinity() { return from_bits(0x7ff0000000000000LL); }
INLINE double not_a_number() { return from_bits(0x7ff8000000000000LL); }

INLINE double widen(double x) { return x; }
INLINE double widen(float x) { return (double)x; }
template <class T> INLINE T narrow(double x);
template <> INLINE double narrow<double>(double x) { return x; }
template <> INLINE float narrow<float>(double x) { return (float)x; }

// many lanes

#if LANES > 1

template <> INLINE Doubles literal<Doubles>(double x) { return x - Doubles(); }
template <> INLINE Floats literal<Floats>(double x) { return (float)x - Floats(); }

INLINE double get(const Doubles& v, int l) { return v[l]; }
INLINE float get(const Floats& v, int l) { return v[l]; }
INLINE Integer get(const Integers& v, int l) { return v[l]; }
INLINE void set(Doubles& v, int l, double x) { v[l] = x; }
INLINE void set(Floats& v, int l, float x) { v[l] = x; }
INLINE void set(Integers& v, int l, Integer x) { v[l] = x; }
INLINE void set(Integers& v, int l, bool x) { v[l] = x ? -1 : 0; }

INLINE Doubles select(Integers m, Doubles a, Doubles b) { return m ? a : b; }
INLINE Integers select(Integers m, Integers a, Integers b) { return m ? a : b; }
INLINE Integers both(Integers a, Integers b) { return a & b; }
INLINE Integers either(Integers a, Integers b) { return a | b; }
INLINE Integers negate(Integers a) { return ~a; }
INLINE Integers counted(Integers count, Integers m) { return count - m; }
INLINE Integers at_least(Integers count, Integer limit) { return count >= limit; }

INLINE bool any(Integers m) {
    Integer found = 0;
    for (int l = 0; l < LANES; ++l) found |= m[l];
    return found != 0;
}

INLINE Integers bits(Doubles x) { return (Integers)x; }
INLINE Doubles from_bits(Integers i) { return (Doubles)i; }

INLINE Doubles square_root(Doubles x) {
    Doubles root;
    for (int l = 0; l < LANES; ++l) root[l] = __builtin_sqrt(x[l]);
    return root;
}

INLINE Doubles widen(Doubles x) { return x; }
INLINE Doubles widen(Floats x) { return __builtin_convertvector(x, Doubles); }
template <class T> INLINE T narrow(Doubles x);
template <> INLINE Doubles narrow<Doubles>(Doubles x) { return x; }
template <> INLINE Floats narrow<Floats>(Doubles x) { return __builtin_convertvector(x, Floats); }

#if defined(NEUROCOHORT_FLOAT)

INLINE Floats select(M m, Floats a, Floats b) { return m ? a : b; }
INLINE M both(M a, M b) { return a & b; }
INLINE M either(M a, M b) { return a | b; }
INLINE M negate(M a) { return ~a; }
INLINE void set(M& v, int l, bool x) { v[l] = x ? -1 : 0; }
INLINE bool get(const M& v, int l) { return v[l] != 0; }
INLINE M counted(M count, M m) { return count - m; }
INLINE M at_least(M count, Integer limit) { return count >= (int)(limit < 0x7fffffff ? limit : 0x7fffffff); }

INLINE bool any(M m) {
    int found = 0;
    for (int l = 0; l < LANES; ++l) found |= m[l];
    return found != 0;
}

INLINE Floats square_root(Floats x) {
    Floats root;
    for (int l = 0; l < LANES; ++l) root[l] = __builtin_sqrtf(x[l]);
    return root;
}

#endif
#endif

// any number of lanes

template <class A, class B> struct Same { static constexpr bool value = false; };
template <class A> struct Same<A, A> { static constexpr bool value = true; };

template <class To, class From> INLINE To lane_cast(From x) {
    if constexpr (Same<To, From>::value) return x;
    else return narrow<To>(widen(x));
}

#if LANES == 1
INLINE Integer count_of(Counter count, int) { return count; }
INLINE void clear(Counter& count, int) { count = 0; }
#else
INLINE Integer count_of(const Counter& count, int l) { return count[l]; }
INLINE void clear(Counter& count, int l) { count[l] = 0; }
#endif

template <class T> INLINE typename Lane<T>::M is_finite(T x) { return (x - x) == literal<T>(0.0); }

template <class T> INLINE typename Lane<T>::M is_nan(T x) { return x != x; }

// the sign bit is cleared, not compared: the absolute value of -0.0 is 0.0
INLINE double absolute(double x) { return from_bits(bits(x) & 0x7fffffffffffffffLL); }
INLINE float absolute(float x) { return (float)absolute((double)x); }
#if LANES > 1
INLINE Doubles absolute(Doubles x) { return from_bits(bits(x) & 0x7fffffffffffffffLL); }
#if defined(NEUROCOHORT_FLOAT)
INLINE Floats absolute(Floats x) { return (Floats)((M)x & 0x7fffffff); }
#endif
#endif

// NaN goes through, as in NumPy
template <class T> INLINE T maximum(T a, T b) { return select(either(a > b, is_nan(a)), a, b); }
template <class T> INLINE T minimum(T a, T b) { return select(either(a < b, is_nan(a)), a, b); }

// to the nearest whole number, ties to even, below 2^51
template <class D> INLINE D nearest(D x) {
    const D shift = literal<D>(6755399441055744.0);
    return (x + shift) - shift;
}

// whole numbers below 2^51 between the two kinds of register, by adding 1.5 * 2^52 to their bits
INLINE Integer whole(double x) { return bits(x + 6755399441055744.0) - 0x4338000000000000LL; }
INLINE double number(Integer i) { return from_bits(i + 0x4338000000000000LL) - 6755399441055744.0; }
#if LANES > 1
INLINE Integers whole(Doubles x) { return bits(x + 6755399441055744.0) - 0x4338000000000000LL; }
INLINE Doubles number(Integers i) { return from_bits(i + 0x4338000000000000LL) - 6755399441055744.0; }
#endif

}  // namespace neurocohort
