/* Made by seqtasks for a golden model. */
#include <pthread.h>
#include <sched.h>
#define REAL_BITS 32
#define VOCABULARY 3
#define VOCABULARY_ROW 16
#define INPUT_SIZE 0
#define OUTPUT_SIZE 2
#define GRADIENTS 7440
#define LARGE 1
#define BLOCK 128
#define SCRATCH_ROW 144
#define RECENT_ROW 144
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
    real *state_1_0;
    real *carry_1_0;
    real *cotangent;
    real *symbols_1;
    real *linear_9;
    real *add_17;
    real *linear_67;
    real *add_74;
    real *linear_12;
    real *linear_27;
    real *linear_37;
    real *linear_49;
    real *linear_29;
    real *sigmoid_34;
    real *linear_39;
    real *sigmoid_44;
    real *multiply_45;
    real *linear_51;
    real *tanh_56;
    real *linear_70;
    real *add_76;
    real *linear_82;
    real *add_92;
    real *multiply_100;
    real *linear_102;
    real *multiply_116;
    real *multiply_130;
    real *products_167;
    real *products_166;
    real *sum_of_columns_101;
    real *sum_of_columns_117;
    real *sum_of_columns_131;
    real *add_147;
    real *multiply_150;
    real *linear_153;
    real *sum_by_symbol_80;
    real *sum_of_columns_81;
    real *sum_by_symbol_151;
    real *sum_of_columns_152;
    real *products_165;
    real *add_163;
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
    TAKE(w->buffers.state_0_0, real, 32 * row);
    TAKE(w->buffers.carry_0_0, real, 2 * 32 * SCRATCH_ROW);
    TAKE(w->buffers.state_1_0, real, 32 * row);
    TAKE(w->buffers.carry_1_0, real, 2 * 32 * SCRATCH_ROW);
    TAKE(w->buffers.cotangent, real, 2 * row);
    TAKE(w->buffers.symbols_1, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_9, real, 32 * VOCABULARY_ROW);
    TAKE(w->buffers.add_17, real, 32 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_67, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.add_74, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_12, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.linear_27, real, 32 * row);
    TAKE(w->buffers.linear_37, real, 32 * row);
    TAKE(w->buffers.linear_49, real, 32 * row);
    TAKE(w->buffers.linear_29, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.sigmoid_34, real, 32 * w->columns * (w->time + 1));
    TAKE(w->buffers.linear_39, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.sigmoid_44, real, 32 * w->columns * (w->time + 1));
    TAKE(w->buffers.multiply_45, real, 32 * row);
    TAKE(w->buffers.linear_51, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.tanh_56, real, 32 * w->columns * (w->time + 1));
    TAKE(w->buffers.linear_70, real, 2 * SCRATCH_ROW);
    TAKE(w->buffers.add_76, real, 2 * row);
    TAKE(w->buffers.linear_82, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.add_92, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_100, real, 32 * RECENT_ROW);
    TAKE(w->buffers.linear_102, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_116, real, 32 * RECENT_ROW);
    TAKE(w->buffers.multiply_130, real, 32 * RECENT_ROW);
    TAKE(w->buffers.products_167, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.products_166, real, 32 * row);
    TAKE(w->buffers.sum_of_columns_101, real, 32);
    TAKE(w->buffers.sum_of_columns_117, real, 32);
    TAKE(w->buffers.sum_of_columns_131, real, 32);
    TAKE(w->buffers.add_147, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_150, real, 32 * RECENT_ROW);
    TAKE(w->buffers.linear_153, real, 32 * SCRATCH_ROW);
    TAKE(w->buffers.sum_by_symbol_80, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_81, real, 2);
    TAKE(w->buffers.sum_by_symbol_151, real, 32 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_152, real, 32);
    TAKE(w->buffers.products_165, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.add_163, real, 2 * VOCABULARY_ROW);
    w->predictions = w->buffers.add_76;
