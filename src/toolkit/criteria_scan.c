/*-------------------------------------------------------------------------
 * criteria_scan.c
 *	  Criteria prepared for a scan, and local time.
 *
 * The core's scans take a criterion as numbers and, for calendar periods, as a
 * function that gives the period of a time.  Here is that function, with the
 * server's time zones, and the conversion of stored criteria for the scans.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "toolkit/criteria_scan.h"

#define UNIX_TO_POSTGRES_SECONDS \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

/* 2000-01-03 was a Monday; days count from 2000-01-01. */
#define MONDAY_OFFSET 2

static int64
floor_div(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/*
 * find_zone
 *		The zone of that name, or NULL.  The server's look-up also accepts POSIX
 *		rules such as 'Mars1' or 'Etc/GMT5', which nobody means: digits are only
 *		for Etc/GMT+n.  A zone keeps its own spelling, while the server puts a
 *		rule in upper case.
 */
pg_tz *
find_zone(const char *name)
{
	pg_tz *zone;

	if (name[0] == '\0' || strlen(name) > TZ_STRLEN_MAX)
		return NULL;
	zone = pg_tzset(name);
	if (zone == NULL || !pg_tz_acceptable(zone))
		return NULL;
	if (strpbrk(name, "0123456789,<>:") != NULL &&
		strncmp(pg_get_timezone_name(zone), "Etc/GMT", 7) != 0)
		return NULL;
	return zone;
}

/*
 * local_zone_begin
 *		Get ready to compute local times in the named zone; an error if there
 *		is no such zone.
 */
void
local_zone_begin(LocalZone *local, const char *name)
{
	local->zone = find_zone(name);
	if (local->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%.*s\" not recognized", pg_mbcliplen(name, (int) strlen(name), 80), name),
				 errhint("Give a zone by name, such as Europe/London; pg_timezone_names lists them.")));
	local->kind = CRITERION_DAY;
	local->valid_from = local->valid_to = 0;
	local->offset = 0;
}

/* Find the offset at an instant and the stretch for which it holds. */
static void
local_zone_move(LocalZone *local, int64 at)
{
	int64 seconds = floor_div(at, USECS_PER_SEC);
	pg_time_t from = seconds + UNIX_TO_POSTGRES_SECONDS;
	pg_time_t boundary;
	long before;
	long after;
	int before_isdst;
	int after_isdst;
	int found;

	found = pg_next_dst_boundary(&from, &before, &before_isdst, &boundary,
								 &after, &after_isdst, local->zone);
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time out of range for local time")));
	local->offset = before * USECS_PER_SEC;
	local->valid_from = seconds * USECS_PER_SEC;
	if (found > 0 && boundary - UNIX_TO_POSTGRES_SECONDS < END_TIMESTAMP / USECS_PER_SEC)
		local->valid_to = (boundary - UNIX_TO_POSTGRES_SECONDS) * USECS_PER_SEC;
	else
		local->valid_to = PG_INT64_MAX;
}

/*
 * local_time
 *		The zone's clock at an instant, in microseconds since 2000-01-01 00:00
 *		local time.
 */
int64
local_time(LocalZone *local, int64 at)
{
	if (at < local->valid_from || at >= local->valid_to)
		local_zone_move(local, at);
	return at + local->offset;
}

/*
 * local_day
 *		The local day of an instant, in days since 2000-01-01.
 */
int64
local_day(LocalZone *local, int64 at)
{
	return floor_div(local_time(local, at), USECS_PER_DAY);
}

/* The number of the calendar period that an instant lies in: a WindowPeriod. */
static int64_t
local_period(void *arg, int64_t at)
{
	LocalZone *local = arg;
	int64 day = local_day(local, at);
	int year;
	int month;
	int mday;

	if (local->kind == CRITERION_DAY)
		return day;
	if (local->kind == CRITERION_WEEK)
		return floor_div(day - MONDAY_OFFSET, 7);
	j2date((int) (day + POSTGRES_EPOCH_JDATE), &year, &month, &mday);
	return (int64) year * 12 + month;
}

/*
 * criterion_get
 *		Read a stored criterion; invalid stored bytes are corruption.
 */
void
criterion_get(struct varlena *stored, Criterion *out)
{
	if (criterion_decode((const uint8 *) VARDATA_ANY(stored),
						 VARSIZE_ANY_EXHDR(stored), out) != CRITERION_OK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored criterion is malformed or of a newer version"),
				 errhint("Update the engage library, or restore the value.")));
}

/*
 * criterion_make
 *		A criterion as a palloc'd datum.
 */
struct varlena *
criterion_make(const Criterion *criterion)
{
	struct varlena *result = palloc(VARHDRSZ + CRITERION_MAX_BYTES);
	size_t len = criterion_encode(criterion, (uint8 *) VARDATA(result));

	SET_VARSIZE(result, VARHDRSZ + len);
	return result;
}

static void
check_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * rolling_window_set
 *		Prepare a rolling window for the scans.
 */
void
rolling_window_set(WindowCriterion *test, int64 threshold, int64 width)
{
	test->threshold = threshold;
	test->width = (uint64_t) width;
	test->period = NULL;
	test->period_arg = NULL;
	test->pause = check_for_interrupts;
}

/*
 * window_criterion_set
 *		Prepare one criterion for the scans.  local must live as long as test.
 */
void
window_criterion_set(WindowCriterion *test, LocalZone *local,
					 const Criterion *criterion)
{
	rolling_window_set(test, criterion->threshold, criterion->width);
	if (criterion->kind == CRITERION_ROLLING)
		return;
	local_zone_begin(local, criterion->zone);
	local->kind = criterion->kind;
	test->period = local_period;
	test->period_arg = local;
}

/*
 * criteria_load
 *		Prepare an array of criteria, in the current memory context.
 */
CriteriaSet *
criteria_load(ArrayType *array)
{
	CriteriaSet *set = palloc0(sizeof(CriteriaSet));
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	if (n < 1 || n > WINDOW_MAX_CRITERIA)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d criteria given, where 1 to %d are possible",
						n, WINDOW_MAX_CRITERIA),
				 errhint("Give them as an array, such as '{5 in 1 day, 10 in 7 days}'.")));

	set->num_criteria = n;
	set->min_threshold = PG_INT64_MAX;
	set->items = palloc(n * sizeof(Criterion));
	set->tests = palloc(n * sizeof(WindowCriterion));
	set->zones = palloc(n * sizeof(LocalZone));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a criterion in the array is null"),
					 errhint("Leave it out, for example with array_remove(criteria, NULL).")));
		criterion_get(PG_DETOAST_DATUM_PACKED(elements[i]), &set->items[i]);
		window_criterion_set(&set->tests[i], &set->zones[i], &set->items[i]);
		set->min_threshold = Min(set->min_threshold, set->tests[i].threshold);
	}
	return set;
}
