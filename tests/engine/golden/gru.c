/* Made by seqtasks for a golden model. */
#include <pthread.h>
#include <sched.h>
#define REAL_BITS 32
#define VOCABULARY 0
#define VOCABULARY_ROW 0
#define INPUT_SIZE 3
#define OUTPUT_SIZE 2
#define GRADIENTS 160
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
    real *inputs;
    real *linear_19;
    real *add_21;
    real *linear_25;
    real *add_27;
    real *linear_31;
    real *add_33;
    real *add_53;
    real *add_57;
    real *linear_2;
    real *linear_49;
    real *sigmoid_56;
    real *sigmoid_60;
    real *tanh_63;
    real *linear_71;
    real *add_73;
    real *sum_of_columns_76;
    real *linear_77;
    real *add_79;
    real *multiply_87;
    real *products_163;
    real *products_162;
    real *sum_of_columns_93;
    real *sum_of_columns_97;
    real *sum_of_columns_98;
    real *sum_of_columns_120;
    real *outer_122;
    real *outer_136;
    real *outer_146;
    real *add_159;
    real *linear_160;
    real *linear_125;
    real *multiply_130;
    real *add_131;
    real *linear_137;
    real *multiply_140;
    real *add_141;
    real *linear_147;
    real *multiply_150;
    real *add_151;
    real *linear_22_28_34;
    real *linear_41_45;
    real *multiply_96_92_89;
    real *inputs_back;
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
    TAKE(w->buffers.inputs, real, 3 * row);
    TAKE(w->buffers.linear_19, real, 5);
    TAKE(w->buffers.add_21, real, 5);
    TAKE(w->buffers.linear_25, real, 5);
    TAKE(w->buffers.add_27, real, 5);
    TAKE(w->buffers.linear_31, real, 5);
    TAKE(w->buffers.add_33, real, 5);
    TAKE(w->buffers.add_53, real, 5);
    TAKE(w->buffers.add_57, real, 5);
    TAKE(w->buffers.linear_2, real, 2 * row);
    TAKE(w->buffers.linear_49, real, 5 * row);
    TAKE(w->buffers.sigmoid_56, real, 5 * row);
    TAKE(w->buffers.sigmoid_60, real, 5 * row);
    TAKE(w->buffers.tanh_63, real, 5 * row);
    TAKE(w->buffers.linear_71, real, 2 * SCRATCH_ROW);
    TAKE(w->buffers.add_73, real, 2 * row);
    TAKE(w->buffers.sum_of_columns_76, real, 2);
    TAKE(w->buffers.linear_77, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.add_79, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_87, real, 5 * row);
    TAKE(w->buffers.products_163, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.products_162, real, 2 * row);
    TAKE(w->buffers.sum_of_columns_93, real, 5);
    TAKE(w->buffers.sum_of_columns_97, real, 5);
    TAKE(w->buffers.sum_of_columns_98, real, 5);
    TAKE(w->buffers.sum_of_columns_120, real, 5);
    TAKE(w->buffers.outer_122, real, 10);
    TAKE(w->buffers.outer_136, real, 10);
    TAKE(w->buffers.outer_146, real, 10);
    TAKE(w->buffers.add_159, real, 2 * row);
    TAKE(w->buffers.linear_160, real, 3 * SCRATCH_ROW);
    TAKE(w->buffers.linear_125, real, 2);
    TAKE(w->buffers.multiply_130, real, 10);
    TAKE(w->buffers.add_131, real, 10);
    TAKE(w->buffers.linear_137, real, 2);
    TAKE(w->buffers.multiply_140, real, 10);
    TAKE(w->buffers.add_141, real, 10);
    TAKE(w->buffers.linear_147, real, 2);
    TAKE(w->buffers.multiply_150, real, 10);
    TAKE(w->buffers.add_151, real, 10);
    TAKE(w->buffers.linear_22_28_34, real, 15 * row);
    TAKE(w->buffers.linear_41_45, real, 10 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_96_92_89, real, 15 * row);
    TAKE(w->buffers.inputs_back, real, 3 * row);
    w->predictions = w->buffers.add_73;
