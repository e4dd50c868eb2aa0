/*-------------------------------------------------------------------------
 * timeline_sql.c
 *	  The type timeline in SQL: input, output, casts, comparison, parts.
 *
 * Stored bytes are read in place by TimelineReader, which trusts nothing.
 * Functions that build a timeline sort first and encode once, so equal
 * multisets have equal bytes, however they were built.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engage.h"
#include "toolkit/timeline_sql.h"

#define ST_SORT sort_instants
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* Contacts handled between two checks for interrupts. */
#define BLOCK 4096

/*
 * timeline_report
 *		Raise an error if reading a stored timeline ended badly.
 */
void
timeline_report(TimelineStatus status)
{
	if (status != TIMELINE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored timeline is malformed or of a newer version"),
				 errdetail_internal("%s", timeline_status_text(status)),
				 errhint("Update the engage library, or rebuild the value.")));
}

/*
 * timeline_begin
 *		Start reading a detoasted timeline.
 */
void
timeline_begin(TimelineReader *reader, struct varlena *stored)
{
	if (!timeline_open(reader, (const uint8 *) VARDATA_ANY(stored),
					   VARSIZE_ANY_EXHDR(stored)))
		timeline_report(reader->status);
}

/* Read everything that is left into times. */
static void
read_all(TimelineReader *reader, int64 *times)
{
	size_t done = 0;
	size_t got;

	while ((got = timeline_read(reader, times + done, BLOCK)) > 0)
	{
		done += got;
		CHECK_FOR_INTERRUPTS();
	}
	timeline_report(reader->status);
}

static int64 *
allocate_times(size_t n)
{
	return palloc_extended(Max(n, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
}

/*
 * timeline_times
 *		All instants of a detoasted timeline, palloc'd.
 */
int64 *
timeline_times(struct varlena *stored, int64 *n)
{
	TimelineReader reader;
	int64 *times;

	timeline_begin(&reader, stored);
	times = allocate_times(reader.count);
	*n = (int64) reader.count;
	read_all(&reader, times);
	return times;
}

/*
 * timeline_make
 *		A timeline of n sorted, finite instants, palloc'd.
 */
struct varlena *
timeline_make(const int64 *times, int64 n)
{
	char *result;
	size_t len;

	result = palloc_extended(VARHDRSZ + timeline_max_bytes(n), MCXT_ALLOC_HUGE);
	len = timeline_encode(times, n, (uint8 *) result + VARHDRSZ);
	if (len > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a timeline of " INT64_FORMAT " contacts is too large", n),
				 errhint("A value holds at most 1 GB: split it by year.")));
	SET_VARSIZE(result, VARHDRSZ + len);
	if (len < 0.7 * timeline_max_bytes(n))
		result = repalloc(result, VARHDRSZ + len);
	return (struct varlena *) result;
}

/*
 * timeline_check_finite
 *		Refuse infinite times: no contact happens then.
 */
void
timeline_check_finite(int64 at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a contact cannot have happened at an infinite time"),
				 errhint("Leave such rows out, for example WHERE isfinite(occurred_at).")));
}

/*
 * timeline_sort
 *		Sort instants; quick if they are sorted already.
 */
void
timeline_sort(int64 *times, size_t n)
{
	sort_instants(times, n);
}

static const char *
skip_spaces(const char *p)
{
	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	return p;
}

/*
 * Read '{instant, ...}', each instant with or without double quotes.  Returns
 * NULL, or what is wrong.
 */
static const char *
parse_instants(const char *p, int64 *times, int64 *n)
{
	*n = 0;
	p = skip_spaces(p);
	if (*p++ != '{')
		return "It does not begin with a brace.";
	p = skip_spaces(p);
	if (*p != '}')
	{
		do
		{
			bool quoted;

			if (*n % BLOCK == 0)
				CHECK_FOR_INTERRUPTS();
			p = skip_spaces(p);
			quoted = *p == '"';
			p += quoted;
			if (!timeline_parse_instant(&p, &times[*n]))
				return "A time is malformed, out of range or lacks its offset from UTC.";
			if (quoted && *p++ != '"')
				return "A quoted time does not end with its quote.";
			if (*n > 0 && times[*n] < times[*n - 1])
				return "Its times are not in ascending order.";
			(*n)++;
			p = skip_spaces(p);
		} while (*p++ == ',');
		p--;
	}
	if (*p != '}')
		return "It does not end with a brace.";
	return *skip_spaces(p + 1) == '\0' ? NULL : "There is text behind its closing brace.";
}

/* timeline_in(cstring) RETURNS timeline */
ENGAGE_FUNCTION(engage_timeline_in);
Datum
engage_timeline_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	int64 n = 1;
	int64 *times;
	const char *problem;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ',';
	times = allocate_times(n);
	problem = parse_instants(text, times, &n);
	if (problem != NULL)
		engage_soft_error(fcinfo,
						  errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid timeline: \"%.*s\"", pg_mbcliplen(text, strlen(text), 80), text),
						  errdetail_internal("%s", problem),
						  errhint("Write '{2026-01-31T21:05:00Z,2026-01-31T21:07:30Z}', or cast a timestamptz[] in any order."));
	PG_RETURN_POINTER(timeline_make(times, n));
}

