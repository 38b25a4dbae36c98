#pragma once

// Linking this target is enough: its functions take the place of the C library's and pass every call on to it.

/// How often this thread has asked for memory since it began.
long malloc_count(void);

/// Bytes that this thread has been given, less those that it has freed.
long malloc_in_use(void);
