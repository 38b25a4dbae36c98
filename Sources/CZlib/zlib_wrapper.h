// zlib declares deflateInit and inflateInit as macros, which Swift does not import.
#pragma once

#include <zlib.h>

static inline int micro_deflate_init(z_stream *stream, int level) { return deflateInit(stream, level); }
static inline int micro_inflate_init(z_stream *stream) { return inflateInit(stream); }
