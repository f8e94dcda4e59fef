/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip. Apart from the rest, since it alone needs zlib. */
#include <headroom/sdk_script.h>

#include <zlib.h>

#define GZIP 16 /* added to the window's bits: a gzip header, whose time is 0 */

static voidpf take(voidpf call, uInt n, uInt size)
{
	const struct hr_call *of = call;

	return of->alloc(of, (uint64_t)n * size);
}

static void leave(voidpf call, voidpf memory)
{
	(void)call, (void)memory; /* it dies with the call */
}

struct hr_span hr_gzip(const struct hr_call *call, struct hr_span data)
{
	z_stream z = {.zalloc = take, .zfree = leave, .opaque = (voidpf)(uintptr_t)call};
	struct hr_span none = {0};
	Bytef *out = NULL;
	uLong bound;

	if (data.len > UINT32_MAX / 2)
		return none;
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return none;
	bound = deflateBound(&z, (uLong)data.len);
	out = call->alloc(call, bound);
	if (!out)
		return none;
	z.next_in = (Bytef *)(uintptr_t)data.ptr;
	z.avail_in = (uInt)data.len;
	z.next_out = out;
	z.avail_out = (uInt)bound;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		return none;
	deflateEnd(&z);
	return (struct hr_span){(const char *)out, z.total_out};
}
