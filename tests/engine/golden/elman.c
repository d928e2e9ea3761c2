/* Made by seqtasks for a golden model. */
#include <pthread.h>
#include <sched.h>
#define REAL_BITS 32
#define VOCABULARY 3
#define VOCABULARY_ROW 16
#define INPUT_SIZE 0
#define OUTPUT_SIZE 2
#define GRADIENTS 64
#define LARGE 0
#define BLOCK 16
#define SCRATCH_ROW 16
#define RECENT_ROW 16
/* "vector.h" stands here. */
/* "angles.h" stands here. */
/* "products.h" stands here. */

struct parameter {
    real *values;         /* the model's own memory */
    real *first, *second; /* the optimiser's; may be null */
    long offset, size;    /* among all gradients; offset < 0: not trained */
    long used_from;       /* time steps from which on it has a gradient */
    long steps;           /* of its optimiser so far: those in which it had one */
};
struct buffers {
    real *state_0_0;
    real *carry_0_0;
    real *cotangent;
    real *add_16;
    real *symbols_1;
    real *linear_6;
    real *add_17;
    real *linear_12;
    real *linear_24;
    real *add_27;
    real *sum_of_columns_30;
    real *linear_31;
    real *add_33;
    real *multiply_36;
    real *linear_39;
    real *sum_by_symbol_37;
    real *sum_of_columns_38;
    real *linear_41;
};
struct work {
    struct buffers buffers;
    const struct parameter *parameters;
    gemm *blas;
    real *gradients, *predictions;
    int32_t *symbols;
    const int64_t *lengths;      /* of each row, or null */
    const real *const *given;    /* states to start from, or null */
    real *const *given_back;     /* their gradients, or null */
    long rows, columns, time, row, thread, first;
    int inputs_wanted; /* whether the inputs' gradient is */
    int from_outside;  /* whether states have gradients from outside the loops */
};

/* Give each buffer its memory; returns how many bytes they take. */
static long lay_out(struct work *w, char *memory) {
    const long row = w->row, all = w->columns * w->time;
    long taken = 0;
#define TAKE(pointer, type, count)                    \
    do {                                              \
        const long first = taken;                     \
        (pointer) = (type *)(memory + first);         \
        taken += ((long)(count) * (long)sizeof(type) + 63) / 64 * 64; \
        GUARD(memory, first, taken);                  \
    } while (0)
    TAKE(w->gradients, real, GRADIENTS);
    TAKE(w->symbols, int32_t, all + LANES);
    TAKE(w->buffers.state_0_0, real, 5 * row);
    TAKE(w->buffers.carry_0_0, real, 2 * 5 * SCRATCH_ROW);
    TAKE(w->buffers.cotangent, real, 2 * row);
    TAKE(w->buffers.add_16, real, 5);
    TAKE(w->buffers.symbols_1, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_6, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.add_17, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_12, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.linear_24, real, 2 * SCRATCH_ROW);
    TAKE(w->buffers.add_27, real, 2 * row);
    TAKE(w->buffers.sum_of_columns_30, real, 2);
    TAKE(w->buffers.linear_31, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.add_33, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_36, real, 5 * row);
    TAKE(w->buffers.linear_39, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.sum_by_symbol_37, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_38, real, 5);
    TAKE(w->buffers.linear_41, real, 2 * VOCABULARY_ROW);
    w->predictions = w->buffers.add_27;
#undef TAKE
    (void)row;
    return taken;
}
static __attribute__((noinline)) void product_5x2_by_2_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 2, 1, v, v_row, 5, 2, count, 0);
}
static __attribute__((noinline)) void product_5x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 5, 5, count, 0);
}
static __attribute__((noinline)) void product_2x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void outer_2x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 2, 5, count);
}
static __attribute__((noinline)) void product_5x2_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 2, count, 0);
}
static __attribute__((noinline)) void product_5x5_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 5, count, 0);
}
static __attribute__((noinline)) void outer_5x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 5, 5, count);
}
static __attribute__((noinline)) void product_2x5_by_1_2(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 2, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void outer_5x2_by_2_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 2, 1, g, g_row, v, v_row, 5, 2, count);
}

