/*-------------------------------------------------------------------------
 * contact_bounds.c
 *	  What a contact may hold: bounds that every part can keep to.
 *
 * Times outside a few centuries, infinite times and excessive lengths are
 * errors of a source.  They are refused on entry, so that no later stage meets
 * them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "engage.h"

/* Microseconds and days since 2000-01-01, as the server counts them. */
#define DAYS_1900_TO_2000 36524
#define DAYS_2000_TO_2200 73049
#define FIRST_TIME (-DAYS_1900_TO_2000 * USECS_PER_DAY)
#define END_OF_TIMES (DAYS_2000_TO_2200 * USECS_PER_DAY)
#define FIRST_DATE (1721426 - POSTGRES_EPOCH_JDATE) /* 0001-01-01 */
#define LAST_HANDLING (31 * SECS_PER_DAY)

#define LONGEST_SOURCE 250 /* together they go into one index entry */
#define LONGEST_SOURCE_REF 2000
#define LONGEST_DETAIL 8000

#define TIME_BOUNDS "a time from 1900-01-01 to 2199-12-31 in UTC"
#define OR_NULL ", or NULL where it is not known"
#define DETAIL_BOUNDS "text of at most 8000 bytes"

typedef enum ValueKind
{
	A_TIME,
	A_DATE,
	SECONDS,
	DEGREES, /* up to limit either way */
	METRES,
	BYTES /* up to limit */
} ValueKind;

/* The arguments of both functions, in order. */
typedef struct ContactColumn
{
	const char *name;
	ValueKind kind;
	int limit;
	const char *bounds;
} ContactColumn;

static const ContactColumn columns[] = {
	{"occurred_at", A_TIME, 0, TIME_BOUNDS},
	{"recorded_at", A_TIME, 0, TIME_BOUNDS},
	{"answered_at", A_TIME, 0, TIME_BOUNDS OR_NULL},
	{"ended_at", A_TIME, 0, TIME_BOUNDS OR_NULL},
	{"date_of_birth", A_DATE, 0, "a date from 0001-01-01 to 2199-12-31" OR_NULL},
	{"handling_seconds", SECONDS, LAST_HANDLING, "0 to 2678400 seconds (31 days)" OR_NULL},
	{"latitude", DEGREES, 90, "-90 to 90 degrees" OR_NULL},
	{"longitude", DEGREES, 180, "-180 to 180 degrees" OR_NULL},
	{"location_radius_m", METRES, 0, "metres from 0 on" OR_NULL},
	{"source", BYTES, LONGEST_SOURCE, "text of at most 250 bytes"},
	{"source_ref", BYTES, LONGEST_SOURCE_REF, "text of at most 2000 bytes"},
	{"number_raw", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"given_name", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"family_name", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"address", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"postcode", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"email", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"imei", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
	{"nominal_ref", BYTES, LONGEST_DETAIL, DETAIL_BOUNDS},
};

static bool
within_bounds(const ContactColumn *column, Datum value)
{
	switch (column->kind)
	{
		case A_TIME:
			return DatumGetTimestampTz(value) >= FIRST_TIME && DatumGetTimestampTz(value) < END_OF_TIMES;
		case A_DATE:
			return DatumGetDateADT(value) >= FIRST_DATE && DatumGetDateADT(value) < DAYS_2000_TO_2200;
		case SECONDS:
			return DatumGetInt32(value) >= 0 && DatumGetInt32(value) <= column->limit;
		case DEGREES:
			/* false for NaN */
			return fabs(DatumGetFloat8(value)) <= column->limit;
		case METRES:
			return DatumGetFloat8(value) >= 0 && !isinf(DatumGetFloat8(value));
		case BYTES:
			return toast_raw_datum_size(value) - VARHDRSZ <= (Size) column->limit;
	}
	return false;
}

/* The first column that is out of its bounds; NULL if none is. */
static const ContactColumn *
find_fault(FunctionCallInfo fcinfo)
{
	if (PG_NARGS() != lengthof(columns))
		elog(ERROR, "a contact has %d columns with bounds, not %d", (int) lengthof(columns), PG_NARGS());
	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		if (!PG_ARGISNULL(i) && !within_bounds(&columns[i], PG_GETARG_DATUM(i)))
			return &columns[i];
	}
	return NULL;
}

/*
 * valid_contact(occurred_at timestamptz, recorded_at timestamptz, answered_at timestamptz,
 *			ended_at timestamptz, date_of_birth date, handling_seconds integer, latitude double precision,
 *			longitude double precision, location_radius_m double precision, source text, source_ref text,
 *			number_raw text, given_name text, family_name text, address text, postcode text, email text,
 *			imei text, nominal_ref text) RETURNS boolean
 *		True; or an error that names the column and its bounds, which a plain
 *		constraint cannot.
 */
ENGAGE_FUNCTION(engage_valid_contact);
Datum
engage_valid_contact(PG_FUNCTION_ARGS)
{
	const ContactColumn *fault = find_fault(fcinfo);

	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("%s of a contact is out of bounds", fault->name),
				 errhint("%s takes %s.", fault->name, fault->bounds),
				 err_generic_string(PG_DIAG_COLUMN_NAME, fault->name)));
	PG_RETURN_BOOL(true);
}

/*
 * contact_fault(occurred_at timestamptz, recorded_at timestamptz, answered_at timestamptz,
 *			ended_at timestamptz, date_of_birth date, handling_seconds integer, latitude double precision,
 *			longitude double precision, location_radius_m double precision, source text, source_ref text,
 *			number_raw text, given_name text, family_name text, address text, postcode text, email text,
 *			imei text, nominal_ref text) RETURNS text
 *		The column that is out of its bounds.
 */
ENGAGE_FUNCTION(engage_contact_fault);
Datum
engage_contact_fault(PG_FUNCTION_ARGS)
{
	const ContactColumn *fault = find_fault(fcinfo);

	if (fault == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(fault->name));
}
