/* Optimisers: the step of one parameter along its gradient. */

enum { ADAM, ADAMW, SGD, RMSPROP };

struct optimiser {
    int kind, reduce_by_sum, loss, nesterov;
    double learning_rate, beta1, beta2, epsilon, weight_decay, momentum, alpha, clip;
};

static UNUSED void optimise(const struct optimiser *o, const struct parameter *p, const real *g) {
    const double step = (double)p->steps;
    real *restrict x = p->values, *restrict m = p->first, *restrict v = p->second;
    const real decay = (real)o->weight_decay, b1 = (real)(1 - o->beta1), b2 = (real)o->beta2;
    const real c2 = (real)(1 - o->beta2), alpha = (real)o->alpha, rest = (real)(1 - o->alpha);
    const real epsilon = (real)o->epsilon, momentum = (real)o->momentum, rate = (real)o->learning_rate;
    if (o->kind == ADAM || o->kind == ADAMW) {
        const real size = (real)(o->learning_rate / (1 - pow(o->beta1, step)));
        const real root = (real)sqrt(1 - pow(o->beta2, step));
        const real kept = (real)(1 - o->learning_rate * o->weight_decay);
        for (long i = 0; i < p->size; ++i) {
            real d = g[i];
            if (o->kind == ADAMW) x[i] *= kept;
            else if (decay != 0) d += decay * x[i];
            m[i] += b1 * (d - m[i]);
            v[i] = v[i] * b2 + c2 * d * d;
            x[i] -= size * m[i] / ((real)(sizeof(real) == 4 ? sqrtf((float)v[i]) : sqrt((double)v[i])) / root + epsilon);
        }
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
