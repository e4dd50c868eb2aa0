/*-------------------------------------------------------------------------
 * series_sql.c
 *	  The aggregate interrupted_time_series().
 *
 * A state is a table of periods, from which the result is computed in their
 * order, so neither order nor split of the input changes a bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/stats/outcomes.h"
#include "core/stats/prediction.h"
#include "core/stats/regression.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/row.h"

/* Of the partial state. */
#define STATE_VERSION 1

/* A trend from fewer periods on a side is a guess (Penfold and Zhang 2013). */
#define ENOUGH_PERIODS 8

typedef struct PeriodEntry
{
	int64 contacts;
	int32 period;
	char status;
} PeriodEntry;

#define SH_PREFIX period_table
#define SH_ELEMENT_TYPE PeriodEntry
#define SH_KEY_TYPE int32
#define SH_KEY period
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct SeriesState
{
	int32 change; /* the same for all rows */
	period_table_hash *periods;
} SeriesState;

static void
check_change(const SeriesState *state, int32 change)
{
	if (state->change != change)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the third argument is not the same for all rows"),
				 errhint("Give a constant, or group by it.")));
}

static SeriesState *
make_series(MemoryContext context, int32 change)
{
	SeriesState *state = MemoryContextAlloc(context, sizeof(SeriesState));

	state->change = change;
	state->periods = period_table_create(context, 128, NULL);
	return state;
}

static void
add_contacts(SeriesState *state, int32 period, int64 contacts)
{
	bool found;
	PeriodEntry *entry = period_table_insert(state->periods, period, &found);

	if (!found)
		entry->contacts = 0;
	if (pg_add_s64_overflow(entry->contacts, contacts, &entry->contacts))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the contacts of a period are out of range for bigint")));
}

/* series_transfn(internal, bigint, integer, integer) RETURNS internal */
ENGAGE_FUNCTION(engage_series_transfn);
Datum
engage_series_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SeriesState *state = aggregate_state(fcinfo, 0);
	int64 contacts;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return aggregate_return(fcinfo, state);
	contacts = PG_GETARG_INT64(1);
	if (contacts < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a period cannot have " INT64_FORMAT " contacts", contacts),
				 errhint("Give how many there were, zero or more.")));
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the period of the change is NULL"),
				 errhint("Give the number of the first period after the change.")));
	if (state == NULL)
		state = make_series(context, PG_GETARG_INT32(3));
	check_change(state, PG_GETARG_INT32(3));
	add_contacts(state, PG_GETARG_INT32(2), contacts);
	PG_RETURN_POINTER(state);
}

/*
 * series_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_series_combinefn);
Datum
engage_series_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SeriesState *state = aggregate_state(fcinfo, 0);
	SeriesState *other = aggregate_state(fcinfo, 1);
	period_table_iterator iterator;
	PeriodEntry *entry;

	if (other == NULL)
		return aggregate_return(fcinfo, state);
	if (state == NULL)
		state = make_series(context, other->change);
	check_change(state, other->change);
	period_table_start_iterate(other->periods, &iterator);
	while ((entry = period_table_iterate(other->periods, &iterator)) != NULL)
		add_contacts(state, entry->period, entry->contacts);
	PG_RETURN_POINTER(state);
}

/* series_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_series_serialfn);
Datum
engage_series_serialfn(PG_FUNCTION_ARGS)
{
	SeriesState *state = (SeriesState *) PG_GETARG_POINTER(0);
	period_table_iterator iterator;
	PeriodEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint32(&buf, state->change);
	period_table_start_iterate(state->periods, &iterator);
	while ((entry = period_table_iterate(state->periods, &iterator)) != NULL)
	{
		pq_sendint32(&buf, entry->period);
		pq_sendint64(&buf, entry->contacts);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* series_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_series_deserialfn);
Datum
engage_series_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	SeriesState *state;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	state = make_series(CurrentMemoryContext, pq_getmsgint(&buf, 4));
	while (buf.cursor < buf.len)
	{
		int32 period = pq_getmsgint(&buf, 4);

		add_contacts(state, period, pq_getmsgint64(&buf));
	}
	PG_RETURN_POINTER(state);
}

static inline int
compare_periods(const SeriesPeriod *a, const SeriesPeriod *b)
{
	return (a->period > b->period) - (a->period < b->period);
}

#define ST_SORT sort_periods
#define ST_ELEMENT_TYPE SeriesPeriod
#define ST_COMPARE(a, b) compare_periods(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static SeriesPeriod *
sorted_series(const SeriesState *state, size_t *n)
{
	SeriesPeriod *series = palloc_extended(state->periods->members * sizeof(SeriesPeriod), MCXT_ALLOC_HUGE);
	period_table_iterator iterator;
	PeriodEntry *entry;

	*n = 0;
	period_table_start_iterate(state->periods, &iterator);
	while ((entry = period_table_iterate(state->periods, &iterator)) != NULL)
		series[(*n)++] = (SeriesPeriod){entry->contacts, entry->period};
	sort_periods(series, *n);
	return series;
}

/* Reasons against using the result. */
static Datum
series_warnings(const SeriesChange *change)
{
	Datum texts[4];
	int n = 0;
	double periods = (double) (change->periods_before + change->periods_after);

	if (Min(change->periods_before, change->periods_after) < ENOUGH_PERIODS)
		texts[n++] = CStringGetTextDatum(psprintf("few periods: " INT64_FORMAT " before and " INT64_FORMAT " after; have %d of each, or more",
												  change->periods_before, change->periods_after, ENOUGH_PERIODS));
	if (change->gaps > 0)
		texts[n++] = CStringGetTextDatum(psprintf("gaps: " INT64_FORMAT " periods between the first and the last are missing; one without contacts is a 0", change->gaps));
	if (change->autocorrelation > 2 / sqrt(periods))
		texts[n++] = CStringGetTextDatum(psprintf("autocorrelation: neighbouring periods are alike (%.2f); the widened intervals may still be too narrow", change->autocorrelation));
	if (!change->converged)
		texts[n++] = CStringGetTextDatum("not converged: one side has too few contacts or periods to tell its trend");
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* series_finalfn(internal) RETURNS interrupted_time_series */
ENGAGE_FUNCTION(engage_series_finalfn);
Datum
engage_series_finalfn(PG_FUNCTION_ARGS)
{
	SeriesState *state = aggregate_state(fcinfo, 0);
	SeriesPeriod *series;
	SeriesChange change;
	size_t n;
	Row row;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	series = sorted_series(state, &n);
	regression_of_series(&engage_host, series, n, state->change, &change);
	row_begin(&row, 0);
	row_add_number(&row, change.level.ratio);
	row_add_number(&row, change.level.lower);
	row_add_number(&row, change.level.upper);
	row_add_number(&row, change.slope.ratio);
	row_add_number(&row, change.slope.lower);
	row_add_number(&row, change.slope.upper);
	row_add_number(&row, change.trend_ratio);
	row_add_number(&row, change.dispersion);
	row_add_number(&row, change.autocorrelation);
	row_add(&row, Int64GetDatum(change.periods_before));
	row_add(&row, Int64GetDatum(change.periods_after));
	row_add_number(&row, change.level.p);
	row_add_number(&row, change.slope.p);
	row_add(&row, series_warnings(&change));
	return row_return(fcinfo, &row);
}
