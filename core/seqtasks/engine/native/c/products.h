/* Products of a matrix with columns, by loops of our own where small and by BLAS where large. */

typedef void gemm(const char *, const char *, const int *, const int *, const int *, const real *,
                  const real *, const int *, const real *, const int *, const real *, real *, const int *);

#if defined(__AVX512F__)
#define WIDE_BYTES 64
#define VECTORS_AT_ONCE 4
#define OWN_PRODUCTS 1 /* nearer the processor's limit than BLAS, for products as small as these */
#define PACKED 0
#elif defined(__AVX2__) && defined(__FMA__)
#define WIDE_BYTES 32
#define VECTORS_AT_ONCE 2
#define OWN_PRODUCTS 1
#define PACKED 1
#else
#define WIDE_BYTES (LANES * REAL_BITS / 8)
#define VECTORS_AT_ONCE 1
#define OWN_PRODUCTS 0
#endif
#define WIDE_NUMBERS (WIDE_BYTES * 8 / REAL_BITS)
#define WIDE (long)WIDE_NUMBERS
#define ROWS_AT_ONCE 6
#define PANEL (VECTORS_AT_ONCE * WIDE)

typedef real wide __attribute__((vector_size(WIDE_BYTES)));
typedef real loose_wide __attribute__((vector_size(WIDE_BYTES), aligned(sizeof(real)), may_alias));

/* out[i][j] (+)= sum over k of w[i * down + k * across] v[k][j], for `high` rows and some vectors of
 * a width; all of them stay in registers. */
#define PRODUCT_TILE(name, type, loose_type, lanes)                                                          \
    INLINE void name(int high, int vectors, real *out, long out_row, const real *w, long down, long across,  \
                     const real *v, long v_row, int inner, int add) {                                        \
        type total[ROWS_AT_ONCE][VECTORS_AT_ONCE];                                                           \
        _Pragma("GCC unroll 6") for (int i = 0; i < high; ++i)                                               \
            _Pragma("GCC unroll 4") for (int u = 0; u < vectors; ++u)                                        \
                if (add) total[i][u] = *(const loose_type *)(out + i * out_row + u * lanes);                 \
                else total[i][u] = (type){0};                                                                \
        for (int k = 0; k < inner; ++k) {                                                                    \
            type x[VECTORS_AT_ONCE];                                                                         \
            _Pragma("GCC unroll 4") for (int u = 0; u < vectors; ++u)                                        \
                x[u] = *(const loose_type *)(v + k * v_row + u * lanes);                                     \
            _Pragma("GCC unroll 6") for (int i = 0; i < high; ++i) {                                         \
                const type weight = w[i * down + k * across] - (type){0}; /* as v_all */                     \
                _Pragma("GCC unroll 4") for (int u = 0; u < vectors; ++u) total[i][u] += weight * x[u];      \
            }                                                                                                \
        }                                                                                                    \
        _Pragma("GCC unroll 6") for (int i = 0; i < high; ++i)                                               \
            _Pragma("GCC unroll 4") for (int u = 0; u < vectors; ++u)                                        \
                *(loose_type *)(out + i * out_row + u * lanes) = total[i][u];                                \
    }
PRODUCT_TILE(wide_tile, wide, loose_wide, WIDE)
PRODUCT_TILE(narrow_tile, vec, loose, LANES)

#define PRODUCT_STRIP(name, tile)                                                                            \
    INLINE void name(int vectors, real *out, long out_row, const real *w, long down, long across,            \
                     const real *v, long v_row, int rows, int inner, int add) {                              \
        int i = 0;                                                                                           \
        for (; i + ROWS_AT_ONCE <= rows; i += ROWS_AT_ONCE)                                                  \
            tile(ROWS_AT_ONCE, vectors, out + i * out_row, out_row, w + i * down, down, across, v, v_row, inner, add); \
        out += i * out_row;                                                                                  \
        w += i * down;                                                                                       \
        switch (rows % ROWS_AT_ONCE) {                                                                       \
        case 5: tile(5, vectors, out, out_row, w, down, across, v, v_row, inner, add); break;                \
        case 4: tile(4, vectors, out, out_row, w, down, across, v, v_row, inner, add); break;                \
        case 3: tile(3, vectors, out, out_row, w, down, across, v, v_row, inner, add); break;                \
        case 2: tile(2, vectors, out, out_row, w, down, across, v, v_row, inner, add); break;                \
        case 1: tile(1, vectors, out, out_row, w, down, across, v, v_row, inner, add); break;                \
        }                                                                                                    \
    }