/* The first of a column's own steps: those of different lengths end together, and until then they wait. */
static UNUSED long first_step(const struct work *w, long c) {
    return w->time - w->lengths[c < w->rows ? c : 0];
}
/* The states after each step; while a column waits, the one after its first step. */
static UNUSED void hold(real *held, const real *states, long size, const struct work *w) {
    for (long d = 0; d < size; ++d)
        memcpy(held + d * w->row, states + d * w->row + w->columns, sizeof(real) * w->columns * w->time);
    for (long c = 0; c < w->columns; ++c) {
        const long first = first_step(w, c) < w->time ? first_step(w, c) : w->time - 1;
        for (long d = 0; d < size; ++d) {
            const real after = states[d * w->row + (first + 1) * w->columns + c];
            for (long t = 0; t < first; ++t) held[d * w->row + t * w->columns + c] = after;
        }
    }
}
/* States given from outside are (batch, size), by rows of the batch. */
static UNUSED void give(real *state, long row, const real *given, long size, const struct work *w) {
    for (long c = 0; c < w->columns; ++c)
        for (long d = 0; d < size; ++d)
            state[d * row + c] = given[(w->first + (c < w->rows ? c : 0)) * size + d];
}
/* The same for a memory: the rows of a block of columns follow each other. */
static UNUSED void give_packed(real *state, const real *given, long size, const struct work *w) {
    for (long j = 0; j < w->columns; j += BLOCK) {
        const long width = j + BLOCK < w->columns ? BLOCK : w->columns - j;
        for (long c = 0; c < width; ++c)
            for (long d = 0; d < size; ++d)
                state[j * size + d * width + c] = given[(w->first + (j + c < w->rows ? j + c : 0)) * size + d];
    }
}
static UNUSED void give_back(const real *carry, real *back, long size, long j, long width, const struct work *w) {
    for (long c = 0; c < width && j + c < w->rows; ++c)
        for (long d = 0; d < size; ++d) back[(w->first + j + c) * size + d] = carry[d * SCRATCH_ROW + c];
}
static UNUSED void add_columns(real *sum, const real *carry, long size, long j, long width) {
    for (long d = 0; d < size; ++d) {
        real total = 0;
        for (long c = 0; c < width; ++c) total += carry[d * SCRATCH_ROW + c];
        sum[d] = j == 0 ? total : sum[d] + total;
    }
}
/* What is known before any step: weights, tables by symbol, initial states. */
static void begin(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_16 = w->buffers.add_16;
    real *const restrict add_17 = w->buffers.add_17;
    real *const restrict linear_6 = w->buffers.linear_6;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const embedding_weight = w->parameters[0].values;
    const real *const cell_weight_ih_l0 = w->parameters[1].values;
    const real *const cell_bias_ih_l0 = w->parameters[2].values;
    const real *const cell_bias_hh_l0 = w->parameters[4].values;
    /* what depends on weights alone */
    for (long i = 0; i < 5; ++i) {
        const vec parameter9 = v_all(cell_bias_ih_l0[i]);
        const vec parameter13 = v_all(cell_bias_hh_l0[i]);
        const vec add16 = (parameter9 + parameter13);
        *(add_16 + i) = (add16)[0];
    }
    /* what depends on a token alone, for each symbol */
    { const long count = VOCABULARY_ROW; (void)count;
    for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < 2; ++d) (symbols_1 + d * VOCABULARY_ROW)[s] = embedding_weight[(s < VOCABULARY ? s : 0) * 2 + d];
    product_5x2_by_2_1(w->blas, linear_6 + 0, VOCABULARY_ROW, cell_weight_ih_l0, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec add16 = v_all(*(add_16 + i));
            const vec linear6 = v_load(linear_6 + i * VOCABULARY_ROW + j);
            const vec add17 = (add16 + linear6);
            v_store(add_17 + i * VOCABULARY_ROW + j, add17);
        }
    }
    }
    /* state 0 of layer 0 before the first step */
    if (w->given) give(state_0_0, row, w->given[0], 5, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 5; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread44 = v_all((real)0.0);
                v_store(state_0_0 + i * row + at + j, spread44);
            }
        }
    }
}

