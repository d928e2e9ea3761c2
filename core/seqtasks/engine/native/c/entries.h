/* One pass forward, and one back, for callers that bring their own loss. */

struct call {
    const struct parameter *parameters;
    gemm *blas;
    long batch, time;
    long rows_at_once, steps_at_once; /* of a pass without gradients */
    const void *inputs;
    const int64_t *lengths;
    const real *const *given;
    real *predictions;         /* (batch, time, OUTPUT_SIZE) */
    real *const *finals;       /* each (batch, size) */
    real *const *histories;    /* each (batch, time, size), or null */
    const real *predictions_back;
    const real *const *finals_back;    /* each may be null: no gradient */
    const real *const *histories_back; /* or null */
    real *inputs_back;         /* (batch, time, INPUT_SIZE), or null */
    real *const *given_back;   /* each (batch, size), or null */
    real *gradients;
    char *memory;
    uint64_t key;              /* of the draws */
    long first_row, first_time; /* of the batch, and of the sequence */
    const int64_t *draw_rows;  /* the number of each row, or null */
};

static void set_up(struct work *w, const struct call *call) {
    memset(w, 0, sizeof *w);
    w->parameters = call->parameters;
    w->blas = call->blas;
    w->rows = call->batch;
    w->columns = (w->rows + LANES - 1) / LANES * LANES;
    w->time = call->time;
    w->row = row_of(w->columns, w->time);
    w->lengths = call->lengths;
    w->given = call->given;
    w->given_back = call->given_back;
    lay_out(w, call->memory);
}

#if OWN_PRODUCTS
/* Transpose what whole squares there are of a step's rows and features; v[i * v_row + j] goes to out[j * out_row + i]. */
static void transpose_squares(real *out, long out_row, const real *v, long v_row, long high, long wide_) {
    for (long i = 0; i + WIDE <= high; i += WIDE)
        for (long j = 0; j + WIDE <= wide_; j += WIDE)
            transpose_square(out + j * out_row + i, out_row, v + i * v_row + j, v_row);
}
#define IN_SQUARES(count) ((count) / WIDE * WIDE)
#else
#define IN_SQUARES(count) 0
#endif

/* One step from (batch, size), its rows a line apart, to rows of columns and back, in squares where there are vectors. */
static void spread_step(real *out, const real *in, long line, const struct work *w, long size) {
#if OWN_PRODUCTS
    transpose_squares(out, w->row, in, line, w->rows, size);
#endif
    for (long d = 0; d < size; ++d) {
        for (long c = d < IN_SQUARES(size) ? IN_SQUARES(w->rows) : 0; c < w->rows; ++c) out[d * w->row + c] = in[c * line + d];
        for (long c = w->rows; c < w->columns; ++c) out[d * w->row + c] = 0;
    }
}
static void gather_step(real *out, const real *in, long line, const struct work *w, long size) {
#if OWN_PRODUCTS
    transpose_squares(out, line, in, w->row, size, w->rows);
#endif
    for (long d = 0; d < size; ++d)
        for (long c = d < IN_SQUARES(size) ? IN_SQUARES(w->rows) : 0; c < w->rows; ++c) out[c * line + d] = in[d * w->row + c];
}
/* A state before step t, to (batch, size). The rows of a block of columns of a packed one follow each other. */
static void gather_state(real *out, real *const *states, int k, long t, long line, const struct work *w) {
    const long size = state_sizes[k];
    if (!state_is_packed[k]) {
        gather_step(out, states[k] + t * w->columns, line, w, size);
        return;
    }
    for (long j = 0; j < w->rows; j += BLOCK) {
        const long width = j + BLOCK < w->columns ? BLOCK : w->columns - j;
        const long rows = j + BLOCK < w->rows ? BLOCK : w->rows - j;
        const real *const block = states[k] + (t * w->columns + j) * size;
#if OWN_PRODUCTS
        transpose_squares(out + j * line, line, block, width, size, rows);
#endif
        for (long d = 0; d < size; ++d)
            for (long c = d < IN_SQUARES(size) ? IN_SQUARES(rows) : 0; c < rows; ++c)
                out[(j + c) * line + d] = block[d * width + c];
    }
}
/* The same for (batch, time, size), a step after the other. */
static void spread_out(real *to, const real *from, const struct work *w, long size) {
    for (long t = 0; t < w->time; ++t) spread_step(to + t * w->columns, from + t * size, w->time * size, w, size);
}
static void gather_in(real *to, const real *from, const struct work *w, long size) {
    for (long t = 0; t < w->time; ++t) gather_step(to + t * size, from + t * w->columns, w->time * size, w, size);
}