#undef TAKE
    (void)row;
    return taken;
}
static __attribute__((noinline)) void product_2x3_by_3_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 3, 1, v, v_row, 2, 3, count, 0);
}
static __attribute__((noinline)) void product_15x2_by_2_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 2, 1, v, v_row, 15, 2, count, 0);
}
static __attribute__((noinline)) void product_10x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 10, 5, count, 0);
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
static __attribute__((noinline)) void product_5x15_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 15, count, 0);
}
static __attribute__((noinline)) void product_2x5_by_1_2(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 2, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void product_2x5_by_1_2_more(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 2, v, v_row, 2, 5, count, 1);
}
static __attribute__((noinline)) void product_3x2_by_1_3(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 3, v, v_row, 3, 2, count, 0);
}
static __attribute__((noinline)) void outer_2x3_by_3_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 3, 1, g, g_row, v, v_row, 2, 3, count);
}
static __attribute__((noinline)) void outer_5x2_by_2_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 2, 1, g, g_row, v, v_row, 5, 2, count);
}
static __attribute__((noinline)) void outer_15x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 15, 5, count);
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
    real *const restrict add_21 = w->buffers.add_21;
    real *const restrict add_27 = w->buffers.add_27;
    real *const restrict add_33 = w->buffers.add_33;
    real *const restrict add_53 = w->buffers.add_53;
    real *const restrict add_57 = w->buffers.add_57;
    real *const restrict linear_19 = w->buffers.linear_19;
    real *const restrict linear_25 = w->buffers.linear_25;
    real *const restrict linear_31 = w->buffers.linear_31;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const embedding_bias = w->parameters[1].values;
    const real *const cell_weight_ih_l0 = w->parameters[2].values;
    const real *const cell_bias_ih_l0 = w->parameters[3].values;
    const real *const cell_bias_hh_l0 = w->parameters[5].values;
    /* what depends on weights alone */
    for (int i = 0; i < 5; ++i) {
        real total = 0;
        for (int k = 0; k < 2; ++k) total += (cell_weight_ih_l0)[i * 2 + k * 1] * (embedding_bias + 0)[k];
        (linear_19 + 0)[i] = total;
    }
    for (int i = 0; i < 5; ++i) {
        real total = 0;
        for (int k = 0; k < 2; ++k) total += (cell_weight_ih_l0 + 10)[i * 2 + k * 1] * (embedding_bias + 0)[k];
        (linear_25 + 0)[i] = total;
    }
    for (int i = 0; i < 5; ++i) {
        real total = 0;
        for (int k = 0; k < 2; ++k) total += (cell_weight_ih_l0 + 20)[i * 2 + k * 1] * (embedding_bias + 0)[k];
        (linear_31 + 0)[i] = total;
    }
    for (long i = 0; i < 5; ++i) {
        const vec linear19 = v_all(*(linear_19 + i));
        const vec parameter15 = v_all(cell_bias_ih_l0[i]);
        const vec view20 = parameter15;
        const vec add21 = (linear19 + view20);
        const vec linear25 = v_all(*(linear_25 + i));
        const vec parameter15_5 = v_all(cell_bias_ih_l0[5 + i]);
        const vec view26 = parameter15_5;
        const vec add27 = (linear25 + view26);
        const vec linear31 = v_all(*(linear_31 + i));
        const vec parameter15_9 = v_all(cell_bias_ih_l0[10 + i]);
        const vec view32 = parameter15_9;
        const vec add33 = (linear31 + view32);
        const vec parameter38 = v_all(cell_bias_hh_l0[i]);
        const vec view42 = parameter38;
        const vec add53 = (add21 + view42);
        const vec parameter38_15 = v_all(cell_bias_hh_l0[5 + i]);
        const vec view46 = parameter38_15;
        const vec add57 = (add27 + view46);
        *(add_21 + i) = (add21)[0];
        *(add_27 + i) = (add27)[0];
        *(add_33 + i) = (add33)[0];
        *(add_53 + i) = (add53)[0];
        *(add_57 + i) = (add57)[0];
    }
    /* state 0 of layer 0 before the first step */
    if (w->given) give(state_0_0, row, w->given[0], 5, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 5; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread164 = v_all((real)0.0);
                v_store(state_0_0 + i * row + at + j, spread164);
            }
        }
    }
}

/* Before the loop of layer 1, for a block of columns. */
INLINE void before_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict inputs = w->buffers.inputs;
    real *const restrict linear_2 = w->buffers.linear_2;
    real *const restrict linear_22_28_34 = w->buffers.linear_22_28_34;
    const real *const embedding_weight = w->parameters[0].values;
    const real *const cell_weight_ih_l0 = w->parameters[2].values;
    product_2x3_by_3_1(w->blas, linear_2 + 0 + at, row, embedding_weight, inputs + 0 + at, row, count);
    product_15x2_by_2_1(w->blas, linear_22_28_34 + 0 + at, row, cell_weight_ih_l0, linear_2 + 0 + at, row, count);
}

