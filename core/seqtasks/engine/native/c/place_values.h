/* Put values at their places among the steps of a batch, in the type that a program takes.

   This is a library of its own, not a part of a program. */

#include <stdint.h>

enum { SMALL_TO_WHOLE, WHOLE, OCTET, SINGLE, SINGLE_TO_DOUBLE };

struct placing {
    const void *from; /* (rows, steps, features) */
    void *to;         /* (rows, time, features); other places keep what they hold */
    long rows, steps, features, time;
    long first, stride; /* value k of a row goes to the step first + k * stride */
    int kind;
};

#define PLACE(narrow, wide)                                                                  \
    {                                                                                        \
        const narrow *in = (const narrow *)p->from;                                          \
        wide *const out = (wide *)p->to + p->first * p->features;                            \
        for (long r = 0; r < p->rows; ++r) {                                                 \
            wide *const row = out + r * p->time * p->features;                               \
            if (p->stride == 1)                                                              \
                for (long k = 0; k < p->steps * p->features; ++k) row[k] = (wide)in[k];      \
            else                                                                             \
                for (long s = 0; s < p->steps; ++s)                                          \
                    for (long d = 0; d < p->features; ++d)                                   \
                        row[s * p->stride * p->features + d] = (wide)in[s * p->features + d]; \
            in += p->steps * p->features;                                                    \
        }                                                                                    \
    }                                                                                        \
    break;

/* 0, or 1 for a kind that is not there. */
int seqtasks_place_values(const struct placing *p) {
    switch (p->kind) {
    case SMALL_TO_WHOLE: PLACE(int8_t, int64_t)
    case WHOLE: PLACE(int64_t, int64_t)
    case OCTET: PLACE(uint8_t, uint8_t)
    case SINGLE: PLACE(float, float)
    case SINGLE_TO_DOUBLE: PLACE(float, double)
    default: return 1;
    }
    return 0;
}
