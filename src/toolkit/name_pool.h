/*-------------------------------------------------------------------------
 * name_pool.h
 *	  Names of callers, each kept once.
 *-------------------------------------------------------------------------
 */
#ifndef NAME_POOL_H
#define NAME_POOL_H

#include "utils/memutils.h"

#include "core/slots.h"

typedef struct CallerName
{
	uint64 hash;
	size_t offset; /* in the pool's bytes */
	uint32 len;
	uint32 rank; /* in order of hash and bytes */
} CallerName;

/* All zero except the context, at the start. */
typedef struct NamePool
{
	MemoryContext context;
	CallerName *names;
	uint32 n;
	size_t capacity;
	Slots slots;
	char *bytes;
	size_t used;
	size_t size;
} NamePool;

extern uint32 name_pool_find(NamePool *pool, const char *bytes, size_t len);
extern uint32 *name_pool_rank(NamePool *pool);
extern void name_pool_forget(NamePool *pool);

/* Bytes in use, not counting what the arrays keep in reserve. */
static inline size_t
name_pool_memory(const NamePool *pool)
{
	return pool->n * sizeof(CallerName) + pool->used + pool->slots.n * sizeof(uint32);
}

#endif /* NAME_POOL_H */
