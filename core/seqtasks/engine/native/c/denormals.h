/* Numbers below the smallest normal one become zero where a program computes them. A processor takes a hundred
   times as long for them, and a state that decays, or an optimiser's mean without a gradient, ends among them.

   A number that is given, such as a parameter, is read as it is. The caller's own settings are neither
   felt nor changed. */

#if defined(__SSE2__)
typedef unsigned settings;
static settings flush_denormals(void) {
    const settings before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x9F80); /* flush results to zero, round to nearest, no traps */
    return before;
}
static void restore(settings before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
typedef uint64_t settings;
static settings flush_denormals(void) {
    settings before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before) : : "memory");
    __asm__ volatile("msr fpcr, %0" : : "r"((settings)1 << 24) : "memory"); /* the same; here also what is read */
    return before;
}
static void restore(settings before) { __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory"); }
#else
typedef int settings;
static settings flush_denormals(void) { return 0; }
static void restore(settings before) { (void)before; }
#endif
#define APART __attribute__((noinline)) /* no computation moves before or behind the settings */
