/*-------------------------------------------------------------------------
 * suppression.h
 *	  Which counts of a table with totals to leave out, so that small ones stay
 *	  hidden.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef SUPPRESSION_H
#define SUPPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* The sum of all counts must not exceed this. */
#define SUPPRESSION_MAX_TOTAL (INT64_C(1) << 53)

/* Counts from 1 to minimum - 1 are small. */
typedef struct SuppressionTable
{
	size_t rows; /* without totals, at least 1 */
	size_t columns; /* the same */
	const int64_t *counts; /* rows by columns, none negative */
	const int64_t *weights; /* the cost of leaving out each count, in the same layout; may be NULL */
	int64_t minimum; /* at least 2 */
} SuppressionTable;

/* suppressed has one row and one column more, for the totals; every element is set. */
extern void suppress_counts(const Host *host, const SuppressionTable *table, bool *suppressed);

#endif /* SUPPRESSION_H */
