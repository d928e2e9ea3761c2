/* Make one call after the other, without Python between them.

   This is a library of its own, not a part of a program. */

#define _POSIX_C_SOURCE 199309L
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* How many calls were made: all of them, or as many as began within some seconds, at least one. */
long seqtasks_call_each(int (*const *functions)(void *), void *const *arguments, int *results,
                        long count, double seconds) {
    const double end = now() + seconds;
    for (long k = 0; k < count; ++k) {
        if (k > 0 && now() >= end) return k;
        results[k] = functions[k](arguments[k]);
    }
    return count;
}
