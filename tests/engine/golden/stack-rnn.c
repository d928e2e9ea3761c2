/* Made by seqtasks for a golden model. */
#include <pthread.h>
#include <sched.h>
#define REAL_BITS 64
#define VOCABULARY 3
#define VOCABULARY_ROW 16
#define INPUT_SIZE 0
#define OUTPUT_SIZE 2
#define GRADIENTS 176
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
    real *external_0_0;
    real *state_0_1;
    real *carry_0_1;
    real *external_0_1;
    real *cotangent;
    real *symbols_1;
    real *linear_13;
    real *products_236;
    real *linear_27;
    real *maximum_of_31;
    real *exp_36;
    real *sum_37;
    real *exp_47;
    real *divide_49;
    real *exp_54;
    real *divide_55;
    real *exp_60;
    real *divide_61;
    real *linear_63;
    real *linear_95;
    real *add_98;
    real *sum_of_columns_102;
    real *linear_103;
    real *sum_108;
    real *sum_113;
    real *sum_118;
    real *multiply_126;
    real *view_137;
    real *multiply_141;
    real *multiply_146;
    real *divide_153;
    real *divide_163;
    real *divide_173;
    real *add_177;
    real *add_201;
    real *products_235;
    real *add_207;
    real *where_210;
    real *linear_212;
    real *linear_217;
    real *sum_of_columns_150;
    real *sum_of_columns_158;
    real *sum_of_columns_168;
    real *sum_of_columns_186;
    real *sum_of_columns_198;
    real *sum_of_columns_211;
    real *sum_by_symbol_222;
    real *linear_223;
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
    TAKE(w->buffers.external_0_0, real, 5 * row);
    TAKE(w->buffers.state_0_1, real, 24 * row);
    TAKE(w->buffers.carry_0_1, real, 2 * 24 * SCRATCH_ROW);
    TAKE(w->buffers.external_0_1, real, 24 * row);
    TAKE(w->buffers.cotangent, real, 2 * row);
    TAKE(w->buffers.symbols_1, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_13, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.products_236, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.linear_27, real, 3 * SCRATCH_ROW);
    TAKE(w->buffers.maximum_of_31, real, 1 * SCRATCH_ROW);
    TAKE(w->buffers.exp_36, real, 3 * row);
    TAKE(w->buffers.sum_37, real, 1 * row);
    TAKE(w->buffers.exp_47, real, 1 * row);
    TAKE(w->buffers.divide_49, real, 1 * row);
    TAKE(w->buffers.exp_54, real, 1 * row);
    TAKE(w->buffers.divide_55, real, 1 * row);
    TAKE(w->buffers.exp_60, real, 1 * row);
    TAKE(w->buffers.divide_61, real, 1 * row);
    TAKE(w->buffers.linear_63, real, 8 * row);
    TAKE(w->buffers.linear_95, real, 2 * SCRATCH_ROW);
    TAKE(w->buffers.add_98, real, 2 * row);
    TAKE(w->buffers.sum_of_columns_102, real, 2);
    TAKE(w->buffers.linear_103, real, 5 * row);
    TAKE(w->buffers.sum_108, real, 1 * SCRATCH_ROW);
    TAKE(w->buffers.sum_113, real, 1 * SCRATCH_ROW);
    TAKE(w->buffers.sum_118, real, 1 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_126, real, 16 * SCRATCH_ROW);
    TAKE(w->buffers.view_137, real, 8 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_141, real, 8 * row);
    TAKE(w->buffers.multiply_146, real, 16 * SCRATCH_ROW);
    TAKE(w->buffers.divide_153, real, 1 * row);
    TAKE(w->buffers.divide_163, real, 1 * row);
    TAKE(w->buffers.divide_173, real, 1 * row);
    TAKE(w->buffers.add_177, real, 1 * row);
    TAKE(w->buffers.add_201, real, 3 * row);
    TAKE(w->buffers.products_235, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.add_207, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.where_210, real, 5 * row);
    TAKE(w->buffers.linear_212, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.linear_217, real, 8 * SCRATCH_ROW);
    TAKE(w->buffers.sum_of_columns_150, real, 8);
    TAKE(w->buffers.sum_of_columns_158, real, 1);
    TAKE(w->buffers.sum_of_columns_168, real, 1);
    TAKE(w->buffers.sum_of_columns_186, real, 1);
    TAKE(w->buffers.sum_of_columns_198, real, 3);
    TAKE(w->buffers.sum_of_columns_211, real, 5);
    TAKE(w->buffers.sum_by_symbol_222, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_223, real, 2 * VOCABULARY_ROW);
    w->predictions = w->buffers.add_98;