/* One step of the loop of layer 1, for a block of columns. */
INLINE void loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_17 = w->buffers.add_17;
    real *const restrict linear_12 = w->buffers.linear_12;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const cell_weight_hh_l0 = w->parameters[3].values;
    product_5x5_by_5_1(w->blas, linear_12 + 0, SCRATCH_ROW, cell_weight_hh_l0, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec lookup18 = v_lookup(add_17 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear12 = v_load(linear_12 + i * SCRATCH_ROW + j);
            const vec add19 = (lookup18 + linear12);
            const vec tanh20 = v_tanh(add19);
            v_store(state_0_0 + i * row + at + columns + j, tanh20);
        }
    }
}

/* After the loops: the readout, for a block of columns. */
INLINE void after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_27 = w->buffers.add_27;
    real *const restrict linear_24 = w->buffers.linear_24;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const readout_linear_weight = w->parameters[5].values;
    const real *const readout_linear_bias = w->parameters[6].values;
    product_2x5_by_5_1(w->blas, linear_24 + 0, SCRATCH_ROW, readout_linear_weight, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear24 = v_load(linear_24 + i * SCRATCH_ROW + j);
            const vec parameter26 = v_all(readout_linear_bias[i]);
            const vec add27 = (linear24 + parameter26);
            v_store(add_27 + i * row + at + j, add27);
        }
    }
}

/* The readout's gradients, over all columns of all steps. */
static void sums_back_after(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict sum_of_columns_30 = w->buffers.sum_of_columns_30;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of readout_linear_weight */
    outer_2x5_by_5_1_more(w->blas, w->gradients + 51, cotangent + 0 + at, row, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec cotangent28 = v_load(cotangent + i * row + at + j);
            sum += cotangent28;
        }
        *(sum_of_columns_30 + i) += v_total(sum);
    }
}

/* One step back through the loop of layer 1, for a block of columns. */
INLINE void back_loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_33 = w->buffers.add_33;
    real *const restrict carry_0_0 = w->buffers.carry_0_0;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict linear_31 = w->buffers.linear_31;
    real *const restrict linear_39 = w->buffers.linear_39;
    real *const restrict multiply_36 = w->buffers.multiply_36;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const cell_weight_hh_l0 = w->parameters[3].values;
    const real *const readout_linear_weight = w->parameters[5].values;
    product_5x2_by_1_5(w->blas, linear_31 + 0, SCRATCH_ROW, readout_linear_weight, cotangent + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear31 = v_load(linear_31 + i * SCRATCH_ROW + j);
            const vec back22 = v_load(carry_0_0 + (turn * 5 + i) * SCRATCH_ROW + j);
            const vec add33 = (linear31 + back22);
            const vec tanh20 = v_load(state_0_0 + i * row + at + columns + j);
            const vec multiply34 = (tanh20 * tanh20);
            const vec subtract35 = (v_all((real)1.0) - multiply34);
            const vec multiply36 = (add33 * subtract35);
            v_store(add_33 + i * SCRATCH_ROW + j, add33);
            v_store(multiply_36 + i * row + at + j, multiply36);
        }
    }
    product_5x5_by_1_5(w->blas, linear_39 + 0, SCRATCH_ROW, cell_weight_hh_l0, multiply_36 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear39 = v_load(linear_39 + i * SCRATCH_ROW + j);
            v_store(carry_0_0 + ((1 - turn) * 5 + i) * SCRATCH_ROW + j, linear39);
        }
    }
}