static APART int pass_forward(const struct call *call) {
    struct work w;
    real *states[STATE_COUNT], *external[STATE_COUNT], *inputs_back, *running;
    set_up(&w, call);
    name_buffers(&w, states, external, &inputs_back, &running);
    const int status = take_inputs(&w, call->inputs, 0, call->time);
    if (status != DONE) return status;
    if (running)
        for (long t = 0; t < w.time; ++t)
            for (long c = 0; c < w.columns; ++c)
                running[t * w.columns + c] = t >= first_step(&w, c);
#if DRAWS
    w.key = call->key;
    w.first_row = call->first_row;
    w.first_time = call->first_time;
    w.draw_rows = call->draw_rows;
    draw(&w);
#endif
    begin(&w);
    forward(&w);
    gather_in(call->predictions, w.predictions, &w, OUTPUT_SIZE);
    for (int k = 0; k < STATE_COUNT; ++k) {
        const long size = state_sizes[k];
        gather_state(call->finals[k], states, k, w.time, size, &w);
        for (long t = 0; call->histories && t < w.time; ++t)
            gather_state(call->histories[k] + t * size, states, k, t + 1, w.time * size, &w);
    }
    return DONE;
}

/* Some rows, a few steps at a time. Each portion begins with the states that the one before it left. */
static int go_along(const struct call *call, long first, long rows) {
    struct work w;
    real *states[STATE_COUNT], *external[STATE_COUNT], *inputs_back, *running;
    memset(&w, 0, sizeof w);
    w.parameters = call->parameters;
    w.blas = call->blas;
    w.first = first;
    w.rows = rows;
    w.columns = (rows + LANES - 1) / LANES * LANES;
    w.time = call->steps_at_once;
    w.row = row_of(w.columns, w.time);
    w.given = call->given;
    lay_out(&w, call->memory);
    name_buffers(&w, states, external, &inputs_back, &running);
    for (long from = 0; from < call->time; from += call->steps_at_once) {
        for (int k = 0; k < STATE_COUNT && from > 0; ++k) {
            const long packed = state_is_packed[k] ? state_sizes[k] : 1; /* rows that follow each other */
            for (long d = 0; d < state_sizes[k] / packed; ++d) {
                real *const state = states[k] + d * w.row;
                memcpy(state, state + w.time * w.columns * packed, sizeof(real) * w.columns * packed);
            }
        }
        if (w.time > call->time - from) w.time = call->time - from;
        const int status = take_steps(&w, call->inputs, first, call->time, from);
        if (status != DONE) return status;
        if (from == 0) begin(&w);
        forward(&w);
        for (long t = 0; t < w.time; ++t)
            gather_step(call->predictions + (first * call->time + from + t) * OUTPUT_SIZE,
                        w.predictions + t * w.columns, call->time * OUTPUT_SIZE, &w, OUTPUT_SIZE);
    }
    for (int k = 0; k < STATE_COUNT; ++k)
        gather_state(call->finals[k] + first * state_sizes[k], states, k, w.time, state_sizes[k], &w);
    return DONE;
}

/* A pass that needs no pass back: its memory holds a few steps of a few rows. */
static APART int pass_along(const struct call *call) {
    for (long first = 0; first < call->batch; first += call->rows_at_once) {
        const long rest = call->batch - first;
        const int status = go_along(call, first, rest < call->rows_at_once ? rest : call->rows_at_once);
        if (status != DONE) return status;
    }
    return DONE;
}