#undef TAKE
    (void)row;
    return taken;
}
static __attribute__((noinline)) void product_5x2_by_15_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 15, 1, v, v_row, 5, 2, count, 0);
}
static __attribute__((noinline)) void product_5x5_by_15_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 15, 1, v, v_row, 5, 5, count, 0);
}
static __attribute__((noinline)) void product_5x8_by_15_1_more(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 15, 1, v, v_row, 5, 8, count, 1);
}
static __attribute__((noinline)) void product_3x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 3, 5, count, 0);
}
static __attribute__((noinline)) void product_8x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 8, 5, count, 0);
}
static __attribute__((noinline)) void product_2x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void product_5x2_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 2, count, 0);
}
static __attribute__((noinline)) void outer_2x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 2, 5, count);
}
static __attribute__((noinline)) void product_5x3_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 3, count, 0);
}
static __attribute__((noinline)) void product_5x8_by_1_5_more(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 8, count, 1);
}
static __attribute__((noinline)) void product_5x5_by_1_15(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 15, v, v_row, 5, 5, count, 0);
}
static __attribute__((noinline)) void product_8x5_by_1_15(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 15, v, v_row, 8, 5, count, 0);
}
static __attribute__((noinline)) void outer_5x5_by_15_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 15, 1, g, g_row, v, v_row, 5, 5, count);
}
static __attribute__((noinline)) void outer_5x8_by_15_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 15, 1, g, g_row, v, v_row, 5, 8, count);
}
static __attribute__((noinline)) void outer_3x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 3, 5, count);
}
static __attribute__((noinline)) void outer_8x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 8, 5, count);
}
static __attribute__((noinline)) void product_2x5_by_1_15(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 15, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void outer_5x2_by_15_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 15, 1, g, g_row, v, v_row, 5, 2, count);
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
    real *const restrict linear_13 = w->buffers.linear_13;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const embedding_weight = w->parameters[0].values;
    const real *const cell_controller_weight = w->parameters[1].values;
    /* what depends on a token alone, for each symbol */
    { const long count = VOCABULARY_ROW; (void)count;
    for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < 2; ++d) (symbols_1 + d * VOCABULARY_ROW)[s] = embedding_weight[(s < VOCABULARY ? s : 0) * 2 + d];
    product_5x2_by_15_1(w->blas, linear_13 + 0, VOCABULARY_ROW, cell_controller_weight, symbols_1 + 0, VOCABULARY_ROW, count);
    }
    /* state 0 of layer 0 before the first step */
    if (w->given) give(state_0_0, row, w->given[0], 5, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 5; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread237 = v_all((real)0.0);
                v_store(state_0_0 + i * row + at + j, spread237);
            }
        }
    }
    /* state 1 of layer 0 before the first step */
    if (w->given) give(state_0_1, row, w->given[1], 24, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 3; ++i) {
            for (long k = 0; k < 8; ++k) {
                for (long j = 0; j < count; j += LANES) {
                    const vec spread238 = v_all((real)0.0);
                    v_store(state_0_1 + (8 * i + k) * row + at + j, spread238);
                }
            }
        }
    }
}

