/*-------------------------------------------------------------------------
 * filler_sql.c
 *	  filler.c for SQL: what is a filler, and the details of a persona without
 *	  them.
 *
 * Values are judged as they are stored.  In a database of another encoding than
 * UTF-8, letters beyond ASCII stand for nothing, so that entries of the list
 * that have some are not found there.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "core/identity/filler.h"
#include "engage.h"
#include "toolkit/filler_sql.h"
#include "toolkit/row.h"

/* ------------------------------------------------------------- one value */

static FillerKind
kind_of_argument(text *name)
{
	FillerKind kind;

	if (!filler_kind_of(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no kind of filler \"%s\"", text_to_cstring(name)),
				 errhint("Kinds are name, given_name, family_name, date, address, postcode, email, identifier, imei, number, text and category.")));
	return kind;
}

/* An invalid date is not evidence either. */
FillerVerdict
filler_judge_dateadt(DateADT date)
{
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(date))
		return FILLER_CERTAIN;
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return filler_judge_date(year, month, day);
}

static FillerVerdict
judge_arguments(FunctionCallInfo fcinfo)
{
	text *value = PG_GETARG_TEXT_PP(1);

	return filler_judge(kind_of_argument(PG_GETARG_TEXT_PP(0)), VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/*
 * is_filler(kind text, value text) RETURNS boolean
 *		Whether the shipped list has it, or may have it.
 */
ENGAGE_FUNCTION(engage_is_filler);
Datum
engage_is_filler(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(judge_arguments(fcinfo) != FILLER_NOT);
}

/*
 * is_certain_filler(kind text, value text) RETURNS boolean
 *		Whether it can be nothing else, so that keys of personas leave it out.
 */
ENGAGE_FUNCTION(engage_is_certain_filler);
Datum
engage_is_certain_filler(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(judge_arguments(fcinfo) == FILLER_CERTAIN);
}

/* Text that this database's encoding does not have means nothing. */
static size_t
fold_in_encoding(FillerKind kind, const char *raw, size_t len, char *out)
{
	size_t n = filler_fold(kind, raw, len, out);
	size_t kept = 0;

	if (GetDatabaseEncoding() == PG_UTF8)
		return n;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char) out[i] < 0x80)
			out[kept++] = out[i];
	return kept;
}

/* A value as lists have it, in FILLER_FOLD_SIZE bytes: dates as YYYY-MM-DD if they can be read. */
static size_t
fold_value(FillerKind kind, const char *raw, size_t len, char *out)
{
	return fold_in_encoding(kind, raw, len, out);
}

static size_t
fold_dateadt(DateADT date, char *out)
{
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(date))
		return 0;
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (year < 0 || year > 9999)
		return 0;
	return filler_fold_date(year, month, day, out);
}

/*
 * filler_fold(kind text, value text) RETURNS text
 *		A value as it is compared with others of its kind; NULL for one that
 *		has nothing to compare.
 */
ENGAGE_FUNCTION(engage_filler_fold);
Datum
engage_filler_fold(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(1);
	char out[FILLER_FOLD_SIZE];
	size_t n = fold_value(kind_of_argument(PG_GETARG_TEXT_PP(0)), VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), out);

	if (n == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out, n));
}

static void
put_entry(void *arg, const char *kind, const char *value, const char *meaning)
{
	Row row;

	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char) *c >= 0x80 && GetDatabaseEncoding() != PG_UTF8)
			return;
	row_begin(&row, 0);
	row_add_text(&row, kind);
	row_add_text(&row, value);
	row_add_text(&row, meaning);
	row_put(arg, &row);
}

/*
 * shipped_filler() RETURNS SETOF record
 *		The shipped list.
 */
ENGAGE_FUNCTION(engage_shipped_filler);
Datum
engage_shipped_filler(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	filler_list(put_entry, fcinfo);
	return (Datum) 0;
}

/* ------------------------------------------------------------- the lists */

/*
 * The force's own lists, as arrays of KIND:FOLDED.  They are the same for all
 * rows of a query, so they are sorted once.
 */
typedef struct ValueList
{
	struct varlena *array; /* a copy, to see whether it is the same */
	const char **text;
	size_t *len;
	int n;
} ValueList;

typedef struct ValueLists
{
	ValueList fillers;
	ValueList real;
} ValueLists;

static int
compare_bytes(const char *a, size_t alen, const char *b, size_t blen)
{
	int order = memcmp(a, b, Min(alen, blen));

	return order != 0 ? order : (alen > blen) - (alen < blen);
}

