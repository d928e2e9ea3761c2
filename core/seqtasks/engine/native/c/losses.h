/* Losses: each is summed over a batch's columns, and leaves its gradient where the pass back reads it.
   models/loss.py is their twin in torch. */

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
                if (id < 0 || id >= OUTPUT_SIZE) *status = BAD_TARGET;
                target[l] = (real)id;
                count += 1;
            }
            vec most = v_load(y + at);
            for (int o = 1; o < OUTPUT_SIZE; ++o) most = v_maximum(v_load(y + o * row + at), most);
            vec sum = v_all(0), right = v_all(0);
            for (int o = 0; o < OUTPUT_SIZE; ++o) {
                const vec shifted = v_load(y + o * row + at) - most;
                const vec power = v_exp(shifted);
                sum += power;
                right += (vec)((ivec)shifted & (target == (real)o));
                v_store(d + o * row + at, power);
            }
            const ivec live = target >= 0;
            const vec loss = v_log(sum) - right, share = 1 / sum;
            for (int o = 0; o < OUTPUT_SIZE; ++o) {
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
            vec inside[OUTPUT_SIZE], any = v_all(0);
            for (int o = 0; o < OUTPUT_SIZE; ++o) {
                inside[o] = v_all(0);
                for (int l = 0; l < LANES; ++l)
                    if (c + l < w->rows) inside[o][l] = targets[((first + c + l) * time + t) * OUTPUT_SIZE + o] != 0;
                any = v_maximum(any, inside[o]);
            }
            const ivec live = any > 0;
            vec sum = v_all(0);
            for (int o = 0; o < OUTPUT_SIZE; ++o) {
                const vec x = v_load(y + o * row + at);
                sum += x * (1 - inside[o]) - v_log_sigmoid(x);
                const vec g = (v_sigmoid(x) - inside[o]) * ((real)1 / OUTPUT_SIZE);
                v_store(d + o * row + at, (vec)((ivec)g & live));
            }
            total += (double)v_total((vec)((ivec)sum & live)) / OUTPUT_SIZE;
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
            const real *z = targets + ((first + c) * time + t) * OUTPUT_SIZE;
            int live = c < w->rows;
            for (int o = 0; live && o < OUTPUT_SIZE; ++o) live = !isnan(z[o]);
            real sum = 0;
            for (int o = 0; o < OUTPUT_SIZE; ++o) {
                const real error = live ? y[o * row + at] - z[o] : 0;
                sum += error * error;
                d[o * row + at] = live ? error * ((real)2 / OUTPUT_SIZE) : 0;
            }
            total += (double)sum / OUTPUT_SIZE;
            count += live;
        }
    *scored += count;
    return total;
}