#undef TAKE
    (void)row;
    return taken;
}
static __attribute__((noinline)) void product_32x2_by_34_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 34, 1, v, v_row, 32, 2, count, 0);
}
static __attribute__((noinline)) void product_2x2_by_34_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 34, 1, v, v_row, 2, 2, count, 0);
}
static __attribute__((noinline)) void product_32x32_by_34_1_large(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product_large(blas, out, out_row, w, 34, 1, v, v_row, 32, 32, count, 0);
}
static __attribute__((noinline)) void product_32x32_by_64_1_large(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product_large(blas, out, out_row, w, 64, 1, v, v_row, 32, 32, count, 0);
}
static __attribute__((noinline)) void product_2x32_by_34_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 34, 1, v, v_row, 2, 32, count, 0);
}
static __attribute__((noinline)) void outer_2x32_by_34_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 34, 1, g, g_row, v, v_row, 2, 32, count);
}
static __attribute__((noinline)) void product_32x2_by_1_34(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 34, v, v_row, 32, 2, count, 0);
}
static __attribute__((noinline)) void product_32x32_by_1_64_large(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product_large(blas, out, out_row, w, 1, 64, v, v_row, 32, 32, count, 0);
}
static __attribute__((noinline)) void product_32x32_by_1_64_more_large(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product_large(blas, out, out_row, w, 1, 64, v, v_row, 32, 32, count, 1);
}
static __attribute__((noinline)) void outer_32x32_by_64_1_more_large(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer_large(blas, out, 64, 1, g, g_row, v, v_row, 32, 32, count);
}
static __attribute__((noinline)) void product_32x32_by_1_34_large(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product_large(blas, out, out_row, w, 1, 34, v, v_row, 32, 32, count, 0);
}
static __attribute__((noinline)) void outer_32x32_by_34_1_more_large(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer_large(blas, out, 34, 1, g, g_row, v, v_row, 32, 32, count);
}
static __attribute__((noinline)) void product_2x2_by_1_34(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 34, v, v_row, 2, 2, count, 0);
}
static __attribute__((noinline)) void product_2x32_by_1_34_more(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 34, v, v_row, 2, 32, count, 1);
}
static __attribute__((noinline)) void outer_32x2_by_34_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 34, 1, g, g_row, v, v_row, 32, 2, count);
}
static __attribute__((noinline)) void outer_2x2_by_34_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 34, 1, g, g_row, v, v_row, 2, 2, count);
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
    real *const restrict add_17 = w->buffers.add_17;
    real *const restrict add_74 = w->buffers.add_74;
    real *const restrict linear_67 = w->buffers.linear_67;
    real *const restrict linear_9 = w->buffers.linear_9;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const embedding_weight = w->parameters[0].values;
    const real *const cell_0_linear_weight = w->parameters[1].values;
    const real *const cell_0_linear_bias = w->parameters[2].values;
    const real *const readout_linear_weight = w->parameters[9].values;
    const real *const readout_linear_bias = w->parameters[10].values;
    /* what depends on a token alone, for each symbol */
    { const long count = VOCABULARY_ROW; (void)count;
    for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < 2; ++d) (symbols_1 + d * VOCABULARY_ROW)[s] = embedding_weight[(s < VOCABULARY ? s : 0) * 2 + d];
    product_32x2_by_34_1(w->blas, linear_9 + 0, VOCABULARY_ROW, cell_0_linear_weight, symbols_1 + 0, VOCABULARY_ROW, count);
    product_2x2_by_34_1(w->blas, linear_67 + 0, VOCABULARY_ROW, readout_linear_weight, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear9 = v_load(linear_9 + i * VOCABULARY_ROW + j);
            const vec parameter16 = v_all(cell_0_linear_bias[i]);
            const vec add17 = (linear9 + parameter16);
            v_store(add_17 + i * VOCABULARY_ROW + j, add17);
        }
    }
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear67 = v_load(linear_67 + i * VOCABULARY_ROW + j);
            const vec parameter73 = v_all(readout_linear_bias[i]);
            const vec add74 = (linear67 + parameter73);
            v_store(add_74 + i * VOCABULARY_ROW + j, add74);
        }
    }
    }
    /* state 0 of layer 0 before the first step */
    if (w->given) give(state_0_0, row, w->given[0], 32, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 32; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread168 = v_all((real)0.0);
                v_store(state_0_0 + i * row + at + j, spread168);
            }
        }
    }
    /* state 0 of layer 1 before the first step */
    if (w->given) give(state_1_0, row, w->given[1], 32, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 32; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread168 = v_all((real)0.0);
                v_store(state_1_0 + i * row + at + j, spread168);
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
    const real *const cell_0_linear_weight = w->parameters[1].values;
    product_32x32_by_34_1_large(w->blas, linear_12 + 0, SCRATCH_ROW, cell_0_linear_weight + 2, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec lookup18 = v_lookup(add_17 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear12 = v_load(linear_12 + i * SCRATCH_ROW + j);
            const vec add19 = (lookup18 + linear12);
            const vec tanh20 = v_tanh(add19);
            v_store(state_0_0 + i * row + at + columns + j, tanh20);
        }
    }
}