PRODUCT_STRIP(wide_strip, wide_tile)
PRODUCT_STRIP(narrow_strip, narrow_tile)

#ifdef SHARED_PRODUCTS /* where there are many sizes: functions for all of them together compile faster */
#define PRODUCT static UNUSED __attribute__((noinline))
#define SHARED_STRIP(name, strip, vectors)                                                                    \
    PRODUCT void name(real *out, long out_row, const real *w, long down, long across, const real *v, long v_row, \
                      int rows, int inner, int add) {                                                        \
        strip(vectors, out, out_row, w, down, across, v, v_row, rows, inner, add);                            \
    }
SHARED_STRIP(strip_of_panel, wide_strip, VECTORS_AT_ONCE)
SHARED_STRIP(strip_of_wide, wide_strip, 1)
SHARED_STRIP(strip_of_lanes, narrow_strip, 1)
#else
#define PRODUCT INLINE UNUSED
#define strip_of_panel(...) wide_strip(VECTORS_AT_ONCE, __VA_ARGS__)
#define strip_of_wide(...) wide_strip(1, __VA_ARGS__)
#define strip_of_lanes(...) narrow_strip(1, __VA_ARGS__)
#endif

PRODUCT void product(real *out, long out_row, const real *w, long down, long across, const real *v, long v_row,
                           int rows, int inner, long count, int add) {
    long j = 0;
    if (VECTORS_AT_ONCE > 1)
        for (; j + PANEL <= count; j += PANEL)
            strip_of_panel(out + j, out_row, w, down, across, v + j, v_row, rows, inner, add);
    for (; j + WIDE <= count; j += WIDE)
        strip_of_wide(out + j, out_row, w, down, across, v + j, v_row, rows, inner, add);
    if (WIDE > LANES)
        for (; j < count; j += LANES)
            strip_of_lanes(out + j, out_row, w, down, across, v + j, v_row, rows, inner, add);
}

#define INNER_AT_ONCE 256

/* The same for rows of v that lie pages apart: few would stay in the cache, so they are copied together first. */
PRODUCT void product_packed(real *out, long out_row, const real *w, long down, long across, const real *v,
                                  long v_row, int rows, int inner, long count, int add) {
    wide packed[INNER_AT_ONCE * VECTORS_AT_ONCE];
    const long whole_panels = count / PANEL * PANEL;
    for (int first = 0; first < inner; first += INNER_AT_ONCE) {
        const int some = inner - first < INNER_AT_ONCE ? inner - first : INNER_AT_ONCE;
        for (long j = 0; j < whole_panels; j += PANEL) {
            for (int k = 0; k < some; ++k)
                _Pragma("GCC unroll 4") for (int u = 0; u < VECTORS_AT_ONCE; ++u)
                    packed[k * VECTORS_AT_ONCE + u] = *(const loose_wide *)(v + (first + k) * v_row + j + u * WIDE);
            strip_of_panel(out + j, out_row, w + first * across, down, across, (const real *)packed, PANEL,
                       rows, some, add || first);
        }
    }
    if (count > whole_panels)
        product(out + whole_panels, out_row, w, down, across, v + whole_panels, v_row, rows, inner,
                count - whole_panels, add);
}

/* out[i * down + k * across] += sum over j of g[i][j] v[k][j] */
INLINE void outer_tile(int high, int wide, real *out, long down, long across, const real *g, long g_row,
                       const real *v, long v_row, long count) {
    vec total[4][4];
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) total[i][k] = v_all(0);
    for (long j = 0; j < count; j += LANES) {
        vec a[4], b[4];
#pragma GCC unroll 4
        for (int i = 0; i < high; ++i) a[i] = v_load(g + i * g_row + j);
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) b[k] = v_load(v + k * v_row + j);
#pragma GCC unroll 4
        for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
            for (int k = 0; k < wide; ++k) total[i][k] += a[i] * b[k];
    }
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) out[i * down + k * across] += v_total(total[i][k]);
}

