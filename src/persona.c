/*-------------------------------------------------------------------------
 * persona.c
 *	  The key of a persona: one distinct set of identifying details.
 *
 * A key is made of the details alone, so a contact knows its persona without a
 * look-up, in any order of arrival, and on any server.  Its 16 bytes are
 *
 *		prefix		6 bytes of a hash of the number's last digits, zero for none
 *		rest		10 bytes of a SHA-256 of all details
 *
 * so personas with the same number, however it was spelt, lie together in an
 * index on the key.
 *
 * Details that are certainly fillers are left out: contacts that differ in
 * nothing else are one persona, and one with nothing else has none.  Others may
 * be left out too where personas are made; the key, which must not depend on
 * what a force decides, holds those.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "contact_sort.h"
#include "engage.h"
#include "filler_sql.h"

ENGAGE_FUNCTION(engage_persona_key);
ENGAGE_FUNCTION(engage_persona_keys_of_number);

#define PREFIX_LEN 6
/* Among the arguments */
#define NUMBER_ARGUMENT 0
#define GIVEN_NAME_ARGUMENT 1
#define FAMILY_NAME_ARGUMENT 2
#define DATE_ARGUMENT 3
#define JSON_ARGUMENT 9

/* How the others are judged */
static const FillerKind kinds[JSON_ARGUMENT] = {
	FILLER_NUMBER, FILLER_GIVEN_NAME, FILLER_FAMILY_NAME, FILLER_DATE, FILLER_ADDRESS, FILLER_POSTCODE,
	FILLER_EMAIL, FILLER_IMEI, FILLER_IDENTIFIER};

/* Digits that tell numbers apart, whatever stands before: UK ones have 9 or 10. */
#define TAIL_DIGITS 9

/*
 * The number's last digits as one number.  An extension, which a letter or #
 * introduces once there are enough digits, is left out.
 */
static uint64
number_tail(text *raw)
{
	const char *p = VARDATA_ANY(raw);
	const char *end = p + VARSIZE_ANY_EXHDR(raw);
	uint64 tail = 0;
	int digits = 0;

	for (; p < end; p++)
	{
		if (*p >= '0' && *p <= '9')
		{
			tail = (tail * 10 + (*p - '0')) % UINT64CONST(1000000000);
			digits++;
		}
		else if (digits >= TAIL_DIGITS && (isalpha((unsigned char) *p) || *p == '#'))
			break;
	}
	return digits == 0 ? 0 : tail + 1;
}

/* The first bytes of the keys of all personas with such a number. */
static void
put_prefix(uint64 tail, unsigned char *key)
{
	uint64 hash = pg_hton64(spread_bits(tail) | UINT64CONST(1) << 63);

	memcpy(key, &hash, PREFIX_LEN);
}

static void
digest_update(pg_cryptohash_ctx *digest, const void *data, size_t len)
{
	if (pg_cryptohash_update(digest, data, len) < 0)
		elog(ERROR, "could not compute a persona key");
}

/* Add one detail: its place among the arguments, its length and its bytes. */
static void
digest_detail(pg_cryptohash_ctx *digest, int argument, const void *data, size_t len)
{
	unsigned char head[5];
	uint32 size = pg_hton32((uint32) len);

	head[0] = (unsigned char) argument;
	memcpy(head + 1, &size, sizeof(size));
	digest_update(digest, head, sizeof(head));
	digest_update(digest, data, len);
}

/* Whether there is nothing, which empty text counts as, too. */
static bool
is_missing(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return true;
	if (argument == DATE_ARGUMENT)
		return false;
	if (argument == JSON_ARGUMENT)
		return JB_ROOT_COUNT(PG_GETARG_JSONB_P(argument)) == 0;
	return VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(argument)) == 0;
}

