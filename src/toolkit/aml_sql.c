/*-------------------------------------------------------------------------
 * aml_sql.c
 *	  aml(): aml.c for SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "core/identity/aml.h"
#include "engage.h"

/* Columns of engage.aml_location */
enum
{
	LATITUDE,
	LONGITUDE,
	RADIUS_M,
	POSITIONED_AT,
	CONFIDENCE,
	METHOD,
	IMEI,
	IMSI_PREFIX,
	MCC,
	MNC,
	NUM_COLUMNS
};

/* Many times what a phone sends */
#define MAX_MESSAGE (1024 * 1024)

#define UNIX_EPOCH_SECONDS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

static const char *const example =
	"A\"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;"
	"si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=127";

/* The result's row type, looked up once per query */
static TupleDesc
result_type(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc desc;

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
			desc->natts != NUM_COLUMNS)
			elog(ERROR, "engage.aml_location is not as it was installed");
		fcinfo->flinfo->fn_extra = BlessTupleDesc(desc);
		MemoryContextSwitchTo(old);
	}
	return (TupleDesc) fcinfo->flinfo->fn_extra;
}

static void
report_problem(const AmlProblem *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid AML message"),
			 problem->key == NULL ? errdetail("The message must have %s.", problem->expected) : errdetail("Key \"%s\" must be %s.", problem->key, problem->expected),
			 errhint("A message looks like %s.", example)));
}

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL || text[0] == '\0';
	if (!nulls[column])
		values[column] = CStringGetTextDatum(text);
}

/* aml(payload text) RETURNS aml_location */
ENGAGE_FUNCTION(engage_aml);
Datum
engage_aml(PG_FUNCTION_ARGS)
{
	text *payload;
	TupleDesc desc = result_type(fcinfo);
	Datum values[NUM_COLUMNS] = {0};
	bool nulls[NUM_COLUMNS];
	AmlMessage message;
	AmlProblem problem = {NULL, "no more than 1 MB of text"};

	/* what is longer is not even unpacked */
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > MAX_MESSAGE)
		report_problem(&problem);
	payload = PG_GETARG_TEXT_PP(0);
	if (!aml_parse(VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload), &message, &problem))
		report_problem(&problem);

	nulls[LATITUDE] = nulls[LONGITUDE] = !message.has_location;
	values[LATITUDE] = Float8GetDatum(message.latitude);
	values[LONGITUDE] = Float8GetDatum(message.longitude);
	nulls[RADIUS_M] = !message.has_radius;
	values[RADIUS_M] = Float8GetDatum(message.radius_m);
	nulls[POSITIONED_AT] = !message.has_time;
	values[POSITIONED_AT] =
		Int64GetDatum((message.positioned_at - UNIX_EPOCH_SECONDS) * USECS_PER_SEC);
	nulls[CONFIDENCE] = message.confidence < 0;
	values[CONFIDENCE] = Int32GetDatum(message.confidence);
	set_text(values, nulls, METHOD, message.method);
	set_text(values, nulls, IMEI, message.imei);
	set_text(values, nulls, IMSI_PREFIX, message.imsi_prefix);
	set_text(values, nulls, MCC, message.mcc);
	set_text(values, nulls, MNC, message.mnc);

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