/* One step of the loop of layer 1, for a block of columns. */
INLINE void loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_33 = w->buffers.add_33;
    real *const restrict add_53 = w->buffers.add_53;
    real *const restrict add_57 = w->buffers.add_57;
    real *const restrict linear_22_28_34 = w->buffers.linear_22_28_34;
    real *const restrict linear_41_45 = w->buffers.linear_41_45;
    real *const restrict linear_49 = w->buffers.linear_49;
    real *const restrict sigmoid_56 = w->buffers.sigmoid_56;
    real *const restrict sigmoid_60 = w->buffers.sigmoid_60;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict tanh_63 = w->buffers.tanh_63;
    const real *const cell_weight_hh_l0 = w->parameters[4].values;
    const real *const cell_bias_hh_l0 = w->parameters[5].values;
    product_10x5_by_5_1(w->blas, linear_41_45 + 0, SCRATCH_ROW, cell_weight_hh_l0, state_0_0 + 0 + at, row, count);
    product_5x5_by_5_1(w->blas, linear_49 + 0 + at, row, cell_weight_hh_l0 + 50, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec add53 = v_all(*(add_53 + i));
            const vec linear22 = v_load(linear_22_28_34 + i * row + at + j);
            const vec add54 = (add53 + linear22);
            const vec linear41 = v_load(linear_41_45 + i * SCRATCH_ROW + j);
            const vec add55 = (add54 + linear41);
            const vec sigmoid56 = v_sigmoid(add55);
            const vec add57 = v_all(*(add_57 + i));
            const vec linear28 = v_load(linear_22_28_34 + (5 + i) * row + at + j);
            const vec add58 = (add57 + linear28);
            const vec linear45 = v_load(linear_41_45 + (5 + i) * SCRATCH_ROW + j);
            const vec add59 = (add58 + linear45);
            const vec sigmoid60 = v_sigmoid(add59);
            const vec add33 = v_all(*(add_33 + i));
            const vec linear34 = v_load(linear_22_28_34 + (10 + i) * row + at + j);
            const vec add35 = (add33 + linear34);
            const vec linear49 = v_load(linear_49 + i * row + at + j);
            const vec parameter38 = v_all(cell_bias_hh_l0[10 + i]);
            const vec view50 = parameter38;
            const vec add51 = (linear49 + view50);
            const vec multiply61 = (sigmoid56 * add51);
            const vec add62 = (add35 + multiply61);
            const vec tanh63 = v_tanh(add62);
            const vec subtract64 = (v_all((real)1.0) - sigmoid60);
            const vec multiply65 = (subtract64 * tanh63);
            const vec state10 = v_load(state_0_0 + i * row + at + j);
            const vec multiply66 = (sigmoid60 * state10);
            const vec add67 = (multiply65 + multiply66);
            v_store(sigmoid_56 + i * row + at + j, sigmoid56);
            v_store(sigmoid_60 + i * row + at + j, sigmoid60);
            v_store(tanh_63 + i * row + at + j, tanh63);
            v_store(state_0_0 + i * row + at + columns + j, add67);
        }
    }
}

/* After the loops: the readout, for a block of columns. */
INLINE void after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_73 = w->buffers.add_73;
    real *const restrict linear_71 = w->buffers.linear_71;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const real *const readout_linear_weight = w->parameters[6].values;
    const real *const readout_linear_bias = w->parameters[7].values;
    product_2x5_by_5_1(w->blas, linear_71 + 0, SCRATCH_ROW, readout_linear_weight, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear71 = v_load(linear_71 + i * SCRATCH_ROW + j);
            const vec parameter72 = v_all(readout_linear_bias[i]);
            const vec add73 = (linear71 + parameter72);
            v_store(add_73 + i * row + at + j, add73);
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
    real *const restrict sum_of_columns_76 = w->buffers.sum_of_columns_76;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of readout_linear_weight */
    outer_2x5_by_5_1_more(w->blas, w->gradients + 143, cotangent + 0 + at, row, state_0_0 + 0 + at + columns, row, count);
    for (long i = 0; i < 2; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec cotangent74 = v_load(cotangent + i * row + at + j);
            sum += cotangent74;
        }
        *(sum_of_columns_76 + i) += v_total(sum);
    }
}

