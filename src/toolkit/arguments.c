/*-------------------------------------------------------------------------
 * arguments.c
 *	  Arguments that many functions take, checked; and intervals as results.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "toolkit/arguments.h"

/*
 * interval_width
 *		The width of a rolling window, or of what name says, in microseconds.  A
 *		day is 24 hours; a month is not an exact duration and is refused, like
 *		zero and negative widths.
 */
int64
interval_width(const Interval *width, const char *what)
{
	int64 days;
	int64 total;

	if (width->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s cannot be months or years long", what),
				 errdetail("It is an exact duration, which a month is not."),
				 errhint("Give days, such as '28 days'; a criterion can also count per calendar month.")));
	if (pg_mul_s64_overflow(width->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, width->time, &total))
		total = width->day < 0 ? 0 : PG_INT64_MAX;
	if (total <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s must be a positive duration", what),
				 errhint("Give a duration, such as '7 days'.")));
	return total;
}

/*
 * interval_span
 *		The length of something that takes hours or days, in microseconds.
 *		Whole seconds below a minute are a number whose unit was forgotten.
 */
int64
interval_span(const Interval *span, const char *what)
{
	int64 total = interval_width(span, what);

	if (total < USECS_PER_MINUTE && total % USECS_PER_SEC == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s cannot be shorter than a minute", what),
				 errdetail("A number without a unit is seconds."),
				 errhint("Write the unit, such as '24 hours' or '7 days'.")));
	return total;
}

/*
 * interval_datum
 *		Microseconds as an interval of days and time.
 */
Datum
interval_datum(uint64 microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->day = (int32) (microseconds / USECS_PER_DAY);
	interval->time = (TimeOffset) (microseconds % USECS_PER_DAY);
	return IntervalPGetDatum(interval);
}

/*
 * level_argument
 *		The confidence level of an interval.
 */
double
level_argument(FunctionCallInfo fcinfo, int n)
{
	double level = PG_GETARG_FLOAT8(n);

	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level cannot be %g", level),
				 errhint("Give a share between 0 and 1, such as 0.95.")));
	return level;
}
