/*-------------------------------------------------------------------------
 * window_sql.c
 *	  Rolling windows in SQL: accessors of timelines, and rolling_count().
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "windowapi.h"

#include "engage.h"
#include "toolkit/arguments.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* Longer thresholds read the whole timeline instead of a ring of this size. */
#define RING_SIZE 64

/*
 * A width from text.  A number without a unit, '24', would be seconds, which
 * nobody means.  Only text with a minus sign would depend on a setting, and
 * that is never a width, so this is immutable.
 */
static Interval *
width_from_text(text *written)
{
	char *string = text_to_cstring(written);
	Interval *width;

	if (strpbrk(string, "0123456789") != NULL && string[strspn(string, "0123456789.+ \t\n\v\f\r")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the width of a rolling window has no unit of time"),
				 errdetail("A number without a unit would be seconds."),
				 errhint("Write the unit, such as '24 hours' or '7 days'.")));
	width = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(string), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	(void) interval_width(width, "rolling window");
	if (strchr(string, '-') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rolling window must be a positive duration"),
				 errhint("Give a duration without a minus sign, such as '7 days'.")));
	return width;
}

/* rolling_width(written text) RETURNS interval */
ENGAGE_FUNCTION(engage_rolling_width);
Datum
engage_rolling_width(PG_FUNCTION_ARGS)
{
	PG_RETURN_INTERVAL_P(width_from_text(PG_GETARG_TEXT_PP(0)));
}

/* The fullest rolling window of a timeline; no contacts if it is empty. */
static WindowPeak
peak_argument(FunctionCallInfo fcinfo)
{
	WindowCriterion window;
	WindowPeak peak;
	int64 n;
	int64 *times;

	rolling_window_set(&window, 1, interval_width(PG_GETARG_INTERVAL_P(1), "rolling window"));
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	peak = window_peak(times, n, &window);
	pfree(times);
	return peak;
}

/* peak(t timeline, width interval) RETURNS bigint */
ENGAGE_FUNCTION(engage_peak);
Datum
engage_peak(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(peak_argument(fcinfo).contacts);
}

/* peak_window(t timeline, width interval) RETURNS record */
ENGAGE_FUNCTION(engage_peak_window);
Datum
engage_peak_window(PG_FUNCTION_ARGS)
{
	WindowPeak peak = peak_argument(fcinfo);
	Row row;

	if (peak.contacts == 0)
		PG_RETURN_NULL();
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(peak.contacts));
	row_add(&row, TimestampTzGetDatum(peak.started_at));
	row_add(&row, TimestampTzGetDatum(peak.ended_at));
	return row_return(fcinfo, &row);
}

/* The criterion of a call, prepared once for all rows that share it. */
typedef struct PreparedCriterion
{
	uint8 bytes[CRITERION_MAX_BYTES];
	size_t len;
	WindowCriterion test;
	LocalZone local;
} PreparedCriterion;

static WindowCriterion *
criterion_argument(FunctionCallInfo fcinfo, int n)
{
	PreparedCriterion *prepared = fcinfo->flinfo->fn_extra;
	struct varlena *stored = PG_GETARG_VARLENA_PP(n);
	size_t len = VARSIZE_ANY_EXHDR(stored);
	Criterion criterion;

	if (prepared != NULL && prepared->len == len &&
		memcmp(prepared->bytes, VARDATA_ANY(stored), len) == 0)
		return &prepared->test;

	criterion_get(stored, &criterion);
	if (prepared == NULL)
		prepared = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(PreparedCriterion));
	fcinfo->flinfo->fn_extra = NULL; /* until the zone is known to exist */
	window_criterion_set(&prepared->test, &prepared->local, &criterion);
	memcpy(prepared->bytes, VARDATA_ANY(stored), len);
	prepared->len = len;
	fcinfo->flinfo->fn_extra = prepared;
	return &prepared->test;
}

/*
 * A rolling criterion with a small threshold needs only the latest contacts,
 * so it is tested while reading, and reading stops when it is met.
 */
static bool
first_met_streaming(TimelineReader *reader, const WindowCriterion *test, int64 *met_at)
{
	int64 times[RING_SIZE * 2];
	size_t before = (size_t) test->threshold - 1;
	size_t kept = 0;
	size_t got;

	while ((got = timeline_read(reader, times + kept, RING_SIZE * 2 - kept)) > 0)
	{
		size_t n = kept + got;

		if (window_first_met(times, n, test, met_at))
			return true;
		kept = Min(before, n);
		memmove(times, times + n - kept, kept * sizeof(int64));
		CHECK_FOR_INTERRUPTS();
	}
	timeline_report(reader->status);
	return false;
}