/* One step back through the loop of layer 1, for a block of columns. */
INLINE void back_loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_79 = w->buffers.add_79;
    real *const restrict carry_0_0 = w->buffers.carry_0_0;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict linear_49 = w->buffers.linear_49;
    real *const restrict linear_77 = w->buffers.linear_77;
    real *const restrict multiply_87 = w->buffers.multiply_87;
    real *const restrict multiply_96_92_89 = w->buffers.multiply_96_92_89;
    real *const restrict products_162 = w->buffers.products_162;
    real *const restrict products_163 = w->buffers.products_163;
    real *const restrict sigmoid_56 = w->buffers.sigmoid_56;
    real *const restrict sigmoid_60 = w->buffers.sigmoid_60;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict tanh_63 = w->buffers.tanh_63;
    const real *const cell_weight_ih_l0 = w->parameters[2].values;
    const real *const cell_weight_hh_l0 = w->parameters[4].values;
    const real *const cell_bias_hh_l0 = w->parameters[5].values;
    const real *const readout_linear_weight = w->parameters[6].values;
    product_5x2_by_1_5(w->blas, linear_77 + 0, SCRATCH_ROW, readout_linear_weight, cotangent + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear77 = v_load(linear_77 + i * SCRATCH_ROW + j);
            const vec back69 = v_load(carry_0_0 + (turn * 5 + i) * SCRATCH_ROW + j);
            const vec add79 = (linear77 + back69);
            const vec sigmoid60 = v_load(sigmoid_60 + i * row + at + j);
            const vec subtract64 = (v_all((real)1.0) - sigmoid60);
            const vec multiply83 = (add79 * subtract64);
            const vec tanh63 = v_load(tanh_63 + i * row + at + j);
            const vec multiply85 = (tanh63 * tanh63);
            const vec subtract86 = (v_all((real)1.0) - multiply85);
            const vec multiply87 = (multiply83 * subtract86);
            const vec sigmoid56 = v_load(sigmoid_56 + i * row + at + j);
            const vec multiply89 = (multiply87 * sigmoid56);
            const vec state10 = v_load(state_0_0 + i * row + at + j);
            const vec multiply80 = (add79 * state10);
            const vec multiply82 = (add79 * tanh63);
            const vec negative84 = (-multiply82);
            const vec add90 = (multiply80 + negative84);
            const vec multiply91 = (sigmoid60 * subtract64);
            const vec multiply92 = (add90 * multiply91);
            const vec linear49 = v_load(linear_49 + i * row + at + j);
            const vec parameter38 = v_all(cell_bias_hh_l0[10 + i]);
            const vec view50 = parameter38;
            const vec add51 = (linear49 + view50);
            const vec multiply88 = (multiply87 * add51);
            const vec subtract94 = (v_all((real)1.0) - sigmoid56);
            const vec multiply95 = (sigmoid56 * subtract94);
            const vec multiply96 = (multiply88 * multiply95);
            v_store(add_79 + i * SCRATCH_ROW + j, add79);
            v_store(multiply_87 + i * row + at + j, multiply87);
            v_store(multiply_96_92_89 + (10 + i) * row + at + j, multiply89);
            v_store(multiply_96_92_89 + (5 + i) * row + at + j, multiply92);
            v_store(multiply_96_92_89 + i * row + at + j, multiply96);
        }
    }
    product_5x15_by_1_5(w->blas, products_163 + 0, SCRATCH_ROW, cell_weight_hh_l0, multiply_96_92_89 + 0 + at, row, count);
    product_2x5_by_1_2(w->blas, products_162 + 0 + at, row, cell_weight_ih_l0, multiply_96_92_89 + 0 + at, row, count);
    product_2x5_by_1_2_more(w->blas, products_162 + 0 + at, row, cell_weight_ih_l0 + 20, multiply_87 + 0 + at, row, count);
    product_2x5_by_1_2_more(w->blas, products_162 + 0 + at, row, cell_weight_ih_l0 + 10, multiply_96_92_89 + 5 * row + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products163 = v_load(products_163 + i * SCRATCH_ROW + j);
            const vec add79 = v_load(add_79 + i * SCRATCH_ROW + j);
            const vec sigmoid60 = v_load(sigmoid_60 + i * row + at + j);
            const vec multiply81 = (add79 * sigmoid60);
            const vec add157 = products163 + multiply81;
            v_store(carry_0_0 + ((1 - turn) * 5 + i) * SCRATCH_ROW + j, add157);
        }
    }
}

