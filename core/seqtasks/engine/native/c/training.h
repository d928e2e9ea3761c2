/* The loop over training steps, by several threads that share a batch's rows, and clipping. */

struct job {
    struct parameter *parameters;
    long parameter_count;
    gemm *blas;
    int (*one_thread)(int);
    struct optimiser optimiser;
    long steps, threads;
    const int64_t *times, *batch_sizes;
    const uint64_t *inputs, *targets;
    const double *rates; /* of each step */
    const uint64_t *keys; /* of each step's draws, or null */
    const double *annealed;         /* of each step, a value for each of some parameters of one number */
    const int64_t *annealed_leaves; /* which parameters */
    long annealed_count;
    double *losses;
    char *memory;      /* thread after thread */
    long memory_each;
    long made;         /* steps made */
    int status;
};

/* The part of all numbers that one of several threads takes: whole vectors, but for the last. */
static void take_part(long all, long thread, long threads, long *first, long *last) {
    const long each = (all / threads + LANES - 1) / LANES * LANES;
    *first = each * thread < all ? each * thread : all;
    *last = thread == threads - 1 || *first + each > all ? all : *first + each;
}

/* Rows of the batch of one of several threads. */
static void take_share(struct work *w, long batch, long thread, long threads, long *first) {
    long last;
    take_part(batch, thread, threads, first, &last);
    w->rows = last - *first;
    w->columns = (w->rows + LANES - 1) / LANES * LANES;
}

struct shared {
    struct job *job;
    struct work *works;
    double *sums, *scored, *squares; /* of each thread */
    int *status;
    int ended;
    int arrived, turn, started; /* started: 0 not yet, 1 go, -1 go home */
};

static void meet(struct shared *s, long threads) {
    if (threads == 1) return;
    const int turn = __atomic_load_n(&s->turn, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&s->arrived, 1, __ATOMIC_ACQ_REL) == threads) {
        s->arrived = 0;
        __atomic_store_n(&s->turn, turn + 1, __ATOMIC_RELEASE);
        return;
    }
    for (long spins = 0; __atomic_load_n(&s->turn, __ATOMIC_ACQUIRE) == turn; ++spins)
        if (spins > 4000) sched_yield();
}

static void one_share(struct shared *s, long thread, long step) {
    struct job *job = s->job;
    struct work *w = s->works + thread;
    const long batch = job->batch_sizes[step], time = job->times[step];
    long first;
    take_share(w, batch, thread, job->threads, &first);
    w->first = first;
    w->time = time;
    w->row = row_of(w->columns, time);
    s->sums[thread] = s->scored[thread] = 0;
    s->status[thread] = DONE;
    lay_out(w, job->memory + thread * job->memory_each);
    memset(w->gradients, 0, GRADIENTS * sizeof(real));
    if (w->rows == 0) return;
    s->status[thread] = take_inputs(w, (const void *)(uintptr_t)job->inputs[step], first, time);
    if (s->status[thread] != DONE) return;
#if DRAWS
    w->key = job->keys[step];
    draw(w);
#endif
    begin(w);
    forward(w);
    const void *targets = (const void *)(uintptr_t)job->targets[step];
    if (job->optimiser.loss == LOSS_SYMBOLS)
        s->sums[thread] = symbols_loss(w, targets, first, time, s->scored + thread, s->status + thread);
    else if (job->optimiser.loss == LOSS_SETS)
        s->sums[thread] = sets_loss(w, targets, first, time, s->scored + thread);
    else
        s->sums[thread] = reals_loss(w, targets, first, time, s->scored + thread);
#ifdef PENALIZED
    const double all = job->optimiser.reduce_by_sum ? (double)batch
                                                    : count_scored(targets, job->optimiser.loss, batch, time);
    s->sums[thread] += penalties(w, time, all / ((double)batch * (double)time));
#endif
    if (s->status[thread] == DONE) backward(w);
}

/* What the sum of all losses is multiplied by. */
static double share_of(const struct shared *s, long step) {
    double scored = 0;
    for (long t = 0; t < s->job->threads; ++t) scored += s->scored[t];
    return 1 / (s->job->optimiser.reduce_by_sum ? (double)s->job->batch_sizes[step] : scored);
}

static int has_gradient(const struct job *job, long step, const struct parameter *p) {
    return p->offset >= 0 && job->times[step] >= p->used_from;
}

/* Take the loss of all threads; end at a bad batch, or a loss that is not finite. */
static void judge(struct shared *s, long step) {
    struct job *job = s->job;
    double sum = 0;
    for (long t = 0; t < job->threads; ++t) {
        sum += s->sums[t];
        if (s->status[t] != DONE) job->status = s->status[t];
    }
    s->ended = job->status != DONE;
    if (s->ended) return;
    const double loss = (double)(real)(sum * share_of(s, step));
    job->losses[step] = loss;
    job->made = step + 1;
    s->ended = !isfinite(loss);
    if (s->ended) return;
    for (long k = 0; k < job->parameter_count; ++k)
        if (has_gradient(job, step, job->parameters + k)) ++job->parameters[k].steps;
}

