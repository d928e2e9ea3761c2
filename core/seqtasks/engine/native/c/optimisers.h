/* Optimisers: the step of one parameter along its gradient. */

enum { ADAM, ADAMW, SGD, RMSPROP };

struct optimiser {
    int kind, reduce_by_sum, loss, nesterov;
    double learning_rate, beta1, beta2, epsilon, weight_decay, momentum, alpha, clip;
};

struct adam {
    int decays;
    real decay, kept, b1, b2, c2, size, root, epsilon;
};

INLINE void adam_part(const struct adam a, real *restrict x, real *restrict m, real *restrict v,
                      const real *restrict g, const long count) {
    for (long i = 0; i < count; ++i) {
        const real d = a.decays ? g[i] + a.decay * x[i] : g[i];
        m[i] += a.b1 * (d - m[i]);
        v[i] = v[i] * a.b2 + a.c2 * d * d;
        const real spread = (real)(sizeof(real) == 4 ? sqrtf((float)v[i]) : sqrt((double)v[i]));
        x[i] = x[i] * a.kept - a.size * m[i] / (spread / a.root + a.epsilon);
    }
}

/* A part of a constant length becomes vectors. */
static UNUSED void adam_all(const struct adam *about, real *restrict x, real *restrict m, real *restrict v,
                            const real *restrict g, long count) {
    const struct adam a = *about;
    long i = 0;
    for (; i + LANES <= count; i += LANES) adam_part(a, x + i, m + i, v + i, g + i, LANES);
    adam_part(a, x + i, m + i, v + i, g + i, count - i);
}

static UNUSED void optimise(const struct optimiser *o, const struct parameter *p, const real *g) {
    const double step = (double)p->steps;
    real *restrict x = p->values, *restrict m = p->first, *restrict v = p->second;
    const real decay = (real)o->weight_decay, b1 = (real)(1 - o->beta1), b2 = (real)o->beta2;
    const real c2 = (real)(1 - o->beta2), alpha = (real)o->alpha, rest = (real)(1 - o->alpha);
    const real epsilon = (real)o->epsilon, momentum = (real)o->momentum, rate = (real)o->learning_rate;
    if (o->kind == ADAM || o->kind == ADAMW) {
        const int decoupled = o->kind == ADAMW;
        const struct adam a = {
            .decays = !decoupled && decay != 0,
            .decay = decay,
            .kept = decoupled ? (real)(1 - o->learning_rate * o->weight_decay) : 1,
            .b1 = b1, .b2 = b2, .c2 = c2,
            .size = (real)(o->learning_rate / (1 - pow(o->beta1, step))),
            .root = (real)sqrt(1 - pow(o->beta2, step)),
            .epsilon = epsilon,
        };
        adam_all(&a, x, m, v, g, p->size);
    } else if (o->kind == SGD) {
        for (long i = 0; i < p->size; ++i) {
            real d = g[i] + decay * x[i];
            if (momentum != 0) {
                m[i] = step > 1 ? momentum * m[i] + d : d;
                d = o->nesterov ? d + momentum * m[i] : m[i];
            }
            x[i] -= rate * d;
        }
    } else {
        for (long i = 0; i < p->size; ++i) {
            const real d = g[i] + decay * x[i];
            v[i] = alpha * v[i] + rest * d * d;
            const real scaled = d / ((real)(sizeof(real) == 4 ? sqrtf((float)v[i]) : sqrt((double)v[i])) + epsilon);
            if (momentum != 0) {
                m[i] = momentum * m[i] + scaled;
                x[i] -= rate * m[i];
            } else x[i] -= rate * scaled;
        }
    }
}
