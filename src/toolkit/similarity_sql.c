/*-------------------------------------------------------------------------
 * similarity_sql.c
 *	  similarity.c for SQL.
 *
 * The core reads UTF-8, so text of a database of another encoding is converted
 * first, and keys back.  In a database of encoding SQL_ASCII, bytes are read
 * as UTF-8 if they are valid.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "core/identity/similarity.h"
#include "engage.h"
#include "toolkit/row.h"

/* Characters of a name that are used; no name has this many */
#define MAX_NAME SIMILARITY_MAX_JARO

/* Bytes of UTF-8 that a name may have, with a zero byte */
#define NAME_KEY_SIZE (MAX_NAME * 4 + 1)

/* Characters that a postcode may be written in */
#define MAX_POSTCODE_TEXT 64

/* Text in the form that the core reads */
typedef struct Utf8
{
	const char *bytes;
	size_t len;
	bool cut; /* there were more characters than wanted */
} Utf8;

static bool
converts(void)
{
	return GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
}

/* The first characters of a text */
static Utf8
read_text(Datum argument, int max_characters)
{
	text *stored = DatumGetTextPP(argument);
	char *bytes = VARDATA_ANY(stored);
	int all = VARSIZE_ANY_EXHDR(stored);
	int len = all <= max_characters ? all : pg_mbcharcliplen(bytes, all, max_characters);
	Utf8 result = {bytes, len, len < all};

	if (converts() && len > 0)
	{
		char *converted = pg_server_to_any(bytes, len, PG_UTF8);

		result.bytes = converted;
		if (converted != bytes)
			result.len = strlen(converted);
	}
	return result;
}

static text *
make_text(char *utf8, size_t len)
{
	char *converted = converts() ? pg_any_to_server(utf8, len, PG_UTF8) : utf8;

	return cstring_to_text_with_len(converted, converted == utf8 ? (int) len : (int) strlen(converted));
}

/*
 * jaro_winkler(a text, b text) RETURNS double precision
 *		How alike two names are, from 0 to 1.
 */
ENGAGE_FUNCTION(engage_jaro_winkler);
Datum
engage_jaro_winkler(PG_FUNCTION_ARGS)
{
	Utf8 a = read_text(PG_GETARG_DATUM(0), SIMILARITY_MAX_JARO);
	Utf8 b = read_text(PG_GETARG_DATUM(1), SIMILARITY_MAX_JARO);

	PG_RETURN_FLOAT8(similarity_jaro_winkler(a.bytes, a.len, b.bytes, b.len));
}

/*
 * damerau_levenshtein(a text, b text) RETURNS integer
 *		How many edits make one text the other.  The limit also keeps a call
 *		short: the longest takes some milliseconds.
 */
ENGAGE_FUNCTION(engage_damerau_levenshtein);
Datum
engage_damerau_levenshtein(PG_FUNCTION_ARGS)
{
	Utf8 a = read_text(PG_GETARG_DATUM(0), SIMILARITY_MAX_EDIT);
	Utf8 b = read_text(PG_GETARG_DATUM(1), SIMILARITY_MAX_EDIT);

	if (a.cut || b.cut)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text is too long for damerau_levenshtein"),
				 errdetail("It compares texts of up to %d characters.", SIMILARITY_MAX_EDIT),
				 errhint("Compare a part of the text, for instance left(text, %d).", SIMILARITY_MAX_EDIT)));
	PG_RETURN_INT32(similarity_damerau_levenshtein(a.bytes, a.len, b.bytes, b.len, -1));
}

/*
 * name_key(name text) RETURNS text
 *		A name as it is compared; NULL when nothing is left of it.
 */
ENGAGE_FUNCTION(engage_name_key);
Datum
engage_name_key(PG_FUNCTION_ARGS)
{
	Utf8 name = read_text(PG_GETARG_DATUM(0), MAX_NAME);
	char key[NAME_KEY_SIZE];
	size_t len = similarity_name_key(name.bytes, name.len, key, sizeof(key));

	if (len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(make_text(key, len));
}

/*
 * sound_key(name text) RETURNS text
 *		How a name sounds, in up to four letters; NULL when nothing is left.
 */
ENGAGE_FUNCTION(engage_sound_key);
Datum
engage_sound_key(PG_FUNCTION_ARGS)
{
	Utf8 name = read_text(PG_GETARG_DATUM(0), MAX_NAME);
	char key[NAME_KEY_SIZE];
	char sound[SIMILARITY_SOUND_SIZE];
	size_t len = similarity_name_key(name.bytes, name.len, key, sizeof(key));

	len = similarity_sound(key, len, sound, sizeof(sound));
	if (len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(make_text(sound, len));
}

static void
split_date(DateADT date, int *year, int *month, int *day)
{
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("an infinite date cannot be compared"),
				 errhint("Give NULL where a date is not known.")));
	j2date(date + POSTGRES_EPOCH_JDATE, year, month, day);
}

/*
 * date_similarity(a date, b date) RETURNS text
 *		What two dates have in common.
 */
ENGAGE_FUNCTION(engage_date_similarity);
Datum
engage_date_similarity(PG_FUNCTION_ARGS)
{
	static const char *const levels[] = {
		[SIMILARITY_DATE_SAME] = "same",
		[SIMILARITY_DATE_ONE_DIGIT] = "one digit",
		[SIMILARITY_DATE_DAY_MONTH] = "day and month swapped",
		[SIMILARITY_DATE_TWO_PARTS] = "two parts same",
		[SIMILARITY_DATE_YEAR] = "year same",
		[SIMILARITY_DATE_NEAR] = "near",
		[SIMILARITY_DATE_DIFFERENT] = "different"};
	int year[2];
	int month[2];
	int day[2];

	for (int i = 0; i < 2; i++)
		split_date(PG_GETARG_DATEADT(i), &year[i], &month[i], &day[i]);
	PG_RETURN_TEXT_P(cstring_to_text(levels[similarity_date_level(year[0], month[0], day[0],
																  year[1], month[1], day[1])]));
}

/*
 * postcode_parts(postcode text) RETURNS record
 *		The parts of a postcode; all NULL if it is not a postcode.
 */
ENGAGE_FUNCTION(engage_postcode_parts);
Datum
engage_postcode_parts(PG_FUNCTION_ARGS)
{
	Utf8 raw = read_text(PG_GETARG_DATUM(0), MAX_POSTCODE_TEXT);
	PostcodeParts parts;
	const char *const columns[] = {parts.area, parts.district, parts.sector, parts.unit};
	Row row;

	/* too long to be a postcode: read as an empty text */
	similarity_postcode_parts(raw.bytes, raw.cut ? 0 : raw.len, &parts);
	row_begin(&row, 0);
	for (int i = 0; i < lengthof(columns); i++)
		row_add_text(&row, columns[i]);
	return row_form(row_type_of_query(fcinfo), &row);
}
