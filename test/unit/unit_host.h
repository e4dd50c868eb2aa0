/*-------------------------------------------------------------------------
 * unit_host.h
 *	  A host for the core that knows how much memory is in use.
 *-------------------------------------------------------------------------
 */
#ifndef UNIT_HOST_H
#define UNIT_HOST_H

#include <string.h>

#include "core/host.h"
#include "unit.h"

static size_t in_use; /* bytes */

static void *
host_alloc(size_t size)
{
	size_t *piece = malloc(size + 16);

	MUST(piece != NULL);
	*piece = size;
	in_use += size;
	return piece + 2;
}

static void
host_release(void *memory)
{
	size_t *piece = (size_t *) memory - 2;

	in_use -= *piece;
	free(piece);
}

static void *
host_resize(void *memory, size_t size)
{
	void *larger = host_alloc(size);
	size_t old = ((size_t *) memory)[-2];

	memcpy(larger, memory, old < size ? old : size);
	host_release(memory);
	return larger;
}

static void
host_pause(void)
{
}

static const Host host = {host_alloc, host_resize, host_release, host_pause};

#endif /* UNIT_HOST_H */
