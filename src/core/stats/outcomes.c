/*-------------------------------------------------------------------------
 * outcomes.c
 *	  Rows of numbers with an outcome each, equal rows kept once with counts.
 *
 * An open-addressing table finds a row by a hash of its numbers' bits.  What is
 * computed from the rows takes them in an order of their values, so that sums
 * of floating-point numbers do not know how the rows came.
 *-------------------------------------------------------------------------
 */
#include "core/stats/outcomes.h"

#include <stdbool.h>
#include <string.h>

#define FIRST_ROWS 8
#define SLOTS_PER_ROW 2 /* at least so many for each row there is room for */

/* A slot holds a row's place plus one in these bits, hash bits in the others. */
#define PLACE_BITS 40
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)

static uint64_t
bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint64_t
hash_row(const double *values, int ncolumns)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

	for (int j = 0; j < ncolumns; j++)
		hash = spread_bits(hash ^ bits_of(values[j]));
	return hash;
}

static const double *
row_values(const Outcomes *outcomes, size_t row)
{
	return outcomes->values + row * (size_t) outcomes->ncolumns;
}

static size_t
row_bytes(const Outcomes *outcomes)
{
	return (size_t) outcomes->ncolumns * sizeof(double);
}

/* The slot of a row that is there, or the empty one where it would be. */
static uint64_t *
find_slot(const Outcomes *outcomes, const double *values, uint64_t hash)
{
	size_t at = hash & (outcomes->nslots - 1);

	for (;; at = (at + 1) & (outcomes->nslots - 1))
	{
		uint64_t slot = outcomes->slots[at];

		if (slot == 0 ||
			((slot ^ hash) >> PLACE_BITS == 0 &&
			 memcmp(row_values(outcomes, (slot & PLACE_MASK) - 1), values, row_bytes(outcomes)) == 0))
			return &outcomes->slots[at];
	}
}

static void
fill_slot(uint64_t *slot, size_t row, uint64_t hash)
{
	*slot = (hash & ~PLACE_MASK) | (row + 1);
}

/* Make room for twice as many rows. */
static void
grow(const Host *host, Outcomes *outcomes)
{
	size_t max_rows = outcomes->max_rows == 0 ? FIRST_ROWS : 2 * outcomes->max_rows;
	size_t nslots = SLOTS_PER_ROW * max_rows;

	if (outcomes->max_rows == 0)
	{
		outcomes->values = host->alloc(max_rows * row_bytes(outcomes) + 1);
		outcomes->counts = host->alloc(max_rows * sizeof(OutcomeCounts));
	}
	else
	{
		outcomes->values = host->resize(outcomes->values, max_rows * row_bytes(outcomes) + 1);
		outcomes->counts = host->resize(outcomes->counts, max_rows * sizeof(OutcomeCounts));
		host->release(outcomes->slots);
		outcomes->slots = NULL;
	}
	outcomes->slots = host->alloc(nslots * sizeof(uint64_t));
	memset(outcomes->slots, 0, nslots * sizeof(uint64_t));
	outcomes->nslots = nslots;
	outcomes->max_rows = max_rows;
	for (size_t row = 0; row < outcomes->nrows; row++)
	{
		uint64_t hash = hash_row(row_values(outcomes, row), outcomes->ncolumns);
		size_t at = hash & (nslots - 1);

		while (outcomes->slots[at] != 0)
			at = (at + 1) & (nslots - 1);
		fill_slot(&outcomes->slots[at], row, hash);
	}
}

/*
 * outcomes_add
 *		Count a row in.  Its numbers are finite; -0 is 0.
 */
void
outcomes_add(const Host *host, Outcomes *outcomes, const double *values, const OutcomeCounts *counts)
{
	uint64_t hash = hash_row(values, outcomes->ncolumns);
	uint64_t *slot;
	size_t row;

	if (outcomes->nrows == outcomes->max_rows)
		grow(host, outcomes);
	slot = find_slot(outcomes, values, hash);
	if (*slot == 0)
	{
		row = outcomes->nrows++;
		INVARIANT(row < outcomes->max_rows && row < PLACE_MASK);
		memcpy(outcomes->values + row * (size_t) outcomes->ncolumns, values, row_bytes(outcomes));
		outcomes->counts[row] = (OutcomeCounts){0, 0};
		fill_slot(slot, row, hash);
	}
	row = (*slot & PLACE_MASK) - 1;
	outcomes->counts[row].observations += counts->observations;
	outcomes->counts[row].events += counts->events;
}

static SortContact *
sort_rows(const Host *host, const Outcomes *outcomes, uint64_t (*key_of)(const double *, int))
{
	size_t bytes = (outcomes->nrows + 1) * sizeof(SortContact);
	SortContact *order = host->alloc(bytes);
	SortContact *scratch = host->alloc(bytes);

	for (size_t row = 0; row < outcomes->nrows; row++)
		order[row] = (SortContact){key_of(row_values(outcomes, row), outcomes->ncolumns), (int64_t) row};
	contact_sort(order, scratch, outcomes->nrows, host->pause);
	host->release(scratch);
	return order;
}

/*
 * outcomes_canonical
 *		Order rows by hash, and the few with equal hashes by their bits.
 */
SortContact *
outcomes_canonical(const Host *host, const Outcomes *outcomes)
{
	SortContact *order = sort_rows(host, outcomes, hash_row);

	for (size_t i = 1; i < outcomes->nrows; i++)
	{
		SortContact moving = order[i];
		const double *values = row_values(outcomes, (size_t) moving.at);
		size_t j = i;

		for (; j > 0 && order[j - 1].key == moving.key &&
			   memcmp(row_values(outcomes, (size_t) order[j - 1].at), values, row_bytes(outcomes)) > 0;
			 j--)
			order[j] = order[j - 1];
		order[j] = moving;
	}
	return order;
}

/* Bits that sort like the number: those of negative numbers inverted, the others after them. */
static uint64_t
ascending_key(const double *values, int ncolumns)
{
	uint64_t bits = bits_of(values[0]);

	(void) ncolumns;
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

SortContact *
outcomes_ascending(const Host *host, const Outcomes *outcomes)
{
	return sort_rows(host, outcomes, ascending_key);
}