/* One step of the loop of layer 1, for a block of columns. */
INLINE void loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict divide_49 = w->buffers.divide_49;
    real *const restrict divide_55 = w->buffers.divide_55;
    real *const restrict divide_61 = w->buffers.divide_61;
    real *const restrict exp_36 = w->buffers.exp_36;
    real *const restrict exp_47 = w->buffers.exp_47;
    real *const restrict exp_54 = w->buffers.exp_54;
    real *const restrict exp_60 = w->buffers.exp_60;
    real *const restrict linear_13 = w->buffers.linear_13;
    real *const restrict linear_27 = w->buffers.linear_27;
    real *const restrict linear_63 = w->buffers.linear_63;
    real *const restrict maximum_of_31 = w->buffers.maximum_of_31;
    real *const restrict products_236 = w->buffers.products_236;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict sum_37 = w->buffers.sum_37;
    const real *const cell_controller_weight = w->parameters[1].values;
    const real *const cell_controller_bias = w->parameters[2].values;
    const real *const cell_action_weight = w->parameters[3].values;
    const real *const cell_action_bias = w->parameters[4].values;
    const real *const cell_push_weight = w->parameters[5].values;
    const real *const cell_push_bias = w->parameters[6].values;
    product_5x5_by_15_1(w->blas, products_236 + 0, SCRATCH_ROW, cell_controller_weight + 10, state_0_0 + 0 + at, row, count);
    product_5x8_by_15_1_more(w->blas, products_236 + 0, SCRATCH_ROW, cell_controller_weight + 2, state_0_1 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products236 = v_load(products_236 + i * SCRATCH_ROW + j);
            const vec parameter23 = v_all(cell_controller_bias[i]);
            const vec lookup14 = v_lookup(linear_13 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec add24 = products236 + parameter23 + lookup14;
            const vec relu25 = v_relu(add24);
            v_store(state_0_0 + i * row + at + columns + j, relu25);
        }
    }
    product_3x5_by_5_1(w->blas, linear_27 + 0, SCRATCH_ROW, cell_action_weight, state_0_0 + 0 + at + columns, row, count);
    product_8x5_by_5_1(w->blas, linear_63 + 0 + at, row, cell_push_weight, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 1; ++i) for (long j = 0; j < count; j += LANES) v_store(maximum_of_31 + i * SCRATCH_ROW + j, v_all(-INFINITY));
    for (long j = 0; j < count; j += LANES) { real *into = maximum_of_31 + 0 + j; vec total = v_load(into);
        for (long i = 0; i < 3; ++i) {
            const vec linear27 = v_load(linear_27 + i * SCRATCH_ROW + j);
            const vec parameter29 = v_all(cell_action_bias[i]);
            const vec add30 = (linear27 + parameter29);
            total = v_maximum(total, add30);
        }
        v_store(into, total); }
    for (long i = 0; i < 3; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear27 = v_load(linear_27 + i * SCRATCH_ROW + j);
            const vec parameter29 = v_all(cell_action_bias[i]);
            const vec add30 = (linear27 + parameter29);
            const vec maximumof31 = v_load(maximum_of_31 + 0 + j);
            const vec stopped32 = (maximumof31);
            const vec view34 = stopped32;
            const vec subtract35 = (add30 - view34);
            const vec exp36 = v_exp(subtract35);
            v_store(exp_36 + i * row + at + j, exp36);
        }
    }
    for (long i = 0; i < 1; ++i) for (long j = 0; j < count; j += LANES) v_store(sum_37 + i * row + at + j, v_all(0));
    for (long j = 0; j < count; j += LANES) { real *into = sum_37 + 0 + at + j; vec total = v_load(into);
        for (long i = 0; i < 3; ++i) {
            const vec exp36 = v_load(exp_36 + i * row + at + j);
            total = total + exp36;
        }
        v_store(into, total); }
    {
        for (long j = 0; j < count; j += LANES) {
            const vec linear27 = v_load(linear_27 + 0 + j);
            const vec view42 = linear27;
            const vec parameter29 = v_all(cell_action_bias[0]);
            const vec view43 = parameter29;
            const vec add44 = (view42 + view43);
            const vec maximumof31 = v_load(maximum_of_31 + 0 + j);
            const vec stopped32 = (maximumof31);
            const vec view45 = stopped32;
            const vec subtract46 = (add44 - view45);
            const vec exp47 = v_exp(subtract46);
            const vec linear27_10 = v_load(linear_27 + 1 * SCRATCH_ROW + j);
            const vec view50 = linear27_10;
            const vec parameter29_12 = v_all(cell_action_bias[1]);
            const vec view51 = parameter29_12;
            const vec add52 = (view50 + view51);
            const vec subtract53 = (add52 - view45);
            const vec exp54 = v_exp(subtract53);
            const vec linear27_17 = v_load(linear_27 + 2 * SCRATCH_ROW + j);
            const vec view56 = linear27_17;
            const vec parameter29_19 = v_all(cell_action_bias[2]);
            const vec view57 = parameter29_19;
            const vec add58 = (view56 + view57);
            const vec subtract59 = (add58 - view45);
            const vec exp60 = v_exp(subtract59);
            const vec sum37 = v_load(sum_37 + 0 + at + j);
            const vec view48 = sum37;
            const vec divide49 = (exp47 / view48);
            const vec divide55 = (exp54 / view48);
            const vec divide61 = (exp60 / view48);
            v_store(exp_47 + 0 + at + j, exp47);
            v_store(exp_54 + 0 + at + j, exp54);
            v_store(exp_60 + 0 + at + j, exp60);
            v_store(divide_49 + 0 + at + j, divide49);
            v_store(divide_55 + 0 + at + j, divide55);
            v_store(divide_61 + 0 + at + j, divide61);
        }
    }
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec view79 = divide49;
            const vec linear63 = v_load(linear_63 + k * row + at + j);
            const vec parameter65 = v_all(cell_push_bias[k]);
            const vec add66 = (linear63 + parameter65);
            const vec concatenate70 = add66;
            const vec view71 = concatenate70;
            const vec multiply80 = (view79 * view71);
            const vec divide55 = v_load(divide_55 + 0 + at + j);
            const vec view81 = divide55;
            const vec state7 = v_load(state_0_1 + (8 + k) * row + at + j);
            const vec view75 = state7;
            const vec concatenate77 = view75;
            const vec view78 = concatenate77;
            const vec multiply82 = (view81 * view78);
            const vec add84 = (multiply80 + multiply82);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec state7_18 = v_load(state_0_1 + k * row + at + j);
            const vec multiply86 = (view85 * state7_18);
            const vec add87 = (add84 + multiply86);
            v_store(state_0_1 + k * row + at + columns + j, add87);
        }
    }
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec view79 = divide49;
            const vec state7 = v_load(state_0_1 + k * row + at + j);
            const vec view69 = state7;
            const vec concatenate70 = view69;
            const vec view71 = concatenate70;
            const vec multiply80 = (view79 * view71);
            const vec divide55 = v_load(divide_55 + 0 + at + j);
            const vec view81 = divide55;
            const vec state7_9 = v_load(state_0_1 + (16 + k) * row + at + j);
            const vec view75 = state7_9;
            const vec concatenate77 = view75;
            const vec view78 = concatenate77;
            const vec multiply82 = (view81 * view78);
            const vec add84 = (multiply80 + multiply82);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec state7_17 = v_load(state_0_1 + (8 + k) * row + at + j);
            const vec multiply86 = (view85 * state7_17);
            const vec add87 = (add84 + multiply86);
            v_store(state_0_1 + (8 + k) * row + at + columns + j, add87);
        }
    }
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec view79 = divide49;
            const vec state7 = v_load(state_0_1 + (8 + k) * row + at + j);
            const vec view69 = state7;
            const vec concatenate70 = view69;
            const vec view71 = concatenate70;
            const vec multiply80 = (view79 * view71);
            const vec divide55 = v_load(divide_55 + 0 + at + j);
            const vec view81 = divide55;
            const vec concatenate77 = v_all((real)0.0);
            const vec view78 = concatenate77;
            const vec multiply82 = (view81 * view78);
            const vec add84 = (multiply80 + multiply82);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec state7_15 = v_load(state_0_1 + (16 + k) * row + at + j);
            const vec multiply86 = (view85 * state7_15);
            const vec add87 = (add84 + multiply86);
            v_store(state_0_1 + (16 + k) * row + at + columns + j, add87);
        }
    }
}