/* Before the loop of layer 2, for a block of columns. */
INLINE void before_1(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict linear_27 = w->buffers.linear_27;
    real *const restrict linear_37 = w->buffers.linear_37;
    real *const restrict linear_49 = w->buffers.linear_49;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const cell_1_reset_weight = w->parameters[3].values;
    const real *const cell_1_update_weight = w->parameters[5].values;
    const real *const cell_1_candidate_weight = w->parameters[7].values;
    product_32x32_by_64_1_large(w->blas, linear_27 + 0 + at, row, cell_1_reset_weight, state_0_0 + 0 + at + columns, row, count);
    product_32x32_by_64_1_large(w->blas, linear_37 + 0 + at, row, cell_1_update_weight, state_0_0 + 0 + at + columns, row, count);
    product_32x32_by_64_1_large(w->blas, linear_49 + 0 + at, row, cell_1_candidate_weight, state_0_0 + 0 + at + columns, row, count);
}

/* One step of the loop of layer 2, for a block of columns. */
INLINE void loop_1(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict linear_27 = w->buffers.linear_27;
    real *const restrict linear_29 = w->buffers.linear_29;
    real *const restrict linear_37 = w->buffers.linear_37;
    real *const restrict linear_39 = w->buffers.linear_39;
    real *const restrict linear_49 = w->buffers.linear_49;
    real *const restrict linear_51 = w->buffers.linear_51;
    real *const restrict multiply_45 = w->buffers.multiply_45;
    real *const restrict sigmoid_34 = w->buffers.sigmoid_34;
    real *const restrict sigmoid_44 = w->buffers.sigmoid_44;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    real *const restrict tanh_56 = w->buffers.tanh_56;
    const real *const cell_1_reset_weight = w->parameters[3].values;
    const real *const cell_1_reset_bias = w->parameters[4].values;
    const real *const cell_1_update_weight = w->parameters[5].values;
    const real *const cell_1_update_bias = w->parameters[6].values;
    const real *const cell_1_candidate_weight = w->parameters[7].values;
    const real *const cell_1_candidate_bias = w->parameters[8].values;
    product_32x32_by_64_1_large(w->blas, linear_29 + 0, SCRATCH_ROW, cell_1_reset_weight + 32, state_1_0 + 0 + at, row, count);
    product_32x32_by_64_1_large(w->blas, linear_39 + 0, SCRATCH_ROW, cell_1_update_weight + 32, state_1_0 + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            AHEAD(linear_27 + i * row + at + columns + j);
            const vec linear27 = v_load(linear_27 + i * row + at + j);
            const vec parameter31 = v_all(cell_1_reset_bias[i]);
            const vec add32 = (linear27 + parameter31);
            const vec linear29 = v_load(linear_29 + i * SCRATCH_ROW + j);
            const vec add33 = (add32 + linear29);
            const vec sigmoid34 = v_sigmoid(add33);
            AHEAD(linear_37 + i * row + at + columns + j);
            const vec linear37 = v_load(linear_37 + i * row + at + j);
            const vec parameter41 = v_all(cell_1_update_bias[i]);
            const vec add42 = (linear37 + parameter41);
            const vec linear39 = v_load(linear_39 + i * SCRATCH_ROW + j);
            const vec add43 = (add42 + linear39);
            const vec sigmoid44 = v_sigmoid(add43);
            AHEAD(state_1_0 + i * row + at + columns + j);
            const vec state24 = v_load(state_1_0 + i * row + at + j);
            const vec multiply45 = (sigmoid34 * state24);
            v_store(sigmoid_34 + at * 32 + i * count + j, sigmoid34);
            v_store(sigmoid_44 + at * 32 + i * count + j, sigmoid44);
            v_store(multiply_45 + i * row + at + j, multiply45);
        }
    }
    product_32x32_by_64_1_large(w->blas, linear_51 + 0, SCRATCH_ROW, cell_1_candidate_weight + 32, multiply_45 + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            AHEAD(linear_49 + i * row + at + columns + j);
            const vec linear49 = v_load(linear_49 + i * row + at + j);
            const vec parameter53 = v_all(cell_1_candidate_bias[i]);
            const vec add54 = (linear49 + parameter53);
            const vec linear51 = v_load(linear_51 + i * SCRATCH_ROW + j);
            const vec add55 = (add54 + linear51);
            const vec tanh56 = v_tanh(add55);
            AHEAD(sigmoid_44 + at * 32 + i * count + columns * 32 + j);
            const vec sigmoid44 = v_load(sigmoid_44 + at * 32 + i * count + j);
            const vec multiply57 = (sigmoid44 * tanh56);
            const vec subtract58 = (v_all((real)1.0) - sigmoid44);
            AHEAD(state_1_0 + i * row + at + columns + j);
            const vec state24 = v_load(state_1_0 + i * row + at + j);
            const vec multiply59 = (subtract58 * state24);
            const vec add60 = (multiply57 + multiply59);
            v_store(tanh_56 + at * 32 + i * count + j, tanh56);
            v_store(state_1_0 + i * row + at + columns + j, add60);
        }
    }
}

