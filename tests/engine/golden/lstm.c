/* Made by seqtasks for a golden model. */
#include <pthread.h>
#include <sched.h>
#define REAL_BITS 32
#define VOCABULARY 3
#define VOCABULARY_ROW 16
#define INPUT_SIZE 0
#define OUTPUT_SIZE 2
#define GRADIENTS 208
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
    real *held_0_0;
    real *carry_0_0;
    real *state_0_1;
    real *carry_0_1;
    real *cotangent;
    real *running;
    real *add_23;
    real *add_33;
    real *add_43;
    real *add_53;
    real *symbols_1;
    real *linear_25;
    real *add_26;
    real *linear_35;
    real *add_36;
    real *linear_45;
    real *add_46;
    real *linear_55;
    real *add_56;
    real *sigmoid_61;
    real *sigmoid_63;
    real *tanh_64;
    real *sigmoid_68;
    real *tanh_69;
    real *linear_80;
    real *add_83;
    real *sum_of_columns_87;
    real *linear_88;
    real *add_93;
    real *add_104;
    real *products_184;
    real *sum_by_symbol_123;
    real *sum_of_columns_124;
    real *sum_by_symbol_137;
    real *sum_of_columns_138;
    real *sum_by_symbol_151;
    real *sum_of_columns_152;
    real *sum_by_symbol_165;
    real *sum_of_columns_166;
    real *products_183;
    real *add_181;
    real *linear_29_39_49_59;
    real *multiply_112_117_109_103;
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
    TAKE(w->buffers.held_0_0, real, 5 * row);
    TAKE(w->buffers.carry_0_0, real, 2 * 5 * SCRATCH_ROW);
    TAKE(w->buffers.state_0_1, real, 5 * row);
    TAKE(w->buffers.carry_0_1, real, 2 * 5 * SCRATCH_ROW);
    TAKE(w->buffers.cotangent, real, 2 * row);
    TAKE(w->buffers.running, real, 1 * row);
    TAKE(w->buffers.add_23, real, 5);
    TAKE(w->buffers.add_33, real, 5);
    TAKE(w->buffers.add_43, real, 5);
    TAKE(w->buffers.add_53, real, 5);
    TAKE(w->buffers.symbols_1, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_25, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.add_26, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_35, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.add_36, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_45, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.add_46, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_55, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.add_56, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sigmoid_61, real, 5 * row);
    TAKE(w->buffers.sigmoid_63, real, 5 * row);
    TAKE(w->buffers.tanh_64, real, 5 * row);
    TAKE(w->buffers.sigmoid_68, real, 5 * row);
    TAKE(w->buffers.tanh_69, real, 5 * row);
    TAKE(w->buffers.linear_80, real, 2 * SCRATCH_ROW);
    TAKE(w->buffers.add_83, real, 2 * row);
    TAKE(w->buffers.sum_of_columns_87, real, 2);
    TAKE(w->buffers.linear_88, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.add_93, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.add_104, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.products_184, real, 5 * SCRATCH_ROW);
    TAKE(w->buffers.sum_by_symbol_123, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_124, real, 5);
    TAKE(w->buffers.sum_by_symbol_137, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_138, real, 5);
    TAKE(w->buffers.sum_by_symbol_151, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_152, real, 5);
    TAKE(w->buffers.sum_by_symbol_165, real, 5 * VOCABULARY_ROW);
    TAKE(w->buffers.sum_of_columns_166, real, 5);
    TAKE(w->buffers.products_183, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.add_181, real, 2 * VOCABULARY_ROW);
    TAKE(w->buffers.linear_29_39_49_59, real, 20 * SCRATCH_ROW);
    TAKE(w->buffers.multiply_112_117_109_103, real, 20 * row);
    w->predictions = w->buffers.add_83;