/* After the loops: the readout, for a block of columns. */
INLINE void after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_98 = w->buffers.add_98;
    real *const restrict linear_95 = w->buffers.linear_95;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const readout_linear_weight = w->parameters[7].values;
    const real *const readout_linear_bias = w->parameters[8].values;
    product_2x5_by_5_1(w->blas, linear_95 + 0, SCRATCH_ROW, readout_linear_weight, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear95 = v_load(linear_95 + i * SCRATCH_ROW + j);
            const vec parameter97 = v_all(readout_linear_bias[i]);
            const vec add98 = (linear95 + parameter97);
            v_store(add_98 + i * row + at + j, add98);
        }
    }
}

/* Back through the readout, for a block of columns. */
INLINE void back_after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict linear_103 = w->buffers.linear_103;
    const real *const readout_linear_weight = w->parameters[7].values;
    product_5x2_by_1_5(w->blas, linear_103 + 0 + at, row, readout_linear_weight, cotangent + 0 + at, row, count);
}

/* The readout's gradients, over all columns of all steps. */
static void sums_back_after(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict sum_of_columns_102 = w->buffers.sum_of_columns_102;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of readout_linear_weight */
    outer_2x5_by_5_1_more(w->blas, w->gradients + 152, cotangent + 0 + at, row, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec cotangent99 = v_load(cotangent + i * row + at + j);
            sum += cotangent99;
        }
        *(sum_of_columns_102 + i) += v_total(sum);
    }
}