/* The gradient of the inputs, for a block of columns. */
INLINE void back_inputs(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_159 = w->buffers.add_159;
    real *const restrict inputs_back = w->buffers.inputs_back;
    real *const restrict linear_160 = w->buffers.linear_160;
    const real *const embedding_weight = w->parameters[0].values;
    product_3x2_by_1_3(w->blas, linear_160 + 0, SCRATCH_ROW, embedding_weight, add_159 + 0 + at, row, count);
    for (long i = 0; i < 3; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear160 = v_load(linear_160 + i * SCRATCH_ROW + j);
            v_store(inputs_back + i * row + at + j, linear160);
        }
    }
}

/* Back through what came before the loop of layer 1. */
INLINE void back_before_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_159 = w->buffers.add_159;
    real *const restrict products_162 = w->buffers.products_162;
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products162 = v_load(products_162 + i * row + at + j);
            const vec add159 = products162;
            v_store(add_159 + i * row + at + j, add159);
        }
    }
}

/* The gradients of layer 1's weights, over all columns of all steps. */
static void sums_back_before_0(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_159 = w->buffers.add_159;
    real *const restrict inputs = w->buffers.inputs;
    real *const restrict linear_2 = w->buffers.linear_2;
    real *const restrict multiply_87 = w->buffers.multiply_87;
    real *const restrict multiply_96_92_89 = w->buffers.multiply_96_92_89;
    real *const restrict outer_122 = w->buffers.outer_122;
    real *const restrict outer_136 = w->buffers.outer_136;
    real *const restrict outer_146 = w->buffers.outer_146;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict sum_of_columns_120 = w->buffers.sum_of_columns_120;
    real *const restrict sum_of_columns_93 = w->buffers.sum_of_columns_93;
    real *const restrict sum_of_columns_97 = w->buffers.sum_of_columns_97;
    real *const restrict sum_of_columns_98 = w->buffers.sum_of_columns_98;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of embedding_weight */
    outer_2x3_by_3_1_more(w->blas, w->gradients + 0, add_159 + 0 + at, row, inputs + 0 + at, row, count);
    outer_5x2_by_2_1_more(w->blas, outer_122 + 0, multiply_87 + 0 + at, row, linear_2 + 0 + at, row, count);
    outer_5x2_by_2_1_more(w->blas, outer_136 + 0, multiply_96_92_89 + 5 * row + at, row, linear_2 + 0 + at, row, count);
    outer_5x2_by_2_1_more(w->blas, outer_146 + 0, multiply_96_92_89 + 0 + at, row, linear_2 + 0 + at, row, count);
    /* gradient of cell_weight_hh_l0 */
    outer_15x5_by_5_1_more(w->blas, w->gradients + 53, multiply_96_92_89 + 0 + at, row, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply92 = v_load(multiply_96_92_89 + (5 + i) * row + at + j);
            sum += multiply92;
        }
        *(sum_of_columns_93 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply96 = v_load(multiply_96_92_89 + i * row + at + j);
            sum += multiply96;
        }
        *(sum_of_columns_97 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply89 = v_load(multiply_96_92_89 + (10 + i) * row + at + j);
            sum += multiply89;
        }
        *(sum_of_columns_98 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec multiply87 = v_load(multiply_87 + i * row + at + j);
            sum += multiply87;
        }
        *(sum_of_columns_120 + i) += v_total(sum);
    }
}