#undef TAKE
    (void)row;
    return taken;
}
static __attribute__((noinline)) void product_5x2_by_2_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 2, 1, v, v_row, 5, 2, count, 0);
}
static __attribute__((noinline)) void product_20x5_by_5_1(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 5, 1, v, v_row, 20, 5, count, 0);
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
static __attribute__((noinline)) void product_5x20_by_1_5(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 5, v, v_row, 5, 20, count, 0);
}
static __attribute__((noinline)) void outer_20x5_by_5_1_more(UNUSED gemm *blas, real *restrict out, const real *restrict g, long g_row, const real *restrict v, long v_row, long count) {
    outer(out, 5, 1, g, g_row, v, v_row, 20, 5, count);
}
static __attribute__((noinline)) void product_2x5_by_1_2(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 2, v, v_row, 2, 5, count, 0);
}
static __attribute__((noinline)) void product_2x5_by_1_2_more(UNUSED gemm *blas, real *restrict out, long out_row, const real *restrict w, const real *restrict v, long v_row, long count) {
    product(out, out_row, w, 1, 2, v, v_row, 2, 5, count, 1);
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
    real *const restrict add_23 = w->buffers.add_23;
    real *const restrict add_26 = w->buffers.add_26;
    real *const restrict add_33 = w->buffers.add_33;
    real *const restrict add_36 = w->buffers.add_36;
    real *const restrict add_43 = w->buffers.add_43;
    real *const restrict add_46 = w->buffers.add_46;
    real *const restrict add_53 = w->buffers.add_53;
    real *const restrict add_56 = w->buffers.add_56;
    real *const restrict linear_25 = w->buffers.linear_25;
    real *const restrict linear_35 = w->buffers.linear_35;
    real *const restrict linear_45 = w->buffers.linear_45;
    real *const restrict linear_55 = w->buffers.linear_55;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const embedding_weight = w->parameters[0].values;
    const real *const cell_weight_ih_l0 = w->parameters[1].values;
    const real *const cell_bias_ih_l0 = w->parameters[2].values;
    const real *const cell_bias_hh_l0 = w->parameters[4].values;
    /* what depends on weights alone */
    for (long i = 0; i < 5; ++i) {
        const vec parameter10 = v_all(cell_bias_ih_l0[i]);
        const vec view21 = parameter10;
        const vec parameter14 = v_all(cell_bias_hh_l0[i]);
        const vec view22 = parameter14;
        const vec add23 = (view21 + view22);
        const vec parameter10_5 = v_all(cell_bias_ih_l0[5 + i]);
        const vec view31 = parameter10_5;
        const vec parameter14_7 = v_all(cell_bias_hh_l0[5 + i]);
        const vec view32 = parameter14_7;
        const vec add33 = (view31 + view32);
        const vec parameter10_10 = v_all(cell_bias_ih_l0[10 + i]);
        const vec view41 = parameter10_10;
        const vec parameter14_12 = v_all(cell_bias_hh_l0[10 + i]);
        const vec view42 = parameter14_12;
        const vec add43 = (view41 + view42);
        const vec parameter10_15 = v_all(cell_bias_ih_l0[15 + i]);
        const vec view51 = parameter10_15;
        const vec parameter14_17 = v_all(cell_bias_hh_l0[15 + i]);
        const vec view52 = parameter14_17;
        const vec add53 = (view51 + view52);
        *(add_23 + i) = (add23)[0];
        *(add_33 + i) = (add33)[0];
        *(add_43 + i) = (add43)[0];
        *(add_53 + i) = (add53)[0];
    }
    /* what depends on a token alone, for each symbol */
    { const long count = VOCABULARY_ROW; (void)count;
    for (int s = 0; s < VOCABULARY_ROW; ++s) for (int d = 0; d < 2; ++d) (symbols_1 + d * VOCABULARY_ROW)[s] = embedding_weight[(s < VOCABULARY ? s : 0) * 2 + d];
    product_5x2_by_2_1(w->blas, linear_25 + 0, VOCABULARY_ROW, cell_weight_ih_l0, symbols_1 + 0, VOCABULARY_ROW, count);
    product_5x2_by_2_1(w->blas, linear_35 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 10, symbols_1 + 0, VOCABULARY_ROW, count);
    product_5x2_by_2_1(w->blas, linear_45 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 20, symbols_1 + 0, VOCABULARY_ROW, count);
    product_5x2_by_2_1(w->blas, linear_55 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 30, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec add23 = v_all(*(add_23 + i));
            const vec linear25 = v_load(linear_25 + i * VOCABULARY_ROW + j);
            const vec add26 = (add23 + linear25);
            const vec add33 = v_all(*(add_33 + i));
            const vec linear35 = v_load(linear_35 + i * VOCABULARY_ROW + j);
            const vec add36 = (add33 + linear35);
            const vec add43 = v_all(*(add_43 + i));
            const vec linear45 = v_load(linear_45 + i * VOCABULARY_ROW + j);
            const vec add46 = (add43 + linear45);
            const vec add53 = v_all(*(add_53 + i));
            const vec linear55 = v_load(linear_55 + i * VOCABULARY_ROW + j);
            const vec add56 = (add53 + linear55);
            v_store(add_26 + i * VOCABULARY_ROW + j, add26);
            v_store(add_36 + i * VOCABULARY_ROW + j, add36);
            v_store(add_46 + i * VOCABULARY_ROW + j, add46);
            v_store(add_56 + i * VOCABULARY_ROW + j, add56);
        }
    }
    }
    /* state 0 of layer 0 before the first step */
    if (w->given) give(state_0_0, row, w->given[0], 5, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 5; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread185 = v_all((real)0.0);
                v_store(state_0_0 + i * row + at + j, spread185);
            }
        }
    }
    /* state 1 of layer 0 before the first step */
    if (w->given) give(state_0_1, row, w->given[1], 5, w);
    else {
        const long at = 0, count = columns; (void)at;
        for (long i = 0; i < 5; ++i) {
            for (long j = 0; j < count; j += LANES) {
                const vec spread185 = v_all((real)0.0);
                v_store(state_0_1 + i * row + at + j, spread185);
            }
        }
    }
}