INLINE void outer_strip(int high, real *out, long down, long across, const real *g, long g_row, const real *v,
                        long v_row, int width, long count) {
    int k = 0;
    for (; k + 4 <= width; k += 4)
        outer_tile(high, 4, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
#ifdef SHARED_PRODUCTS
    for (; k < width; ++k) outer_tile(high, 1, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
#else
    if (width % 4 == 3) outer_tile(high, 3, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
    if (width % 4 == 2) outer_tile(high, 2, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
    if (width % 4 == 1) outer_tile(high, 1, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
#endif
}

PRODUCT void outer(real *out, long down, long across, const real *g, long g_row, const real *v, long v_row,
                         int rows, int width, long count) {
    int i = 0;
    for (; i + 4 <= rows; i += 4)
        outer_strip(4, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
#ifdef SHARED_PRODUCTS
    for (; i < rows; ++i)
        outer_strip(1, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
#else
    if (rows % 4 == 3) outer_strip(3, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
    if (rows % 4 == 2) outer_strip(2, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
    if (rows % 4 == 1) outer_strip(1, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
#endif
}

/* out[i][k] = sum over m of a[i][m] b[k][m], matrices of each column, for a vector of columns. */
INLINE void by_row_tile(int high, int wide, real *out, long out_row, int width, const real *a, long down,
                        long across, const real *b, long along, long over, int inner) {
    vec total[4][4];
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) total[i][k] = v_all(0);
    for (int m = 0; m < inner; ++m) {
        vec x[4], y[4];
#pragma GCC unroll 4
        for (int i = 0; i < high; ++i) x[i] = v_load(a + i * down + m * across);
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) y[k] = v_load(b + k * along + m * over);
#pragma GCC unroll 4
        for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
            for (int k = 0; k < wide; ++k) total[i][k] += x[i] * y[k];
    }
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 4
        for (int k = 0; k < wide; ++k) v_store(out + (i * width + k) * out_row, total[i][k]);
}

static UNUSED __attribute__((noinline)) void product_by_row(real *out, long out_row, const real *a, long down,
                                                            long across, const real *b, long along, long over,
                                                            int rows, int width, int inner) {
    for (int i = 0; i < rows; i += 4)
        for (int k = 0; k < width; k += 4) {
            real *const into = out + (i * width + k) * out_row;
            if (i + 4 <= rows && k + 4 <= width) {
                by_row_tile(4, 4, into, out_row, width, a + i * down, down, across, b + k * along, along, over, inner);
                continue;
            }
            for (int r = i; r < rows && r < i + 4; ++r)
                for (int c = k; c < width && c < k + 4; ++c)
                    by_row_tile(1, 1, out + (r * width + c) * out_row, out_row, width, a + r * down, down, across,
                                b + c * along, along, over, inner);
        }
}

#if !OWN_PRODUCTS
/* The same through BLAS, whose matrices are by columns: it computes the transpose. */
static UNUSED void product_blas(gemm *blas, real *out, long out_row, const real *w, long down, long across,
                                const real *v, long v_row, int rows, int inner, long count, int add) {
    const real one = 1, beta = add ? 1 : 0;
    int n = (int)count, ldv = (int)v_row, ldo = (int)out_row, ldw = (int)(across == 1 ? down : across);
    blas("N", across == 1 ? "N" : "T", &n, &rows, &inner, &one, v, &ldv, w, &ldw, &beta, out, &ldo);
}

static UNUSED void outer_blas(gemm *blas, real *out, long down, long across, const real *g, long g_row, const real *v,
                              long v_row, int rows, int width, long count) {
    const real one = 1;
    int n = (int)count, ldg = (int)g_row, ldv = (int)v_row;
    if (across == 1) {
        int ldo = (int)down;
        blas("T", "N", &width, &rows, &n, &one, v, &ldv, g, &ldg, &one, out, &ldo);
    } else {
        int ldo = (int)across;
        blas("T", "N", &rows, &width, &n, &one, g, &ldg, v, &ldv, &one, out, &ldo);
    }
}
#else
typedef whole lanes_of_wide __attribute__((vector_size(WIDE_BYTES)));
#if WIDE_NUMBERS == 16
static const lanes_of_wide lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif WIDE_NUMBERS == 8
static const lanes_of_wide lane = {0, 1, 2, 3, 4, 5, 6, 7};
#else
static const lanes_of_wide lane = {0, 1, 2, 3};
#endif

/* The lanes of two vectors that are named; those of the second count on from the first's. */
INLINE wide picked(wide a, wide b, lanes_of_wide which) {
#ifdef __clang__ /* which makes one instruction of this, and has no other name for it */
    wide out;
#pragma GCC unroll 16
    for (int l = 0; l < WIDE; ++l) out[l] = which[l] < WIDE ? a[which[l]] : b[which[l] - WIDE];
    return out;
#else
    return __builtin_shuffle(a, b, which);
#endif
}

/* Transpose a square of numbers: within squares of ever larger sides, the quarters off the diagonal change places. */
INLINE void transpose_square(real *out, long out_row, const real *v, long v_row) {
    wide rows[WIDE_NUMBERS];
#pragma GCC unroll 16
    for (int i = 0; i < WIDE; ++i) rows[i] = *(const loose_wide *)(v + i * v_row);
#pragma GCC unroll 4
    for (int side = 1; side < WIDE; side *= 2) {
        const lanes_of_wide right = (lane & side) != 0;
        const lanes_of_wide above = (~right & lane) | (right & (lane - side + WIDE));
        const lanes_of_wide below = (~right & (lane + side)) | (right & (lane + WIDE));
#pragma GCC unroll 16
        for (int i = 0; i < WIDE; ++i) {
            if (i & side) continue;
            const wide a = rows[i], b = rows[i + side];
            rows[i] = picked(a, b, above);
            rows[i + side] = picked(a, b, below);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < WIDE; ++i) *(loose_wide *)(out + i * out_row) = rows[i];
}

#define COLUMNS_AT_ONCE (16384 / (VECTORS_AT_ONCE * WIDE_BYTES)) /* that stay in the cache nearest to the core */

/* out[i * down + k] += sum over j of g[i][j] v[k][j], with v by columns a part at a time. */
INLINE void outer_wide(int vectors, real *out, long down, const real *g, long g_row, const real *v, long v_row,
                       int rows, long count) {
    wide turned[COLUMNS_AT_ONCE * VECTORS_AT_ONCE];
    real *const part = (real *)turned;
    const long part_row = vectors * WIDE;
    for (long j = 0; j < count; j += COLUMNS_AT_ONCE) {
        const int columns = (int)(count - j < COLUMNS_AT_ONCE ? count - j : COLUMNS_AT_ONCE);
        for (int c = 0; c < columns; c += (int)WIDE)
            for (int u = 0; u < vectors; ++u)
                transpose_square(part + c * part_row + u * WIDE, part_row, v + u * WIDE * v_row + j + c, v_row);
        if (vectors == 1) strip_of_wide(out, down, g + j, g_row, 1, part, part_row, rows, columns, 1);
        else strip_of_panel(out, down, g + j, g_row, 1, part, part_row, rows, columns, 1);
    }
}

/* The same for all of a matrix whose sizes are constants. */
PRODUCT void outer_by_parts(real *out, long down, const real *g, long g_row, const real *v, long v_row, int rows,
                                  int width, long count) {
    const long whole_vectors = count / WIDE * WIDE;
    int k = 0;
    for (; k + PANEL <= width; k += (int)PANEL)
        outer_wide(VECTORS_AT_ONCE, out + k, down, g, g_row, v + k * v_row, v_row, rows, whole_vectors);
    for (; k + WIDE <= width; k += (int)WIDE)
        outer_wide(1, out + k, down, g, g_row, v + k * v_row, v_row, rows, whole_vectors);
    if (width % WIDE) outer(out + k, down, 1, g, g_row, v + k * v_row, v_row, rows, width - k, whole_vectors);
    if (count > whole_vectors)
        outer(out, down, 1, g + whole_vectors, g_row, v + whole_vectors, v_row, rows, width, count - whole_vectors);
}
#endif

/* Products with matrices that are worth it. */
INLINE UNUSED void product_large(gemm *blas, real *out, long out_row, const real *w, long down, long across,
                                 const real *v, long v_row, int rows, int inner, long count, int add) {
#if OWN_PRODUCTS
    (void)blas;
    if (PACKED) product_packed(out, out_row, w, down, across, v, v_row, rows, inner, count, add);
    else product(out, out_row, w, down, across, v, v_row, rows, inner, count, add);
#else
    product_blas(blas, out, out_row, w, down, across, v, v_row, rows, inner, count, add);
#endif
}

INLINE UNUSED void outer_large(gemm *blas, real *out, long down, long across, const real *g, long g_row, const real *v,
                               long v_row, int rows, int width, long count) {
#if OWN_PRODUCTS
    (void)blas;
    if (across == 1) outer_by_parts(out, down, g, g_row, v, v_row, rows, width, count);
    else outer_by_parts(out, across, v, v_row, g, g_row, width, rows, count);
#else
    outer_blas(blas, out, down, across, g, g_row, v, v_row, rows, width, count);
#endif
}
