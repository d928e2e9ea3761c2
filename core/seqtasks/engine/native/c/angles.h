/* Functions that repeat themselves, in vectors where their numbers are not too large: remainders, sines, cosines. */

/* Whether something holds in all columns. */
INLINE UNUSED int v_holds(ivec mask) {
    const union { ivec lanes; uint64_t words[LANES * REAL_BITS / 64]; } of = {mask};
    uint64_t all = ~(uint64_t)0;
    for (int k = 0; k < LANES * REAL_BITS / 64; ++k) all &= of.words[k];
    return __builtin_expect(all == ~(uint64_t)0, 1);
}

LANEWISE_OF_TWO(v_modulo_each, fmodf, fmod)
/* The remainder of a division that is cut off. What a product and a sum leave is exact if the quotient is: the
 * rounded one is too large by at most one, if it lies below the whole numbers that have neighbours. */
INLINE UNUSED vec v_modulo(vec a, vec b) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    const real most = REAL_BITS == 32 ? (real)4194304.0 : (real)2251799813685248.0;
    const vec quotient = v_truncate(a / b), size = v_absolute(b);
    if (v_holds((v_absolute(quotient) < most) & (size < INFINITY))) {
        vec r;
        for (int l = 0; l < LANES; ++l)
            r[l] = REAL_BITS == 32 ? (real)__builtin_fmaf(-(float)quotient[l], (float)b[l], (float)a[l])
                                   : (real)__builtin_fma(-(double)quotient[l], (double)b[l], (double)a[l]);
        const ivec sign = (ivec)a & (ivec)v_all(-(real)0.0);
        r = v_pick((r != 0) & ((r < 0) != (a < 0)), r + (vec)((ivec)size | sign), r);
        return (vec)((ivec)v_absolute(r) | sign);
    }
#endif
    return v_modulo_each(a, b);
}
/* The remainder has the sign of the divisor. */
INLINE UNUSED vec v_remainder(vec a, vec b) {
    vec r = v_modulo(a, b);
    return v_pick((r != 0) & ((b < 0) != (r < 0)), r + b, r);
}
/* The floor of a quotient, from the remainder as in torch, so that roundings do not lift it. */
INLINE UNUSED vec v_floored_quotient(vec a, vec b) {
    vec r = v_modulo(a, b);
    vec quotient = (a - r) / b;
    quotient = v_pick((r != 0) & ((b < 0) != (r < 0)), quotient - 1, quotient);
    vec whole = v_floor(quotient);
    whole = v_pick(quotient - whole > (real)0.5, whole + 1, whole);
    whole = v_pick(quotient == 0, v_all(0), whole);
    return v_pick(b == 0, a / b, whole);
}

LANEWISE(v_sine_each, sinf, sin)
LANEWISE(v_cosine_each, cosf, cos)

/* sin(a + quarters pi / 2), |a| at most MOST_ANGLE. What is left of a, |r| <= pi / 4, after n quarters of a turn: of
 * the four parts of pi / 2 the first three have so few digits that n times each is exact. */
#if REAL_BITS == 32
#define MOST_ANGLE (real)8192
#else
#define MOST_ANGLE (real)1048576
#endif
INLINE UNUSED vec v_turned(vec a, whole quarters) {
    const vec n = v_round(a * (real)0.63661977236758134308);
    const ivec quarter = __builtin_convertvector(n, ivec) + quarters;
    vec r, s, c; /* coefficients: Cephes, sinf, cosf, sin, cos */
#if REAL_BITS == 32
    r = a - n * 0x1.92p+0f;
    r = r - n * 0x1.fb4p-12f;
    r = r - n * 0x1.444p-24f;
    r = r - n * 0x1.68c234p-39f;
    const vec z = r * r;
    s = v_all(-1.9515295891e-4f);
    s = s * z + 8.3321608736e-3f;
    s = s * z + -1.6666654611e-1f;
    c = v_all(2.443315711809948e-5f);
    c = c * z + -1.388731625493765e-3f;
    c = c * z + 4.166664568298827e-2f;
#else
    r = a - n * 0x1.921fb544p+0;
    r = r - n * 0x1.0b4611a6p-34;
    r = r - n * 0x1.3198a2ep-69;
    r = r - n * 0x1.b839a252049c1p-104;
    const vec z = r * r;
    s = v_all(1.58962301576546568060e-10);
    s = s * z + -2.50507477628578072866e-8;
    s = s * z + 2.75573136213857245213e-6;
    s = s * z + -1.98412698295895385996e-4;
    s = s * z + 8.33333333332211858878e-3;
    s = s * z + -1.66666666666666307295e-1;
    c = v_all(-1.13585365213876817300e-11);
    c = c * z + 2.08757008419747316778e-9;
    c = c * z + -2.75573141792967388112e-7;
    c = c * z + 2.48015872888517045348e-5;
    c = c * z + -1.38888888888730564116e-3;
    c = c * z + 4.16666666666665929218e-2;
#endif
    s = r + r * z * s;
    c = 1 - (z * (real)0.5 - z * z * c);
    const vec y = v_pick((quarter & 1) != 0, c, s);
    return v_pick((quarter & 2) != 0, -y, y);
}

INLINE UNUSED vec v_sine(vec a) {
    if (!v_holds(v_absolute(a) <= MOST_ANGLE)) return v_sine_each(a);
    return v_pick(a == 0, a, v_turned(a, 0));
}
INLINE UNUSED vec v_cosine(vec a) { return v_holds(v_absolute(a) <= MOST_ANGLE) ? v_turned(a, 1) : v_cosine_each(a); }