static bool
first_met_argument(FunctionCallInfo fcinfo, int64 *met_at)
{
	WindowCriterion *test = criterion_argument(fcinfo, 1);
	struct varlena *stored = PG_GETARG_VARLENA_PP(0);
	TimelineReader reader;
	int64 n;
	int64 *times;
	bool met;

	timeline_begin(&reader, stored);
	if (reader.count < (uint64) test->threshold)
		return false;
	if (test->period == NULL && test->threshold <= RING_SIZE)
		return first_met_streaming(&reader, test, met_at);
	times = timeline_times(stored, &n);
	met = window_first_met(times, n, test, met_at);
	pfree(times);
	return met;
}

/* meets(t timeline, criterion criterion) RETURNS boolean */
ENGAGE_FUNCTION(engage_meets);
Datum
engage_meets(PG_FUNCTION_ARGS)
{
	int64 met_at;

	PG_RETURN_BOOL(first_met_argument(fcinfo, &met_at));
}

/* first_met(t timeline, criterion criterion) RETURNS timestamptz */
ENGAGE_FUNCTION(engage_first_met);
Datum
engage_first_met(PG_FUNCTION_ARGS)
{
	int64 met_at;

	if (!first_met_argument(fcinfo, &met_at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(met_at);
}

/* The criteria of a mask as a SQL array, in the order they were given. */
static Datum
criteria_array(CriteriaSet *set, uint64 mask, Oid element_type)
{
	Datum elements[WINDOW_MAX_CRITERIA];
	int n = 0;

	for (int c = 0; c < set->num_criteria; c++)
		if (mask & UINT64CONST(1) << c)
			elements[n++] = PointerGetDatum(criterion_make(&set->items[c]));
	return PointerGetDatum(construct_array(elements, n, element_type, -1, false, TYPALIGN_INT));
}

/*
 * Put the episodes into the function's result rows; with a criterion type,
 * also which criteria each of them met.
 */
static void
return_episodes(FunctionCallInfo fcinfo, WindowScan *scan, CriteriaSet *set, Oid criterion_type)
{
	WindowEpisode episode;
	int32 number = 0;

	while (window_scan_next(scan, &episode))
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, Int32GetDatum(++number));
		row_add(&row, TimestampTzGetDatum(episode.started_at));
		row_add(&row, TimestampTzGetDatum(episode.met_at));
		row_add(&row, TimestampTzGetDatum(episode.ended_at));
		row_add(&row, Int64GetDatum(episode.contacts));
		row_add(&row, Int64GetDatum(episode.peak));
		if (OidIsValid(criterion_type))
			row_add(&row, criteria_array(set, episode.criteria, criterion_type));
		row_put(fcinfo, &row);
	}
}

/* episodes(t timeline, criterion criterion) RETURNS SETOF record */
ENGAGE_FUNCTION(engage_episodes);
Datum
engage_episodes(PG_FUNCTION_ARGS)
{
	WindowCriterion *test = criterion_argument(fcinfo, 1);
	WindowScan scan;
	int64 n;
	int64 *times;

	InitMaterializedSRF(fcinfo, 0);
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	window_scan_begin(&scan, times, n, test, 1);
	return_episodes(fcinfo, &scan, NULL, InvalidOid);
	return (Datum) 0;
}

/*
 * episodes(t timeline, criteria criterion[], from_at timestamptz,
 *			to_at timestamptz) RETURNS SETOF record
 */
ENGAGE_FUNCTION(engage_episodes_any);
Datum
engage_episodes_any(PG_FUNCTION_ARGS)
{
	ArrayType *criteria = PG_GETARG_ARRAYTYPE_P(1);
	CriteriaSet *set = criteria_load(criteria);
	WindowScan scan;
	int64 n;
	int64 *times;

	InitMaterializedSRF(fcinfo, 0);
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	window_scan_begin(&scan, times, n, set->tests, set->num_criteria);
	scan.from_at = PG_GETARG_TIMESTAMPTZ(2);
	scan.to_at = PG_GETARG_TIMESTAMPTZ(3);
	return_episodes(fcinfo, &scan, set, ARR_ELEMTYPE(criteria));
	return (Datum) 0;
}

/*
 * rolling_counts(t timeline, width interval) RETURNS SETOF record
 *		One row per contact: its time and the contacts in its window.
 */
