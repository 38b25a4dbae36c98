// The Linux system calls that Glibc's Swift module does not show.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

/// Accepts a connection as non-blocking and close-on-exec. `peer` has room for a struct sockaddr_storage.
/// Returns the descriptor, or -1 with errno.
int clinux_accept(int listener, void *peer);

/// Pins the calling thread to one processor. Returns 0, or an error number.
int clinux_pin_thread(int processor);

/// Names the calling thread, for debuggers and top; at most 15 bytes count.
void clinux_name_thread(const char *name);