/* One step of the loop of layer 1, for a block of columns. */
INLINE void loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_26 = w->buffers.add_26;
    real *const restrict add_36 = w->buffers.add_36;
    real *const restrict add_46 = w->buffers.add_46;
    real *const restrict add_56 = w->buffers.add_56;
    real *const restrict linear_29_39_49_59 = w->buffers.linear_29_39_49_59;
    real *const restrict running = w->buffers.running;
    real *const restrict sigmoid_61 = w->buffers.sigmoid_61;
    real *const restrict sigmoid_63 = w->buffers.sigmoid_63;
    real *const restrict sigmoid_68 = w->buffers.sigmoid_68;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict tanh_64 = w->buffers.tanh_64;
    real *const restrict tanh_69 = w->buffers.tanh_69;
    const real *const cell_weight_hh_l0 = w->parameters[3].values;
    product_20x5_by_5_1(w->blas, linear_29_39_49_59 + 0, SCRATCH_ROW, cell_weight_hh_l0, state_0_0 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec lookup37 = v_lookup(add_36 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear39 = v_load(linear_29_39_49_59 + (5 + i) * SCRATCH_ROW + j);
            const vec add40 = (lookup37 + linear39);
            const vec sigmoid61 = v_sigmoid(add40);
            const vec lookup27 = v_lookup(add_26 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear29 = v_load(linear_29_39_49_59 + i * SCRATCH_ROW + j);
            const vec add30 = (lookup27 + linear29);
            const vec sigmoid63 = v_sigmoid(add30);
            const vec lookup47 = v_lookup(add_46 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear49 = v_load(linear_29_39_49_59 + (10 + i) * SCRATCH_ROW + j);
            const vec add50 = (lookup47 + linear49);
            const vec tanh64 = v_tanh(add50);
            const vec lookup57 = v_lookup(add_56 + i * VOCABULARY_ROW, symbols + at + j, VOCABULARY);
            const vec linear59 = v_load(linear_29_39_49_59 + (15 + i) * SCRATCH_ROW + j);
            const vec add60 = (lookup57 + linear59);
            const vec sigmoid68 = v_sigmoid(add60);
            const vec state6 = v_load(state_0_1 + i * row + at + j);
            const vec multiply62 = (sigmoid61 * state6);
            const vec multiply65 = (sigmoid63 * tanh64);
            const vec add67 = (multiply62 + multiply65);
            const vec tanh69 = v_tanh(add67);
            const vec running71 = v_load(running + 0 + at + j);
            const vec view72 = running71;
            const vec multiply70 = (sigmoid68 * tanh69);
            const vec state5 = v_load(state_0_0 + i * row + at + j);
            const vec where73 = v_where(view72, multiply70, state5);
            const vec where74 = v_where(view72, add67, state6);
            v_store(sigmoid_61 + i * row + at + j, sigmoid61);
            v_store(sigmoid_63 + i * row + at + j, sigmoid63);
            v_store(tanh_64 + i * row + at + j, tanh64);
            v_store(sigmoid_68 + i * row + at + j, sigmoid68);
            v_store(tanh_69 + i * row + at + j, tanh69);
            v_store(state_0_0 + i * row + at + columns + j, where73);
            v_store(state_0_1 + i * row + at + columns + j, where74);
        }
    }
}

/* After the loops: the readout, for a block of columns. */
INLINE void after(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_83 = w->buffers.add_83;
    real *const restrict held_0_0 = w->buffers.held_0_0;
    real *const restrict linear_80 = w->buffers.linear_80;
    const real *const readout_linear_weight = w->parameters[5].values;
    const real *const readout_linear_bias = w->parameters[6].values;
    product_2x5_by_5_1(w->blas, linear_80 + 0, SCRATCH_ROW, readout_linear_weight, held_0_0 + 0 + at, row, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear80 = v_load(linear_80 + i * SCRATCH_ROW + j);
            const vec parameter82 = v_all(readout_linear_bias[i]);
            const vec add83 = (linear80 + parameter82);
            v_store(add_83 + i * row + at + j, add83);
        }
    }
}

