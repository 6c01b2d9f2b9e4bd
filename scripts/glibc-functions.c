/* What Debian's libstdc++ and libgcc need of glibc and musl does not have; for scripts/setup-release-tests only. */
#include <stddef.h>
#include <sys/auxv.h>
#include <time.h>

char __libc_single_threaded = 0;

struct {
  unsigned features[4];
} __cpu_model;

unsigned long __getauxval(unsigned long type) { return getauxval(type); }

int __cpu_indicator_init(void) { return 0; }

unsigned arc4random(void) {
  static unsigned seed = 1;
  return seed = seed * 1103515245 + 12345;
}

size_t __strftime_l(char *to, size_t size, const char *format, const struct tm *time, void *locale) {
  (void)locale;
  return strftime(to, size, format, time);
}

/* A thread's destructors do not run. */
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) {
  (void)destroy, (void)object, (void)library;
  return 0;
}

/* Not found: the unwinder then asks dl_iterate_phdr. */
int _dl_find_object(void *address, void *result) {
  (void)address, (void)result;
  return -1;
}