/* One step back through the loop of layer 1, for a block of columns. */
INLINE void back_loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_177 = w->buffers.add_177;
    real *const restrict add_201 = w->buffers.add_201;
    real *const restrict add_207 = w->buffers.add_207;
    real *const restrict carry_0_0 = w->buffers.carry_0_0;
    real *const restrict carry_0_1 = w->buffers.carry_0_1;
    real *const restrict divide_153 = w->buffers.divide_153;
    real *const restrict divide_163 = w->buffers.divide_163;
    real *const restrict divide_173 = w->buffers.divide_173;
    real *const restrict divide_49 = w->buffers.divide_49;
    real *const restrict divide_55 = w->buffers.divide_55;
    real *const restrict divide_61 = w->buffers.divide_61;
    real *const restrict exp_36 = w->buffers.exp_36;
    real *const restrict exp_47 = w->buffers.exp_47;
    real *const restrict exp_54 = w->buffers.exp_54;
    real *const restrict exp_60 = w->buffers.exp_60;
    real *const restrict external_0_0 = w->buffers.external_0_0;
    real *const restrict external_0_1 = w->buffers.external_0_1;
    real *const restrict linear_103 = w->buffers.linear_103;
    real *const restrict linear_212 = w->buffers.linear_212;
    real *const restrict linear_217 = w->buffers.linear_217;
    real *const restrict linear_63 = w->buffers.linear_63;
    real *const restrict multiply_126 = w->buffers.multiply_126;
    real *const restrict multiply_141 = w->buffers.multiply_141;
    real *const restrict multiply_146 = w->buffers.multiply_146;
    real *const restrict products_235 = w->buffers.products_235;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict sum_108 = w->buffers.sum_108;
    real *const restrict sum_113 = w->buffers.sum_113;
    real *const restrict sum_118 = w->buffers.sum_118;
    real *const restrict sum_37 = w->buffers.sum_37;
    real *const restrict view_137 = w->buffers.view_137;
    real *const restrict where_210 = w->buffers.where_210;
    const real *const cell_controller_weight = w->parameters[1].values;
    const real *const cell_action_weight = w->parameters[3].values;
    const real *const cell_push_weight = w->parameters[5].values;
    const real *const cell_push_bias = w->parameters[6].values;
    for (long i = 0; i < 1; ++i) for (long j = 0; j < count; j += LANES) v_store(sum_108 + i * SCRATCH_ROW + j, v_all(0));
    for (long j = 0; j < count; j += LANES) { real *into = sum_108 + 0 + j; vec total = v_load(into);
        for (long k = 0; k < 24; ++k) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + k * row + at + j);
            const vec add101 = (back92 + external93);
            const vec state7 = v_load(state_0_1 + k * row + at + j);
            const vec multiply105 = (add101 * state7);
            const vec view107 = multiply105;
            total = total + view107;
        }
        v_store(into, total); }
    for (long i = 0; i < 1; ++i) for (long j = 0; j < count; j += LANES) v_store(sum_113 + i * SCRATCH_ROW + j, v_all(0));
    for (long j = 0; j < count; j += LANES) { real *into = sum_113 + 0 + j; vec total = v_load(into);
        for (long k = 0; k < 16; ++k) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + k * row + at + j);
            const vec add101 = (back92 + external93);
            const vec state7 = v_load(state_0_1 + (8 + k) * row + at + j);
            const vec view75 = state7;
            const vec concatenate77 = view75;
            const vec view78 = concatenate77;
            const vec multiply110 = (add101 * view78);
            const vec view112 = multiply110;
            total = total + view112;
        }
        v_store(into, total); }
    for (long j = 0; j < count; j += LANES) { real *into = sum_113 + 0 + j; vec total = v_load(into);
        for (long k = 0; k < 8; ++k) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + 16 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + (16 + k) * row + at + j);
            const vec add101 = (back92 + external93);
            const vec concatenate77 = v_all((real)0.0);
            const vec view78 = concatenate77;
            const vec multiply110 = (add101 * view78);
            const vec view112 = multiply110;
            total = total + view112;
        }
        v_store(into, total); }
    for (long i = 0; i < 1; ++i) for (long j = 0; j < count; j += LANES) v_store(sum_118 + i * SCRATCH_ROW + j, v_all(0));
    for (long j = 0; j < count; j += LANES) { real *into = sum_118 + 0 + j; vec total = v_load(into);
        for (long k = 0; k < 8; ++k) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + k * row + at + j);
            const vec add101 = (back92 + external93);
            const vec linear63 = v_load(linear_63 + k * row + at + j);
            const vec parameter65 = v_all(cell_push_bias[k]);
            const vec add66 = (linear63 + parameter65);
            const vec concatenate70 = add66;
            const vec view71 = concatenate70;
            const vec multiply115 = (add101 * view71);
            const vec view117 = multiply115;
            total = total + view117;
        }
        v_store(into, total); }
    for (long j = 0; j < count; j += LANES) { real *into = sum_118 + 0 + j; vec total = v_load(into);
        for (long k = 0; k < 16; ++k) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + 8 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + (8 + k) * row + at + j);
            const vec add101 = (back92 + external93);
            const vec state7 = v_load(state_0_1 + k * row + at + j);
            const vec view69 = state7;
            const vec concatenate70 = view69;
            const vec view71 = concatenate70;
            const vec multiply115 = (add101 * view71);
            const vec view117 = multiply115;
            total = total + view117;
        }
        v_store(into, total); }
    for (long i = 0; i < 16; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + i) * SCRATCH_ROW + j);
            const vec view122 = back92;
            const vec external93 = v_given(w->from_outside, external_0_1 + i * row + at + j);
            const vec view123 = external93;
            const vec add124 = (view122 + view123);
            const vec divide55 = v_load(divide_55 + 0 + at + j);
            const vec view125 = divide55;
            const vec multiply126 = (add124 * view125);
            const vec back92_8 = v_load(carry_0_1 + (turn * 24 + 8 + i) * SCRATCH_ROW + j);
            const vec view142 = back92_8;
            const vec external93_10 = v_given(w->from_outside, external_0_1 + (8 + i) * row + at + j);
            const vec view143 = external93_10;
            const vec add144 = (view142 + view143);
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec view145 = divide49;
            const vec multiply146 = (add144 * view145);
            v_store(multiply_126 + i * SCRATCH_ROW + j, multiply126);
            v_store(multiply_146 + i * SCRATCH_ROW + j, multiply146);
        }
    }
    for (long i = 0; i < 8; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + i) * SCRATCH_ROW + j);
            const vec view137 = back92;
            const vec external93 = v_given(w->from_outside, external_0_1 + i * row + at + j);
            const vec view138 = external93;
            const vec add139 = (view137 + view138);
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec view140 = divide49;
            const vec multiply141 = (add139 * view140);
            v_store(view_137 + i * SCRATCH_ROW + j, view137);
            v_store(multiply_141 + i * row + at + j, multiply141);
        }
    }
    {
        for (long j = 0; j < count; j += LANES) {
            const vec sum108 = v_load(sum_108 + 0 + j);
            const vec view109 = sum108;
            const vec sum37 = v_load(sum_37 + 0 + at + j);
            const vec view48 = sum37;
            const vec divide153 = (view109 / view48);
            const vec sum113 = v_load(sum_113 + 0 + j);
            const vec view114 = sum113;
            const vec divide163 = (view114 / view48);
            const vec sum118 = v_load(sum_118 + 0 + j);
            const vec view119 = sum118;
            const vec divide173 = (view119 / view48);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec multiply154 = (divide153 * divide61);
            const vec negative155 = (-multiply154);
            const vec divide55 = v_load(divide_55 + 0 + at + j);
            const vec multiply164 = (divide163 * divide55);
            const vec negative165 = (-multiply164);
            const vec add176 = (negative155 + negative165);
            const vec divide49 = v_load(divide_49 + 0 + at + j);
            const vec multiply174 = (divide173 * divide49);
            const vec negative175 = (-multiply174);
            const vec add177 = (add176 + negative175);
            v_store(divide_153 + 0 + at + j, divide153);
            v_store(divide_163 + 0 + at + j, divide163);
            v_store(divide_173 + 0 + at + j, divide173);
            v_store(add_177 + 0 + at + j, add177);
        }
    }
    {
        for (long j = 0; j < count; j += LANES) {
            const vec multiply156 = v_all(0);
            const vec view162 = multiply156;
            const vec multiply166 = v_all(0);
            const vec view172 = multiply166;
            const vec add199 = (view162 + view172);
            const vec divide173 = v_load(divide_173 + 0 + at + j);
            const vec exp47 = v_load(exp_47 + 0 + at + j);
            const vec multiply180 = (divide173 * exp47);
            const vec view190 = multiply180;
            const vec add200 = (add199 + view190);
            const vec add177 = v_load(add_177 + 0 + at + j);
            const vec view191 = add177;
            const vec exp36 = v_load(exp_36 + 0 + at + j);
            const vec multiply192 = (view191 * exp36);
            const vec add201 = (add200 + multiply192);
            v_store(add_201 + 0 + at + j, add201);
        }
    }
    {
        for (long j = 0; j < count; j += LANES) {
            const vec multiply156 = v_all(0);
            const vec view162 = multiply156;
            const vec divide163 = v_load(divide_163 + 0 + at + j);
            const vec exp54 = v_load(exp_54 + 0 + at + j);
            const vec multiply166 = (divide163 * exp54);
            const vec view172 = multiply166;
            const vec add199 = (view162 + view172);
            const vec multiply180 = v_all(0);
            const vec view190 = multiply180;
            const vec add200 = (add199 + view190);
            const vec add177 = v_load(add_177 + 0 + at + j);
            const vec view191 = add177;
            const vec exp36 = v_load(exp_36 + 1 * row + at + j);
            const vec multiply192 = (view191 * exp36);
            const vec add201 = (add200 + multiply192);
            v_store(add_201 + 1 * row + at + j, add201);
        }
    }
    {
        for (long j = 0; j < count; j += LANES) {
            const vec divide153 = v_load(divide_153 + 0 + at + j);
            const vec exp60 = v_load(exp_60 + 0 + at + j);
            const vec multiply156 = (divide153 * exp60);
            const vec view162 = multiply156;
            const vec multiply166 = v_all(0);
            const vec view172 = multiply166;
            const vec add199 = (view162 + view172);
            const vec multiply180 = v_all(0);
            const vec view190 = multiply180;
            const vec add200 = (add199 + view190);
            const vec add177 = v_load(add_177 + 0 + at + j);
            const vec view191 = add177;
            const vec exp36 = v_load(exp_36 + 2 * row + at + j);
            const vec multiply192 = (view191 * exp36);
            const vec add201 = (add200 + multiply192);
            v_store(add_201 + 2 * row + at + j, add201);
        }
    }
    product_5x3_by_1_5(w->blas, products_235 + 0, SCRATCH_ROW, cell_action_weight, add_201 + 0 + at, row, count);
    product_5x8_by_1_5_more(w->blas, products_235 + 0, SCRATCH_ROW, cell_push_weight, multiply_141 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products235 = v_load(products_235 + i * SCRATCH_ROW + j);
            const vec external90 = v_given(w->from_outside, external_0_0 + i * row + at + j);
            const vec linear103 = v_load(linear_103 + i * row + at + j);
            const vec add204 = (external90 + linear103);
            const vec back89 = v_load(carry_0_0 + (turn * 5 + i) * SCRATCH_ROW + j);
            const vec add207 = products235 + add204 + back89;
            const vec relu25 = v_load(state_0_0 + i * row + at + columns + j);
            const vec lessequal209 = v_number(relu25 <= v_all((real)0.0));
            const vec where210 = v_where(lessequal209, v_all((real)0.0), add207);
            v_store(add_207 + i * SCRATCH_ROW + j, add207);
            v_store(where_210 + i * row + at + j, where210);
        }
    }
    product_5x5_by_1_15(w->blas, linear_212 + 0, SCRATCH_ROW, cell_controller_weight + 10, where_210 + 0 + at, row, count);
    product_8x5_by_1_15(w->blas, linear_217 + 0, SCRATCH_ROW, cell_controller_weight + 2, where_210 + 0 + at, row, count);
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + k * row + at + j);
            const vec add101 = (back92 + external93);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec multiply106 = (add101 * view85);
            const vec multiply126 = v_all(0);
            const vec view134 = multiply126;
            const vec add231 = (multiply106 + view134);
            const vec multiply146 = v_load(multiply_146 + k * SCRATCH_ROW + j);
            const vec view149 = multiply146;
            const vec add232 = (add231 + view149);
            const vec linear217 = v_load(linear_217 + k * SCRATCH_ROW + j);
            const vec view230 = linear217;
            const vec add233 = (add232 + view230);
            v_store(carry_0_1 + ((1 - turn) * 24 + k) * SCRATCH_ROW + j, add233);
        }
    }
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + 8 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + (8 + k) * row + at + j);
            const vec add101 = (back92 + external93);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec multiply106 = (add101 * view85);
            const vec multiply126 = v_load(multiply_126 + k * SCRATCH_ROW + j);
            const vec view134 = multiply126;
            const vec add231 = (multiply106 + view134);
            const vec multiply146 = v_load(multiply_146 + (8 + k) * SCRATCH_ROW + j);
            const vec view149 = multiply146;
            const vec add232 = (add231 + view149);
            const vec linear217 = v_all(0);
            const vec view230 = linear217;
            const vec add233 = (add232 + view230);
            v_store(carry_0_1 + ((1 - turn) * 24 + 8 + k) * SCRATCH_ROW + j, add233);
        }
    }
    for (long k = 0; k < 8; ++k) {
        for (long j = 0; j < count; j += LANES) {
            const vec back92 = v_load(carry_0_1 + (turn * 24 + 16 + k) * SCRATCH_ROW + j);
            const vec external93 = v_given(w->from_outside, external_0_1 + (16 + k) * row + at + j);
            const vec add101 = (back92 + external93);
            const vec divide61 = v_load(divide_61 + 0 + at + j);
            const vec view85 = divide61;
            const vec multiply106 = (add101 * view85);
            const vec multiply126 = v_load(multiply_126 + (8 + k) * SCRATCH_ROW + j);
            const vec view134 = multiply126;
            const vec add231 = (multiply106 + view134);
            const vec multiply146 = v_all(0);
            const vec view149 = multiply146;
            const vec add232 = (add231 + view149);
            const vec linear217 = v_all(0);
            const vec view230 = linear217;
            const vec add233 = (add232 + view230);
            v_store(carry_0_1 + ((1 - turn) * 24 + 16 + k) * SCRATCH_ROW + j, add233);
        }
    }
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear212 = v_load(linear_212 + i * SCRATCH_ROW + j);
            v_store(carry_0_0 + ((1 - turn) * 5 + i) * SCRATCH_ROW + j, linear212);
        }
    }
}

