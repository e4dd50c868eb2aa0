/*-------------------------------------------------------------------------
 * phone_sql.c
 *	  phone() and phone_kind(): phone_text.c for SQL.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "core/identity/phone.h"
#include "engage.h"
#include "toolkit/phone_sql.h"

/* How much of a wrong region an error message repeats, in bytes */
#define SHOWN_REGION 20

static void
report_unknown_region(text *region)
{
	const char *name = VARDATA_ANY(region);
	int len = VARSIZE_ANY_EXHDR(region);

	len = pg_mbcliplen(name, len, Min(len, SHOWN_REGION));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown telephone region \"%.*s\"", len, name),
			 errhint("Give a two-letter ISO 3166 country code, such as GB, IE or FR.")));
}

/* The region's two letters in upper case */
static void
read_region(text *region, char code[3])
{
	int i;

	if (VARSIZE_ANY_EXHDR(region) != 2)
		report_unknown_region(region);
	for (i = 0; i < 2; i++)
		code[i] = pg_ascii_toupper((unsigned char) VARDATA_ANY(region)[i]);
	code[2] = '\0';
}

/* Longer text is not even unpacked: it cannot be a number */
#define MAX_FIELD (1024 * 1024)

static void
classify(Datum raw, text *region, const char *code, PhoneNumber *result)
{
	text *field = NULL;
	PhoneStatus status;

	if (toast_raw_datum_size(raw) <= MAX_FIELD)
		field = DatumGetTextPP(raw);
	status = field == NULL ? phone_classify("?", 1, code, result) :
							 phone_classify(VARDATA_ANY(field), VARSIZE_ANY_EXHDR(field), code, result);
	if (field == NULL)
		result->kind = PHONE_MALFORMED;
	switch (status)
	{
		case PHONE_OK:
			break;
		case PHONE_UNKNOWN_REGION:
			report_unknown_region(region);
			break;
		case PHONE_NO_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory"),
					 errdetail("libphonenumber could not allocate memory.")));
			break;
		case PHONE_LIBRARY_FAILED:
			ereport(ERROR,
					(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
					 errmsg("libphonenumber failed"),
					 errhint("Check the installation of the libphonenumber package.")));
			break;
	}
}

/*
 * phone_read The number in a field in E.164; false if there is none.
 * *is_home: whether the region has numbers of +44.
 */
bool
phone_read(Datum raw, text *region, char *e164, bool *is_home)
{
	PhoneNumber number;
	char code[3];

	read_region(region, code);
	classify(raw, region, code, &number);
	strcpy(e164, number.e164);
	*is_home = phone_is_home(code);
	return e164[0] != '\0';
}

static void
classify_arguments(FunctionCallInfo fcinfo, PhoneNumber *result)
{
	text *region = PG_GETARG_TEXT_PP(1);
	char code[3];

	read_region(region, code);
	classify(PG_GETARG_DATUM(0), region, code, result);
}

/*
 * phone(raw text, region text) RETURNS text
 *		The number in E.164 form, or NULL when there is none.
 */
ENGAGE_FUNCTION(engage_phone);
Datum
engage_phone(PG_FUNCTION_ARGS)
{
	PhoneNumber number;

	classify_arguments(fcinfo, &number);
	if (number.e164[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(number.e164));
}

/*
 * phone_kind(raw text, region text) RETURNS text
 *		What kind of number it is, or why there is none.
 */
ENGAGE_FUNCTION(engage_phone_kind);
Datum
engage_phone_kind(PG_FUNCTION_ARGS)
{
	PhoneNumber number;

	classify_arguments(fcinfo, &number);
	PG_RETURN_TEXT_P(cstring_to_text(phone_kind_name(number.kind)));
}
