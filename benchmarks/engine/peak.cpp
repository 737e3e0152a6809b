// What one core can do at most: prints fused multiply-adds and divisions as GFLOP/s (a fused
// multiply-add counts 2) in the order: f64 fma, f32 fma, f64 divide, f32 divide.
// Independent chains hide the latency; CPU time is taken, so a shared core does not spoil it.
#include <cstdio>
#include <ctime>

#if defined(__AVX512F__)
#define WIDTH 64
#elif defined(__AVX__)
#define WIDTH 32
#else
#define WIDTH 16
#endif
#define CHAINS 12
#define REPEATS 5

static double now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

template <typename T>
struct Lanes {
  typedef T type __attribute__((vector_size(WIDTH)));
};

static volatile double sink; // keeps the work from being dropped

template <typename T, bool divide>
static double rate(long n) {
  typedef typename Lanes<T>::type V;
  const int width = WIDTH / sizeof(T);
  double best = 0.0;
  for (int repeat = 0; repeat < REPEATS; ++repeat) {
    V a[CHAINS], m, c;
    for (int k = 0; k < width; ++k) {
      m[k] = divide ? T(1.000001) : T(0.999999);
      c[k] = T(1e-6);
      for (int i = 0; i < CHAINS; ++i) a[i][k] = T(1) + T(i) * T(1e-3);
    }
    const double start = now();
    for (long step = 0; step < n; ++step) {
#pragma GCC unroll 12
      for (int i = 0; i < CHAINS; ++i) a[i] = divide ? m / a[i] : a[i] * m + c;
    }
    const double spent = now() - start;
    double sum = 0.0;
    for (int i = 0; i < CHAINS; ++i)
      for (int k = 0; k < width; ++k) sum += a[i][k];
    sink = sum;
    const double done = (divide ? 1.0 : 2.0) * CHAINS * width * double(n) / spent * 1e-9;
    if (done > best) best = done;
  }
  return best;
}

int main() {
  std::printf("%.2f %.2f %.3f %.3f\n", rate<double, false>(10000000), rate<float, false>(10000000),
              rate<double, true>(1000000), rate<float, true>(1000000));
}
