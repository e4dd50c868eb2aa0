/*-------------------------------------------------------------------------
 * profile_sql.c
 *	  When and how steadily somebody calls: accessors of timelines.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "core/time/decay.h"
#include "core/time/gaps.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/arguments.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/profile_sql.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* Contacts handled between two checks for interrupts. */
#define BLOCK 4096

/* Put one day's row into the function's result. */
static void
put_day(FunctionCallInfo fcinfo, int64 day, int64 contacts)
{
	Row row;

	row_begin(&row, 0);
	row_add(&row, DateADTGetDatum((DateADT) day));
	row_add(&row, Int64GetDatum(contacts));
	row_put(fcinfo, &row);
}

/*
 * daily_counts(t timeline, zone text) RETURNS SETOF record
 *		One row per local day with contacts.
 */
ENGAGE_FUNCTION(engage_daily_counts);
Datum
engage_daily_counts(PG_FUNCTION_ARGS)
{
	TimelineReader reader;
	LocalZone local;
	int64 times[BLOCK];
	size_t got;
	int64 day = 0;
	int64 contacts = 0;

	InitMaterializedSRF(fcinfo, 0);
	local_zone_begin(&local, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < got; i++)
		{
			int64 next = local_day(&local, times[i]);

			/* If clocks went back over midnight, the new day continues. */
			if (contacts > 0 && next > day)
			{
				put_day(fcinfo, day, contacts);
				contacts = 0;
			}
			day = contacts > 0 ? Max(day, next) : next;
			contacts++;
		}
	}
	timeline_report(reader.status);
	if (contacts > 0)
		put_day(fcinfo, day, contacts);
	return (Datum) 0;
}

/*
 * count_hours_of_week
 *		Add a timeline's contacts up by local hour of the week, from Monday
 *		00:00 to Sunday 23:00.
 */
void
count_hours_of_week(struct varlena *stored, const char *zone, int64 *counts)
{
	TimelineReader reader;
	LocalZone local;
	int64 times[BLOCK];
	size_t got;

	memset(counts, 0, HOURS_OF_WEEK * sizeof(int64));
	local_zone_begin(&local, zone);
	timeline_begin(&reader, stored);
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < got; i++)
		{
			int64 hours = local_time(&local, times[i]) / USECS_PER_HOUR -
						  (local_time(&local, times[i]) % USECS_PER_HOUR < 0);
			/* hour 0 is of Saturday 2000-01-01, five days after a Monday */
			int64 hour = (hours + 5 * HOURS_PER_DAY) % HOURS_OF_WEEK;

			counts[hour < 0 ? hour + HOURS_OF_WEEK : hour]++;
		}
	}
	timeline_report(reader.status);
}

/* hour_of_week(t timeline, zone text) RETURNS integer[] */
ENGAGE_FUNCTION(engage_hour_of_week);
Datum
engage_hour_of_week(PG_FUNCTION_ARGS)
{
	int64 counts[HOURS_OF_WEEK];
	Datum elements[HOURS_OF_WEEK];

	count_hours_of_week(PG_GETARG_VARLENA_PP(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), counts);
	for (int i = 0; i < HOURS_OF_WEEK; i++)
		elements[i] = Int32GetDatum((int32) Min(counts[i], PG_INT32_MAX));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, HOURS_OF_WEEK, INT4OID,
										  sizeof(int32), true, TYPALIGN_INT));
}

/*
 * check_as_of
 *		Refuse an infinite as_of.
 */
void
check_as_of(TimestampTz as_of)
{
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of must be finite"),
				 errhint("Give the time to look from, such as now().")));
}

/*
 * decayed_count(t timeline, half_life interval, as_of timestamptz) RETURNS double precision
 *		The sum of 2 ^ -(age / half-life) over the contacts up to as_of.
 */
ENGAGE_FUNCTION(engage_decayed_count);
Datum
engage_decayed_count(PG_FUNCTION_ARGS)
{
	int64 half_life = interval_span(PG_GETARG_INTERVAL_P(1), "half-life");
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(2);
	TimelineReader reader;
	int64 times[BLOCK];
	size_t got;
	DecaySum sum = {{0}};

	check_as_of(as_of);
	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < got && times[i] <= as_of; i++)
			decay_add(&sum, (uint64) as_of - (uint64) times[i], (uint64) half_life);
	}
	timeline_report(reader.status);
	PG_RETURN_FLOAT8(decay_value(&sum));
}

/*
 * aged_count(value double precision, value_at timestamptz, half_life interval,
 *			as_of timestamptz) RETURNS double precision
 *		What a decayed count read at one time comes to at a later one.
 */
ENGAGE_FUNCTION(engage_aged_count);
Datum
engage_aged_count(PG_FUNCTION_ARGS)
{
	float8 value = PG_GETARG_FLOAT8(0);
	TimestampTz value_at = PG_GETARG_TIMESTAMPTZ(1);
	int64 half_life = interval_span(PG_GETARG_INTERVAL_P(2), "half-life");
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(3);

	check_as_of(value_at);
	check_as_of(as_of);
	if (!(value >= 0) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a decayed count cannot be %g", value),
				 errhint("Give what decayed_count() or decayed_count_agg() returned, or a sum of such.")));
	if (as_of < value_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of is before value_at"),
				 errdetail("A later count does not show what had happened by then."),
				 errhint("Age the earlier count to the time of the later one.")));
	PG_RETURN_FLOAT8(decay_aged(value, (uint64) as_of - (uint64) value_at, (uint64) half_life));
}

static void
profile_gaps(FunctionCallInfo fcinfo, GapProfile *profile)
{
	int64 contacts;
	int64 *times = timeline_times(PG_GETARG_VARLENA_PP(0), &contacts);

	gap_profile(&engage_host, times, (size_t) contacts, profile);
	pfree(times);
}

/*
 * burstiness(t timeline) RETURNS double precision
 *		The burstiness of gap_profile() that is corrected for few gaps.
 */
ENGAGE_FUNCTION(engage_burstiness);
Datum
engage_burstiness(PG_FUNCTION_ARGS)
{
	GapProfile profile;

	profile_gaps(fcinfo, &profile);
	if (isnan(profile.corrected))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(profile.corrected);
}

/* The columns of gap_profile(). */
enum
{
	GAP_NUMBER,
	GAP_MEAN,
	GAP_VARIATION,
	GAP_BURSTINESS,
	GAP_CORRECTED,
	GAP_MEMORY,
	GAP_LONGEST,
	GAP_COLUMNS
};

/* gap_profile(t timeline) RETURNS record */
ENGAGE_FUNCTION(engage_gap_profile);
Datum
engage_gap_profile(PG_FUNCTION_ARGS)
{
	GapProfile profile;
	Row row;

	profile_gaps(fcinfo, &profile);
	row_begin(&row, GAP_COLUMNS);
	row_set(&row, GAP_NUMBER, Int64GetDatum((int64) profile.gaps));
	if (profile.gaps > 0)
	{
		row_set(&row, GAP_MEAN, interval_datum(profile.mean));
		row_set(&row, GAP_LONGEST, interval_datum(profile.longest));
	}
	row_set_number(&row, GAP_VARIATION, profile.variation);
	row_set_number(&row, GAP_BURSTINESS, profile.burstiness);
	row_set_number(&row, GAP_CORRECTED, profile.corrected);
	row_set_number(&row, GAP_MEMORY, profile.memory);
	return row_return(fcinfo, &row);
}
