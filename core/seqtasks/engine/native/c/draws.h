/* Random numbers that are a function of their place: Philox 4x32-10, as in randomness/philox.py. */
#define NOWHERE 0xFFFFFFFFu
enum { UNIFORM, NORMAL };
typedef uint32_t words_vec __attribute__((vector_size(LANES * 4)));

/* Both halves of products of 64 bits. */
INLINE void multiply_words(words_vec a, uint32_t factor, words_vec *high, words_vec *low) {
    for (int l = 0; l < LANES; ++l) {
        const uint64_t product = (uint64_t)a[l] * factor;
        (*low)[l] = (uint32_t)product;
        (*high)[l] = (uint32_t)(product >> 32);
    }
}

/* The words of two counters that differ in their first word alone; two of them hide each other's latency. */
INLINE void philox(words_vec *c, words_vec *d, uint32_t first, uint32_t second) {
    for (int round = 0; round < 10; ++round) {
        words_vec high[4], low[4];
        multiply_words(c[0], 0xD2511F53u, high, low);
        multiply_words(c[2], 0xCD9E8D57u, high + 1, low + 1);
        multiply_words(d[0], 0xD2511F53u, high + 2, low + 2);
        multiply_words(d[2], 0xCD9E8D57u, high + 3, low + 3);
        c[0] = high[1] ^ c[1] ^ first, c[1] = low[1], c[2] = high[0] ^ c[3] ^ second, c[3] = low[0];
        d[0] = high[3] ^ d[1] ^ first, d[1] = low[3], d[2] = high[2] ^ d[3] ^ second, d[3] = low[2];
        first += 0x9E3779B9u, second += 0xBB67AE85u;
    }
}

INLINE vec numbers_of(words_vec words) { return __builtin_convertvector(words, vec); }

/* Rounded as in Python: to the type, and when the half is added. */
INLINE vec uniform_of(words_vec words) {
    const real largest = REAL_BITS == 32 ? (real)0.999999940395355224609375 : 1;
    const vec u = numbers_of(words) * (real)2.3283064365386962890625e-10 + (real)1.16415321826934814453125e-10;
    return v_pick(u > largest, v_all(largest), u);
}

INLINE vec ratio_of(vec x, const double *above, const double *below) {
    vec a = v_all((real)above[7]), b = v_all((real)below[7]);
    for (int k = 6; k >= 0; --k) a = a * x + (real)above[k], b = b * x + (real)below[k];
    return a / b;
}

/* The inverse of the normal distribution function: M. J. Wichura, AS 241, 1988. */
static const double centre_above[8] = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
static const double centre_below[8] = {
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3};
static const double tail_above[8] = {
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double tail_below[8] = {
    1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};

/* The share below 1/2, and the distance from 1/2, come from whole numbers: neither cancels. */
INLINE vec normal_of(words_vec words) {
    typedef int32_t signed_vec __attribute__((vector_size(LANES * 4)));
    const real unit = (real)2.3283064365386962890625e-10;
    const vec off = (__builtin_convertvector((signed_vec)(words ^ 0x80000000u), vec) + (real)0.5) * unit;
    const vec near = off * ratio_of((real)0.180625 - off * off, centre_above, centre_below);
    const words_vec less = (words & (words_vec)(words < 0x80000000u)) | (~words & (words_vec)(words >= 0x80000000u));
    const vec share = (numbers_of(less) + (real)0.5) * unit;
    const vec far = ratio_of(v_square_root(-v_log(share)) - (real)1.6, tail_above, tail_below);
    return v_pick(v_absolute(off) > (real)0.425, v_pick(off < 0, -far, far), near);
}

/* Draw the numbers of some columns of one step: `size` elements each. */
INLINE void draw_step(real *to, long row, long size, int kind, uint32_t number, uint64_t key, words_vec times,
                      words_vec rows) {
    for (long place = 0; place < size; place += 8) {
        words_vec words[8] = {{0}, {0}, times, rows, {0}, {0}, times, rows};
        words[0] += (uint32_t)(place / 4), words[4] += (uint32_t)(place / 4 + 1);
        words[1] += number, words[5] += number;
        philox(words, words + 4, (uint32_t)key, (uint32_t)(key >> 32));
        for (long k = 0; k < 8 && place + k < size; ++k)
            v_store(to + (place + k) * row, kind == NORMAL ? normal_of(words[k]) : uniform_of(words[k]));
    }
}