/* After the loops: the readout, for a block of columns. */
INLINE void after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_74 = w->buffers.add_74;
    real *const restrict add_76 = w->buffers.add_76;
    real *const restrict linear_70 = w->buffers.linear_70;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    const real *const readout_linear_weight = w->parameters[9].values;
    product_2x32_by_34_1(w->blas, linear_70 + 0, SCRATCH_ROW, readout_linear_weight + 2, state_1_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec lookup75 = v_lookup(add_74 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear70 = v_load(linear_70 + i * SCRATCH_ROW + j);
            const vec add76 = (lookup75 + linear70);
            v_store(add_76 + i * row + at + j, add76);
        }
    }
}

/* The readout's gradients, over all columns of all steps. */
static void sums_back_after(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of readout_linear_weight */
    outer_2x32_by_34_1_more(w->blas, w->gradients + 7368, cotangent + 0 + at, row, state_1_0 + 0 + at + columns, row, count);
}

/* One step back through the loop of layer 2, for a block of columns. */
INLINE void back_loop_1(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_92 = w->buffers.add_92;
    real *const restrict carry_1_0 = w->buffers.carry_1_0;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict linear_102 = w->buffers.linear_102;
    real *const restrict linear_82 = w->buffers.linear_82;
    real *const restrict multiply_100 = w->buffers.multiply_100;
    real *const restrict multiply_116 = w->buffers.multiply_116;
    real *const restrict multiply_130 = w->buffers.multiply_130;
    real *const restrict products_166 = w->buffers.products_166;
    real *const restrict products_167 = w->buffers.products_167;
    real *const restrict sigmoid_34 = w->buffers.sigmoid_34;
    real *const restrict sigmoid_44 = w->buffers.sigmoid_44;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    real *const restrict tanh_56 = w->buffers.tanh_56;
    const real *const cell_1_reset_weight = w->parameters[3].values;
    const real *const cell_1_update_weight = w->parameters[5].values;
    const real *const cell_1_candidate_weight = w->parameters[7].values;
    const real *const readout_linear_weight = w->parameters[9].values;
    product_32x2_by_1_34(w->blas, linear_82 + 0, SCRATCH_ROW, readout_linear_weight + 2, cotangent + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear82 = v_load(linear_82 + i * SCRATCH_ROW + j);
            const vec back62 = v_load(carry_1_0 + (turn * 32 + i) * SCRATCH_ROW + j);
            const vec add92 = (linear82 + back62);
            AHEAD(sigmoid_44 + at * 32 + i * count - columns * 32 + j);
            const vec sigmoid44 = v_load(sigmoid_44 + at * 32 + i * count + j);
            const vec multiply97 = (add92 * sigmoid44);
            AHEAD(tanh_56 + at * 32 + i * count - columns * 32 + j);
            const vec tanh56 = v_load(tanh_56 + at * 32 + i * count + j);
            const vec multiply98 = (tanh56 * tanh56);
            const vec subtract99 = (v_all((real)1.0) - multiply98);
            const vec multiply100 = (multiply97 * subtract99);
            AHEAD(state_1_0 + i * row + at - columns + j);
            const vec state24 = v_load(state_1_0 + i * row + at + j);
            const vec multiply93 = (add92 * state24);
            const vec negative95 = (-multiply93);
            const vec multiply96 = (add92 * tanh56);
            const vec add114 = (negative95 + multiply96);
            const vec subtract58 = (v_all((real)1.0) - sigmoid44);
            const vec multiply115 = (sigmoid44 * subtract58);
            const vec multiply116 = (add114 * multiply115);
            v_store(add_92 + i * SCRATCH_ROW + j, add92);
            v_store(multiply_100 + i * RECENT_ROW + recent + j, multiply100);
            v_store(multiply_116 + i * RECENT_ROW + recent + j, multiply116);
        }
    }
    product_32x32_by_1_64_large(w->blas, linear_102 + 0, SCRATCH_ROW, cell_1_candidate_weight + 32, multiply_100 + 0 + recent, RECENT_ROW, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear102 = v_load(linear_102 + i * SCRATCH_ROW + j);
            AHEAD(state_1_0 + i * row + at - columns + j);
            const vec state24 = v_load(state_1_0 + i * row + at + j);
            const vec multiply112 = (linear102 * state24);
            AHEAD(sigmoid_34 + at * 32 + i * count - columns * 32 + j);
            const vec sigmoid34 = v_load(sigmoid_34 + at * 32 + i * count + j);
            const vec subtract128 = (v_all((real)1.0) - sigmoid34);
            const vec multiply129 = (sigmoid34 * subtract128);
            const vec multiply130 = (multiply112 * multiply129);
            v_store(multiply_130 + i * RECENT_ROW + recent + j, multiply130);
        }
    }
    product_32x32_by_1_64_large(w->blas, products_167 + 0, SCRATCH_ROW, cell_1_reset_weight + 32, multiply_130 + 0 + recent, RECENT_ROW, count);
    product_32x32_by_1_64_more_large(w->blas, products_167 + 0, SCRATCH_ROW, cell_1_update_weight + 32, multiply_116 + 0 + recent, RECENT_ROW, count);
    product_32x32_by_1_64_large(w->blas, products_166 + 0 + at, row, cell_1_reset_weight, multiply_130 + 0 + recent, RECENT_ROW, count);
    product_32x32_by_1_64_more_large(w->blas, products_166 + 0 + at, row, cell_1_candidate_weight, multiply_100 + 0 + recent, RECENT_ROW, count);
    product_32x32_by_1_64_more_large(w->blas, products_166 + 0 + at, row, cell_1_update_weight, multiply_116 + 0 + recent, RECENT_ROW, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products167 = v_load(products_167 + i * SCRATCH_ROW + j);
            const vec add92 = v_load(add_92 + i * SCRATCH_ROW + j);
            AHEAD(sigmoid_44 + at * 32 + i * count - columns * 32 + j);
            const vec sigmoid44 = v_load(sigmoid_44 + at * 32 + i * count + j);
            const vec subtract58 = (v_all((real)1.0) - sigmoid44);
            const vec multiply94 = (add92 * subtract58);
            const vec linear102 = v_load(linear_102 + i * SCRATCH_ROW + j);
            AHEAD(sigmoid_34 + at * 32 + i * count - columns * 32 + j);
            const vec sigmoid34 = v_load(sigmoid_34 + at * 32 + i * count + j);
            const vec multiply113 = (linear102 * sigmoid34);
            const vec add144 = products167 + multiply94 + multiply113;
            v_store(carry_1_0 + ((1 - turn) * 32 + i) * SCRATCH_ROW + j, add144);
        }
    }
}

