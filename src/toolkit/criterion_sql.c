/*-------------------------------------------------------------------------
 * criterion_sql.c
 *	  The type criterion in SQL: input, output, comparison, hashing.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "toolkit/criteria_scan.h"


/* The two readings of '5 a day', with the threshold and period that were read. */
static const char *
two_readings(const Criterion *criterion)
{
	int n = (int) criterion->threshold;

	switch (criterion->kind)
	{
		case CRITERION_WEEK:
			return psprintf("Write '%d in 7 days' for any 7 days, or '%d per week in Europe/London' for a week from Monday; pg_timezone_names lists the zones.", n, n);
		case CRITERION_MONTH:
			return psprintf("Write '%d in 30 days' for any 30 days, or '%d per month in Europe/London' for a calendar month; pg_timezone_names lists the zones.", n, n);
		default:
			return psprintf("Write '%d in 1 day' for any 24 hours, or '%d per day in Europe/London' for a day from midnight; pg_timezone_names lists the zones.", n, n);
	}
}

/* What was wrong with a text, and what to write instead. */
static const char *
status_hint(CriterionStatus status, const Criterion *criterion)
{
	switch (status)
	{
		case CRITERION_EMPTY:
			return "The text is empty. Write '5 in 1 day', 'more than 5 in 7 days' or '5 per day in Europe/London'.";
		case CRITERION_ARRAY:
			return "This is the text of an array. Write '{5 in 1 day, 10 in 7 days}'::criterion[].";
		case CRITERION_COUNT_MISSING:
			return "The number of contacts is missing. Write it first, such as '5 in 7 days'.";
		case CRITERION_BAD_THRESHOLD:
			return "Write a whole number of contacts from 1 to 2147483647, such as '5 in 1 day'.";
		case CRITERION_NOT_WHOLE:
			return "Write whole numbers, such as '5 in 36 hours'.";
		case CRITERION_UPPER_LIMIT:
			return "A criterion is met by so many contacts or more, and has no upper limit. Write '5 in 1 day'.";
		case CRITERION_CHANNEL:
			return "A criterion has one number of contacts and names no channel. Write '5 in 1 day', and give the channels to the rule or to the function.";
		case CRITERION_WIDTH_MISSING:
			return "The length of time is missing. Write '5 in 1 day' or '5 per day in Europe/London'.";
		case CRITERION_UNIT_MISSING:
			return "The unit of time is missing. Write '5 in 24 hours' or '5 in 7 days'.";
		case CRITERION_MONTH_IN_ROLLING:
			return "A rolling window is an exact duration: write days, such as '12 in 90 days', or count per calendar month: '5 per month in Europe/London'.";
		case CRITERION_BAD_UNIT:
		case CRITERION_BAD_WIDTH:
			return "Write a width of whole seconds, minutes, hours, days or weeks, from 1 second to 36525 days, such as '10 in 7 days'.";
		case CRITERION_ROLLING_ZONE:
			return "A rolling window has no time zone. Write '5 in 1 day' for any 24 hours, or '5 per day in Europe/London' for a day from midnight.";
		case CRITERION_BAD_PERIOD:
			return "A calendar period is one day, week or month: '5 per day in Europe/London'. For any other length of time write '5 in 7 days'.";
		case CRITERION_ZONE_MISSING:
			return two_readings(criterion);
		case CRITERION_BAD_ZONE:
			return "A calendar period needs its time zone by name: '5 per day in Europe/London'; pg_timezone_names lists them.";
		case CRITERION_TWO_CRITERIA:
			return "This is more than one criterion. Give them as an array: '{5 in 1 day, 10 in 7 days}'.";
		default:
			return "Write '5 in 1 day', 'more than 5 in 7 days' or '5 per day in Europe/London'.";
	}
}

/* The zone's own spelling; false if the server has no such zone. */
static bool
canonical_zone(Criterion *criterion)
{
	pg_tz *zone;

	if (criterion->kind == CRITERION_ROLLING)
		return true;
	zone = find_zone(criterion->zone);
	if (zone == NULL)
		return false;
	strlcpy(criterion->zone, pg_get_timezone_name(zone), CRITERION_ZONE_SIZE);
	return true;
}