/* The readout's gradients, over all columns of all steps. */
static void sums_back_after(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict held_0_0 = w->buffers.held_0_0;
    real *const restrict sum_of_columns_87 = w->buffers.sum_of_columns_87;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of readout_linear_weight */
    outer_2x5_by_5_1_more(w->blas, w->gradients + 186, cotangent + 0 + at, row, held_0_0 + 0 + at, row, count);
    for (long i = 0; i < 2; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec cotangent84 = v_load(cotangent + i * row + at + j);
            sum += cotangent84;
        }
        *(sum_of_columns_87 + i) += v_total(sum);
    }
}

/* One step back through the loop of layer 1, for a block of columns. */
INLINE void back_loop_0(struct work *w, const long at, const long count, const int turn, const long recent) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols; (void)turn; (void)at; (void)count; (void)recent;
    real *const restrict add_104 = w->buffers.add_104;
    real *const restrict add_93 = w->buffers.add_93;
    real *const restrict carry_0_0 = w->buffers.carry_0_0;
    real *const restrict carry_0_1 = w->buffers.carry_0_1;
    real *const restrict cotangent = w->buffers.cotangent;
    real *const restrict linear_88 = w->buffers.linear_88;
    real *const restrict multiply_112_117_109_103 = w->buffers.multiply_112_117_109_103;
    real *const restrict products_184 = w->buffers.products_184;
    real *const restrict running = w->buffers.running;
    real *const restrict sigmoid_61 = w->buffers.sigmoid_61;
    real *const restrict sigmoid_63 = w->buffers.sigmoid_63;
    real *const restrict sigmoid_68 = w->buffers.sigmoid_68;
    real *const restrict state_0_1 = w->buffers.state_0_1;
    real *const restrict tanh_64 = w->buffers.tanh_64;
    real *const restrict tanh_69 = w->buffers.tanh_69;
    const real *const cell_weight_hh_l0 = w->parameters[3].values;
    const real *const readout_linear_weight = w->parameters[5].values;
    product_5x2_by_1_5(w->blas, linear_88 + 0, SCRATCH_ROW, readout_linear_weight, cotangent + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec linear88 = v_load(linear_88 + i * SCRATCH_ROW + j);
            const vec back76 = v_load(carry_0_0 + (turn * 5 + i) * SCRATCH_ROW + j);
            const vec add93 = (linear88 + back76);
            const vec running71 = v_load(running + 0 + at + j);
            const vec view72 = running71;
            const vec where94 = v_where(view72, add93, v_all((real)0.0));
            const vec tanh69 = v_load(tanh_69 + i * row + at + j);
            const vec multiply96 = (where94 * tanh69);
            const vec sigmoid68 = v_load(sigmoid_68 + i * row + at + j);
            const vec subtract101 = (v_all((real)1.0) - sigmoid68);
            const vec multiply102 = (sigmoid68 * subtract101);
            const vec multiply103 = (multiply96 * multiply102);
            const vec back78 = v_load(carry_0_1 + (turn * 5 + i) * SCRATCH_ROW + j);
            const vec add86 = (back78 + v_all((real)0.0));
            const vec where91 = v_where(view72, add86, v_all((real)0.0));
            const vec multiply97 = (where94 * sigmoid68);
            const vec multiply98 = (tanh69 * tanh69);
            const vec subtract99 = (v_all((real)1.0) - multiply98);
            const vec multiply100 = (multiply97 * subtract99);
            const vec add104 = (where91 + multiply100);
            const vec sigmoid63 = v_load(sigmoid_63 + i * row + at + j);
            const vec multiply106 = (add104 * sigmoid63);
            const vec tanh64 = v_load(tanh_64 + i * row + at + j);
            const vec multiply107 = (tanh64 * tanh64);
            const vec subtract108 = (v_all((real)1.0) - multiply107);
            const vec multiply109 = (multiply106 * subtract108);
            const vec multiply105 = (add104 * tanh64);
            const vec subtract110 = (v_all((real)1.0) - sigmoid63);
            const vec multiply111 = (sigmoid63 * subtract110);
            const vec multiply112 = (multiply105 * multiply111);
            const vec state6 = v_load(state_0_1 + i * row + at + j);
            const vec multiply113 = (add104 * state6);
            const vec sigmoid61 = v_load(sigmoid_61 + i * row + at + j);
            const vec subtract115 = (v_all((real)1.0) - sigmoid61);
            const vec multiply116 = (sigmoid61 * subtract115);
            const vec multiply117 = (multiply113 * multiply116);
            const vec where92 = v_where(view72, v_all((real)0.0), add86);
            const vec multiply114 = (add104 * sigmoid61);
            const vec add174 = (where92 + multiply114);
            v_store(add_93 + i * SCRATCH_ROW + j, add93);
            v_store(multiply_112_117_109_103 + (15 + i) * row + at + j, multiply103);
            v_store(add_104 + i * SCRATCH_ROW + j, add104);
            v_store(multiply_112_117_109_103 + (10 + i) * row + at + j, multiply109);
            v_store(multiply_112_117_109_103 + i * row + at + j, multiply112);
            v_store(multiply_112_117_109_103 + (5 + i) * row + at + j, multiply117);
            v_store(carry_0_1 + ((1 - turn) * 5 + i) * SCRATCH_ROW + j, add174);
        }
    }
    product_5x20_by_1_5(w->blas, products_184 + 0, SCRATCH_ROW, cell_weight_hh_l0, multiply_112_117_109_103 + 0 + at, row, count);
    for (long i = 0; i < 5; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products184 = v_load(products_184 + i * SCRATCH_ROW + j);
            const vec running71 = v_load(running + 0 + at + j);
            const vec view72 = running71;
            const vec add93 = v_load(add_93 + i * SCRATCH_ROW + j);
            const vec where95 = v_where(view72, v_all((real)0.0), add93);
            const vec add178 = products184 + where95;
            v_store(carry_0_0 + ((1 - turn) * 5 + i) * SCRATCH_ROW + j, add178);
        }
    }
}

