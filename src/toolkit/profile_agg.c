/*-------------------------------------------------------------------------
 * profile_agg.c
 *	  The aggregate decayed_count_agg(at, half_life, as_of).
 *
 * The state is a sum of whole numbers, so it is the same to the bit however
 * contacts were ordered or split, and 48 bytes whatever their number.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/timestamp.h"

#include "core/time/decay.h"
#include "engage.h"
#include "toolkit/aggregate.h"
#include "toolkit/arguments.h"
#include "toolkit/profile_sql.h"
#include "toolkit/timeline_sql.h"

#define STATE_VERSION 1

typedef struct DecayState
{
	int64 half_life; /* microseconds */
	TimestampTz as_of;
	DecaySum sum;
} DecayState;

/* The state, which is made if it does not exist; its half-life and time must match. */
static DecayState *
state_for(DecayState *state, MemoryContext context, int64 half_life, TimestampTz as_of)
{
	if (state == NULL)
	{
		state = MemoryContextAllocZero(context, sizeof(DecayState));
		state->half_life = half_life;
		state->as_of = as_of;
	}
	if (state->half_life != half_life || state->as_of != as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not the same for every row", state->half_life != half_life ? "half-life" : "as_of"),
				 errhint("Give it as a constant, or as a column to group by.")));
	return state;
}

/* decayed_count_transfn(internal, timestamptz, interval, timestamptz) RETURNS internal */
ENGAGE_FUNCTION(engage_decayed_count_transfn);
Datum
engage_decayed_count_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DecayState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
		int64 half_life = interval_span(PG_GETARG_INTERVAL_P(2), "half-life");
		TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(3);

		timeline_check_finite(at);
		check_as_of(as_of);
		state = state_for(state, context, half_life, as_of);
		if (at <= as_of)
			decay_add(&state->sum, (uint64) as_of - (uint64) at, (uint64) half_life);
	}
	return aggregate_return(fcinfo, state);
}

/*
 * decayed_count_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_decayed_count_combinefn);
Datum
engage_decayed_count_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DecayState *state = aggregate_state(fcinfo, 0);
	DecayState *other = aggregate_state(fcinfo, 1);

	if (other != NULL)
	{
		state = state_for(state, context, other->half_life, other->as_of);
		decay_merge(&state->sum, &other->sum);
	}
	return aggregate_return(fcinfo, state);
}

/* decayed_count_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_decayed_count_serialfn);
Datum
engage_decayed_count_serialfn(PG_FUNCTION_ARGS)
{
	DecayState *state = (DecayState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint64(&buf, state->half_life);
	pq_sendint64(&buf, state->as_of);
	for (int place = 0; place < DECAY_WORDS; place++)
		pq_sendint64(&buf, state->sum.words[place]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* decayed_count_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_decayed_count_deserialfn);
Datum
engage_decayed_count_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	DecayState *state = palloc(sizeof(DecayState));

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	state->half_life = pq_getmsgint64(&buf);
	state->as_of = pq_getmsgint64(&buf);
	for (int place = 0; place < DECAY_WORDS; place++)
		state->sum.words[place] = (uint64) pq_getmsgint64(&buf);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/* decayed_count_finalfn(internal) RETURNS double precision */
ENGAGE_FUNCTION(engage_decayed_count_finalfn);
Datum
engage_decayed_count_finalfn(PG_FUNCTION_ARGS)
{
	DecayState *state = aggregate_state(fcinfo, 0);

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(decay_value(&state->sum));
}