/* criterion_in(cstring) RETURNS criterion */
ENGAGE_FUNCTION(engage_criterion_in);
Datum
engage_criterion_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	Criterion criterion;
	CriterionStatus status = criterion_parse(text, &criterion);

	if (status == CRITERION_OK && !canonical_zone(&criterion))
		status = CRITERION_BAD_ZONE;
	if (status != CRITERION_OK)
		engage_soft_error(fcinfo,
						  errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid criterion: \"%.*s\"", pg_mbcliplen(text, strlen(text), 80), text),
						  errhint("%s", status_hint(status, &criterion)));
	PG_RETURN_POINTER(criterion_make(&criterion));
}

/* criterion_out(criterion) RETURNS cstring */
ENGAGE_FUNCTION(engage_criterion_out);
Datum
engage_criterion_out(PG_FUNCTION_ARGS)
{
	Criterion criterion;
	char *out = palloc(CRITERION_MAX_TEXT);

	criterion_get(PG_GETARG_VARLENA_PP(0), &criterion);
	criterion_format(&criterion, out);
	PG_RETURN_CSTRING(out);
}

/*
 * criterion_recv(internal) RETURNS criterion
 *		The wire form is the stored form, checked in full.
 */
ENGAGE_FUNCTION(engage_criterion_recv);
Datum
engage_criterion_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int len = buf->len - buf->cursor;
	const char *data = pq_getmsgbytes(buf, len);
	Criterion criterion;
	CriterionStatus status = criterion_decode((const uint8 *) data, len, &criterion);

	if (status == CRITERION_OK && !canonical_zone(&criterion))
		status = CRITERION_BAD_ZONE;
	if (status != CRITERION_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary criterion"),
				 errhint("Send what criterion_send gave, or send text.")));
	PG_RETURN_POINTER(criterion_make(&criterion));
}

/* criterion_send(criterion) RETURNS bytea */
ENGAGE_FUNCTION(engage_criterion_send);
Datum
engage_criterion_send(PG_FUNCTION_ARGS)
{
	struct varlena *stored = PG_GETARG_VARLENA_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * threshold(criterion) RETURNS integer
 *		How many contacts the criterion asks for.
 */
ENGAGE_FUNCTION(engage_threshold);
Datum
engage_threshold(PG_FUNCTION_ARGS)
{
	Criterion criterion;

	criterion_get(PG_GETARG_VARLENA_PP(0), &criterion);
	PG_RETURN_INT32(criterion.threshold);
}

/*
 * criteria_from_text
 *		Criteria that were written as one, '5 in 1 day', or as an array, '{5 in 1
 *		day, 10 in 7 days}'.
 */
ArrayType *
criteria_from_text(text *written)
{
	Oid schema = get_namespace_oid("engage", false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("criterion"), ObjectIdGetDatum(schema));
	char *string = text_to_cstring(written);
	bool is_array = string[strspn(string, " \t\n\v\f\r")] == '{';
	Oid input;
	Oid io_param;
	Datum value;

	if (!OidIsValid(type))
		elog(ERROR, "type engage.criterion does not exist");
	getTypeInputInfo(is_array ? get_array_type(type) : type, &input, &io_param);
	value = OidInputFunctionCall(input, string, io_param, -1);
	if (is_array)
		return DatumGetArrayTypeP(value);
	return construct_array(&value, 1, type, -1, false, TYPALIGN_INT);
}

/* criteria(written text) RETURNS criterion[] */
ENGAGE_FUNCTION(engage_criteria);
Datum
engage_criteria(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(criteria_from_text(PG_GETARG_TEXT_PP(0)));
}

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	Criterion a;
	Criterion b;

	criterion_get(PG_GETARG_VARLENA_PP(0), &a);
	criterion_get(PG_GETARG_VARLENA_PP(1), &b);
	return criterion_compare(&a, &b);
}

ENGAGE_COMPARISON_FUNCTIONS(criterion, compare_arguments);
ENGAGE_HASH_FUNCTIONS(criterion);