/* The gradients of layer 2's weights, over the last few steps. */
static void sums_back_loop_1(struct work *w, const long at, const long count) {
    const long recent = 0; (void)at; (void)count; (void)recent;
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict multiply_100 = w->buffers.multiply_100;
    real *const restrict multiply_116 = w->buffers.multiply_116;
    real *const restrict multiply_130 = w->buffers.multiply_130;
    real *const restrict multiply_45 = w->buffers.multiply_45;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_1_0 = w->buffers.state_1_0;
    real *const restrict sum_of_columns_101 = w->buffers.sum_of_columns_101;
    real *const restrict sum_of_columns_117 = w->buffers.sum_of_columns_117;
    real *const restrict sum_of_columns_131 = w->buffers.sum_of_columns_131;
    /* gradient of cell_1_candidate_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 5286, multiply_100 + 0 + recent, RECENT_ROW, state_0_0 + 0 + at + columns, row, count);
    /* gradient of cell_1_update_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 3206, multiply_116 + 0 + recent, RECENT_ROW, state_0_0 + 0 + at + columns, row, count);
    /* gradient of cell_1_reset_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 1126, multiply_130 + 0 + recent, RECENT_ROW, state_0_0 + 0 + at + columns, row, count);
    /* gradient of cell_1_update_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 3238, multiply_116 + 0 + recent, RECENT_ROW, state_1_0 + 0 + at, row, count);
    /* gradient of cell_1_reset_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 1158, multiply_130 + 0 + recent, RECENT_ROW, state_1_0 + 0 + at, row, count);
    /* gradient of cell_1_candidate_weight */
    outer_32x32_by_64_1_more_large(w->blas, w->gradients + 5318, multiply_100 + 0 + recent, RECENT_ROW, multiply_45 + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply100 = v_load(multiply_100 + i * RECENT_ROW + recent + j);
            sum += multiply100;
        }
        *(sum_of_columns_101 + i) += v_total(sum);
    }
    for (long i = 0; i < 32; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply116 = v_load(multiply_116 + i * RECENT_ROW + recent + j);
            sum += multiply116;
        }
        *(sum_of_columns_117 + i) += v_total(sum);
    }
    for (long i = 0; i < 32; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply130 = v_load(multiply_130 + i * RECENT_ROW + recent + j);
            sum += multiply130;
        }
        *(sum_of_columns_131 + i) += v_total(sum);
    }
}

