/* Vectors of a few columns, and the functions of them that cells use. */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Wide vectors halve the instructions, where batches are large enough to fill them. */
#if LARGE && defined(__AVX512F__) && REAL_BITS == 32 && !defined(NARROW)
#define LANES 16
#else
#define LANES 8
#endif
#if REAL_BITS == 32
typedef float real;
typedef int32_t whole;
typedef uint32_t bits;
#define MANTISSA 23
#define BIAS 127
#else
typedef double real;
typedef int64_t whole;
typedef uint64_t bits;
#define MANTISSA 52
#define BIAS 1023
#endif

typedef real vec __attribute__((vector_size(LANES * sizeof(real))));
typedef whole ivec __attribute__((vector_size(LANES * sizeof(real))));
typedef bits uvec __attribute__((vector_size(LANES * sizeof(real))));
typedef real loose __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef int32_t symbols_vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#ifdef __SANITIZE_ADDRESS__ /* leave a gap behind each buffer that nothing may touch */
void __asan_poison_memory_region(const volatile void *, size_t);
void __asan_unpoison_memory_region(const volatile void *, size_t);
#define GUARD(memory, first, end)                                                     \
    do {                                                                              \
        if (memory) __asan_unpoison_memory_region((memory) + (first), (end) - (first)); \
        if (memory) __asan_poison_memory_region((memory) + (end), 64);                \
        (end) += 64;                                                                  \
    } while (0)
#else
#define GUARD(memory, first, end) (void)(first)
#endif

#ifndef INLINE /* given as `static` by those who compile without optimisation */
#define INLINE static inline __attribute__((always_inline))
#endif
/* Rows lie far apart, so the next step's are asked for before they are needed. */
#ifdef NO_AHEAD
#define AHEAD(p)
#else
#define AHEAD(p) __builtin_prefetch(p, 0, 2)
#endif
#define UNUSED __attribute__((unused))

INLINE vec v_load(const real *p) { return *(const loose *)p; }
INLINE UNUSED vec v_given(int given, const real *p) { return given ? v_load(p) : (vec){0}; }
INLINE void v_store(real *p, vec a) { *(loose *)p = a; }
/* a - 0 is a, so a compiler spreads it from memory in one instruction; 0 + a is not, for a = -0. */
INLINE vec v_all(real a) { return a - (vec){0}; }
/* Each lane and the lane that lies `side` away from it. */
INLINE vec v_with_other(vec a, int side) {
#ifdef __clang__ /* which makes one instruction of this, and has no other name for it */
    vec other;
#pragma GCC unroll 16
    for (int l = 0; l < LANES; ++l) other[l] = a[l ^ side];
    return a + other;
#elif LANES == 16
    const ivec lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return a + __builtin_shuffle(a, lane ^ side);
#else
    const ivec lane = {0, 1, 2, 3, 4, 5, 6, 7};
    return a + __builtin_shuffle(a, lane ^ side);
#endif
}
INLINE UNUSED real v_total(vec a) { /* by halves: fewer steps that wait for each other than lane by lane */
#if LANES == 16
    a = v_with_other(a, 8);
#endif
    return v_with_other(v_with_other(v_with_other(a, 4), 2), 1)[0];
}

INLINE vec v_pick(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }
INLINE UNUSED vec v_number(ivec mask) { return (vec)(mask & (ivec)v_all(1)); }
INLINE UNUSED vec v_zeros(UNUSED vec a) { return v_all(0); }
INLINE UNUSED vec v_where(vec condition, vec a, vec b) { return v_pick(condition != 0, a, b); }
INLINE UNUSED vec v_sign(vec a) { return v_number(a > 0) - v_number(a < 0); }
INLINE UNUSED vec v_absolute(vec a) { return (vec)((ivec)a & (ivec)(~(uvec){0} >> 1)); }
INLINE UNUSED vec v_relu(vec a) { return v_pick(a < 0, v_all(0), a); }
/* A number compared with one that is none is the latter, as in torch. */
INLINE UNUSED vec v_maximum(vec a, vec b) { return v_pick((a > b) | (a != a), a, b); }
INLINE UNUSED vec v_minimum(vec a, vec b) { return v_pick((a < b) | (a != a), a, b); }

