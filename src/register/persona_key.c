/*-------------------------------------------------------------------------
 * persona_key.c
 *	  The key of a persona: one distinct set of identifying details.
 *
 * A key is made from the details only, so a contact's persona is known without
 * a look-up, in any order of arrival, and on any server.  Its 16 bytes are
 *
 *		tail		3 bytes of the number's last digits, zero for none
 *		head		3 bytes of a number of +44: what stands before them, else zero
 *		rest		10 bytes of a SHA-256 of all details
 *
 * The number is read as phone() reads it, so personas with the same number lie
 * together in an index on the key, however it was spelt.  Tail and head
 * distinguish all +44 numbers: each has a range of keys to itself.  Others
 * share a range with few numbers, and the region says which one it is.
 *
 * Certain fillers are left out: contacts that differ in nothing else are one
 * persona, and a contact with nothing else has none.  Other fillers may be left
 * out where personas are made; the key, which must not depend on a force's
 * decisions, includes them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/identity/phone.h"
#include "engage.h"
#include "register/persona_key.h"
#include "toolkit/filler_sql.h"
#include "toolkit/phone_sql.h"
#include "toolkit/row.h"

#define TAIL_LEN 3
#define HEAD_LEN 3
#define PREFIX_LEN (TAIL_LEN + HEAD_LEN)
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

/* A multiplication by an odd number can be reversed, so no two numbers get the same result. */
#define SPREAD_TAIL 0x4f6cdd
#define SPREAD_HEAD 0x9e3779

static void
put_three_bytes(unsigned char *key, uint32 value)
{
	key[0] = (unsigned char) (value >> 16);
	key[1] = (unsigned char) (value >> 8);
	key[2] = (unsigned char) value;
}

/* The first bytes of the keys of all personas with numbers at such a place. */
static void
put_prefix(const PhonePlace *place, unsigned char *key)
{
	put_three_bytes(key, 0x800000 | (place->tail * SPREAD_TAIL & 0x7fffff));
	put_three_bytes(key + TAIL_LEN, place->head * SPREAD_HEAD & 0xffffff);
}

#define DIGEST_AT_ONCE (1024 * 1024)

static void
digest_update(pg_cryptohash_ctx *digest, const void *data, size_t len)
{
	for (size_t done = 0; done < len; done += DIGEST_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		if (pg_cryptohash_update(digest, (const uint8 *) data + done, Min(len - done, DIGEST_AT_ONCE)) < 0)
			elog(ERROR, "could not compute a persona key");
	}
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

/* Whether there is no value; empty text counts as no value. */
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

/* Add the details that are present and not fillers; returns how many. */
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
 * persona_key(number_raw text, given_name text, family_name text, date_of_birth date,
 *			address text, postcode text, email text, imei text, nominal_ref text,
 *			identity_details jsonb) RETURNS uuid
 *		The key of the persona with these details; NULL if there are none, or
 *		nothing but fillers.
 */
ENGAGE_FUNCTION(engage_persona_key);
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
		text *raw = PG_GETARG_TEXT_PP(0);
		PhonePlace place;

		if (phone_place(VARDATA_ANY(raw), VARSIZE_ANY_EXHDR(raw), &place))
			put_prefix(&place, key->data);
	}
	memcpy(key->data + PREFIX_LEN, result, UUID_LEN - PREFIX_LEN);
	PG_RETURN_UUID_P(key);
}

/* Add the range of all keys at a place, with any head or this one, once. */
static int
add_range(PersonaRange *ranges, int n, const PhonePlace *place, bool any_head)
{
	PersonaRange *range = &ranges[n];
	int len = any_head ? TAIL_LEN : PREFIX_LEN;

	put_prefix(place, range->low.data);
	put_prefix(place, range->high.data);
	memset(range->low.data + len, 0, UUID_LEN - len);
	memset(range->high.data + len, 0xff, UUID_LEN - len);
	for (int i = 0; i < n; i++)
		if (memcmp(&ranges[i].low, &range->low, UUID_LEN) == 0)
			return n;
	return n + 1;
}

static uint32
last_digits(const char *digits, size_t len)
{
	uint32 tail = 0;

	for (size_t i = len > PHONE_TAIL_DIGITS ? len - PHONE_TAIL_DIGITS : 0; i < len; i++)
		tail = tail * 10 + (digits[i] - '0');
	return tail;
}

/*
 * persona_ranges
 *		The ranges of keys that hold the personas whose number, as read in a
 *		region, is this one in E.164.  Returns how many, at most
 *		PERSONA_MAX_RANGES.  *is_exact: whether they hold no persona with
 *		another number.
 *
 *		If the region has no numbers of +44, text without its country's code may
 *		have been read as a number of +44 for the key, so any head is possible.
 */
int
persona_ranges(const char *e164, bool is_home, PersonaRange *ranges, bool *is_exact)
{
	const char *digits = e164 + 1;
	size_t len = strlen(digits);
	PhonePlace place;
	int n = 0;

	*is_exact = false;
	if (!phone_place(e164, len + 1, &place))
		return 0;
	*is_exact = is_home && place.head != 0;
	n = add_range(ranges, n, &place, !is_home);

	/*
	 * If the national number may be shorter than a tail, the tail also has
	 * what precedes it: the country's code, however it was written.
	 */
	for (size_t code = 1; code <= 3 && code + 1 < len && len < PHONE_TAIL_DIGITS + 3; code++)
	{
		char with_trunk[PHONE_E164_SIZE];

		memcpy(with_trunk, digits, code);
		with_trunk[code] = '0';
		strcpy(with_trunk + code + 1, digits + code);
		place.tail = last_digits(with_trunk, len + 1);
		n = add_range(ranges, n, &place, !is_home);
		place.tail = last_digits(digits + code, len - code);
		n = add_range(ranges, n, &place, !is_home);
	}
	return n;
}

/*
 * persona_keys_of_number(number text, region text) RETURNS SETOF record
 *		The ranges of keys in which the number's personas lie.
 */
ENGAGE_FUNCTION(engage_persona_keys_of_number);
Datum
engage_persona_keys_of_number(PG_FUNCTION_ARGS)
{
	PersonaRange ranges[PERSONA_MAX_RANGES];
	char e164[PHONE_E164_SIZE];
	bool is_home;
	bool is_exact;
	int n = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (phone_read(PG_GETARG_DATUM(0), PG_GETARG_TEXT_PP(1), e164, &is_home))
		n = persona_ranges(e164, is_home, ranges, &is_exact);
	for (int i = 0; i < n; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, UUIDPGetDatum(&ranges[i].low));
		row_add(&row, UUIDPGetDatum(&ranges[i].high));
		row_add(&row, BoolGetDatum(is_exact));
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}