/* One step back through the loop of layer 1, for a block of columns. */
INLINE void back_loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_147 = w->buffers.add_147;
    real *const restrict carry_0_0 = w->buffers.carry_0_0;
    real *const restrict linear_153 = w->buffers.linear_153;
    real *const restrict multiply_150 = w->buffers.multiply_150;
    real *const restrict products_166 = w->buffers.products_166;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const cell_0_linear_weight = w->parameters[1].values;
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            AHEAD(products_166 + i * row + at - columns + j);
            const vec products166 = v_load(products_166 + i * row + at + j);
            const vec add146 = products166;
            const vec back22 = v_load(carry_0_0 + (turn * 32 + i) * SCRATCH_ROW + j);
            const vec add147 = (add146 + back22);
            AHEAD(state_0_0 + i * row + at + columns - columns + j);
            const vec tanh20 = v_load(state_0_0 + i * row + at + columns + j);
            const vec multiply148 = (tanh20 * tanh20);
            const vec subtract149 = (v_all((real)1.0) - multiply148);
            const vec multiply150 = (add147 * subtract149);
            v_store(add_147 + i * SCRATCH_ROW + j, add147);
            v_store(multiply_150 + i * RECENT_ROW + recent + j, multiply150);
        }
    }
    product_32x32_by_1_34_large(w->blas, linear_153 + 0, SCRATCH_ROW, cell_0_linear_weight + 2, multiply_150 + 0 + recent, RECENT_ROW, count);
    for (long i = 0; i < 32; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear153 = v_load(linear_153 + i * SCRATCH_ROW + j);
            v_store(carry_0_0 + ((1 - turn) * 32 + i) * SCRATCH_ROW + j, linear153);
        }
    }
}

