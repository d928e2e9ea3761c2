/* Count the symbols and the rows of a batch that predictions get right.

   This is a library of its own, not a part of a program. */

#include <stdint.h>

struct counting {
    const void *logits;     /* (rows, time, made), those of the symbols first */
    const int64_t *targets; /* (rows, time) */
    long rows, time, symbols, made;
    int64_t unscored; /* the target at places that do not count */
    int doubles;
    long right_symbols, right_rows;
};

/* The first of the largest logits is predicted, and nothing where one is not a number. */
#define COUNT(real)                                                                  \
    {                                                                                \
        const real *logits = (const real *)c->logits;                                \
        const int64_t *targets = c->targets;                                         \
        for (long r = 0; r < c->rows; ++r, targets += c->time) {                     \
            long right = 0, passed = 0;                                              \
            if (c->symbols == 2)                                                     \
                for (long t = 0; t < c->time; ++t) {                                 \
                    const real a = logits[t * c->made], b = logits[t * c->made + 1]; \
                    const int hit = (targets[t] == (b > a)) & (a == a) & (b == b);   \
                    right += hit;                                                    \
                    passed += hit | (targets[t] == c->unscored);                     \
                }                                                                    \
            else                                                                     \
                for (long t = 0; t < c->time; ++t) {                                 \
                    const real *const at = logits + t * c->made;                     \
                    long largest = 0;                                                \
                    int numbers = at[0] == at[0];                                    \
                    for (long s = 1; s < c->symbols; ++s) {                          \
                        numbers &= at[s] == at[s];                                   \
                        if (at[s] > at[largest]) largest = s;                        \
                    }                                                                \
                    const int hit = (targets[t] == largest) & numbers;               \
                    right += hit;                                                    \
                    passed += hit | (targets[t] == c->unscored);                     \
                }                                                                    \
            logits += c->time * c->made;                                             \
            c->right_symbols += right;                                               \
            c->right_rows += passed == c->time;                                      \
        }                                                                            \
    }

int seqtasks_count_right(struct counting *c) {
    c->right_symbols = c->right_rows = 0;
    if (c->doubles) COUNT(double)
    else COUNT(float)
    return 0;
}
