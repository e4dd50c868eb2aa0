/*-------------------------------------------------------------------------
 * profile.c
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

#include "criteria.h"
#include "engage.h"
#include "profile.h"
#include "timeline_sql.h"

ENGAGE_FUNCTION(engage_daily_counts);
ENGAGE_FUNCTION(engage_hour_of_week);
ENGAGE_FUNCTION(engage_decayed_count);
ENGAGE_FUNCTION(engage_burstiness);

/* Contacts handled between two looks at pending interrupts. */
#define BLOCK 4096

/* Put one day's row into the function's result. */
static void
return_day(ReturnSetInfo *result, int64 day, int64 contacts)
{
	Datum values[2] = {DateADTGetDatum((DateADT) day), Int64GetDatum(contacts)};
	bool nulls[2] = {false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* One row a local day with contacts. */
Datum
engage_daily_counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
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

			/* Where clocks went back over midnight, the new day goes on. */
			if (contacts > 0 && next > day)
			{
				return_day(result, day, contacts);
				contacts = 0;
			}
			day = contacts > 0 ? Max(day, next) : next;
			contacts++;
		}
	}
	timeline_report(reader.status);
	if (contacts > 0)
		return_day(result, day, contacts);
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

/* The sum of 2 ^ -(age / half-life) over the contacts up to as_of. */
Datum
engage_decayed_count(PG_FUNCTION_ARGS)
{
	int64 half_life = interval_width(PG_GETARG_INTERVAL_P(1), "half-life");
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(2);
	TimelineReader reader;
	int64 times[BLOCK];
	size_t got;
	double sum = 0;

	timeline_check_finite(as_of);
	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < got && times[i] <= as_of; i++)
			sum += exp2(-((double) ((uint64) as_of - (uint64) times[i]) / (double) half_life));
	}
	timeline_report(reader.status);
	PG_RETURN_FLOAT8(sum);
}

/*
 * Burstiness of the n gaps between contacts, with the correction for few
 * contacts of Kim and Jo (2016, Physical Review E 94, 032311): from -1, as
 * regular as a clock, over 0, random, to 1, all in one burst.
 */
Datum
engage_burstiness(PG_FUNCTION_ARGS)
{
	int64 contacts;
	int64 *times = timeline_times(PG_GETARG_VARLENA_PP(0), &contacts);
	double n = (double) contacts - 1;
	double mean;
	double squares = 0;
	double ratio;

	if (contacts < 3 || times[0] == times[contacts - 1])
		PG_RETURN_NULL();
	mean = (double) ((uint64) times[contacts - 1] - (uint64) times[0]) / n;
	for (int64 i = 1; i < contacts; i++)
	{
		double gap = (double) ((uint64) times[i] - (uint64) times[i - 1]);

		if (i % BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		squares += (gap - mean) * (gap - mean);
	}
	ratio = sqrt(squares / n) / mean;
	PG_RETURN_FLOAT8((sqrt(n + 1) * ratio - sqrt(n - 1)) /
					 ((sqrt(n + 1) - 2) * ratio + sqrt(n - 1)));
}
