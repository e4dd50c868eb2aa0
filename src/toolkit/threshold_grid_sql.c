/*-------------------------------------------------------------------------
 * threshold_grid_sql.c
 *	  threshold_grid(timeline, widths, lowest, highest, from_at, to_at): the
 *	  episodes of a whole grid of rolling criteria.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/time/threshold_grid.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/arguments.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

#define MAX_WIDTHS 32

typedef struct GridWidths
{
	int n;
	Datum *given; /* as intervals, to be returned */
	int64 width[MAX_WIDTHS]; /* microseconds */
} GridWidths;

/* Two equal widths would give every episode twice. */
static void
refuse_repeated_width(const GridWidths *widths, int i)
{
	for (int other = 0; other < i; other++)
		if (widths->width[other] == widths->width[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("widths %d and %d are equally long", other + 1, i + 1),
					 errhint("Give each width once; 24 hours are 1 day.")));
}

static void
widths_load(ArrayType *array, GridWidths *widths)
{
	bool *nulls;

	deconstruct_array(array, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE,
					  &widths->given, &nulls, &widths->n);
	if (widths->n < 1 || widths->n > MAX_WIDTHS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d widths given, where 1 to %d are possible", widths->n, MAX_WIDTHS),
				 errhint("Give them as an array, such as '{1 day, 7 days}'.")));
	for (int i = 0; i < widths->n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a width in the array is null"),
					 errhint("Leave it out, for example with array_remove(widths, NULL).")));
		widths->width[i] = interval_width(DatumGetIntervalP(widths->given[i]), "rolling window");
		refuse_repeated_width(widths, i);
	}
}

static void
check_thresholds(int32 lowest, int32 highest)
{
	if (lowest < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the lowest threshold is %d, and must be at least 1", lowest),
				 errhint("A threshold is the number of contacts that meet a criterion.")));
	if (lowest > highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the lowest threshold, %d, is above the highest, %d", lowest, highest),
				 errhint("Give the lowest first, such as 3, 10.")));
}

/* Put the episodes of one width into the function's result rows. */
static void
return_grid_episodes(FunctionCallInfo fcinfo, ThresholdGrid *grid, Datum width)
{
	GridEpisode episode;

	while (threshold_grid_next(grid, &episode))
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, width);
		row_add(&row, Int32GetDatum((int32) episode.threshold));
		row_add(&row, Int32GetDatum((int32) Min(episode.number, PG_INT32_MAX)));
		row_add(&row, TimestampTzGetDatum(episode.met_at));
		row_add(&row, TimestampTzGetDatum(episode.ended_at));
		row_put(fcinfo, &row);
	}
}

/*
 * threshold_grid(t timeline, widths interval[], lowest integer, highest integer,
 *			from_at timestamptz, to_at timestamptz) RETURNS SETOF record
 */
ENGAGE_FUNCTION(engage_threshold_grid);
Datum
engage_threshold_grid(PG_FUNCTION_ARGS)
{
	struct varlena *stored = PG_GETARG_VARLENA_PP(0);
	int32 lowest = PG_GETARG_INT32(2);
	int32 highest = PG_GETARG_INT32(3);
	GridWidths widths;
	TimelineReader reader;
	ThresholdGrid grid;
	int64 n;
	int64 *times;

	widths_load(PG_GETARG_ARRAYTYPE_P(1), &widths);
	check_thresholds(lowest, highest);
	InitMaterializedSRF(fcinfo, 0);
	timeline_begin(&reader, stored);
	if (reader.count < (uint64) lowest)
		return (Datum) 0;
	times = timeline_times(stored, &n);
	threshold_grid_begin(&grid, &engage_host, times, (size_t) n, lowest, highest);
	grid.from_at = PG_GETARG_TIMESTAMPTZ(4);
	grid.to_at = PG_GETARG_TIMESTAMPTZ(5);
	for (int i = 0; i < widths.n; i++)
	{
		threshold_grid_scan(&grid, (uint64) widths.width[i]);
		return_grid_episodes(fcinfo, &grid, widths.given[i]);
	}
	threshold_grid_end(&grid);
	pfree(times);
	return (Datum) 0;
}