/* Add the threads' gradients, and the squares of the mean's. */
static void add_gradients(struct shared *s, long thread, long step) {
    const struct job *job = s->job;
    const real share = (real)share_of(s, step);
    long first, last;
    take_part(GRADIENTS, thread, job->threads, &first, &last);
    real *restrict g = s->works[0].gradients;
    for (long t = 1; t < job->threads; ++t) {
        const real *restrict other = s->works[t].gradients;
        for (long i = first; i < last; ++i) g[i] += other[i];
    }
    double total = 0;
    if (job->optimiser.clip >= 0) {
        vec squares = v_all(0);
        for (long i = first; i < last; i += LANES) {
            const vec d = v_load(g + i) * share;
            squares += d * d;
            if (i % 4096 == 0 || i + LANES >= last) {
                total += (double)v_total(squares);
                squares = v_all(0);
            }
        }
    }
    s->squares[thread] = total;
}

/* Clip the gradients and take the optimiser's step along them, but for those that have none. */
static void step_along(struct shared *s, long thread, long step) {
    const struct job *job = s->job;
    real *restrict g = s->works[0].gradients;
    double scale = share_of(s, step);
    if (job->optimiser.clip >= 0) {
        double total = 0;
        for (long t = 0; t < job->threads; ++t) total += s->squares[t];
        const double factor = job->optimiser.clip / (sqrt(total) + 1e-6);
        if (!(factor >= 1)) scale *= factor;
    }
    long first, last;
    take_part(GRADIENTS, thread, job->threads, &first, &last);
    for (long i = first; i < last; i += LANES) v_store(g + i, v_load(g + i) * (real)scale);
    struct optimiser optimiser = job->optimiser;
    optimiser.learning_rate = job->rates[step];
    for (long k = 0; k < job->parameter_count; ++k) {
        const struct parameter *p = job->parameters + k;
        if (!has_gradient(job, step, p)) continue;
        const long from = p->offset > first ? 0 : first - p->offset;
        const long to = p->offset + p->size < last ? p->size : last - p->offset;
        if (from >= to) continue;
        const struct parameter part = {p->values + from, p->first ? p->first + from : 0,
                                       p->second ? p->second + from : 0, 0, to - from, 0, p->steps};
        optimise(&optimiser, &part, g + p->offset + from);
    }
}

/* Give the annealed parameters their values in a step. */
static void anneal(const struct job *job, long step) {
    const double *values = job->annealed + step * job->annealed_count;
    for (long k = 0; k < job->annealed_count; ++k)
        *job->parameters[job->annealed_leaves[k]].values = (real)values[k];
}

struct worker {
    struct shared *shared;
    long thread;
};

static APART void work(void *argument) {
    struct shared *s = ((struct worker *)argument)->shared;
    const long thread = ((struct worker *)argument)->thread;
    struct job *job = s->job;
    while (!__atomic_load_n(&s->started, __ATOMIC_ACQUIRE)) sched_yield();
    if (s->started < 0) return;
    const int before = job->one_thread ? job->one_thread(1) : 0;
    for (long step = 0; step < job->steps; ++step) {
        if (job->annealed_count) {
            if (thread == 0) anneal(job, step);
            meet(s, job->threads);
        }
        one_share(s, thread, step);
        meet(s, job->threads);
        if (thread == 0) judge(s, step);
        add_gradients(s, thread, step);
        meet(s, job->threads);
        if (s->ended) break;
        step_along(s, thread, step);
        meet(s, job->threads);
#ifdef CONSTRAINED
        if (thread == 0) constrain(s->works);
        meet(s, job->threads);
#endif
    }
    if (job->one_thread) job->one_thread(before);
}

static void *work_through(void *argument) {
    const settings before = flush_denormals();
    work(argument);
    restore(before);
    return 0;
}

#define MOST_THREADS 64 /* as in training/native_steps.py */

int seqtasks_train(struct job *job) {
    struct work works[MOST_THREADS];
    struct worker workers[MOST_THREADS];
    double sums[MOST_THREADS], scored[MOST_THREADS], squares[MOST_THREADS];
    int status[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    struct shared shared = {job, works, sums, scored, squares, status, 0, 0, 0, 0};
    job->made = 0;
    job->status = DONE;
    if (job->threads > MOST_THREADS) return job->status = NO_MEMORY;
    memset(works, 0, sizeof works[0] * job->threads);
    for (long t = 0; t < job->threads; ++t) {
        works[t].parameters = job->parameters;
        works[t].blas = job->blas;
        works[t].thread = t;
        workers[t] = (struct worker){&shared, t};
    }
    long made = 1;
    for (; made < job->threads; ++made)
        if (pthread_create(threads + made, 0, work_through, workers + made)) break;
    if (made < job->threads) job->status = NO_MEMORY;
    __atomic_store_n(&shared.started, made < job->threads ? -1 : 1, __ATOMIC_RELEASE);
    work_through(workers);
    for (long t = 1; t < made; ++t) pthread_join(threads[t], 0);
    return job->status;
}

/* Bytes a thread needs for a batch. */
long seqtasks_memory(long batch, long time, long thread_count) {
    struct work w;
    long first;
    memset(&w, 0, sizeof w);
    take_share(&w, batch, thread_count - 1, thread_count, &first);
    const long last = w.columns;
    take_share(&w, batch, 0, thread_count, &first);
    if (last > w.columns) w.columns = last;
    w.time = time;
    w.row = row_of(w.columns, time);
    return lay_out(&w, 0);
}