/* The memory must be as the pass forward left it. */
static APART int pass_back(const struct call *call) {
    struct work w;
    real *states[STATE_COUNT], *external[STATE_COUNT], *inputs_back, *running;
    set_up(&w, call);
    name_buffers(&w, states, external, &inputs_back, &running);
    w.gradients = call->gradients;
    memset(w.gradients, 0, sizeof(real) * GRADIENTS);
    spread_out(w.buffers.cotangent, call->predictions_back, &w, OUTPUT_SIZE);
    w.from_outside = call->histories_back != 0;
    for (int k = 0; k < STATE_COUNT; ++k) w.from_outside |= call->finals_back[k] != 0;
    for (int k = 0; k < STATE_COUNT; ++k) {
        if (!external[k] || !(w.from_outside || external_by_products[k])) continue;
        if (call->histories_back) spread_out(external[k], call->histories_back[k], &w, state_sizes[k]);
        else memset(external[k], 0, sizeof(real) * state_sizes[k] * w.row);
        if (!call->finals_back[k]) continue;
        for (long c = 0; c < w.rows; ++c)
            for (long d = 0; d < state_sizes[k]; ++d)
                external[k][d * w.row + (w.time - 1) * w.columns + c] += call->finals_back[k][c * state_sizes[k] + d];
    }
    w.inputs_wanted = call->inputs_back != 0;
    backward(&w);
    if (call->inputs_back && inputs_back) gather_in(call->inputs_back, inputs_back, &w, INPUT_SIZE);
    return DONE;
}

int seqtasks_forward(const struct call *call) {
    const settings before = flush_denormals();
    const int status = pass_forward(call);
    restore(before);
    return status;
}
int seqtasks_along(const struct call *call) {
    const settings before = flush_denormals();
    const int status = pass_along(call);
    restore(before);
    return status;
}
int seqtasks_backward(const struct call *call) {
    const settings before = flush_denormals();
    const int status = pass_back(call);
    restore(before);
    return status;
}
#ifdef CONSTRAINED
/* Change the parameters as a training step does at its end. */
int seqtasks_constrain(const struct call *call) {
    const settings before = flush_denormals();
    struct work w;
    set_up(&w, call);
    constrain(&w);
    restore(before);
    return DONE;
}
#endif

/* The sizes of the shared structures and where their fields lie, which Python holds against its own. */
#define AT(structure, field) (long)__builtin_offsetof(struct structure, field)
const long seqtasks_layout[] = {
    sizeof(struct parameter), AT(parameter, values), AT(parameter, first), AT(parameter, second),
    AT(parameter, offset), AT(parameter, size), AT(parameter, used_from), AT(parameter, steps),
    sizeof(struct optimiser), AT(optimiser, kind), AT(optimiser, reduce_by_sum), AT(optimiser, loss),
    AT(optimiser, nesterov), AT(optimiser, learning_rate), AT(optimiser, beta1), AT(optimiser, beta2),
    AT(optimiser, epsilon), AT(optimiser, weight_decay), AT(optimiser, momentum), AT(optimiser, alpha),
    AT(optimiser, clip),
    sizeof(struct job), AT(job, parameters), AT(job, parameter_count), AT(job, blas),
    AT(job, one_thread), AT(job, optimiser), AT(job, steps), AT(job, threads), AT(job, times),
    AT(job, batch_sizes), AT(job, inputs), AT(job, targets), AT(job, rates), AT(job, keys),
    AT(job, annealed), AT(job, annealed_leaves), AT(job, annealed_count), AT(job, losses),
    AT(job, memory), AT(job, memory_each), AT(job, made), AT(job, status),
    sizeof(struct call), AT(call, parameters), AT(call, blas), AT(call, batch), AT(call, time),
    AT(call, rows_at_once), AT(call, steps_at_once),
    AT(call, inputs), AT(call, lengths), AT(call, given), AT(call, predictions), AT(call, finals),
    AT(call, histories), AT(call, predictions_back), AT(call, finals_back), AT(call, histories_back),
    AT(call, inputs_back), AT(call, given_back), AT(call, gradients), AT(call, memory),
    AT(call, key), AT(call, first_row), AT(call, first_time), AT(call, draw_rows),
};
const long seqtasks_layout_count = sizeof seqtasks_layout / sizeof *seqtasks_layout;
#undef AT
