/* A batch's inputs become columns, the same for every program.
 *
 * The program defines, before this: INPUT_SIZE (features of real inputs, or 0), VOCABULARY (symbols, or
 * 0), OUTPUT_SIZE, GRADIENTS (numbers in all gradients), struct buffers, and the functions
 * lay_out, forward and backward. */

enum { DONE, BAD_INPUT, BAD_TARGET, NO_MEMORY };

/* Numbers from a row of a buffer to the next: one step more than there are, and no multiple of a page. */
static long row_of(long columns, long time) {
    long row = (time + 1) * columns;
    return row % 128 == 0 ? row + 16 : row;
}

/* Some steps of a batch, from one on. Instances are columns: time step after time step, in each the rows of the batch, padded with copies of the
 * first so that there are whole vectors. */
static int take_steps(struct work *w, const void *source, long first, long time, long from) {
    const long columns = w->columns;
    for (long t = 0; t < w->time; ++t) {
        long c = 0;
#if INPUT_SIZE > 0 && INPUT_SIZE % WIDE_NUMBERS == 0 && OWN_PRODUCTS
        for (; c + WIDE <= w->rows; c += WIDE)
            for (int d = 0; d < INPUT_SIZE; d += (int)WIDE)
                transpose_square(w->buffers.inputs + d * w->row + t * columns + c, w->row,
                                 (const real *)source + ((first + c) * time + from + t) * INPUT_SIZE + d, time * INPUT_SIZE);
#endif
        for (; c < columns; ++c) {
            const long row = first + (c < w->rows ? c : 0);
#if VOCABULARY > 0
            const int64_t symbol = ((const int64_t *)source)[row * time + from + t];
            if (symbol < 0 || symbol >= VOCABULARY) return BAD_INPUT;
            w->symbols[t * columns + c] = (int32_t)symbol;
#elif INPUT_SIZE > 0
            const real *x = (const real *)source + (row * time + from + t) * INPUT_SIZE;
            for (int d = 0; d < INPUT_SIZE; ++d) w->buffers.inputs[d * w->row + t * columns + c] = x[d];
#endif
        }
    }
    return DONE;
}

/* All steps of a batch whose rows lie `time` steps apart. */
static int take_inputs(struct work *w, const void *source, long first, long time) {
    return take_steps(w, source, first, time, 0);
}