static int
compare_texts(const void *a, const void *b)
{
	text *x = DatumGetTextPP(*(const Datum *) a);
	text *y = DatumGetTextPP(*(const Datum *) b);

	return compare_bytes(VARDATA_ANY(x), VARSIZE_ANY_EXHDR(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(y));
}

static void
read_list(ValueList *list, ArrayType *array, MemoryContext context)
{
	MemoryContext before;
	Datum *texts;
	bool *nulls;
	int n;

	if (list->array != NULL && VARSIZE(list->array) == VARSIZE(array) && memcmp(list->array, array, VARSIZE(array)) == 0)
		return;
	before = MemoryContextSwitchTo(context);
	list->array = palloc(VARSIZE(array));
	memcpy(list->array, array, VARSIZE(array));
	deconstruct_array((ArrayType *) list->array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	list->text = palloc(sizeof(char *) * (n + 1));
	list->len = palloc(sizeof(size_t) * (n + 1));
	list->n = 0;
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			texts[list->n++] = texts[i];
	qsort(texts, list->n, sizeof(Datum), compare_texts);
	for (int i = 0; i < list->n; i++)
	{
		text *value = DatumGetTextPP(texts[i]);

		list->text[i] = VARDATA_ANY(value);
		list->len[i] = VARSIZE_ANY_EXHDR(value);
	}
	MemoryContextSwitchTo(before);
}

/* The lists of a call; NULL arguments are empty lists. */
static ValueLists *
lists_of_call(FunctionCallInfo fcinfo, int fillers, int real)
{
	ValueLists *lists = fcinfo->flinfo->fn_extra;

	if (lists == NULL)
	{
		lists = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ValueLists));
		fcinfo->flinfo->fn_extra = lists;
	}
	if (PG_ARGISNULL(fillers))
		lists->fillers.n = 0, lists->fillers.array = NULL;
	else
		read_list(&lists->fillers, PG_GETARG_ARRAYTYPE_P(fillers), fcinfo->flinfo->fn_mcxt);
	if (real < 0 || PG_ARGISNULL(real))
		lists->real.n = 0, lists->real.array = NULL;
	else
		read_list(&lists->real, PG_GETARG_ARRAYTYPE_P(real), fcinfo->flinfo->fn_mcxt);
	return lists;
}

