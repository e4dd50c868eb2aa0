/*-------------------------------------------------------------------------
 * timeline_agg.c
 *	  The aggregates timeline_agg(timestamptz) and rollup(timeline).
 *
 * Both gather instants in one growing array and sort once at the end, so the
 * order, split or overlap of contacts does not matter.  Partial states travel
 * as encoded timelines.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "toolkit/aggregate.h"
#include "toolkit/timeline_sql.h"

/* One chunk of memory, which moves when it grows: most callers have one contact. */
typedef struct TimelineState
{
	size_t n;
	size_t capacity;
	int64 times[FLEXIBLE_ARRAY_MEMBER];
} TimelineState;

#define FIRST_CAPACITY 3 /* fills a 48-byte chunk */
#define state_size(capacity) (offsetof(TimelineState, times) + (capacity) * sizeof(int64))

/* Room for more instants; returns the state, which may have moved. */
static TimelineState *
reserve(TimelineState *state, MemoryContext context, size_t more)
{
	size_t needed = more + (state ? state->n : 0);
	size_t capacity = state ? state->capacity : FIRST_CAPACITY;

	if (state != NULL && needed <= capacity)
		return state;
	while (capacity < needed)
		capacity = capacity * 2 + 1;
	if (state == NULL)
	{
		state = MemoryContextAllocExtended(context, state_size(capacity), MCXT_ALLOC_HUGE);
		state->n = 0;
	}
	else
		state = repalloc_huge(state, state_size(capacity));
	state->capacity = capacity;
	return state;
}

/* Add every instant of an encoded timeline. */
static TimelineState *
append_timeline(TimelineState *state, MemoryContext context, TimelineReader *reader)
{
	size_t got;

	state = reserve(state, context, reader->count);
	while ((got = timeline_read(reader, state->times + state->n,
								Min(reader->remaining, 65536))) > 0)
	{
		state->n += got;
		CHECK_FOR_INTERRUPTS();
	}
	timeline_report(reader->status);
	return state;
}

/* timeline_agg_transfn(internal, timestamptz) RETURNS internal */
ENGAGE_FUNCTION(engage_timeline_agg_transfn);
Datum
engage_timeline_agg_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimelineState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1))
	{
		int64 at = PG_GETARG_TIMESTAMPTZ(1);

		timeline_check_finite(at);
		state = reserve(state, context, 1);
		state->times[state->n++] = at;
	}
	return aggregate_return(fcinfo, state);
}

/* rollup_transfn(internal, timeline) RETURNS internal */
ENGAGE_FUNCTION(engage_rollup_transfn);
Datum
engage_rollup_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimelineState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1))
	{
		TimelineReader reader;

		timeline_begin(&reader, PG_GETARG_VARLENA_PP(1));
		state = append_timeline(state, context, &reader);
	}
	return aggregate_return(fcinfo, state);
}

/*
 * timeline_agg_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_timeline_agg_combinefn);
Datum
engage_timeline_agg_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimelineState *state = aggregate_state(fcinfo, 0);
	TimelineState *other = aggregate_state(fcinfo, 1);

	if (other != NULL)
	{
		state = reserve(state, context, other->n);
		memcpy(state->times + state->n, other->times, other->n * sizeof(int64));
		state->n += other->n;
	}
	return aggregate_return(fcinfo, state);
}

/* The state as a timeline.  It is sorted in place, which does not change its meaning. */
static struct varlena *
finish(TimelineState *state)
{
	timeline_sort(state->times, state->n);
	return timeline_make(state->times, state->n);
}

/* timeline_agg_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_timeline_agg_serialfn);
Datum
engage_timeline_agg_serialfn(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_POINTER(finish((TimelineState *) PG_GETARG_POINTER(0)));
}

/* timeline_agg_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_timeline_agg_deserialfn);
Datum
engage_timeline_agg_deserialfn(PG_FUNCTION_ARGS)
{
	TimelineReader reader;

	aggregate_context(fcinfo);
	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	PG_RETURN_POINTER(append_timeline(NULL, CurrentMemoryContext, &reader));
}

/* timeline_agg_finalfn(internal) RETURNS timeline */
ENGAGE_FUNCTION(engage_timeline_agg_finalfn);
Datum
engage_timeline_agg_finalfn(PG_FUNCTION_ARGS)
{
	TimelineState *state = aggregate_state(fcinfo, 0);

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(finish(state));
}
