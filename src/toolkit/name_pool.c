/*-------------------------------------------------------------------------
 * name_pool.c
 *	  Names of callers, each kept once.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "host_sql.h"
#include "toolkit/name_pool.h"

#define FIRST_NAMES 512
#define FIRST_BYTES 8192

static void
enlarge(NamePool *pool)
{
	MemoryContext old = MemoryContextSwitchTo(pool->context);

	pool->names = engage_grow_array(pool->context, pool->names, &pool->capacity, FIRST_NAMES, sizeof(CallerName));
	slots_lay(&engage_host, &pool->slots, pool->capacity);
	for (uint32 i = 0; i < pool->n; i++)
		slots_put(&pool->slots, pool->names[i].hash, i);
	MemoryContextSwitchTo(old);
}

static uint32
add_name(NamePool *pool, const char *bytes, size_t len, uint64 hash)
{
	CallerName *name = &pool->names[pool->n];

	while (pool->used + len > pool->size)
		pool->bytes = engage_grow_array(pool->context, pool->bytes, &pool->size, Max(len, FIRST_BYTES), 1);
	name->hash = hash;
	name->offset = pool->used;
	name->len = (uint32) len;
	memcpy(pool->bytes + pool->used, bytes, len);
	pool->used += len;
	return pool->n++;
}

/*
 * name_pool_find
 *		The index of a name, which is added if it is new.
 */
uint32
name_pool_find(NamePool *pool, const char *bytes, size_t len)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) bytes, (int) len, 0);
	Slots *slots = &pool->slots;
	size_t slot;

	if (pool->n == pool->capacity)
		enlarge(pool);
	slot = slots_first(slots, hash);
	for (; slots->place[slot] != SLOT_FREE; slot = slots_next(slots, slot))
	{
		CallerName *name = &pool->names[slots->place[slot]];

		if (name->hash == hash && name->len == len && memcmp(pool->bytes + name->offset, bytes, len) == 0)
			return slots->place[slot];
	}
	return slots->place[slot] = add_name(pool, bytes, len, hash);
}

static inline int
compare_names(const uint32 *a, const uint32 *b, const NamePool *pool)
{
	const CallerName *x = &pool->names[*a];
	const CallerName *y = &pool->names[*b];
	int result;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	result = memcmp(pool->bytes + x->offset, pool->bytes + y->offset, Min(x->len, y->len));
	if (result != 0)
		return result;
	return x->len < y->len ? -1 : x->len > y->len;
}

#define ST_SORT sort_names
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE_ARG_TYPE const NamePool
#define ST_COMPARE(a, b, pool) compare_names(a, b, pool)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * name_pool_rank
 *		Gives each name its rank.  Returns the indexes in order of rank.
 */
uint32 *
name_pool_rank(NamePool *pool)
{
	uint32 *order = palloc_extended(Max(pool->n, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < pool->n; i++)
		order[i] = i;
	sort_names(order, pool->n, pool);
	for (uint32 i = 0; i < pool->n; i++)
		pool->names[order[i]].rank = i;
	return order;
}

/*
 * name_pool_forget
 *		Forgets all names, and keeps the room for as many.
 */
void
name_pool_forget(NamePool *pool)
{
	pool->n = 0;
	pool->used = 0;
	if (pool->slots.place != NULL)
		memset(pool->slots.place, 0xff, pool->slots.n * sizeof(uint32));
}
