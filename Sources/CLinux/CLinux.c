#include "CLinux.h"

int clinux_accept(int listener, struct sockaddr_storage *peer) {
    socklen_t length = sizeof(*peer);
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_pin_thread(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

void clinux_name_thread(const char *name) {
    char short_name[16] = {0};
    for (int i = 0; i < 15 && name[i]; i++) short_name[i] = name[i];
    pthread_setname_np(pthread_self(), short_name);
}

long long clinux_boot_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}
