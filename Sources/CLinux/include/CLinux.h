// The system calls and constants that Glibc's Swift module does not show.
#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/// Accepts a connection as non-blocking and close-on-exec. Returns the descriptor, or -1 with errno.
int clinux_accept(int listener, struct sockaddr_storage *peer);

/// Pins the calling thread to one processor. Returns 0, or an error number.
int clinux_pin_thread(int processor);

/// Names the calling thread, for debuggers and top; at most 15 bytes count.
void clinux_name_thread(const char *name);

/// The monotonic clock in nanoseconds, suspended time included.
long long clinux_boot_nanoseconds(void);