ENGAGE_FUNCTION(engage_rolling_counts);
Datum
engage_rolling_counts(PG_FUNCTION_ARGS)
{
	uint64 width = (uint64) interval_width(PG_GETARG_INTERVAL_P(1), "rolling window");
	int64 n;
	int64 *times;
	int64 low = 0;
	int64 end = -1;

	InitMaterializedSRF(fcinfo, 0);
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	for (int64 i = 0; i < n; i++)
	{
		Row row;

		if (i > end)
			end = (int64) window_tie_end(times, n, i);
		while ((uint64) times[i] - (uint64) times[low] >= width)
			low++;
		row_begin(&row, 0);
		row_add(&row, TimestampTzGetDatum(times[i]));
		row_add(&row, Int64GetDatum(end - low + 1));
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * The contacts of rolling_count()'s window, in a ring of a partition's own
 * memory.  Every row of the partition enters once and leaves once.
 */
typedef struct RollingWindow
{
	int64 *ring;
	int64 capacity; /* a power of two, or 0 before the first row */
	int64 head; /* contacts that left */
	int64 tail; /* contacts that entered */
	int64 next_row; /* first row not yet read */
	int64 last; /* the last instant read */
	uint64 width; /* of every row of the partition */
	bool pending; /* last is of a later instant, not entered yet */
} RollingWindow;

static void
ring_push(RollingWindow *window, int64 at)
{
	if (window->tail - window->head == window->capacity)
	{
		int64 capacity = Max(window->capacity * 2, 64);
		int64 *ring = MemoryContextAllocHuge(GetMemoryChunkContext(window),
											 capacity * sizeof(int64));

		for (int64 i = window->head; i < window->tail; i++)
			ring[i & (capacity - 1)] = window->ring[i & (window->capacity - 1)];
		if (window->ring != NULL)
			pfree(window->ring);
		window->ring = ring;
		window->capacity = capacity;
	}
	window->ring[window->tail++ & (window->capacity - 1)] = at;
}

/* Read rows until one is later than the current instant. */
static void
enter_until(WindowObject winobj, RollingWindow *window, int64 now)
{
	for (;;)
	{
		bool isnull;
		bool isout;
		int64 at;

		if (window->pending && window->last > now)
			return;
		if (window->pending)
			ring_push(window, window->last);
		window->pending = false;
		at = DatumGetTimestampTz(WinGetFuncArgInPartition(winobj, 0,
														  (int) (window->next_row - WinGetCurrentPosition(winobj)),
														  WINDOW_SEEK_CURRENT, false, &isnull, &isout));
		if (isout)
			return;
		WinSetMarkPosition(winobj, window->next_row++);
		if (isnull)
			continue;
		timeline_check_finite(at);
		if (window->tail > 0 && at < window->last)
			ereport(ERROR,
					(errcode(ERRCODE_WINDOWING_ERROR),
					 errmsg("the rows of rolling_count are not in ascending order of time"),
					 errhint("Write OVER (PARTITION BY caller ORDER BY at), with the same time as in the call.")));
		window->last = at;
		window->pending = true;
		CHECK_FOR_INTERRUPTS();
	}
}

/* Contacts of the partition in (now - width, now], in amortised O(1) per row. */
static int64
count_rolling(WindowObject winobj, int64 now, uint64 width)
{
	RollingWindow *window = WinGetPartitionLocalMemory(winobj, sizeof(RollingWindow));

	if (window->next_row == 0)
		window->width = width;
	if (window->width != width)
		ereport(ERROR,
				(errcode(ERRCODE_WINDOWING_ERROR),
				 errmsg("the width of rolling_count is not the same for every row"),
				 errhint("Give the width as a constant, such as interval '7 days'.")));
	enter_until(winobj, window, now);
	while (window->head < window->tail &&
		   (uint64) now - (uint64) window->ring[window->head & (window->capacity - 1)] >= width)
		window->head++;
	return window->tail - window->head;
}

/*
 * rolling_count(at timestamptz, width interval) RETURNS bigint
 *		A window function: OVER (PARTITION BY caller ORDER BY at).
 */
ENGAGE_FUNCTION(engage_rolling_count);
Datum
engage_rolling_count(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	bool isnull;
	Datum now;
	Datum interval;
	uint64 width;

	interval = WinGetFuncArgCurrent(winobj, 1, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	width = (uint64) interval_width(DatumGetIntervalP(interval), "rolling window");
	now = WinGetFuncArgCurrent(winobj, 0, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_INT64(count_rolling(winobj, DatumGetTimestampTz(now), width));
}

/* The width that was read last, so that a constant is read once. */
typedef struct WrittenWidth
{
	text *written;
	uint64 width;
} WrittenWidth;

static uint64
written_width(FmgrInfo *flinfo, text *written)
{
	WrittenWidth *last = flinfo->fn_extra;
	size_t size = VARSIZE_ANY(written);

	if (last != NULL && size == VARSIZE_ANY(last->written) && memcmp(written, last->written, size) == 0)
		return last->width;
	flinfo->fn_extra = NULL;
	last = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(WrittenWidth));
	last->width = (uint64) interval_width(width_from_text(written), "rolling window");
	last->written = MemoryContextAlloc(flinfo->fn_mcxt, size);
	memcpy(last->written, written, size);
	flinfo->fn_extra = last;
	return last->width;
}

/*
 * rolling_count(at timestamptz, width text) RETURNS bigint
 *		A window function: OVER (PARTITION BY caller ORDER BY at).
 */
ENGAGE_FUNCTION(engage_rolling_count_written);
Datum
engage_rolling_count_written(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	bool isnull;
	Datum now;
	Datum written;
	uint64 width;

	written = WinGetFuncArgCurrent(winobj, 1, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	width = written_width(fcinfo->flinfo, DatumGetTextPP(written));
	now = WinGetFuncArgCurrent(winobj, 0, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_INT64(count_rolling(winobj, DatumGetTimestampTz(now), width));
}
