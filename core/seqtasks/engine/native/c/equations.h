/* Linear equations of a matrix for each column, a vector of columns at a time: by an elimination with pivots, as LAPACK's,
 * and by Cholesky's factor. */
enum { GENERAL, LOWER, UPPER };
static __thread vec held[MOST_HELD]; /* a matrix, its rows one after the other, and what stands beside it */

INLINE vec one_or_lanes(const real *p, long columns) { return columns == 1 ? v_all(*p) : v_load(p); }
INLINE void store_one_or_lanes(real *p, long columns, vec a) {
    if (columns == 1) *p = a[0];
    else v_store(p, a);
}
static void take_matrix(const real *at, long stride, long columns, long size) {
    for (long i = 0; i < size; ++i) held[i] = one_or_lanes(at + i * stride, columns);
}

/* In each column exchange a row, or a column, of the matrix with one that may be another in each. */
static void exchange_with(long first, const ivec *other, long step, long count, long apart) {
    for (int l = 0; l < LANES; ++l) {
        const long place = (long)(*other)[l] * step;
        for (long c = 0; place != first && c < count; ++c) {
            real *const a = (real *)(held + first + c * apart) + l, *const b = (real *)(held + place + c * apart) + l;
            const real kept = *a;
            *a = *b, *b = kept;
        }
    }
}
/* Put the largest number of a column at row k first among the rows from k on: of equal ones the first. */
static ivec choose_pivot(long k, long n, long row) {
    vec most = v_absolute(held[k * row + k]);
    ivec place = (ivec){0} + (whole)k;
    for (long i = k + 1; i < n; ++i) {
        const vec size = v_absolute(held[i * row + k]);
        const ivec more = size > most;
        most = v_pick(more, size, most);
        place = (place & ~more) | (((ivec){0} + (whole)i) & more);
    }
    exchange_with(k * row, &place, row, row, 1);
    return place;
}
static void subtract_row(vec *from, const vec *row, vec times, long count) {
    for (long c = 0; c < count; ++c) from[c] -= times * row[c];
}

/* In the place of n rows of a matrix and `wide` numbers beside each, write the solution beside it. */
static UNUSED __attribute__((noinline)) void solve(real *at, long stride, long columns, long n, long wide, int kind) {
    const long row = n + wide;
    take_matrix(at, stride, columns, n * row);
    for (long k = 0; kind == GENERAL && k < n; ++k) {
        choose_pivot(k, n, row);
        const vec share = 1 / held[k * row + k];
        for (long i = k + 1; i < n; ++i)
            subtract_row(held + i * row + k, held + k * row + k, held[i * row + k] * share, row - k);
    }
    for (long step = 0; step < n; ++step) {
        const long i = kind == LOWER ? step : n - 1 - step;
        const vec divisor = held[i * row + i];
        for (long c = n; c < row; ++c) {
            held[i * row + c] /= divisor;
            store_one_or_lanes(at + (i * row + c) * stride, columns, held[i * row + c]);
        }
        for (long other = kind == LOWER ? i + 1 : 0; other < (kind == LOWER ? n : i); ++other)
            subtract_row(held + other * row + n, held + i * row + n, held[other * row + i], wide);
    }
}

/* Write a matrix's inverse in its place: by Gauss and Jordan's elimination, which needs no second matrix. */
static UNUSED __attribute__((noinline)) void invert(real *at, long stride, long columns, long n) {
    ivec pivots[n];
    take_matrix(at, stride, columns, n * n);
    for (long k = 0; k < n; ++k) {
        pivots[k] = choose_pivot(k, n, n);
        vec *const row = held + k * n;
        const vec divisor = row[k];
        row[k] = v_all(1);
        for (long c = 0; c < n; ++c) row[c] /= divisor;
        for (long i = 0; i < n; ++i) {
            if (i == k) continue;
            const vec times = held[i * n + k];
            held[i * n + k] = v_all(0);
            subtract_row(held + i * n, row, times, n);
        }
    }
    for (long k = n - 1; k >= 0; --k) exchange_with(k, pivots + k, 1, n, n);
    for (long i = 0; i < n * n; ++i) store_one_or_lanes(at + i * stride, columns, held[i]);
}

/* out[i] = sum over k of a[k * step] b[k * down + i * across], four at a time. */
static void sum_products(vec *out, const vec *a, long step, const vec *b, long down, long across, long n) {
    for (long i = 0; i < n; i += 4) {
        vec sums[4] = {{0}};
        const long some = n - i < 4 ? n - i : 4;
        if (some == 4) {
            const vec *p = b + i * across;
            for (long k = 0; k < n; ++k, p += down) {
                sums[0] += a[k * step] * p[0], sums[1] += a[k * step] * p[across];
                sums[2] += a[k * step] * p[2 * across], sums[3] += a[k * step] * p[3 * across];
            }
        } else
            for (long k = 0; k < n; ++k)
                for (long u = 0; u < some; ++u) sums[u] += a[k * step] * b[k * down + (i + u) * across];
        for (long u = 0; u < some; ++u) out[i + u] = sums[u];
    }
}

/* In the place of an inverse Y and of a matrix g beside it, write - transposed Y g transposed Y beside it. */
static UNUSED __attribute__((noinline)) void invert_back(real *at, long stride, long columns, long n) {
    const long row = 2 * n;
    vec line[n];
    take_matrix(at, stride, columns, n * row);
    for (long j = n; j < row; ++j) {
        sum_products(line, held + j, row, held, row, 1, n);
        for (long i = 0; i < n; ++i) held[i * row + j] = -line[i];
    }
    for (long i = 0; i < n; ++i) {
        sum_products(line, held + i * row + n, 1, held, 1, row, n);
        for (long k = 0; k < n; ++k) store_one_or_lanes(at + (i * row + n + k) * stride, columns, line[k]);
    }
}

/* Write Cholesky's lower factor in the place of a matrix; only its lower triangle is read. */
static UNUSED __attribute__((noinline)) void factor(real *at, long stride, long columns, long n) {
    take_matrix(at, stride, columns, n * n);
    for (long i = 0; i < n; ++i)
        for (long j = 0; j < n; ++j) {
            vec rest = j > i ? v_all(0) : held[i * n + j];
            for (long k = 0; j <= i && k < j; ++k) rest -= held[i * n + k] * held[j * n + k];
            if (j < i) rest /= held[j * n + j];
            held[i * n + j] = i == j ? v_square_root(rest) : rest;
            store_one_or_lanes(at + (i * n + j) * stride, columns, held[i * n + j]);
        }
}
