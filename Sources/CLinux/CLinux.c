#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int clinux_accept(int listener, void *peer) {
    socklen_t length = sizeof(struct sockaddr_storage);
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_NONBLOCK | O_CLOEXEC); }

int clinux_pin_thread(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

int clinux_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

void clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Written by one thread, and read in the handler on any other.
static atomic_int signal_descriptor = -1;

static void write_signal(int signal_number) {
    int saved = errno;
    unsigned char number = (unsigned char)signal_number;
    // A full pipe has enough signals in it already.
    ssize_t ignored = write(signal_descriptor, &number, 1);
    (void)ignored;
    errno = saved;
}

int clinux_redirect_signal(int signal_number, int descriptor) {
    signal_descriptor = descriptor;
    struct sigaction action = {0};
    action.sa_handler = write_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    return sigaction(signal_number, &action, NULL);
}

void clinux_name_thread(const char *name) {
    char short_name[16] = {0};
    for (int i = 0; i < 15 && name[i]; i++) short_name[i] = name[i];
    pthread_setname_np(pthread_self(), short_name);
}