/* The gradients of layer 1's weights, over the last few steps. */
static void sums_back_loop_0(struct work *w, const long at, const long count) {
    const long recent = 0; (void)at; (void)count; (void)recent;
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict multiply_150 = w->buffers.multiply_150;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict sum_by_symbol_151 = w->buffers.sum_by_symbol_151;
    /* gradient of cell_0_linear_weight */
    outer_32x32_by_34_1_more_large(w->blas, w->gradients + 8, multiply_150 + 0 + recent, RECENT_ROW, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 32; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_151 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply150 = v_load(multiply_150 + i * RECENT_ROW + recent + j);
            v_by_symbol(multiply150, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
}

/* Back through the tables by symbol, and the rest of the weights' gradients. */
static void back_weights(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_163 = w->buffers.add_163;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict products_165 = w->buffers.products_165;
    real *const restrict sum_by_symbol_151 = w->buffers.sum_by_symbol_151;
    real *const restrict sum_by_symbol_80 = w->buffers.sum_by_symbol_80;
    real *const restrict sum_of_columns_101 = w->buffers.sum_of_columns_101;
    real *const restrict sum_of_columns_117 = w->buffers.sum_of_columns_117;
    real *const restrict sum_of_columns_131 = w->buffers.sum_of_columns_131;
    real *const restrict sum_of_columns_152 = w->buffers.sum_of_columns_152;
    real *const restrict sum_of_columns_81 = w->buffers.sum_of_columns_81;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const cell_0_linear_weight = w->parameters[1].values;
    const real *const readout_linear_weight = w->parameters[9].values;
    { /* what each symbol's gradient is */
    const long at = 0, count = columns * w->time; (void)at;
    for (long i = 0; i < 2; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_80 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec cotangent77 = v_load(cotangent + i * row + at + j);
            v_by_symbol(cotangent77, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    }
    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;
    product_2x2_by_1_34(w->blas, products_165 + 0, VOCABULARY_ROW, readout_linear_weight, sum_by_symbol_80 + 0, VOCABULARY_ROW, count);
    product_2x32_by_1_34_more(w->blas, products_165 + 0, VOCABULARY_ROW, cell_0_linear_weight, sum_by_symbol_151 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products165 = v_load(products_165 + i * VOCABULARY_ROW + j);
            const vec add163 = products165;
            v_store(add_163 + i * VOCABULARY_ROW + j, add163);
        }
    }
    /* gradient of cell_0_linear_weight */
    outer_32x2_by_34_1_more(w->blas, w->gradients + 6, sum_by_symbol_151 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    /* gradient of readout_linear_weight */
    outer_2x2_by_34_1_more(w->blas, w->gradients + 7366, sum_by_symbol_80 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 2; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol80 = v_load(sum_by_symbol_80 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol80;
        }
        *(sum_of_columns_81 + i) += v_total(sum);
    }
    for (long i = 0; i < 32; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol151 = v_load(sum_by_symbol_151 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol151;
        }
        *(sum_of_columns_152 + i) += v_total(sum);
    }
    }
    /* gradient of readout_linear_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns81 = v_all(*(sum_of_columns_81 + i));
        (w->gradients + 7434)[i] += (sumofcolumns81)[0];
    }
    /* gradient of cell_1_candidate_bias */
    for (long i = 0; i < 32; ++i) {
        const vec sumofcolumns101 = v_all(*(sum_of_columns_101 + i));
        (w->gradients + 7334)[i] += (sumofcolumns101)[0];
    }
    /* gradient of cell_1_update_bias */
    for (long i = 0; i < 32; ++i) {
        const vec sumofcolumns117 = v_all(*(sum_of_columns_117 + i));
        (w->gradients + 5254)[i] += (sumofcolumns117)[0];
    }
    /* gradient of cell_1_reset_bias */
    for (long i = 0; i < 32; ++i) {
        const vec sumofcolumns131 = v_all(*(sum_of_columns_131 + i));
        (w->gradients + 3174)[i] += (sumofcolumns131)[0];
    }
    /* gradient of cell_0_linear_bias */
    for (long i = 0; i < 32; ++i) {
        const vec sumofcolumns152 = v_all(*(sum_of_columns_152 + i));
        (w->gradients + 1094)[i] += (sumofcolumns152)[0];
    }
    /* gradient of embedding_weight */
    for (int s = 0; s < VOCABULARY; ++s)
        for (int d = 0; d < 2; ++d)
            (w->gradients + 0)[s * 2 + d] += (add_163 + 0)[d * VOCABULARY_ROW + s];
}

static void forward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    for (long j = 0; j < columns; j += BLOCK) { /* loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        for (long t = 0; t < w->time; ++t) { loop_0(w, t * columns + j, width, turn, 0); }
    }
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        before_1(w, at, count, 0, 0);
    }
    for (long j = 0; j < columns; j += BLOCK) { /* loop_1 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        for (long t = 0; t < w->time; ++t) { loop_1(w, t * columns + j, width, turn, 0); }
    }
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        after(w, at, count, 0, 0);
    }
}

static void backward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    memset(w->buffers.sum_of_columns_101, 0, sizeof(real) * 32);
    memset(w->buffers.sum_of_columns_117, 0, sizeof(real) * 32);
    memset(w->buffers.sum_of_columns_131, 0, sizeof(real) * 32);
    memset(w->buffers.sum_by_symbol_80, 0, sizeof(real) * 2 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_81, 0, sizeof(real) * 2);
    memset(w->buffers.sum_by_symbol_151, 0, sizeof(real) * 32 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_152, 0, sizeof(real) * 32);
    sums_back_after(w);
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_1 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_1_0, 0, sizeof(real) * 2 * 32 * SCRATCH_ROW);
        const long few = columns <= BLOCK ? BLOCK / width : 1; (void)few;
        for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_1(w, t * columns + j, width, turn, t % few * width); if (t % few == 0) sums_back_loop_1(w, t * columns + j, (few < w->time - t ? few : w->time - t) * width); }
        if (w->given_back) give_back(w->buffers.carry_1_0 + turn * 32 * SCRATCH_ROW, w->given_back[1], 32, j, width, w);
    }
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_0_0, 0, sizeof(real) * 2 * 32 * SCRATCH_ROW);
        const long few = columns <= BLOCK ? BLOCK / width : 1; (void)few;
        for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, width, turn, t % few * width); if (t % few == 0) sums_back_loop_0(w, t * columns + j, (few < w->time - t ? few : w->time - t) * width); }
        if (w->given_back) give_back(w->buffers.carry_0_0 + turn * 32 * SCRATCH_ROW, w->given_back[0], 32, j, width, w);
    }
    back_weights(w);
}


static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {w->buffers.state_0_0, w->buffers.state_1_0}, *const outside[] = {0, 0};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = 0;
    *running = 0;
}
static const long state_sizes[] = {32, 32};
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