/* Back through the tables by symbol, and the rest of the weights' gradients. */
static void back_weights(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_131 = w->buffers.add_131;
    real *const restrict add_141 = w->buffers.add_141;
    real *const restrict add_151 = w->buffers.add_151;
    real *const restrict linear_125 = w->buffers.linear_125;
    real *const restrict linear_137 = w->buffers.linear_137;
    real *const restrict linear_147 = w->buffers.linear_147;
    real *const restrict multiply_130 = w->buffers.multiply_130;
    real *const restrict multiply_140 = w->buffers.multiply_140;
    real *const restrict multiply_150 = w->buffers.multiply_150;
    real *const restrict outer_122 = w->buffers.outer_122;
    real *const restrict outer_136 = w->buffers.outer_136;
    real *const restrict outer_146 = w->buffers.outer_146;
    real *const restrict sum_of_columns_120 = w->buffers.sum_of_columns_120;
    real *const restrict sum_of_columns_76 = w->buffers.sum_of_columns_76;
    real *const restrict sum_of_columns_93 = w->buffers.sum_of_columns_93;
    real *const restrict sum_of_columns_97 = w->buffers.sum_of_columns_97;
    real *const restrict sum_of_columns_98 = w->buffers.sum_of_columns_98;
    const real *const embedding_bias = w->parameters[1].values;
    const real *const cell_weight_ih_l0 = w->parameters[2].values;
    for (int i = 0; i < 2; ++i) {
        real total = 0;
        for (int k = 0; k < 5; ++k) total += (cell_weight_ih_l0 + 20)[i * 1 + k * 2] * (sum_of_columns_120 + 0)[k];
        (linear_125 + 0)[i] = total;
    }
    for (int i = 0; i < 2; ++i) {
        real total = 0;
        for (int k = 0; k < 5; ++k) total += (cell_weight_ih_l0 + 10)[i * 1 + k * 2] * (sum_of_columns_93 + 0)[k];
        (linear_137 + 0)[i] = total;
    }
    for (int i = 0; i < 2; ++i) {
        real total = 0;
        for (int k = 0; k < 5; ++k) total += (cell_weight_ih_l0)[i * 1 + k * 2] * (sum_of_columns_97 + 0)[k];
        (linear_147 + 0)[i] = total;
    }
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec sumofcolumns120 = v_all(*(sum_of_columns_120 + i));
            const vec view127 = sumofcolumns120;
            const vec parameter5 = v_all(embedding_bias[k]);
            const vec view129 = parameter5;
            const vec multiply130 = (view127 * view129);
            const vec sumofcolumns93 = v_all(*(sum_of_columns_93 + i));
            const vec view139 = sumofcolumns93;
            const vec multiply140 = (view139 * view129);
            const vec sumofcolumns97 = v_all(*(sum_of_columns_97 + i));
            const vec view149 = sumofcolumns97;
            const vec multiply150 = (view149 * view129);
            const vec outer122 = v_all(*(outer_122 + (2 * i + k)));
            const vec add131 = (outer122 + multiply130);
            const vec outer136 = v_all(*(outer_136 + (2 * i + k)));
            const vec add141 = (outer136 + multiply140);
            const vec outer146 = v_all(*(outer_146 + (2 * i + k)));
            const vec add151 = (outer146 + multiply150);
            *(multiply_130 + (2 * i + k)) = (multiply130)[0];
            *(multiply_140 + (2 * i + k)) = (multiply140)[0];
            *(multiply_150 + (2 * i + k)) = (multiply150)[0];
            *(add_131 + (2 * i + k)) = (add131)[0];
            *(add_141 + (2 * i + k)) = (add141)[0];
            *(add_151 + (2 * i + k)) = (add151)[0];
        }
    }
    /* gradient of readout_linear_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns76 = v_all(*(sum_of_columns_76 + i));
        (w->gradients + 153)[i] += (sumofcolumns76)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns98 = v_all(0);
        const vec view100 = sumofcolumns98;
        (w->gradients + 128)[i] += (view100)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns98 = v_all(*(sum_of_columns_98 + i));
        const vec view100 = sumofcolumns98;
        (w->gradients + 128)[10 + i] += (view100)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(0);
        const vec view107 = sumofcolumns93;
        (w->gradients + 128)[i] += (view107)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(*(sum_of_columns_93 + i));
        const vec view107 = sumofcolumns93;
        (w->gradients + 128)[5 + i] += (view107)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(0);
        const vec view107 = sumofcolumns93;
        (w->gradients + 128)[10 + i] += (view107)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns97 = v_all(*(sum_of_columns_97 + i));
        const vec view114 = sumofcolumns97;
        (w->gradients + 128)[i] += (view114)[0];
    }
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns97 = v_all(0);
        const vec view114 = sumofcolumns97;
        (w->gradients + 128)[5 + i] += (view114)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns120 = v_all(0);
        const vec view124 = sumofcolumns120;
        (w->gradients + 38)[i] += (view124)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns120 = v_all(*(sum_of_columns_120 + i));
        const vec view124 = sumofcolumns120;
        (w->gradients + 38)[10 + i] += (view124)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(0);
        const vec view107 = sumofcolumns93;
        (w->gradients + 38)[i] += (view107)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(*(sum_of_columns_93 + i));
        const vec view107 = sumofcolumns93;
        (w->gradients + 38)[5 + i] += (view107)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns93 = v_all(0);
        const vec view107 = sumofcolumns93;
        (w->gradients + 38)[10 + i] += (view107)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns97 = v_all(*(sum_of_columns_97 + i));
        const vec view114 = sumofcolumns97;
        (w->gradients + 38)[i] += (view114)[0];
    }
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns97 = v_all(0);
        const vec view114 = sumofcolumns97;
        (w->gradients + 38)[5 + i] += (view114)[0];
    }
    /* gradient of cell_weight_ih_l0 */
    for (long i = 0; i < 10; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add131 = v_all(0);
            const vec view134 = add131;
            (w->gradients + 8)[2 * i + k] += (view134)[0];
        }
    }
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add131 = v_all(*(add_131 + (2 * i + k)));
            const vec view134 = add131;
            (w->gradients + 8)[20 + 2 * i + k] += (view134)[0];
        }
    }
    /* gradient of cell_weight_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add141 = v_all(0);
            const vec view144 = add141;
            (w->gradients + 8)[2 * i + k] += (view144)[0];
        }
    }
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add141 = v_all(*(add_141 + (2 * i + k)));
            const vec view144 = add141;
            (w->gradients + 8)[10 + 2 * i + k] += (view144)[0];
        }
    }
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add141 = v_all(0);
            const vec view144 = add141;
            (w->gradients + 8)[20 + 2 * i + k] += (view144)[0];
        }
    }
    /* gradient of cell_weight_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add151 = v_all(*(add_151 + (2 * i + k)));
            const vec view154 = add151;
            (w->gradients + 8)[2 * i + k] += (view154)[0];
        }
    }
    for (long i = 0; i < 10; ++i) {
        for (long k = 0; k < 2; ++k) {
            const vec add151 = v_all(0);
            const vec view154 = add151;
            (w->gradients + 8)[10 + 2 * i + k] += (view154)[0];
        }
    }
    /* gradient of embedding_bias */
    for (long i = 0; i < 2; ++i) {
        const vec linear125 = v_all(*(linear_125 + i));
        (w->gradients + 6)[i] += (linear125)[0];
    }
    /* gradient of embedding_bias */
    for (long i = 0; i < 2; ++i) {
        const vec linear137 = v_all(*(linear_137 + i));
        (w->gradients + 6)[i] += (linear137)[0];
    }
    /* gradient of embedding_bias */
    for (long i = 0; i < 2; ++i) {
        const vec linear147 = v_all(*(linear_147 + i));
        (w->gradients + 6)[i] += (linear147)[0];
    }
}

