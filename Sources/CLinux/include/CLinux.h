// The Linux system calls that Glibc's Swift module does not show.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>

/// Accepts a connection as non-blocking and close-on-exec. `peer` has room for a struct sockaddr_storage.
/// Returns the descriptor, or -1 with errno.
int clinux_accept(int listener, void *peer);

/// Makes a non-blocking, close-on-exec pipe: the read end first. Returns 0, or -1 with errno.
int clinux_pipe(int ends[2]);

/// Pins the calling thread to one processor. Returns 0, or an error number.
int clinux_pin_thread(int processor);

/// How many processors this process may run on; at least 1.
int clinux_processor_count(void);

/// Lets this process open as many descriptors as it may allow itself.
void clinux_raise_descriptor_limit(void);

/// From now on the signal writes its number, as one byte, to the descriptor instead of ending the process. There is one
/// descriptor for all signals. Returns 0, or -1 with errno.
int clinux_redirect_signal(int signal_number, int descriptor);

/// Names the calling thread, for debuggers and top; at most 15 bytes count.
void clinux_name_thread(const char *name);
