#include "CMallocCount.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

// Initial-exec, because the usual model may itself ask for memory.
static __thread long count __attribute__((tls_model("initial-exec")));
static __thread long in_use __attribute__((tls_model("initial-exec")));

long malloc_count(void) { return count; }

long malloc_in_use(void) { return in_use; }

// A sanitizer brings its own functions; then nothing is counted.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void *counted(void *memory) {
    count++;
    in_use += (long)malloc_usable_size(memory);
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return counted(__libc_calloc(number, size)); }

void *realloc(void *old, size_t size) {
    in_use -= (long)malloc_usable_size(old);
    return counted(__libc_realloc(old, size));
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = memalign(alignment, size);
    return *result ? 0 : ENOMEM;
}

void free(void *memory) {
    in_use -= (long)malloc_usable_size(memory);
    __libc_free(memory);
}

#endif