static bool
has_entry(const ValueList *list, const char *kind, const char *folded, size_t len)
{
	char key[FILLER_FOLD_SIZE + 32];
	size_t size = strlen(kind);
	int low = 0;
	int high = list->n;

	if (list->n == 0 || len == 0)
		return false;
	memcpy(key, kind, size);
	key[size++] = ':';
	memcpy(key + size, folded, len);
	size += len;
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare_bytes(key, size, list->text[middle], list->len[middle]);

		if (order == 0)
			return true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* A name is in a list as a name of any kind, or as a given or family name. */
static bool
has_value(const ValueList *list, FillerKind kind, const char *raw, size_t len)
{
	char folded[FILLER_FOLD_SIZE];
	size_t n;

	if (list->n == 0)
		return false;
	n = fold_value(kind, raw, len, folded);
	return has_entry(list, filler_kind_name(kind), folded, n) ||
		   ((kind == FILLER_GIVEN_NAME || kind == FILLER_FAMILY_NAME) && has_entry(list, filler_kind_name(FILLER_NAME), folded, n));
}

/* ---------------------------------------------------------- of a persona */

/* The details of without_fillers() and has_value(), in the order of their arguments. */
enum
{
	DETAIL_NUMBER,
	DETAIL_GIVEN_NAME,
	DETAIL_FAMILY_NAME,
	DETAIL_DATE_OF_BIRTH,
	DETAIL_ADDRESS,
	DETAIL_POSTCODE,
	DETAIL_EMAIL,
	DETAIL_IMEI,
	DETAIL_NOMINAL_REF,
	DETAIL_OTHERS,
	DETAILS,
	ARGUMENT_KINDS = DETAILS, /* of the other details */
	ARGUMENT_FILLERS,
	ARGUMENT_REAL
};

static const FillerKind kind_of_detail[DETAIL_OTHERS] = {
	FILLER_NUMBER, FILLER_GIVEN_NAME, FILLER_FAMILY_NAME, FILLER_DATE, FILLER_ADDRESS, FILLER_POSTCODE, FILLER_EMAIL,
	FILLER_IMEI, FILLER_IDENTIFIER};

/* A number in E.164, which is compared as it is. */
static bool
has_detail(FunctionCallInfo fcinfo, int detail, const ValueList *list)
{
	char folded[FILLER_FOLD_SIZE];
	text *value;

	if (list->n == 0 || PG_ARGISNULL(detail))
		return false;
	if (detail == DETAIL_DATE_OF_BIRTH)
		return has_entry(list, "date", folded, fold_dateadt(PG_GETARG_DATEADT(detail), folded));
	value = PG_GETARG_TEXT_PP(detail);
	if (detail == DETAIL_NUMBER)
		return VARSIZE_ANY_EXHDR(value) <= FILLER_MAX_VALUE &&
			   has_entry(list, "number", VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	return has_value(list, kind_of_detail[detail], VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

static bool
is_empty(FunctionCallInfo fcinfo, int detail)
{
	return PG_ARGISNULL(detail) || (detail != DETAIL_DATE_OF_BIRTH && VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(detail)) == 0);
}

/* A likely filler is left out unless the force has listed it as real. */
static void
judge_names_of_call(FunctionCallInfo fcinfo, const ValueLists *lists, bool *left_out)
{
	static const int name[2] = {DETAIL_GIVEN_NAME, DETAIL_FAMILY_NAME};
	FillerVerdict verdict[2];
	FillerName text[2];

	for (int i = 0; i < 2; i++)
		text[i] = filler_name_argument(fcinfo, name[i]);
	filler_judge_names(text[0].bytes, text[0].len, text[1].bytes, text[1].len, &verdict[0], &verdict[1]);
	for (int i = 0; i < 2; i++)
	{
		left_out[name[i]] = verdict[i] == FILLER_CERTAIN || has_detail(fcinfo, name[i], &lists->fillers);
		if (left_out[name[i]])
			text[i].len = 0;
	}
	/* because what stays is judged alone */
	filler_judge_names(text[0].bytes, text[0].len, text[1].bytes, text[1].len, &verdict[0], &verdict[1]);
	for (int i = 0; i < 2; i++)
		if (verdict[i] != FILLER_NOT && !has_detail(fcinfo, name[i], &lists->real))
			left_out[name[i]] = true;
}

static bool
is_left_out(FunctionCallInfo fcinfo, int detail, const ValueLists *lists)
{
	FillerVerdict verdict = FILLER_NOT;

	if (detail == DETAIL_DATE_OF_BIRTH)
		verdict = filler_judge_dateadt(PG_GETARG_DATEADT(detail));
	else if (detail != DETAIL_NUMBER)
	{
		text *value = PG_GETARG_TEXT_PP(detail);

		verdict = filler_judge(kind_of_detail[detail], VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	if (verdict == FILLER_CERTAIN || has_detail(fcinfo, detail, &lists->fillers))
		return true;
	return verdict == FILLER_LIKELY && !has_detail(fcinfo, detail, &lists->real);
}

/* The value of a key as text; false if there is none. */
static bool
text_of_key(const JsonbValue *value, const char **bytes, size_t *len)
{
	if (value->type == jbvString)
	{
		*bytes = value->val.string.val;
		*len = value->val.string.len;
		return true;
	}
	if (value->type != jbvNumeric)
		return false;
	*bytes = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	*len = strlen(*bytes);
	return true;
}

/* How the values of a key are compared; false for a key that does not identify people. */
static bool
kind_of_key(Jsonb *kinds, const JsonbValue *key, FillerKind *kind)
{
	JsonbValue *found;

	if (kinds == NULL || !JB_ROOT_IS_OBJECT(kinds))
		return false;
	found = findJsonbValueFromContainer(&kinds->root, JB_FOBJECT, unconstify(JsonbValue *, key));
	return found != NULL && found->type == jbvString && filler_kind_of(found->val.string.val, found->val.string.len, kind);
}

static bool
is_left_out_value(FillerKind kind, const char *bytes, size_t len, const ValueLists *lists)
{
	FillerVerdict verdict = filler_judge(kind, bytes, len);

	if (verdict == FILLER_CERTAIN || has_value(&lists->fillers, kind, bytes, len))
		return true;
	return verdict == FILLER_LIKELY && !has_value(&lists->real, kind, bytes, len);
}

/* The other details that stay; NULL if none does. */
static Jsonb *
others_without_fillers(Jsonb *details, Jsonb *kinds, const ValueLists *lists)
{
	JsonbIterator *rows;
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;
	JsonbParseState *made = NULL;
	int kept = 0;

	if (!JB_ROOT_IS_OBJECT(details))
		return details;
	rows = JsonbIteratorInit(&details->root);
	pushJsonbValue(&made, WJB_BEGIN_OBJECT, NULL);
	token = JsonbIteratorNext(&rows, &key, true); /* the beginning */
	while ((token = JsonbIteratorNext(&rows, &key, true)) == WJB_KEY)
	{
		const char *bytes;
		size_t len;
		FillerKind kind;

		JsonbIteratorNext(&rows, &value, true);
		if (kind_of_key(kinds, &key, &kind) && text_of_key(&value, &bytes, &len) && is_left_out_value(kind, bytes, len, lists))
			continue;
		pushJsonbValue(&made, WJB_KEY, &key);
		pushJsonbValue(&made, WJB_VALUE, &value);
		kept++;
	}
	value = *pushJsonbValue(&made, WJB_END_OBJECT, NULL);
	return kept == 0 ? NULL : JsonbValueToJsonb(&value);
}

/*
 * without_fillers(INOUT number text, INOUT given_name text, INOUT family_name text,
 *			INOUT date_of_birth date, INOUT address text, INOUT postcode text, INOUT email text,
 *			INOUT imei text, INOUT nominal_ref text, INOUT identity_details jsonb, kinds jsonb, fillers text[],
 *			is_real text[]) RETURNS record
 *		The same details, NULL where they are empty or fillers.
 */
ENGAGE_FUNCTION(engage_without_fillers);
Datum
engage_without_fillers(PG_FUNCTION_ARGS)
{
	const ValueLists *lists = lists_of_call(fcinfo, ARGUMENT_FILLERS, ARGUMENT_REAL);
	bool is_filler[DETAILS];
	Row row;

	judge_names_of_call(fcinfo, lists, is_filler);
	row_begin(&row, DETAILS);
	for (int i = 0; i < DETAIL_OTHERS; i++)
	{
		bool is_name = i == DETAIL_GIVEN_NAME || i == DETAIL_FAMILY_NAME;

		if (!is_empty(fcinfo, i) && !(is_name ? is_filler[i] : is_left_out(fcinfo, i, lists)))
			row_set(&row, i, PG_GETARG_DATUM(i));
	}
	if (!PG_ARGISNULL(DETAIL_OTHERS))
	{
		Jsonb *others = others_without_fillers(PG_GETARG_JSONB_P(DETAIL_OTHERS),
											   PG_ARGISNULL(ARGUMENT_KINDS) ? NULL : PG_GETARG_JSONB_P(ARGUMENT_KINDS), lists);

		if (others != NULL)
			row_set(&row, DETAIL_OTHERS, PointerGetDatum(others));
	}
	return row_return(fcinfo, &row);
}

/*
 * has_value(number text, given_name text, family_name text, date_of_birth date, address text,
 *			postcode text, email text, imei text, nominal_ref text, identity_details jsonb, kinds jsonb,
 *			wanted text[]) RETURNS boolean
 *		Whether any of the details is one of these, each as KIND:FOLDED.
 */
ENGAGE_FUNCTION(engage_has_value);
Datum
engage_has_value(PG_FUNCTION_ARGS)
{
	const ValueLists *lists = lists_of_call(fcinfo, ARGUMENT_FILLERS, -1);
	JsonbIterator *rows;
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;
	Jsonb *kinds;

	for (int i = 0; i < DETAIL_OTHERS; i++)
		if (has_detail(fcinfo, i, &lists->fillers))
			PG_RETURN_BOOL(true);
	if (PG_ARGISNULL(DETAIL_OTHERS) || PG_ARGISNULL(ARGUMENT_KINDS) || !JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(DETAIL_OTHERS)))
		PG_RETURN_BOOL(false);
	kinds = PG_GETARG_JSONB_P(ARGUMENT_KINDS);
	rows = JsonbIteratorInit(&PG_GETARG_JSONB_P(DETAIL_OTHERS)->root);
	JsonbIteratorNext(&rows, &key, true);
	while ((token = JsonbIteratorNext(&rows, &key, true)) == WJB_KEY)
	{
		const char *bytes;
		size_t len;
		FillerKind kind;

		JsonbIteratorNext(&rows, &value, true);
		if (kind_of_key(kinds, &key, &kind) && text_of_key(&value, &bytes, &len) && has_value(&lists->fillers, kind, bytes, len))
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}