/* The gradients of layer 1's weights, over all columns of all steps. */
static void sums_back_before_0(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict multiply_36 = w->buffers.multiply_36;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of cell_weight_hh_l0 */
    outer_5x5_by_5_1_more(w->blas, w->gradients + 21, multiply_36 + 0 + at, row, state_0_0 + 0 + at, row, count);
}

/* Back through the tables by symbol, and the rest of the weights' gradients. */
static void back_weights(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict linear_41 = w->buffers.linear_41;
    real *const restrict multiply_36 = w->buffers.multiply_36;
    real *const restrict sum_by_symbol_37 = w->buffers.sum_by_symbol_37;
    real *const restrict sum_of_columns_30 = w->buffers.sum_of_columns_30;
    real *const restrict sum_of_columns_38 = w->buffers.sum_of_columns_38;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const cell_weight_ih_l0 = w->parameters[1].values;
    { /* what each symbol's gradient is */
    const long at = 0, count = columns * w->time; (void)at;
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_37 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply36 = v_load(multiply_36 + i * row + at + j);
            v_by_symbol(multiply36, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    }
    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;
    product_2x5_by_1_2(w->blas, linear_41 + 0, VOCABULARY_ROW, cell_weight_ih_l0, sum_by_symbol_37 + 0, VOCABULARY_ROW, count);
    /* gradient of cell_weight_ih_l0 */
    outer_5x2_by_2_1_more(w->blas, w->gradients + 6, sum_by_symbol_37 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol37 = v_load(sum_by_symbol_37 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol37;
        }
        *(sum_of_columns_38 + i) += v_total(sum);
    }
    }
    /* gradient of readout_linear_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns30 = v_all(*(sum_of_columns_30 + i));
        (w->gradients + 61)[i] += (sumofcolumns30)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns38 = v_all(*(sum_of_columns_38 + i));
        (w->gradients + 46)[i] += (sumofcolumns38)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns38 = v_all(*(sum_of_columns_38 + i));
        (w->gradients + 16)[i] += (sumofcolumns38)[0];
    }
    /* gradient of embedding_weight */
    for (int s = 0; s < VOCABULARY; ++s)
        for (int d = 0; d < 2; ++d)
            (w->gradients + 0)[s * 2 + d] += (linear_41 + 0)[d * VOCABULARY_ROW + s];
}

static void forward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    for (long j = 0; j < columns; j += BLOCK) { /* loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        if (width == BLOCK) for (long t = 0; t < w->time; ++t) { loop_0(w, t * columns + j, BLOCK, turn, 0); }
        else for (long t = 0; t < w->time; ++t) { loop_0(w, t * columns + j, LANES, turn, 0); }
    }
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        after(w, at, count, 0, 0);
    }
}

static void backward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    memset(w->buffers.sum_of_columns_30, 0, sizeof(real) * 2);
    memset(w->buffers.sum_by_symbol_37, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_38, 0, sizeof(real) * 5);
    sums_back_after(w);
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_0_0, 0, sizeof(real) * 2 * 5 * SCRATCH_ROW);
        if (width == BLOCK) for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, BLOCK, turn, 0); }
        else for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, LANES, turn, 0); }
        if (w->given_back) give_back(w->buffers.carry_0_0 + turn * 5 * SCRATCH_ROW, w->given_back[0], 5, j, width, w);
    }
    sums_back_before_0(w);
    back_weights(w);
}


static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {w->buffers.state_0_0}, *const outside[] = {0};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = 0;
    *running = 0;
}
static const long state_sizes[] = {5};
static const int state_is_packed[] = {0};
/* Gradients from outside that products read: they must be there, be they zero. */
static UNUSED const int external_by_products[] = {0};
enum { STATE_COUNT = 1 };

/* "denormals.h" stands here. */
/* "inputs.h" stands here. */
/* "losses.h" stands here. */
/* "optimisers.h" stands here. */
/* "training.h" stands here. */
/* "entries.h" stands here. */