/* Append the instants, each between the given quotes. */
static void
append_instants(StringInfo buf, struct varlena *stored, const char *quote)
{
	TimelineReader reader;
	int64 times[BLOCK];
	size_t got;
	bool first = true;

	timeline_begin(&reader, stored);
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < got; i++)
		{
			char text[TIMELINE_TEXT_MAX];

			timeline_format_instant(times[i], text);
			appendStringInfo(buf, "%s%s%s%s", first ? "" : ",", quote, text, quote);
			first = false;
		}
	}
	timeline_report(reader.status);
}

/* timeline_out(timeline) RETURNS cstring */
ENGAGE_FUNCTION(engage_timeline_out);
Datum
engage_timeline_out(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	append_instants(&buf, PG_GETARG_VARLENA_PP(0), "");
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

/*
 * timeline_recv(internal) RETURNS timeline
 *		The wire form is the stored form, checked in full.
 */
ENGAGE_FUNCTION(engage_timeline_recv);
Datum
engage_timeline_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int len = buf->len - buf->cursor;
	const char *data = pq_getmsgbytes(buf, len);
	TimelineStatus status = timeline_validate((const uint8 *) data, len);
	struct varlena *result;

	if (status != TIMELINE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary timeline"),
				 errdetail_internal("%s", timeline_status_text(status)),
				 errhint("Send what timeline_send gave, or send text.")));
	result = palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	PG_RETURN_POINTER(result);
}

/* timeline_send(timeline) RETURNS bytea */
ENGAGE_FUNCTION(engage_timeline_send);
Datum
engage_timeline_send(PG_FUNCTION_ARGS)
{
	struct varlena *stored = PG_GETARG_VARLENA_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * timeline(timestamptz[]) RETURNS timeline
 *		Any order; NULL elements are skipped.
 */
ENGAGE_FUNCTION(engage_timeline_from_array);
Datum
engage_timeline_from_array(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum *elements;
	bool *nulls;
	int n;
	int64 kept = 0;
	int64 *times;

	deconstruct_array(array, TIMESTAMPTZOID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, &nulls, &n);
	times = allocate_times(n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		times[kept] = DatumGetTimestampTz(elements[i]);
		timeline_check_finite(times[kept++]);
	}
	timeline_sort(times, kept);
	PG_RETURN_POINTER(timeline_make(times, kept));
}

/* timestamptz_array(timeline) RETURNS timestamptz[] */
ENGAGE_FUNCTION(engage_timeline_to_array);
Datum
engage_timeline_to_array(PG_FUNCTION_ARGS)
{
	int64 n;
	int64 *times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	Datum *elements;

	if (n > MaxAllocSize / sizeof(Datum))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a timeline of " INT64_FORMAT " contacts does not fit an array", n),
				 errhint("Read it in rows with contact_times().")));
	elements = palloc(Max(n, 1) * sizeof(Datum));
	for (int64 i = 0; i < n; i++)
		elements[i] = TimestampTzGetDatum(times[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, (int) n, TIMESTAMPTZOID,
										  sizeof(int64), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

/* jsonb(timeline) RETURNS jsonb */
ENGAGE_FUNCTION(engage_timeline_to_jsonb);
Datum
engage_timeline_to_jsonb(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	append_instants(&buf, PG_GETARG_VARLENA_PP(0), "\"");
	appendStringInfoChar(&buf, ']');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(buf.data)));
}

/*
 * timeline_concat(timeline, timeline) RETURNS timeline
 *		The union of two multisets: every contact of both.
 */
ENGAGE_FUNCTION(engage_timeline_concat);
Datum
engage_timeline_concat(PG_FUNCTION_ARGS)
{
	TimelineReader a;
	TimelineReader b;
	int64 *times;
	size_t n;

	timeline_begin(&a, PG_GETARG_VARLENA_PP(0));
	timeline_begin(&b, PG_GETARG_VARLENA_PP(1));
	n = a.count + b.count;
	times = allocate_times(n);
	read_all(&a, times);
	read_all(&b, times + a.count);
	timeline_sort(times, n);
	PG_RETURN_POINTER(timeline_make(times, n));
}

/* Order by the first instant that differs; of two, a prefix comes first. */
static int
compare_arguments(FunctionCallInfo fcinfo)
{
	int64 na;
	int64 nb;
	int64 *a = timeline_times(PG_GETARG_VARLENA_PP(0), &na);
	int64 *b = timeline_times(PG_GETARG_VARLENA_PP(1), &nb);
	int64 i = 0;
	int result;

	while (i < na && i < nb && a[i] == b[i])
		i++;
	if (i < na && i < nb)
		result = a[i] < b[i] ? -1 : 1;
	else
		result = na < nb ? -1 : na > nb;
	pfree(a);
	pfree(b);
	return result;
}