/* From one to the other end, from the nearer one, as in torch. */
INLINE UNUSED vec v_lerp(vec a, vec b, vec weight) {
    vec way = b - a;
    return v_pick(v_absolute(weight) < (real)0.5, a + weight * way, b - way * (1 - weight));
}

#define LANEWISE(name, f, d)                                                                   \
    INLINE UNUSED vec name(vec a) {                                                            \
        vec r;                                                                                 \
        for (int l = 0; l < LANES; ++l) r[l] = sizeof(real) == 4 ? (real)f((float)a[l]) : (real)d((double)a[l]); \
        return r;                                                                              \
    }
LANEWISE(v_single, (float), (float))
LANEWISE(v_square_root, sqrtf, sqrt)
LANEWISE(v_floor, floorf, floor)
LANEWISE(v_ceiling, ceilf, ceil)
LANEWISE(v_truncate, truncf, trunc)
LANEWISE(v_nearest, rintf, rint)
LANEWISE(v_exp2, exp2f, exp2)
LANEWISE(v_hyperbolic_sine, sinhf, sinh)
LANEWISE(v_hyperbolic_cosine, coshf, cosh)
LANEWISE(v_error_function, erff, erf)
LANEWISE(v_arctangent, atanf, atan)
LANEWISE(v_arcsine, asinf, asin)
LANEWISE(v_arccosine, acosf, acos)
LANEWISE(v_inverse_hyperbolic_sine, asinhf, asinh)
LANEWISE(v_inverse_hyperbolic_cosine, acoshf, acosh)
LANEWISE(v_inverse_hyperbolic_tangent, atanhf, atanh)
LANEWISE(v_complementary_error_function, erfcf, erfc)

#define LANEWISE_OF_TWO(name, f, d)                                                               \
    INLINE UNUSED vec name(vec a, vec b) {                                                        \
        vec r;                                                                                    \
        for (int l = 0; l < LANES; ++l)                                                           \
            r[l] = sizeof(real) == 4 ? (real)f((float)a[l], (float)b[l]) : (real)d((double)a[l], (double)b[l]); \
        return r;                                                                                 \
    }
LANEWISE_OF_TWO(v_power, powf, pow)
LANEWISE_OF_TWO(v_arctangent2, atan2f, atan2)
LANEWISE_OF_TWO(v_hypotenuse, hypotf, hypot)

INLINE vec v_round(vec a) { /* for |a| far below 2^MANTISSA */
    const real magic = REAL_BITS == 32 ? (real)12582912.0 : (real)6755399441055744.0;
    return (a + magic) - magic;
}

#if defined(__AVX512VL__) && !defined(__clang__) && REAL_BITS == 32
/* What such a processor has instructions for. Of a number and one that is none, v_least and v_most give the second. */
#if LANES == 16
#define OF_TWO(name, a, b) __builtin_ia32_##name##512_mask(a, b, a, (uint16_t)-1, 4)
#define NEAR_RECIPROCAL(a) __builtin_ia32_rcp14ps512_mask(a, a, (uint16_t)-1)
#else
#define OF_TWO(name, a, b) __builtin_ia32_##name##256_mask(a, b, a, (uint8_t)-1)
#define NEAR_RECIPROCAL(a) __builtin_ia32_rcp14ps256_mask(a, a, (uint8_t)-1)
#endif
#define v_least(a, b) OF_TWO(minps, a, b)
#define v_most(a, b) OF_TWO(maxps, a, b)
#define v_scale(a, n) OF_TWO(scalefps, a, n)
/* a / b for positive b whose reciprocal is normal: a division, as rounded, takes several times as long. */
INLINE UNUSED vec v_quotient(vec a, vec b) {
    vec r = NEAR_RECIPROCAL(b);
    r = r + r * (1 - b * r);
    vec q = a * r;
    return q + r * (a - b * q);
}
#else
INLINE vec v_least(vec a, vec b) { return v_pick(b > a, a, b); }
INLINE vec v_most(vec a, vec b) { return v_pick(b < a, a, b); }
INLINE vec v_quotient(vec a, vec b) { return a / b; }
/* 2^n for whole n, in two factors so that the ends of the range come out right. */
INLINE vec v_scale(vec a, vec n) {
    ivec whole_n = __builtin_convertvector(n, ivec);
    ivec half = whole_n >> 1;
    ivec rest = whole_n - half;
    vec one = (vec)((uvec)(half + BIAS) << MANTISSA);
    vec other = (vec)((uvec)(rest + BIAS) << MANTISSA);
    return a * one * other;
}
#endif