/* The gradients of layer 1's weights, over all columns of all steps. */
static void sums_back_before_0(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_177 = w->buffers.add_177;
    real *const restrict add_201 = w->buffers.add_201;
    real *const restrict divide_153 = w->buffers.divide_153;
    real *const restrict divide_163 = w->buffers.divide_163;
    real *const restrict divide_173 = w->buffers.divide_173;
    real *const restrict exp_36 = w->buffers.exp_36;
    real *const restrict exp_47 = w->buffers.exp_47;
    real *const restrict exp_54 = w->buffers.exp_54;
    real *const restrict exp_60 = w->buffers.exp_60;
    real *const restrict multiply_141 = w->buffers.multiply_141;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict sum_of_columns_150 = w->buffers.sum_of_columns_150;
    real *const restrict sum_of_columns_158 = w->buffers.sum_of_columns_158;
    real *const restrict sum_of_columns_168 = w->buffers.sum_of_columns_168;
    real *const restrict sum_of_columns_186 = w->buffers.sum_of_columns_186;
    real *const restrict sum_of_columns_198 = w->buffers.sum_of_columns_198;
    real *const restrict sum_of_columns_211 = w->buffers.sum_of_columns_211;
    real *const restrict where_210 = w->buffers.where_210;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of cell_controller_weight */
    outer_5x5_by_15_1_more(w->blas, w->gradients + 16, where_210 + 0 + at, row, state_0_0 + 0 + at, row, count);
    /* gradient of cell_controller_weight */
    outer_5x8_by_15_1_more(w->blas, w->gradients + 8, where_210 + 0 + at, row, state_0_1 + 0 + at, row, count);
    /* gradient of cell_action_weight */
    outer_3x5_by_5_1_more(w->blas, w->gradients + 86, add_201 + 0 + at, row, state_0_0 + 0 + at + columns, row, count);
    /* gradient of cell_push_weight */
    outer_8x5_by_5_1_more(w->blas, w->gradients + 104, multiply_141 + 0 + at, row, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 8; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply141 = v_load(multiply_141 + i * row + at + j);
            sum += multiply141;
        }
        *(sum_of_columns_150 + i) += v_total(sum);
    }
    {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec divide153 = v_load(divide_153 + 0 + at + j);
            const vec exp60 = v_load(exp_60 + 0 + at + j);
            const vec multiply156 = (divide153 * exp60);
            sum += multiply156;
        }
        *(sum_of_columns_158 + 0) += v_total(sum);
    }
    {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec divide163 = v_load(divide_163 + 0 + at + j);
            const vec exp54 = v_load(exp_54 + 0 + at + j);
            const vec multiply166 = (divide163 * exp54);
            sum += multiply166;
        }
        *(sum_of_columns_168 + 0) += v_total(sum);
    }
    {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec divide173 = v_load(divide_173 + 0 + at + j);
            const vec exp47 = v_load(exp_47 + 0 + at + j);
            const vec multiply180 = (divide173 * exp47);
            sum += multiply180;
        }
        *(sum_of_columns_186 + 0) += v_total(sum);
    }
    for (long i = 0; i < 3; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec add177 = v_load(add_177 + 0 + at + j);
            const vec view191 = add177;
            const vec exp36 = v_load(exp_36 + i * row + at + j);
            const vec multiply192 = (view191 * exp36);
            sum += multiply192;
        }
        *(sum_of_columns_198 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec where210 = v_load(where_210 + i * row + at + j);
            sum += where210;
        }
        *(sum_of_columns_211 + i) += v_total(sum);
    }
}

