/* Products of a matrix with columns, by loops of our own where small and by BLAS where large. */

typedef void gemm(const char *, const char *, const int *, const int *, const int *, const real *,
                  const real *, const int *, const real *, const int *, const real *, real *, const int *);

/* out[i][j] (+)= sum over k of w[i * down + k * across] v[k][j], for `high` rows and `wide` vectors. */
INLINE void product_tile(int high, int wide, real *out, long out_row, const real *w, long down, long across,
                         const real *v, long v_row, int inner, int add) {
    vec total[4][2];
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
        for (int u = 0; u < wide; ++u) total[i][u] = add ? v_load(out + i * out_row + u * LANES) : v_all(0);
    for (int k = 0; k < inner; ++k) {
        vec x[2];
#pragma GCC unroll 2
        for (int u = 0; u < wide; ++u) x[u] = v_load(v + k * v_row + u * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < high; ++i) {
            vec weight = v_all(w[i * down + k * across]);
#pragma GCC unroll 2
            for (int u = 0; u < wide; ++u) total[i][u] += weight * x[u];
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < high; ++i)
#pragma GCC unroll 2
        for (int u = 0; u < wide; ++u) v_store(out + i * out_row + u * LANES, total[i][u]);
}

INLINE void product_strip(int wide, real *out, long out_row, const real *w, long down, long across, const real *v,
                          long v_row, int rows, int inner, int add) {
    int i = 0;
    for (; i + 4 <= rows; i += 4)
        product_tile(4, wide, out + i * out_row, out_row, w + i * down, down, across, v, v_row, inner, add);
    if (rows % 4 == 3) product_tile(3, wide, out + i * out_row, out_row, w + i * down, down, across, v, v_row, inner, add);
    if (rows % 4 == 2) product_tile(2, wide, out + i * out_row, out_row, w + i * down, down, across, v, v_row, inner, add);
    if (rows % 4 == 1) product_tile(1, wide, out + i * out_row, out_row, w + i * down, down, across, v, v_row, inner, add);
}

INLINE UNUSED void product(real *out, long out_row, const real *w, long down, long across, const real *v, long v_row,
                           int rows, int inner, long count, int add) {
    long j = 0;
    for (; j + 2 * LANES <= count; j += 2 * LANES)
        product_strip(2, out + j, out_row, w, down, across, v + j, v_row, rows, inner, add);
    for (; j < count; j += LANES)
        product_strip(1, out + j, out_row, w, down, across, v + j, v_row, rows, inner, add);
}

/* The same through BLAS, whose matrices are by columns: it computes the transpose. */
static UNUSED void product_blas(gemm *blas, real *out, long out_row, const real *w, long down, long across,
                                const real *v, long v_row, int rows, int inner, long count, int add) {
    const real one = 1, beta = add ? 1 : 0;
    int n = (int)count, ldv = (int)v_row, ldo = (int)out_row, ldw = (int)(across == 1 ? down : across);
    blas("N", across == 1 ? "N" : "T", &n, &rows, &inner, &one, v, &ldv, w, &ldw, &beta, out, &ldo);
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
    if (width % 4 == 3) outer_tile(high, 3, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
    if (width % 4 == 2) outer_tile(high, 2, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
    if (width % 4 == 1) outer_tile(high, 1, out + k * across, down, across, g, g_row, v + k * v_row, v_row, count);
}

INLINE UNUSED void outer(real *out, long down, long across, const real *g, long g_row, const real *v, long v_row,
                         int rows, int width, long count) {
    int i = 0;
    for (; i + 4 <= rows; i += 4)
        outer_strip(4, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
    if (rows % 4 == 3) outer_strip(3, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
    if (rows % 4 == 2) outer_strip(2, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
    if (rows % 4 == 1) outer_strip(1, out + i * down, down, across, g + i * g_row, g_row, v, v_row, width, count);
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
