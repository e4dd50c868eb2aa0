/*-------------------------------------------------------------------------
 * slots.h
 *	  Slots of a hash table: places in an array, found by a hash.
 *
 * Open addressing, one slot after another.  The array, the hash and what makes
 * two entries equal are the owner's, who looks for an entry with
 *
 *		slot = slots_first(slots, hash);
 *		while (slots->place[slot] != SLOT_FREE && !is_it(slots->place[slot]))
 *			slot = slots_next(slots, slot);
 *
 * and puts a new one there.  There are always free slots: at least twice as many
 * slots as there is room for entries.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdint.h>
#include <string.h>

#include "core/host.h"

#define SLOT_FREE UINT32_MAX

/* All zero before slots_lay(). */
typedef struct Slots
{
	uint32_t *place;
	size_t n; /* a power of two */
} Slots;

/* Lay free slots for so many entries, in place of those there were. */
static inline void
slots_lay(const Host *host, Slots *slots, size_t entries)
{
	if (slots->place != NULL)
		host->release(slots->place);
	if (slots->n == 0)
		slots->n = 64;
	while (slots->n < 2 * entries)
		slots->n *= 2;
	slots->place = host->alloc(slots->n * sizeof(uint32_t));
	memset(slots->place, 0xff, slots->n * sizeof(uint32_t));
}

static inline void
slots_release(const Host *host, Slots *slots)
{
	if (slots->place != NULL)
		host->release(slots->place);
	memset(slots, 0, sizeof(*slots));
}

/* The slot where to look first, and the one after another. */
static inline size_t
slots_first(const Slots *slots, uint64_t hash)
{
	return hash & (slots->n - 1);
}

static inline size_t
slots_next(const Slots *slots, size_t slot)
{
	return (slot + 1) & (slots->n - 1);
}

/* Put in an entry that is not there. */
static inline void
slots_put(Slots *slots, uint64_t hash, uint32_t place)
{
	size_t slot = slots_first(slots, hash);

	INVARIANT(place < slots->n / 2); /* or there might be no free slot left */
	while (slots->place[slot] != SLOT_FREE)
		slot = slots_next(slots, slot);
	slots->place[slot] = place;
}

#endif /* SLOTS_H */