/* The gradients of layer 1's weights, over all columns of all steps. */
static void sums_back_before_0(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict multiply_112_117_109_103 = w->buffers.multiply_112_117_109_103;
    real *const restrict state_0_0 = w->buffers.state_0_0;
    const long at = 0, count = columns * w->time; (void)at; (void)count;
    /* gradient of cell_weight_hh_l0 */
    outer_20x5_by_5_1_more(w->blas, w->gradients + 66, multiply_112_117_109_103 + 0 + at, row, state_0_0 + 0 + at, row, count);
}

/* Back through the tables by symbol, and the rest of the weights' gradients. */
static void back_weights(struct work *w) {
    const long columns = w->columns, row = w->row;
    const int32_t *const symbols = w->symbols;
    (void)columns; (void)row; (void)symbols;
    real *const restrict add_181 = w->buffers.add_181;
    real *const restrict multiply_112_117_109_103 = w->buffers.multiply_112_117_109_103;
    real *const restrict products_183 = w->buffers.products_183;
    real *const restrict sum_by_symbol_123 = w->buffers.sum_by_symbol_123;
    real *const restrict sum_by_symbol_137 = w->buffers.sum_by_symbol_137;
    real *const restrict sum_by_symbol_151 = w->buffers.sum_by_symbol_151;
    real *const restrict sum_by_symbol_165 = w->buffers.sum_by_symbol_165;
    real *const restrict sum_of_columns_124 = w->buffers.sum_of_columns_124;
    real *const restrict sum_of_columns_138 = w->buffers.sum_of_columns_138;
    real *const restrict sum_of_columns_152 = w->buffers.sum_of_columns_152;
    real *const restrict sum_of_columns_166 = w->buffers.sum_of_columns_166;
    real *const restrict sum_of_columns_87 = w->buffers.sum_of_columns_87;
    real *const restrict symbols_1 = w->buffers.symbols_1;
    const real *const cell_weight_ih_l0 = w->parameters[1].values;
    { /* what each symbol's gradient is */
    const long at = 0, count = columns * w->time; (void)at;
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_123 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply103 = v_load(multiply_112_117_109_103 + (15 + i) * row + at + j);
            v_by_symbol(multiply103, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_137 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply109 = v_load(multiply_112_117_109_103 + (10 + i) * row + at + j);
            v_by_symbol(multiply109, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_151 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply117 = v_load(multiply_112_117_109_103 + (5 + i) * row + at + j);
            v_by_symbol(multiply117, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    for (long i = 0; i < 5; ++i) {
        vec sums[VOCABULARY > 8 ? 1 : VOCABULARY] = {{0}};
        real *few = sum_by_symbol_165 + i * VOCABULARY_ROW;
        for (long j = 0; j < count; j += LANES) {
            const vec multiply112 = v_load(multiply_112_117_109_103 + i * row + at + j);
            v_by_symbol(multiply112, symbols + at + j, VOCABULARY, sums, few);
        }
        for (int s = 0; VOCABULARY <= 8 && s < VOCABULARY; ++s) few[s] += v_total(sums[s]);
    }
    }
    { const long at = 0, count = VOCABULARY_ROW; (void)at; (void)count;
    product_2x5_by_1_2(w->blas, products_183 + 0, VOCABULARY_ROW, cell_weight_ih_l0, sum_by_symbol_165 + 0, VOCABULARY_ROW, count);
    product_2x5_by_1_2_more(w->blas, products_183 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 10, sum_by_symbol_151 + 0, VOCABULARY_ROW, count);
    product_2x5_by_1_2_more(w->blas, products_183 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 30, sum_by_symbol_123 + 0, VOCABULARY_ROW, count);
    product_2x5_by_1_2_more(w->blas, products_183 + 0, VOCABULARY_ROW, cell_weight_ih_l0 + 20, sum_by_symbol_137 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 2; ++i) {
        for (long j = 0; j < count; j += LANES) {
            const vec products183 = v_load(products_183 + i * VOCABULARY_ROW + j);
            const vec add181 = products183;
            v_store(add_181 + i * VOCABULARY_ROW + j, add181);
        }
    }
    /* gradient of cell_weight_ih_l0 */
    outer_5x2_by_2_1_more(w->blas, w->gradients + 36, sum_by_symbol_123 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    /* gradient of cell_weight_ih_l0 */
    outer_5x2_by_2_1_more(w->blas, w->gradients + 26, sum_by_symbol_137 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    /* gradient of cell_weight_ih_l0 */
    outer_5x2_by_2_1_more(w->blas, w->gradients + 16, sum_by_symbol_151 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    /* gradient of cell_weight_ih_l0 */
    outer_5x2_by_2_1_more(w->blas, w->gradients + 6, sum_by_symbol_165 + 0, VOCABULARY_ROW, symbols_1 + 0, VOCABULARY_ROW, count);
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol123 = v_load(sum_by_symbol_123 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol123;
        }
        *(sum_of_columns_124 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol137 = v_load(sum_by_symbol_137 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol137;
        }
        *(sum_of_columns_138 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol151 = v_load(sum_by_symbol_151 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol151;
        }
        *(sum_of_columns_152 + i) += v_total(sum);
    }
    for (long i = 0; i < 5; ++i) {
        vec sum = v_all(0);
        for (long j = 0; j < count; j += LANES) {
            const vec sumbysymbol165 = v_load(sum_by_symbol_165 + i * VOCABULARY_ROW + j);
            sum += sumbysymbol165;
        }
        *(sum_of_columns_166 + i) += v_total(sum);
    }
    }
    /* gradient of readout_linear_bias */
    for (long i = 0; i < 2; ++i) {
        const vec sumofcolumns87 = v_all(*(sum_of_columns_87 + i));
        (w->gradients + 196)[i] += (sumofcolumns87)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 15; ++i) {
        const vec sumofcolumns124 = v_all(0);
        const vec view131 = sumofcolumns124;
        (w->gradients + 166)[i] += (view131)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns124 = v_all(*(sum_of_columns_124 + i));
        const vec view131 = sumofcolumns124;
        (w->gradients + 166)[15 + i] += (view131)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns138 = v_all(0);
        const vec view145 = sumofcolumns138;
        (w->gradients + 166)[i] += (view145)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns138 = v_all(*(sum_of_columns_138 + i));
        const vec view145 = sumofcolumns138;
        (w->gradients + 166)[10 + i] += (view145)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns138 = v_all(0);
        const vec view145 = sumofcolumns138;
        (w->gradients + 166)[15 + i] += (view145)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns152 = v_all(0);
        const vec view159 = sumofcolumns152;
        (w->gradients + 166)[i] += (view159)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns152 = v_all(*(sum_of_columns_152 + i));
        const vec view159 = sumofcolumns152;
        (w->gradients + 166)[5 + i] += (view159)[0];
    }
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns152 = v_all(0);
        const vec view159 = sumofcolumns152;
        (w->gradients + 166)[10 + i] += (view159)[0];
    }
    /* gradient of cell_bias_hh_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns166 = v_all(*(sum_of_columns_166 + i));
        const vec view173 = sumofcolumns166;
        (w->gradients + 166)[i] += (view173)[0];
    }
    for (long i = 0; i < 15; ++i) {
        const vec sumofcolumns166 = v_all(0);
        const vec view173 = sumofcolumns166;
        (w->gradients + 166)[5 + i] += (view173)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 15; ++i) {
        const vec sumofcolumns124 = v_all(0);
        const vec view131 = sumofcolumns124;
        (w->gradients + 46)[i] += (view131)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns124 = v_all(*(sum_of_columns_124 + i));
        const vec view131 = sumofcolumns124;
        (w->gradients + 46)[15 + i] += (view131)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns138 = v_all(0);
        const vec view145 = sumofcolumns138;
        (w->gradients + 46)[i] += (view145)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns138 = v_all(*(sum_of_columns_138 + i));
        const vec view145 = sumofcolumns138;
        (w->gradients + 46)[10 + i] += (view145)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns138 = v_all(0);
        const vec view145 = sumofcolumns138;
        (w->gradients + 46)[15 + i] += (view145)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns152 = v_all(0);
        const vec view159 = sumofcolumns152;
        (w->gradients + 46)[i] += (view159)[0];
    }
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns152 = v_all(*(sum_of_columns_152 + i));
        const vec view159 = sumofcolumns152;
        (w->gradients + 46)[5 + i] += (view159)[0];
    }
    for (long i = 0; i < 10; ++i) {
        const vec sumofcolumns152 = v_all(0);
        const vec view159 = sumofcolumns152;
        (w->gradients + 46)[10 + i] += (view159)[0];
    }
    /* gradient of cell_bias_ih_l0 */
    for (long i = 0; i < 5; ++i) {
        const vec sumofcolumns166 = v_all(*(sum_of_columns_166 + i));
        const vec view173 = sumofcolumns166;
        (w->gradients + 46)[i] += (view173)[0];
    }
    for (long i = 0; i < 15; ++i) {
        const vec sumofcolumns166 = v_all(0);
        const vec view173 = sumofcolumns166;
        (w->gradients + 46)[5 + i] += (view173)[0];
    }
    /* gradient of embedding_weight */
    for (int s = 0; s < VOCABULARY; ++s)
        for (int d = 0; d < 2; ++d)
            (w->gradients + 0)[s * 2 + d] += (add_181 + 0)[d * VOCABULARY_ROW + s];
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
    hold(w->buffers.held_0_0, w->buffers.state_0_0, 5, w);
    for (long at = 0; at < columns * w->time; at += BLOCK) {
        const long count = at + BLOCK < columns * w->time ? BLOCK : columns * w->time - at;
        after(w, at, count, 0, 0);
    }
}

static void backward(struct work *w) {
    const long columns = w->columns;
    (void)columns;
    memset(w->buffers.sum_of_columns_87, 0, sizeof(real) * 2);
    memset(w->buffers.sum_by_symbol_123, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_124, 0, sizeof(real) * 5);
    memset(w->buffers.sum_by_symbol_137, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_138, 0, sizeof(real) * 5);
    memset(w->buffers.sum_by_symbol_151, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_152, 0, sizeof(real) * 5);
    memset(w->buffers.sum_by_symbol_165, 0, sizeof(real) * 5 * VOCABULARY_ROW);
    memset(w->buffers.sum_of_columns_166, 0, sizeof(real) * 5);
    sums_back_after(w);
    for (long j = 0; j < columns; j += BLOCK) { /* back_loop_0 */
        const long width = j + BLOCK < columns ? BLOCK : columns - j;
        int turn = 0;
        memset(w->buffers.carry_0_0, 0, sizeof(real) * 2 * 5 * SCRATCH_ROW);
        memset(w->buffers.carry_0_1, 0, sizeof(real) * 2 * 5 * SCRATCH_ROW);
        if (width == BLOCK) for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, BLOCK, turn, 0); }
        else for (long t = w->time - 1; t >= 0; --t, turn = 1 - turn) { back_loop_0(w, t * columns + j, LANES, turn, 0); }
        if (w->given_back) give_back(w->buffers.carry_0_0 + turn * 5 * SCRATCH_ROW, w->given_back[0], 5, j, width, w);
        if (w->given_back) give_back(w->buffers.carry_0_1 + turn * 5 * SCRATCH_ROW, w->given_back[1], 5, j, width, w);
    }
    sums_back_before_0(w);
    back_weights(w);
}


static UNUSED void name_buffers(struct work *w, real **states, real **external, real **inputs_back, real **running) {
    real *const all[] = {w->buffers.state_0_0, w->buffers.state_0_1}, *const outside[] = {0, 0};
    memcpy(states, all, sizeof all);
    memcpy(external, outside, sizeof outside);
    *inputs_back = 0;
    *running = w->buffers.running;
}
static const long state_sizes[] = {5, 5};
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
