/*-------------------------------------------------------------------------
 * aml_sql.c
 *	  aml(): aml.c for SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "core/identity/aml.h"
#include "engage.h"
#include "toolkit/row.h"

/* Many times the length that a phone sends */
#define MAX_MESSAGE (1024 * 1024)

#define UNIX_EPOCH_SECONDS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

static const char *const example =
	"A\"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;"
	"si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=127";

static void
report_problem(const AmlProblem *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid AML message"),
			 problem->key == NULL ? errdetail("The message must have %s.", problem->expected) : errdetail("Key \"%s\" must be %s.", problem->key, problem->expected),
			 errhint("A message looks like %s.", example)));
}

/* aml(payload text) RETURNS aml_location */
ENGAGE_FUNCTION(engage_aml);
Datum
engage_aml(PG_FUNCTION_ARGS)
{
	text *payload;
	Row row;
	AmlMessage message;
	AmlProblem problem = {NULL, "no more than 1 MB of text"};

	/* a longer message is not even unpacked */
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > MAX_MESSAGE)
		report_problem(&problem);
	payload = PG_GETARG_TEXT_PP(0);
	if (!aml_parse(VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload), &message, &problem))
		report_problem(&problem);

	row_begin(&row, 0);
	row_add_number(&row, message.has_location ? message.latitude : NAN);
	row_add_number(&row, message.has_location ? message.longitude : NAN);
	row_add_number(&row, message.has_radius ? message.radius_m : NAN);
	if (message.has_time)
		row_add(&row, TimestampTzGetDatum((message.positioned_at - UNIX_EPOCH_SECONDS) * USECS_PER_SEC));
	else
		row_add_null(&row);
	if (message.confidence >= 0)
		row_add(&row, Int32GetDatum(message.confidence));
	else
		row_add_null(&row);
	row_add_text(&row, message.method);
	row_add_text(&row, message.imei);
	row_add_text(&row, message.imsi_prefix);
	row_add_text(&row, message.mcc);
	row_add_text(&row, message.mnc);
	return row_form(row_type_of_query(fcinfo), &row);
}