ENGAGE_COMPARISON_FUNCTIONS(timeline, compare_arguments);
ENGAGE_HASH_FUNCTIONS(timeline);

/*
 * num_contacts(timeline) RETURNS bigint
 *		Only the header is fetched: a long timeline stays where it is.
 */
ENGAGE_FUNCTION(engage_num_contacts);
Datum
engage_num_contacts(PG_FUNCTION_ARGS)
{
	struct varlena *head = (struct varlena *)
		PG_DETOAST_DATUM_SLICE(PG_GETARG_DATUM(0), 0, 2 + TIMELINE_VARINT_MAX);
	TimelineReader reader;

	if (!timeline_open_header(&reader, (const uint8 *) VARDATA_ANY(head),
							  VARSIZE_ANY_EXHDR(head)))
		timeline_report(reader.status);
	PG_RETURN_INT64((int64) reader.count);
}

/*
 * num_contacts(t timeline, after timestamptz, up_to timestamptz) RETURNS bigint
 *		The contacts in (after, up_to], as in a rolling window; infinite bounds
 *		leave a side open.
 */
ENGAGE_FUNCTION(engage_num_contacts_between);
Datum
engage_num_contacts_between(PG_FUNCTION_ARGS)
{
	TimestampTz after = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz up_to = PG_GETARG_TIMESTAMPTZ(2);
	TimelineReader reader;
	uint64 count = 0;

	if (after > up_to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the range ends before it starts"),
				 errhint("Give the earlier time first; it is not included, the second is.")));
	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	while (timeline_count(&reader, after, up_to, &count))
		CHECK_FOR_INTERRUPTS();
	timeline_report(reader.status);
	PG_RETURN_INT64((int64) count);
}

/* first_at(timeline) RETURNS timestamptz */
ENGAGE_FUNCTION(engage_first_at);
Datum
engage_first_at(PG_FUNCTION_ARGS)
{
	TimelineReader reader;
	int64 first;

	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	if (timeline_read(&reader, &first, 1) == 0)
	{
		timeline_report(reader.status);
		PG_RETURN_NULL();
	}
	PG_RETURN_TIMESTAMPTZ(first);
}

/* last_at(timeline) RETURNS timestamptz */
ENGAGE_FUNCTION(engage_last_at);
Datum
engage_last_at(PG_FUNCTION_ARGS)
{
	TimelineReader reader;
	int64 times[BLOCK];

	timeline_begin(&reader, PG_GETARG_VARLENA_PP(0));
	while (timeline_read(&reader, times, BLOCK) > 0)
		CHECK_FOR_INTERRUPTS();
	timeline_report(reader.status);
	if (reader.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(reader.current);
}

/* The first contact at or after the given instant. */
static int64
lower_bound(const int64 *times, int64 n, int64 at)
{
	int64 low = 0;

	while (n > 0)
	{
		int64 half = n / 2;

		if (times[low + half] < at)
		{
			low += half + 1;
			n -= half + 1;
		}
		else
			n = half;
	}
	return low;
}

/*
 * slice(t timeline, from_at timestamptz, to_at timestamptz) RETURNS timeline
 *		The contacts in [from_at, to_at); infinite bounds leave a side open.
 */
ENGAGE_FUNCTION(engage_slice);
Datum
engage_slice(PG_FUNCTION_ARGS)
{
	TimestampTz from_at = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to_at = PG_GETARG_TIMESTAMPTZ(2);
	int64 n;
	int64 *times;
	int64 low;
	int64 high;

	if (from_at > to_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the slice ends before it starts"),
				 errhint("Give the earlier time first; the second is not included.")));
	times = timeline_times(PG_GETARG_VARLENA_PP(0), &n);
	low = lower_bound(times, n, from_at);
	high = lower_bound(times, n, to_at);
	PG_RETURN_POINTER(timeline_make(times + low, high - low));
}

typedef struct TimesCall
{
	int64 *times;
	int64 n;
} TimesCall;

/*
 * contact_times(timeline) RETURNS SETOF timestamptz
 *		One row per contact, in order of time.
 */
ENGAGE_FUNCTION(engage_contact_times);
Datum
engage_contact_times(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	TimesCall *state;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		state = palloc(sizeof(TimesCall));
		state->times = timeline_times(PG_GETARG_VARLENA_PP(0), &state->n);
		call->user_fctx = state;
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	state = call->user_fctx;
	if (call->call_cntr < (uint64) state->n)
	{
		/* The macro counts before it uses its argument. */
		Datum at = TimestampTzGetDatum(state->times[call->call_cntr]);

		SRF_RETURN_NEXT(call, at);
	}
	SRF_RETURN_DONE(call);
}
