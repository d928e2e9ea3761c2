/* Places in the order in which torch finds them: by the algorithms of libstdc++, which say where equal numbers go. */
enum { SORTED_STABLY, SORTED, GREATEST_FIRST, GREATEST };
struct ranked { real value; int place; };
struct order { struct ranked *of; int descending; };

static int comes_before(const struct order *q, struct ranked a, struct ranked b) {
    const int a_is_none = a.value != a.value, b_is_none = b.value != b.value; /* NaN is the greatest */
    if (q->descending) return (a_is_none && !b_is_none) || a.value > b.value;
    return (!a_is_none && b_is_none) || a.value < b.value;
}
static int before(const struct order *q, long a, long b) { return comes_before(q, q->of[a], q->of[b]); }
static void exchange(const struct order *q, long a, long b) {
    const struct ranked held = q->of[a];
    q->of[a] = q->of[b], q->of[b] = held;
}
static int halvings(long n) { return n > 1 ? 1 + halvings(n / 2) : 0; }

static void settle(const struct order *q, long hole, long least, struct ranked value) {
    while (hole > least && comes_before(q, value, q->of[hole - 1])) q->of[hole] = q->of[hole - 1], --hole;
    q->of[hole] = value;
}
static void sort_by_insertion(const struct order *q, long first, long last) {
    for (long i = first + 1; i < last; ++i) settle(q, i, first, q->of[i]);
}

static void sink(const struct order *q, long first, long hole, long size, struct ranked value) {
    const long top = hole;
    long child = hole;
    while (child < (size - 1) / 2) {
        child = 2 * (child + 1);
        if (before(q, first + child, first + child - 1)) --child;
        q->of[first + hole] = q->of[first + child], hole = child;
    }
    if (size % 2 == 0 && child == (size - 2) / 2)
        child = 2 * (child + 1), q->of[first + hole] = q->of[first + child - 1], hole = child - 1;
    for (long parent = (hole - 1) / 2; hole > top && comes_before(q, q->of[first + parent], value); parent = (hole - 1) / 2)
        q->of[first + hole] = q->of[first + parent], hole = parent;
    q->of[first + hole] = value;
}
static void take_top(const struct order *q, long first, long last, long to) {
    const struct ranked value = q->of[to];
    q->of[to] = q->of[first];
    sink(q, first, 0, last - first, value);
}
static void select_by_heap(const struct order *q, long first, long middle, long last) {
    for (long parent = (middle - first - 2) / 2; middle - first >= 2 && parent >= 0; --parent)
        sink(q, first, parent, middle - first, q->of[first + parent]);
    for (long i = middle; i < last; ++i)
        if (before(q, i, first)) take_top(q, first, middle, i);
}
static void sort_by_heap(const struct order *q, long first, long middle, long last) {
    select_by_heap(q, first, middle, last);
    for (; middle - first > 1; --middle) take_top(q, first, middle - 1, middle - 1);
}

/* Part a stretch by the median of three of its numbers, which goes to its front. */
static long part(const struct order *q, long first, long last) {
    const long a = first + 1, b = first + (last - first) / 2, c = last - 1;
    long median = c;
    if (before(q, a, b)) median = before(q, b, c) ? b : before(q, a, c) ? c : a;
    else median = before(q, a, c) ? a : before(q, b, c) ? c : b;
    exchange(q, first, median);
    long low = first + 1, high = last;
    for (;; ++low) {
        while (before(q, low, first)) ++low;
        --high;
        while (before(q, first, high)) --high;
        if (low >= high) return low;
        exchange(q, low, high);
    }
}
static void sort_roughly(const struct order *q, long first, long last, int depth) {
    for (; last - first > 16; --depth) {
        if (depth == 0) {
            sort_by_heap(q, first, last, last);
            return;
        }
        const long cut = part(q, first, last);
        sort_roughly(q, cut, last, depth - 1);
        last = cut;
    }
}
static void sort_as_torch(const struct order *q, long count) {
    sort_roughly(q, 0, count, 2 * halvings(count));
    sort_by_insertion(q, 0, count);
}
static void select_nth(const struct order *q, long nth, long count) {
    long first = 0, last = count;
    for (int depth = 2 * halvings(count); last - first > 3; --depth) {
        if (depth == 0) {
            select_by_heap(q, first, nth + 1, last);
            exchange(q, first, nth);
            return;
        }
        const long cut = part(q, first, last);
        if (cut <= nth) first = cut;
        else last = cut;
    }
    sort_by_insertion(q, first, last);
}

/* Write, in the place of `size` numbers of each column, the places of the first `count` of them in order. */
static __attribute__((noinline)) void put_in_order(real *at, long stride, long columns, long size, long count, int descending,
                                                   int how) {
    struct ranked held[size];
    const struct order q = {held, descending};
    for (long c = 0; c < columns; ++c) {
        for (long i = 0; i < size; ++i) held[i].value = at[i * stride + c], held[i].place = (int)i;
        if (how == SORTED_STABLY) sort_by_insertion(&q, 0, size);
        else if (how == SORTED) sort_as_torch(&q, size);
        else if (count * 64 <= size) sort_by_heap(&q, 0, count, size);
        else {
            select_nth(&q, count - 1, size);
            if (how == GREATEST_FIRST) sort_as_torch(&q, count - 1);
        }
        for (long i = 0; i < count; ++i) at[i * stride + c] = (real)held[i].place;
    }
}
