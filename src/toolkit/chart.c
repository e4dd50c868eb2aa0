/*-------------------------------------------------------------------------
 * chart.c
 *	  Timelines as text pictures, for people in psql.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "toolkit/profile_sql.h"
#include "toolkit/timeline_sql.h"

#define MAX_BUCKETS 1000

static const char *const bars[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const shades[] = {"·", "░", "▒", "▓", "█"};
static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* The step, 1 to steps, of a count on a scale up to most; 0 for no contacts. */
static int
scale(int64 count, int64 most, int steps)
{
	if (count == 0)
		return 0;
	return (int) ((count * steps + most - 1) / most);
}

/*
 * The equal part of a span in which an instant lies, computed without
 * rounding, so that the first instant of a part is in that part.
 */
static int
bucket_of(int64 at, int64 from_at, int64 to_at, int buckets)
{
	uint64 place = (uint64) at - (uint64) from_at;
	uint64 span = (uint64) to_at - (uint64) from_at;

	/* Over spans of centuries a few microseconds do not matter. */
	while (span > PG_UINT64_MAX / MAX_BUCKETS)
	{
		place >>= 1;
		span >>= 1;
	}
	return (int) Min(place * buckets / span, buckets - 1);
}

/* UTF-8 text as a datum in the database's encoding. */
static text *
picture(StringInfo buf)
{
	return cstring_to_text(pg_any_to_server(buf->data, buf->len, PG_UTF8));
}

/*
 * sparkline(t timeline, buckets integer, from_at timestamptz, to_at timestamptz) RETURNS text
 *		One character per bucket of equal width, its height the bucket's
 *		contacts.
 */
ENGAGE_FUNCTION(engage_sparkline);
Datum
engage_sparkline(PG_FUNCTION_ARGS)
{
	int32 buckets = PG_GETARG_INT32(1);
	int64 from_at = PG_GETARG_TIMESTAMPTZ(2);
	int64 to_at = PG_GETARG_TIMESTAMPTZ(3);
	int64 counts[MAX_BUCKETS] = {0};
	int64 most = 1;
	int64 n;
	int64 *times;
	StringInfoData buf;

	if (buckets < 1 || buckets > MAX_BUCKETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a sparkline cannot have %d buckets", buckets),
				 errhint("Give 1 to %d.", MAX_BUCKETS)));
	if (from_at >= to_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a sparkline cannot end before it begins"),
				 errhint("Give the earlier time first, and a later one as the end.")));
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	if (TIMESTAMP_IS_NOBEGIN(from_at) && n > 0)
		from_at = times[0];
	if (TIMESTAMP_IS_NOEND(to_at) && n > 0)
		to_at = times[n - 1] + 1;
	for (int64 i = 0; i < n; i++)
	{
		int64 *count;

		if (times[i] < from_at || times[i] >= to_at)
			continue;
		count = &counts[bucket_of(times[i], from_at, to_at, buckets)];
		(*count)++;
		most = Max(most, *count);
	}
	initStringInfo(&buf);
	for (int i = 0; i < buckets; i++)
		appendStringInfoString(&buf, bars[scale(counts[i], most, lengthof(bars) - 1)]);
	PG_RETURN_TEXT_P(picture(&buf));
}

/*
 * heatmap(t timeline, zone text) RETURNS text
 *		Seven rows of 24 local hours, the shade of each its contacts.
 */
ENGAGE_FUNCTION(engage_heatmap);
Datum
engage_heatmap(PG_FUNCTION_ARGS)
{
	int64 counts[HOURS_OF_WEEK];
	int64 most = 0;
	StringInfoData buf;

	count_hours_of_week(PG_GETARG_VARLENA_PP(0), text_to_cstring(PG_GETARG_TEXT_PP(1)), counts);
	for (int i = 0; i < HOURS_OF_WEEK; i++)
		most = Max(most, counts[i]);

	initStringInfo(&buf);
	appendStringInfoString(&buf, "     00    03    06    09    12    15    18    21    contacts\n");
	for (int day = 0; day < 7; day++)
	{
		int64 total = 0;

		appendStringInfo(&buf, "%s  ", weekdays[day]);
		for (int hour = 0; hour < 24; hour++)
		{
			int64 count = counts[day * 24 + hour];
			const char *shade = shades[scale(count, Max(most, 1), lengthof(shades) - 1)];

			appendStringInfo(&buf, "%s%s", shade, shade);
			total += count;
		}
		appendStringInfo(&buf, "  "
							   "%7lld\n",
						 (long long) total);
	}
	appendStringInfo(&buf, "     the busiest hour of the week has %lld", (long long) most);
	PG_RETURN_TEXT_P(picture(&buf));
}