#define LEAST_EXPONENT (REAL_BITS == 32 ? (real)-104 : (real)-746)
#define MOST_EXPONENT (REAL_BITS == 32 ? (real)89 : (real)710)
/* exp(r) - 1 by its series, where a = n log(2) + r, |r| <= log(2) / 2. */
INLINE vec v_series_of_exp(vec a, real high, vec *n) {
    vec x = v_least(v_all(high), v_most(v_all(LEAST_EXPONENT), a));
    *n = v_round(x * (real)1.44269504088896340736);
#if REAL_BITS == 32
    vec r = x - *n * 0.693359375f;
    r = r - *n * -2.12194440e-4f;
    vec p = v_all(1.9875691500e-4f); /* coefficients: Cephes, expf */
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
#else
    vec r = x - *n * 6.93145751953125e-1;
    r = r - *n * 1.42860682030941723212e-6;
    vec p = v_all(1.0 / 6227020800.0);
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
#endif
    return p * (r * r) + r;
}

INLINE UNUSED vec v_exp(vec a) {
    vec n, s = v_series_of_exp(a, MOST_EXPONENT, &n);
    return v_scale(s + 1, n);
}

/* exp(a) - 1 = 2^n (exp(r) - 1) + (2^n - 1) */
INLINE UNUSED vec v_expm1(vec a) {
    vec n, s = v_series_of_exp(a, MOST_EXPONENT, &n);
    vec near = v_scale(s, n) + (v_scale(v_all(1), n) - 1);
    return v_pick(a == 0, a, v_pick(n > MANTISSA + 2, v_scale(s + 1, n), near));
}

INLINE UNUSED vec v_sigmoid(vec a) {
    vec n, s = v_series_of_exp(-a, MOST_EXPONENT - 1, &n); /* so that the divisor is finite */
    return v_quotient(v_all(1), 1 + v_scale(s + 1, n));
}

#if REAL_BITS == 32
/* A ratio of polynomials, on ]-8, 8[ never above 1, beyond which tanh is 1; coefficients: Eigen, ptanh. */
INLINE UNUSED vec v_tanh(vec a) {
    vec s = a * a;
    vec p = v_all(-2.76076847742355e-16f);
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    vec q = v_all(1.19825839466702e-06f);
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return v_pick(a >= 8, v_all(1), v_pick(a <= -8, v_all(-1), v_quotient(a * p, q)));
}
#else
/* Near 0 a ratio of polynomials (coefficients: Cephes, tanh), elsewhere by the exponential. */
INLINE UNUSED vec v_tanh(vec a) {
    vec s = a * a;
    vec p = (-9.64399179425052238628e-1 * s + -9.92877231001918586564e1) * s + -1.61468768441708447952e3;
    vec q = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s + 4.84406305325125486048e3;
    vec near = a + a * s * (p / q);
    vec size = v_absolute(a);
    vec far = 1 - 2 / (v_exp(2 * size) + 1);
    far = v_pick(a < 0, -far, far);
    return v_pick(size < 0.625, near, far);
}
#endif

