/*-------------------------------------------------------------------------
 * host_sql.h
 *	  The server as a host of the core: memory and interrupts.
 *
 * Memory is in the context that is current at the call, so that an error or a
 * cancel within the core frees it.  What the core resizes stays in the context
 * that it is in.
 *-------------------------------------------------------------------------
 */
#ifndef HOST_SQL_H
#define HOST_SQL_H

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/palloc.h"

#include "core/host.h"

static inline void *
engage_host_alloc(size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

/* repalloc does not accept NULL, as realloc does. */
static inline void *
engage_host_resize(void *memory, size_t size)
{
	return memory == NULL ? engage_host_alloc(size) : repalloc_huge(memory, size);
}

/* pfree does not accept NULL either. */
static inline void
engage_host_release(void *memory)
{
	if (memory != NULL)
		pfree(memory);
}

static inline void
engage_host_pause(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Room for more elements in an array, NULL for one that is to be made. */
static inline void *
engage_grow_array(MemoryContext context, void *array, size_t *capacity, size_t first, size_t width)
{
	*capacity = *capacity == 0 ? first : *capacity * 2;
	if (array == NULL)
		return MemoryContextAllocHuge(context, *capacity * width);
	return repalloc_huge(array, *capacity * width);
}

static const Host engage_host = {
	.alloc = engage_host_alloc,
	.resize = engage_host_resize,
	.release = engage_host_release,
	.pause = engage_host_pause,
};

#endif /* HOST_SQL_H */
