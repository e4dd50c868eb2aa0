/*-------------------------------------------------------------------------
 * outcomes.h
 *	  Rows of numbers with an outcome each, equal rows kept once with counts.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef OUTCOMES_H
#define OUTCOMES_H

#include <stddef.h>
#include <stdint.h>

#include "core/host.h"
#include "core/time/contact_sort.h"

/* How often a row was observed, and how often the event happened then. */
typedef struct OutcomeCounts
{
	int64_t observations;
	int64_t events;
} OutcomeCounts;

/* An empty one is all zeros, except for the number of columns. */
typedef struct Outcomes
{
	int ncolumns;
	size_t nrows; /* distinct ones */
	size_t max_rows; /* that there is room for */
	double *values; /* a row's numbers beside each other */
	OutcomeCounts *counts; /* one a row */
	uint64_t *slots; /* hash table: 0, or a row and some bits of its hash */
	size_t nslots;
} Outcomes;

extern void outcomes_add(const Host *host, Outcomes *outcomes, const double *values,
						 const OutcomeCounts *counts);

/*
 * The rows in an order that depends only on their values, not on the order of
 * input: for each, a sort key and (in "at") its place among the rows.  The
 * first is for any number of columns and an order without a meaning, the
 * second for one column, ascending.  The caller releases the array.
 */
extern SortContact *outcomes_canonical(const Host *host, const Outcomes *outcomes);
extern SortContact *outcomes_ascending(const Host *host, const Outcomes *outcomes);

#endif /* OUTCOMES_H */
