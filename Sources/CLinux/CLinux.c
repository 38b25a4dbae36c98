#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

int clinux_accept(int listener, void *peer) {
    socklen_t length = sizeof(struct sockaddr_storage);
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
