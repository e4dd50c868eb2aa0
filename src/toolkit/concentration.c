/*-------------------------------------------------------------------------
 * concentration.c
 *	  The aggregate concentration(contacts): how much of the demand comes from
 *	  how few.
 *
 * Counts repeat a lot, so the state is a table of how often each count
 * occurred: its size follows the number of different counts, not of callers.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"

#include "core/time/contact_sort.h"
#include "engage.h"
#include "toolkit/aggregate.h"
#include "toolkit/row.h"

/* Of the partial state. */
#define STATE_VERSION 1

typedef struct CountEntry
{
	int64 count; /* contacts of a caller */
	int64 callers; /* callers with that many */
	char status;
} CountEntry;

#define SH_PREFIX count_table
#define SH_ELEMENT_TYPE CountEntry
#define SH_KEY_TYPE int64
#define SH_KEY count
#define SH_HASH_KEY(table, key) ((uint32) spread_bits((uint64) (key)))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The shares in the result: of the top callers by number, then by percent. */
static const int top_callers[] = {1, 10, 100};
static const int top_percents[] = {1, 5, 10};

static void
add_callers(count_table_hash *table, int64 count, int64 callers)
{
	bool found;
	CountEntry *entry = count_table_insert(table, count, &found);

	if (!found)
		entry->callers = 0;
	entry->callers += callers;
}

/* concentration_transfn(internal, bigint) RETURNS internal */
ENGAGE_FUNCTION(engage_concentration_transfn);
Datum
engage_concentration_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	count_table_hash *table = aggregate_state(fcinfo, 0);
	int64 count;

	if (!PG_ARGISNULL(1))
	{
		count = PG_GETARG_INT64(1);
		if (count < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a caller cannot have " INT64_FORMAT " contacts", count),
					 errhint("Give one count per caller, zero or more.")));
		if (table == NULL)
			table = count_table_create(context, 64, NULL);
		add_callers(table, count, 1);
	}
	return aggregate_return(fcinfo, table);
}

/* concentration_combinefn(internal, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_concentration_combinefn);
Datum
engage_concentration_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	count_table_hash *table = aggregate_state(fcinfo, 0);
	count_table_hash *other = aggregate_state(fcinfo, 1);
	count_table_iterator iterator;
	CountEntry *entry;

	if (other != NULL)
	{
		if (table == NULL)
			table = count_table_create(context, 64, NULL);
		count_table_start_iterate(other, &iterator);
		while ((entry = count_table_iterate(other, &iterator)) != NULL)
			add_callers(table, entry->count, entry->callers);
	}
	return aggregate_return(fcinfo, table);
}

/* concentration_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_concentration_serialfn);
Datum
engage_concentration_serialfn(PG_FUNCTION_ARGS)
{
	count_table_hash *table = (count_table_hash *) PG_GETARG_POINTER(0);
	count_table_iterator iterator;
	CountEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	count_table_start_iterate(table, &iterator);
	while ((entry = count_table_iterate(table, &iterator)) != NULL)
	{
		pq_sendint64(&buf, entry->count);
		pq_sendint64(&buf, entry->callers);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* concentration_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_concentration_deserialfn);
Datum
engage_concentration_deserialfn(PG_FUNCTION_ARGS)
{
	count_table_hash *table = count_table_create(CurrentMemoryContext, 64, NULL);
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	while (buf.cursor < buf.len)
	{
		int64 count = pq_getmsgint64(&buf);

		add_callers(table, count, pq_getmsgint64(&buf));
	}
	PG_RETURN_POINTER(table);
}

static inline int
compare_descending(const CountEntry *a, const CountEntry *b)
{
	return (a->count < b->count) - (a->count > b->count);
}

#define ST_SORT sort_descending
#define ST_ELEMENT_TYPE CountEntry
#define ST_COMPARE(a, b) compare_descending(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* All entries, the largest counts first. */
static CountEntry *
sorted_entries(count_table_hash *table, int *n)
{
	CountEntry *entries = palloc_extended(Max(table->members, 1) * sizeof(CountEntry), MCXT_ALLOC_HUGE);
	count_table_iterator iterator;
	CountEntry *entry;

	*n = 0;
	count_table_start_iterate(table, &iterator);
	while ((entry = count_table_iterate(table, &iterator)) != NULL)
		entries[(*n)++] = *entry;
	sort_descending(entries, *n);
	return entries;
}

/* The share of the contacts that the given number of top callers have; NaN if there are no contacts. */
static double
share_of_top(const CountEntry *entries, int n, int64 callers, int64 contacts)
{
	int64 of_top = 0;

	for (int i = 0; i < n && callers > 0; i++)
	{
		int64 taken = Min(callers, entries[i].callers);

		of_top += taken * entries[i].count;
		callers -= taken;
	}
	return (double) of_top / (double) contacts;
}

/*
 * The Gini coefficient: the mean absolute difference of two callers' counts
 * over twice the mean.  With counts in ascending order and i from 1 to m it is
 * sum((2i - m - 1) x_i) / (m sum(x_i)); equal counts are summed at once.  NaN if
 * there is no contact.
 */
static double
gini(const CountEntry *entries, int n, int64 callers, int64 contacts)
{
	double sum = 0;
	double before = 0; /* callers with smaller counts */

	for (int i = n - 1; i >= 0; i--)
	{
		double same = (double) entries[i].callers;

		sum += (2 * before + same - (double) callers) * same * (double) entries[i].count;
		before += same;
	}
	return sum / ((double) callers * (double) contacts);
}

/* concentration_finalfn(internal) RETURNS concentration */
ENGAGE_FUNCTION(engage_concentration_finalfn);
Datum
engage_concentration_finalfn(PG_FUNCTION_ARGS)
{
	count_table_hash *table = aggregate_state(fcinfo, 0);
	Row row;
	CountEntry *entries;
	int n;
	int64 callers = 0;
	int64 contacts = 0;

	aggregate_context(fcinfo);
	if (table == NULL)
		PG_RETURN_NULL();
	entries = sorted_entries(table, &n);
	for (int i = 0; i < n; i++)
	{
		int64 product;

		if (pg_mul_s64_overflow(entries[i].count, entries[i].callers, &product) ||
			pg_add_s64_overflow(contacts, product, &contacts))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the sum of contacts is out of range for bigint")));
		callers += entries[i].callers;
	}
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(callers));
	row_add(&row, Int64GetDatum(contacts));
	for (int i = 0; i < lengthof(top_callers); i++)
		row_add_number(&row, share_of_top(entries, n, top_callers[i], contacts));
	for (int i = 0; i < lengthof(top_percents); i++)
		row_add_number(&row, share_of_top(entries, n, (callers * top_percents[i] + 99) / 100, contacts));
	row_add_number(&row, gini(entries, n, callers, contacts));
	return row_return(fcinfo, &row);
}
