/*-------------------------------------------------------------------------
 * linkage_store.h
 *	  Personas as the files of linkage keep them.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef LINKAGE_STORE_H
#define LINKAGE_STORE_H

#include <math.h>

#include "core/identity/linkage.h"
#include "core/slots.h"

#define LINK_PAUSE_STEPS 4096
#define LINK_NO_VALUE (-1)

/* Flags of a persona's number. */
#define LINK_OWN_NUMBER 1 /* a person decided so */
#define LINK_SHARED_NUMBER 2 /* many names use it */
#define LINK_ORGANISATION 4 /* it belongs to an organisation, and no person is named */

/* All values of one comparison, each once. */
typedef struct LinkDictionary
{
	char *bytes;
	size_t nbytes;
	size_t max_bytes;
	uint32_t n;
	uint32_t max;
	size_t *offset; /* of each value, and of the end */
	uint64_t *hash;
	uint64_t *form[LINK_FORMS]; /* hash of each form that the kind has; 0 for none */
	signed char *own; /* level at which it agrees with itself: not 0 for a part of a place */
	double *people; /* people who have it */
	int32_t *weight; /* of agreement on it, thousandths of a bit */
	Slots slots; /* of values */
	uint64_t *cached_pair; /* the pair of values of which a level is known */
	signed char *cached_level;
} LinkDictionary;

struct LinkStore
{
	const Host *host;
	const LinkModel *model;
	uint32_t n;
	uint32_t max;
	int32_t *value; /* of each persona, its comparisons side by side */
	int64_t *rank;
	unsigned char *flags;
	LinkDictionary dictionary[FS_MAX_COMPARISONS];
	int32_t weight[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	int number; /* comparisons that are special, or -1 */
	int given;
	int family;
	unsigned steps;
};

static inline void
link_step(LinkStore *store)
{
	if (++store->steps % LINK_PAUSE_STEPS == 0)
		store->host->pause();
}

static inline int32_t *
link_value_at(const LinkStore *store, int comparison, uint32_t persona)
{
	return store->value + (size_t) persona * store->model->fs.ncomparisons + comparison;
}

static inline const char *
link_value_of(const LinkDictionary *d, int32_t id, size_t *len)
{
	*len = d->offset[id + 1] - d->offset[id];
	return d->bytes + d->offset[id];
}

/* Weight in thousandths of a bit, kept finite. */
static inline int32_t
link_millibits(double bits)
{
	if (bits > 100)
		bits = 100;
	if (!(bits > -100))
		bits = -100;
	return (int32_t) lrint(bits * MILLIBITS);
}

extern int link_compare_keys(const void *a, const void *b);

#endif /* LINKAGE_STORE_H */