/* log(a) = n log(2) + log(m), m in [sqrt(1/2), sqrt(2)), by 2 atanh((m - 1) / (m + 1)). */
INLINE UNUSED vec v_log(vec a) {
    const real smallest = REAL_BITS == 32 ? (real)1.1754943508222875e-38 : (real)2.2250738585072014e-308;
    const real lift = REAL_BITS == 32 ? (real)8388608.0 : (real)4503599627370496.0;
    ivec tiny = a < smallest;
    vec x = v_pick(tiny, a * lift, a);
    ivec exponent = (ivec)((uvec)x >> MANTISSA) - BIAS;
    vec m = (vec)(((uvec)x & ((((uvec){0} + 1) << MANTISSA) - 1)) | (((uvec){0} + BIAS) << MANTISSA));
    ivec large = m > (real)1.41421356237309504880;
    m = v_pick(large, m * (real)0.5, m);
    exponent = exponent - large - (tiny & MANTISSA);
    vec n = __builtin_convertvector(exponent, vec);
    vec s = v_quotient(m - 1, m + 1), z = s * s;
    vec p;
#if REAL_BITS == 32
    p = v_all(2.0f / 9);
#else
    p = v_all(2.0 / 23);
    p = p * z + 2.0 / 21;
    p = p * z + 2.0 / 19;
    p = p * z + 2.0 / 17;
    p = p * z + 2.0 / 15;
    p = p * z + 2.0 / 13;
    p = p * z + 2.0 / 11;
    p = p * z + 2.0 / 9;
#endif
    p = p * z + (real)2 / 7;
    p = p * z + (real)2 / 5;
    p = p * z + (real)2 / 3;
    vec r = n * (real)0.69314718055994530942 + (2 * s + s * z * p);
    r = v_pick(a == 0, v_all(-INFINITY), r);
    r = v_pick(a < 0, v_all(NAN), r);
    return v_pick((a == INFINITY) | (a != a), a, r);
}

/* log(1 + a): the logarithm of the rounded sum, and what the rounding took away. */
INLINE UNUSED vec v_log1p(vec a) {
    vec sum = 1 + a;
    vec r = v_log(sum) + v_quotient(a - (sum - 1), sum);
    r = v_pick(sum == 0, v_all(-INFINITY), r);
    return v_pick((sum == 1) | (a == INFINITY), a, r);
}

INLINE UNUSED vec v_softplus(vec a) {
    /* as torch: the number itself beyond 20 */
    return v_pick(a > 20, a, v_log1p(v_exp(v_pick(a > 20, v_all(20), a))));
}
INLINE UNUSED vec v_log_sigmoid(vec a) {
    vec below = v_pick(a < 0, a, v_all(0));
    return v_pick(a != a, a, below - v_log1p(v_exp(-v_absolute(a))));
}
INLINE UNUSED vec v_log_add_exp(vec a, vec b) {
    vec y = v_maximum(a, b) + v_log1p(v_exp(-v_absolute(a - b)));
    return v_pick((a == b) & (v_absolute(a) == INFINITY), a, y);
}

INLINE UNUSED vec v_lookup(const real *table, const int32_t *symbols, int vocabulary) {
    if (vocabulary <= 4) { /* a choice is cheaper than a gathering */
        vec found = v_all(table[0]);
#if REAL_BITS == 32
        ivec id = (ivec)*(const symbols_vec *)symbols;
#else
        ivec id = __builtin_convertvector(*(const symbols_vec *)symbols, ivec);
#endif
        for (int s = 1; s < vocabulary; ++s) found = v_pick(id == s, v_all(table[s]), found);
        return found;
    }
    vec found;
    for (int l = 0; l < LANES; ++l) found[l] = table[symbols[l]];
    return found;
}

/* sums[symbol] += the lanes of a whose symbol it is */
INLINE UNUSED void v_by_symbol(vec a, const int32_t *symbols, int vocabulary, vec *sums, real *few) {
    if (vocabulary <= 8) {
#if REAL_BITS == 32
        ivec id = (ivec)*(const symbols_vec *)symbols;
#else
        ivec id = __builtin_convertvector(*(const symbols_vec *)symbols, ivec);
#endif
        for (int s = 0; s < vocabulary; ++s) sums[s] += (vec)((ivec)a & (id == s));
        return;
    }
    for (int l = 0; l < LANES; ++l) few[symbols[l]] += a[l];
}