/* Back through the tables by symbol, and the rest of the weights' gradients. */
static void back_weights(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict linear_223 = w->buffers.linear_223;
    real *const restrict sum_by_symbol_222 = w->buffers.sum_by_symbol_222;
    real *const restrict sum_of_columns_102 = w->buffers.sum_of_columns_102;
    real *const restrict sum_of_columns_150 = w->buffers.sum_of_columns_150;
    real *const restrict sum_of_columns_158 = w->buffers.sum_of_columns_158;
    real *const restrict sum_of_columns_168 = w->buffers.sum_of_columns_168;
    real *const restrict sum_of_columns_186 = w->buffers.sum_of_columns_186;
    real *const restrict sum_of_columns_198 = w->buffers.sum_of_columns_198;
    real *const restrict sum_of_columns_211 = w->buffers.sum_of_columns_211;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    real *const restrict where_210 = w->buffers.where_210;
    const real *const cell_controller_weight = w->parameters[1].values;
    { /* what each symbol's gradient is */
    const long at = 0, count = columns * w->time; (void)at;
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_222 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec where210 = v_load(where_210 + i * row + at + j);
            v_by_symbol(where210, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    }
    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;
    product_2x5_by_1_15(w->blas, linear_223 + 0, VOCABULARY_ROW, cell_controller_weight, sum_by_symbol_222 + 0, VOCABULARY_ROW, count);
    /* gradient of cell_controller_weight */
    outer_5x2_by_15_1_more(w->blas, w->gradients + 6, sum_by_symbol_222 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    }
    /* gradient of readout_linear_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns102 = v_all(*(sum_of_columns_102 + i));
        (w->gradients + 162)[i] += (sumofcolumns102)[0];
    }
    /* gradient of cell_push_bias */
    for (long i = 0; i < 8; ++i) {
        const vec sumofcolumns150 = v_all(*(sum_of_columns_150 + i));
        (w->gradients + 144)[i] += (sumofcolumns150)[0];
    }
    /* gradient of cell_action_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns158 = v_all(0);
        const vec view160 = sumofcolumns158;
        (w->gradients + 101)[i] += (view160)[0];
    }
    {
        const vec sumofcolumns158 = v_all(*(sum_of_columns_158 + 0));
        const vec view160 = sumofcolumns158;
        (w->gradients + 101)[2] += (view160)[0];
    }
    /* gradient of cell_action_bias */
    {
        const vec sumofcolumns168 = v_all(0);
        const vec view170 = sumofcolumns168;
        (w->gradients + 101)[0] += (view170)[0];
    }
    {
        const vec sumofcolumns168 = v_all(*(sum_of_columns_168 + 0));
        const vec view170 = sumofcolumns168;
        (w->gradients + 101)[1] += (view170)[0];
    }
    {
        const vec sumofcolumns168 = v_all(0);
        const vec view170 = sumofcolumns168;
        (w->gradients + 101)[2] += (view170)[0];
    }
    /* gradient of cell_action_bias */
    {
        const vec sumofcolumns186 = v_all(*(sum_of_columns_186 + 0));
        const vec view188 = sumofcolumns186;
        (w->gradients + 101)[0] += (view188)[0];
    }
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns186 = v_all(0);
        const vec view188 = sumofcolumns186;
        (w->gradients + 101)[1 + i] += (view188)[0];
    }
    /* gradient of cell_action_bias */
    for (long i = 0; i < 3; ++i) {
        const vec sumofcolumns198 = v_all(*(sum_of_columns_198 + i));
        (w->gradients + 101)[i] += (sumofcolumns198)[0];
    }
    /* gradient of cell_controller_bias */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns211 = v_all(*(sum_of_columns_211 + i));
        (w->gradients + 81)[i] += (sumofcolumns211)[0];
    }
    /* gradient of embedding_weight */
    for (int s = 0; s < VOCABULARY; ++s)
        for (int d = 0; d < 2; ++d)
            (w->gradients + 0)[s * 2 + d] += (linear_223 + 0)[d * VOCABULARY_ROW + s];
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
    memset(w->buffers.sum_of_columns_102, 0, sizeof(real) * 2);
    memset(w->buffers.sum_of_columns_150, 0, sizeof(real) * 8);
    memset(w->buffers.sum_of_columns_158, 0, sizeof(real) * 1);
    memset(w->buffers.sum_of_columns_168, 0, sizeof(real) * 1);
    memset(w->buffers.sum_of_columns_186, 0, sizeof(real) * 1);
    memset(w->buffers.sum_of_columns_198, 0, sizeof(real) * 3);
    memset(w->buffers.sum_of_columns_211, 0, sizeof(real) * 5);
    memset(w->buffers.sum_by_symbol_222, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        back_after(w, at, count, 0, 0);
    }
    sums_back_after(w);
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_0_0, 0, sizeof(real) * 2 * 5 * SCRATCH_ROW);
        memset(w->buffers.carry_0_1, 0, sizeof(real) * 2 * 24 * SCRATCH_ROW);
        if (width == BLOCK) for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, BLOCK, turn, 0); }
        else for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, LANES, turn, 0); }
        if (w->given_back) give_back(w->buffers.carry_0_0 + turn * 5 * SCRATCH_ROW, w->given_back[0], 5, j, width, w);
        if (w->given_back) give_back(w->buffers.carry_0_1 + turn * 24 * SCRATCH_ROW, w->given_back[1], 24, j, width, w);
    }
    sums_back_before_0(w);
    back_weights(w);
}


static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {w->buffers.state_0_0, w->buffers.state_0_1}, *const outside[] = {w->buffers.external_0_0, w->buffers.external_0_1};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = 0;
    *running = 0;
}
static const long state_sizes[] = {5, 24};
static const int state_is_packed[] = {0, 0};
/* Gradients from outside that products read: they must be there, be they zero. */
static UNUSED const int external_by_products[] = {0, 0};
enum { STATE_COUNT = 2 };

/* "denormals.h" stands here. */
/* "inputs.h" stands here. */
/* "losses.h" stands here. */
/* "optimisers.h" stands here. */
/* "training.h" stands here. */
/* "entries.h" stands here. */
