/* Losses: each is summed over a batch's columns, and leaves its gradient where the pass back reads it.
   models/loss.py is their twin in torch. */

#ifdef PENALIZED
#define PREDICTED (OUTPUT_SIZE - 1) /* the last is the penalty */
#else
#define PREDICTED OUTPUT_SIZE
#endif

enum { LOSS_SYMBOLS, LOSS_SETS, LOSS_REALS };
#define IGNORE -100

/* Cross-entropy of one block of columns; returns its sum, and leaves the gradient in d. */
static double symbols_loss(struct work *w, const int64_t *targets, long first, long time, double *scored, int *status) {
    const long columns = w->columns, row = w->row;
    real *d = w->buffers.cotangent;
    const real *y = w->predictions;
    double total = 0, count = 0;
    for (long t = 0; t < time; ++t)
        for (long c = 0; c < columns; c += LANES) {
            const long at = t * columns + c;
            vec target = v_all(-1);
            for (int l = 0; l < LANES; ++l) {
                if (c + l >= w->rows) continue;
                const int64_t id = targets[(first + c + l) * time + t];
                if (id == IGNORE) continue;
                if (id < 0 || id >= PREDICTED) *status = BAD_TARGET;
                target[l] = (real)id;
                count += 1;
            }
            vec most = v_load(y + at);
            for (int o = 1; o < PREDICTED; ++o) most = v_maximum(v_load(y + o * row + at), most);
            vec sum = v_all(0), right = v_all(0);
            for (int o = 0; o < PREDICTED; ++o) {
                const vec shifted = v_load(y + o * row + at) - most;
                const vec power = v_exp(shifted);
                sum += power;
                right += (vec)((ivec)shifted & (target == (real)o));
                v_store(d + o * row + at, power);
            }
            const ivec live = target >= 0;
            const vec loss = v_log(sum) - right, share = 1 / sum;
            for (int o = 0; o < PREDICTED; ++o) {
                const vec g = v_load(d + o * row + at) * share - v_number(target == (real)o);
                v_store(d + o * row + at, (vec)((ivec)g & live));
            }
            total += (double)v_total((vec)((ivec)loss & live));
        }
    *scored += count;
    return total;
}

/* Cross-entropy of each symbol's being in the target set, its mean over symbols. */
static double sets_loss(struct work *w, const uint8_t *targets, long first, long time, double *scored) {
    const long columns = w->columns, row = w->row;
    real *d = w->buffers.cotangent;
    const real *y = w->predictions;
    double total = 0, count = 0;
    for (long t = 0; t < time; ++t)
        for (long c = 0; c < columns; c += LANES) {
            const long at = t * columns + c;
            vec inside[PREDICTED], any = v_all(0);
            for (int o = 0; o < PREDICTED; ++o) {
                inside[o] = v_all(0);
                for (int l = 0; l < LANES; ++l)
                    if (c + l < w->rows) inside[o][l] = targets[((first + c + l) * time + t) * PREDICTED + o] != 0;
                any = v_maximum(any, inside[o]);
            }
            const ivec live = any > 0;
            vec sum = v_all(0);
            for (int o = 0; o < PREDICTED; ++o) {
                const vec x = v_load(y + o * row + at);
                sum += x * (1 - inside[o]) - v_log_sigmoid(x);
                const vec g = (v_sigmoid(x) - inside[o]) * ((real)1 / PREDICTED);
                v_store(d + o * row + at, (vec)((ivec)g & live));
            }
            total += (double)v_total((vec)((ivec)sum & live)) / PREDICTED;
            count += (double)v_total(any);
        }
    *scored += count;
    return total;
}

/* Squared error, its mean over features. */
static double reals_loss(struct work *w, const real *targets, long first, long time, double *scored) {
    const long columns = w->columns, row = w->row;
    real *d = w->buffers.cotangent;
    const real *y = w->predictions;
    double total = 0, count = 0;
    for (long t = 0; t < time; ++t)
        for (long c = 0; c < columns; ++c) {
            const long at = t * columns + c;
            const real *z = targets + ((first + c) * time + t) * PREDICTED;
            int live = c < w->rows;
            for (int o = 0; live && o < PREDICTED; ++o) live = !isnan(z[o]);
            real sum = 0;
            for (int o = 0; o < PREDICTED; ++o) {
                const real error = live ? y[o * row + at] - z[o] : 0;
                sum += error * error;
                d[o * row + at] = live ? error * ((real)2 / PREDICTED) : 0;
            }
            total += (double)sum / PREDICTED;
            count += live;
        }
    *scored += count;
    return total;
}

#ifdef PENALIZED
/* How many positions of a batch are scored. */
static double count_scored(const void *targets, int loss, long batch, long time) {
    double count = 0;
    for (long at = 0; at < batch * time; ++at) {
        int live = loss == LOSS_SETS ? 0 : 1;
        if (loss == LOSS_SYMBOLS) live = ((const int64_t *)targets)[at] != IGNORE;
        for (int o = 0; loss == LOSS_SETS && o < PREDICTED; ++o)
            live |= ((const uint8_t *)targets)[at * PREDICTED + o] != 0;
        for (int o = 0; loss == LOSS_REALS && o < PREDICTED; ++o)
            live &= !isnan(((const real *)targets)[at * PREDICTED + o]);
        count += live;
    }
    return count;
}

/* What the cells add to the loss, each step with a weight; the loss is divided by a number that this takes back. */
static double penalties(struct work *w, long time, double weight) {
    const long columns = w->columns, row = w->row;
    real *d = w->buffers.cotangent + (OUTPUT_SIZE - 1) * row;
    const real *y = w->predictions + (OUTPUT_SIZE - 1) * row;
    double total = 0;
    for (long t = 0; t < time; ++t)
        for (long c = 0; c < columns; ++c) {
            const int live = c < w->rows;
            total += live ? (double)y[t * columns + c] : 0;
            d[t * columns + c] = live ? (real)weight : 0;
        }
    return total * weight;
}
#endif
