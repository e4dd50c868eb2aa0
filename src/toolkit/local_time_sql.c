/*-------------------------------------------------------------------------
 * local_time_sql.c
 *	  Dates and times as people write them, in SQL.
 *
 * Text that cannot be read gives a problem, never an error, so that one
 * statement loads a whole file; an invalid format or zone is an error.  Problems
 * repeat nothing of the text, which may be a date of birth.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "core/time/local_time.h"
#include "engage.h"
#include "toolkit/criteria_scan.h"
#include "toolkit/row.h"

/* What was read, or why nothing was. */
typedef struct Reading
{
	LocalTimeStatus status;
	LocalTime time;
} Reading;

static const char *
format_hint(LocalFormatStatus status)
{
	switch (status)
	{
		case LOCAL_FORMAT_TWICE:
			return "Give each part once: MM is the month, MI the minute, as in DD/MM/YYYY HH24:MI.";
		case LOCAL_FORMAT_NO_DATE:
			return "Give day, month and year, as in DD/MM/YYYY HH24:MI.";
		case LOCAL_FORMAT_HOUR_UNCLEAR:
			return "Write HH24 for hours from 0 to 23, or HH12 with AM for hours from 1 to 12.";
		case LOCAL_FORMAT_QUOTE_OPEN:
			return "Close the quotation mark.";
		case LOCAL_FORMAT_TOO_LONG:
			return "Give a shorter format, such as DD/MM/YYYY HH24:MI.";
		default:
			return "Write DD, MM, MON, YYYY, YY, DY, HH24, HH12 with AM, MI, SS, MS, TZ, other letters in double quotes; or ISO, EXCEL or EPOCH alone.";
	}
}

static void
read_by_format(text *format_text, const char *written, Reading *out)
{
	char *string = text_to_cstring(format_text);
	LocalFormat format;
	LocalFormatStatus status = local_format_read(string, &format);

	if (status != LOCAL_FORMAT_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid format of a date: \"%.*s\"", pg_mbcliplen(string, strlen(string), 80), string),
				 errhint("%s", format_hint(status))));
	out->status = local_time_read(&format, written, &out->time);
	pfree(string);
}

/* Read by the first of the formats that fits; all of them must be valid. */
static void
read_by_formats(ArrayType *formats, text *written_text, Reading *out)
{
	char *written = text_to_cstring(written_text);
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(formats, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no format of a date is given"),
				 errhint("Give one, such as DD/MM/YYYY HH24:MI.")));
	for (int i = 0; i < n; i++)
	{
		Reading reading;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a format of a date is null")));
		read_by_format(DatumGetTextPP(elements[i]), written, &reading);
		/* that a text fits a format but is not a valid time is a better reason than that it does not fit */
		if (i == 0 || (out->status != LOCAL_TIME_OK && (reading.status == LOCAL_TIME_OK || out->status == LOCAL_TIME_NO_MATCH)))
			*out = reading;
	}
}

/* An overload takes one format, the other a list. */
static void
read_arguments(FunctionCallInfo fcinfo, Reading *out)
{
	if (get_fn_expr_argtype(fcinfo->flinfo, 1) == TEXTOID)
	{
		char *written = text_to_cstring(PG_GETARG_TEXT_PP(0));

		read_by_format(PG_GETARG_TEXT_PP(1), written, out);
	}
	else
		read_by_formats(PG_GETARG_ARRAYTYPE_P(1), PG_GETARG_TEXT_PP(0), out);
}

static int64_t
zone_offset(void *arg, int64_t at)
{
	return local_time(arg, at) - at;
}

/* The instants of what was read, in the zone of an argument. */
static int
reading_instants(const Reading *reading, text *zone_name, int64 instants[2])
{
	LocalZone zone;
	int64_t found[2];
	int n;

	local_zone_begin(&zone, text_to_cstring(zone_name));
	if (reading->status != LOCAL_TIME_OK)
		return 0;
	n = local_time_instants(&reading->time, zone_offset, &zone, found);
	for (int i = 0; i < n; i++)
		instants[i] = found[i];
	return n;
}

static const char *
problem_text(LocalTimeStatus status)
{
	switch (status)
	{
		case LOCAL_TIME_OK:
			return NULL;
		case LOCAL_TIME_EMPTY:
			return "is empty";
		case LOCAL_TIME_GOES_ON:
			return "continues after the date that the format describes";
		case LOCAL_TIME_NO_SUCH_DAY:
			return "is not a day of the calendar";
		case LOCAL_TIME_NO_SUCH_TIME:
			return "is not a time of day";
		case LOCAL_TIME_OTHER_WEEKDAY:
			return "names another day of the week";
		case LOCAL_TIME_BAD_OFFSET:
			return "has no possible difference from Greenwich";
		default:
			return "is not written in the format given";
	}
}

/*
 * local_instants(written text, format text, zone text) RETURNS timestamptz[]
 * local_instants(written text, formats text[], zone text) RETURNS timestamptz[]
 *		One instant, two or none; NULL if the text is no such date.
 */
ENGAGE_FUNCTION(engage_local_instants);
Datum
engage_local_instants(PG_FUNCTION_ARGS)
{
	Reading reading;
	int64 instants[2];
	Datum values[2];
	int n;

	read_arguments(fcinfo, &reading);
	n = reading_instants(&reading, PG_GETARG_TEXT_PP(2), instants);
	if (reading.status != LOCAL_TIME_OK)
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
		values[i] = TimestampTzGetDatum(instants[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * read_local_time(written text, format text, zone text) RETURNS record
 * read_local_time(written text, formats text[], zone text) RETURNS record
 *		The instant, the second one if there are two, and the problem if there
 *		is none.
 */
ENGAGE_FUNCTION(engage_read_local_time);
Datum
engage_read_local_time(PG_FUNCTION_ARGS)
{
	Reading reading;
	int64 instants[2];
	Row row;
	const char *problem;
	int n;

	read_arguments(fcinfo, &reading);
	n = reading_instants(&reading, PG_GETARG_TEXT_PP(2), instants);
	row_begin(&row, 0);
	for (int i = 0; i < lengthof(instants); i++)
		if (i < n)
			row_add(&row, TimestampTzGetDatum(instants[i]));
		else
			row_add_null(&row);
	problem = problem_text(reading.status);
	if (problem == NULL && n == 0)
		problem = "is in the hour that the clocks left out";
	row_add_text(&row, problem);
	return row_return(fcinfo, &row);
}

/*
 * read_date(written text, format text) RETURNS record
 * read_date(written text, formats text[]) RETURNS record
 *		The day, or the problem if there is none.  The time of day, if there
 *		is one, is dropped.
 */
ENGAGE_FUNCTION(engage_read_date);
Datum
engage_read_date(PG_FUNCTION_ARGS)
{
	Reading reading;
	Row row;

	read_arguments(fcinfo, &reading);
	row_begin(&row, 0);
	if (reading.status == LOCAL_TIME_OK)
	{
		int64 day = reading.time.local / LOCAL_DAY - (reading.time.local % LOCAL_DAY < 0);

		row_add(&row, DateADTGetDatum((DateADT) day));
	}
	else
		row_add_null(&row);
	row_add_text(&row, problem_text(reading.status));
	return row_return(fcinfo, &row);
}