/* Which of the arguments are certainly fillers.  Numbers are judged as numbers, and other details when they are picked. */
static void
find_fillers(FunctionCallInfo fcinfo, bool *filler)
{
	FillerName given = filler_name_argument(fcinfo, GIVEN_NAME_ARGUMENT);
	FillerName family = filler_name_argument(fcinfo, FAMILY_NAME_ARGUMENT);
	FillerVerdict verdict[2] = {FILLER_NOT, FILLER_NOT};

	if (given.len > 0 || family.len > 0)
		filler_judge_names(given.bytes, given.len, family.bytes, family.len, &verdict[0], &verdict[1]);
	filler[GIVEN_NAME_ARGUMENT] = verdict[0] == FILLER_CERTAIN;
	filler[FAMILY_NAME_ARGUMENT] = verdict[1] == FILLER_CERTAIN;
	if (!PG_ARGISNULL(DATE_ARGUMENT))
		filler[DATE_ARGUMENT] = filler_judge_dateadt(PG_GETARG_DATEADT(DATE_ARGUMENT)) == FILLER_CERTAIN;
	for (int i = DATE_ARGUMENT + 1; i < JSON_ARGUMENT; i++)
		if (!is_missing(fcinfo, i))
		{
			text *detail = PG_GETARG_TEXT_PP(i);

			filler[i] = filler_judge(kinds[i], VARDATA_ANY(detail), VARSIZE_ANY_EXHDR(detail)) == FILLER_CERTAIN;
		}
}

/* Add the details that are there and no fillers; how many. */
static int
digest_arguments(FunctionCallInfo fcinfo, pg_cryptohash_ctx *digest)
{
	bool filler[JSON_ARGUMENT + 1] = {false};
	int details = 0;

	find_fillers(fcinfo, filler);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (is_missing(fcinfo, i) || filler[i])
			continue;
		if (i == DATE_ARGUMENT)
		{
			uint32 day = pg_hton32((uint32) PG_GETARG_DATEADT(i));

			digest_detail(digest, i, &day, sizeof(day));
		}
		else
		{
			struct varlena *detail = PG_GETARG_VARLENA_PP(i);

			digest_detail(digest, i, VARDATA_ANY(detail), VARSIZE_ANY_EXHDR(detail));
		}
		details++;
	}
	return details;
}

/*
 * persona_key(number_raw, given_name, family_name, date_of_birth, address,
 * postcode, email, imei, nominal_ref, identity_details)
 *		The key of the persona with these details; NULL if there are none, or
 *		nothing but fillers.
 */
Datum
engage_persona_key(PG_FUNCTION_ARGS)
{
	pg_cryptohash_ctx *digest = pg_cryptohash_create(PG_SHA256);
	unsigned char result[PG_SHA256_DIGEST_LENGTH];
	pg_uuid_t *key;
	int details;

	if (digest == NULL || pg_cryptohash_init(digest) < 0)
		elog(ERROR, "could not compute a persona key");
	details = digest_arguments(fcinfo, digest);
	if (pg_cryptohash_final(digest, result, sizeof(result)) < 0)
		elog(ERROR, "could not compute a persona key");
	pg_cryptohash_free(digest);
	if (details == 0)
		PG_RETURN_NULL();

	key = palloc0(sizeof(pg_uuid_t));
	if (!PG_ARGISNULL(0))
	{
		uint64 tail = number_tail(PG_GETARG_TEXT_PP(0));

		if (tail != 0)
			put_prefix(tail, key->data);
	}
	memcpy(key->data + PREFIX_LEN, result, UUID_LEN - PREFIX_LEN);
	PG_RETURN_UUID_P(key);
}

/*
 * persona_keys_of_number(number, OUT low, OUT high)
 *		The range of keys in which the number's personas lie; others may too.
 */
Datum
engage_persona_keys_of_number(PG_FUNCTION_ARGS)
{
	uint64 tail = number_tail(PG_GETARG_TEXT_PP(0));
	pg_uuid_t low;
	pg_uuid_t high;
	Datum values[2] = {UUIDPGetDatum(&low), UUIDPGetDatum(&high)};
	bool nulls[2] = {false, false};
	TupleDesc desc;

	if (tail == 0)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function called where a row cannot be returned");
	memset(low.data, 0, UUID_LEN);
	memset(high.data, 0xff, UUID_LEN);
	put_prefix(tail, low.data);
	put_prefix(tail, high.data);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