static void forward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        before_0(w, at, count, 0, 0);
    }
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
    memset(w->buffers.sum_of_columns_76, 0, sizeof(real) * 2);
    memset(w->buffers.sum_of_columns_93, 0, sizeof(real) * 5);
    memset(w->buffers.sum_of_columns_97, 0, sizeof(real) * 5);
    memset(w->buffers.sum_of_columns_98, 0, sizeof(real) * 5);
    memset(w->buffers.sum_of_columns_120, 0, sizeof(real) * 5);
    memset(w->buffers.outer_122, 0, sizeof(real) * 10);
    memset(w->buffers.outer_136, 0, sizeof(real) * 10);
    memset(w->buffers.outer_146, 0, sizeof(real) * 10);
    sums_back_after(w);
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_0_0, 0, sizeof(real) * 2 * 5 * SCRATCH_ROW);
        if (width == BLOCK) for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, BLOCK, turn, 0); }
        else for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, LANES, turn, 0); }
        if (w->given_back) give_back(w->buffers.carry_0_0 + turn * 5 * SCRATCH_ROW, w->given_back[0], 5, j, width, w);
    }
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        back_before_0(w, at, count, 0, 0);
        if (w->inputs_wanted) back_inputs(w, at, count, 0, 0);
    }
    sums_back_before_0(w);
    back_weights(w);
}


static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {w->buffers.state_0_0}, *const outside[] = {0};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = w->buffers.inputs_back;
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
