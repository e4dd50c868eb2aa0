/*
 * Binary values of the types that dashboards take, as Npgsql 4.0.17 reads them:
 * check_value() says what is wrong with one, NULL if nothing is.  Beyond Npgsql,
 * floats are to be finite and texts no longer than a model holds.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <libpq-fe.h>

#define BOOL_TYPE 16
#define INT8_TYPE 20
#define INT2_TYPE 21
#define INT4_TYPE 23
#define TEXT_TYPE 25
#define FLOAT8_TYPE 701
#define VARCHAR_TYPE 1043
#define DATE_TYPE 1082
#define TIMESTAMP_TYPE 1114
#define NUMERIC_TYPE 1700

#define TEXT_LIMIT 32764 /* characters that a model holds */
#define FIRST_DAY (-730119) /* 0001-01-01, in days since 2000-01-01 */
#define LAST_DAY 2921939 /* 9999-12-31 */
#define DAY_MICROSECONDS INT64_C(86400000000)

__extension__ typedef unsigned __int128 wide;

/* A type that is taken: its length, and what a sort puts in the place of NULL. */
typedef struct
{
	Oid oid;
	int length;
	const char *missing;
} TakenType;

static const TakenType taken[] = {
	{BOOL_TYPE, 1, "false"},
	{INT2_TYPE, 2, "0"},
	{INT4_TYPE, 4, "0"},
	{INT8_TYPE, 8, "0"},
	{FLOAT8_TYPE, 8, "0"},
	{NUMERIC_TYPE, -1, "0"},
	{TEXT_TYPE, -1, "''"},
	{VARCHAR_TYPE, -1, "''"},
	{DATE_TYPE, 4, "date '1899-12-28'"},
	{TIMESTAMP_TYPE, 8, "timestamp '1899-12-28 00:00:00'"}};

static uint64_t
big_endian(const unsigned char *bytes, int length)
{
	uint64_t value = 0;

	while (length-- > 0)
		value = value << 8 | *bytes++;
	return value;
}

static const char *
check_float8(const unsigned char *bytes)
{
	uint64_t bits = big_endian(bytes, 8);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return isfinite(value) ? NULL : "is not finite";
}

static const char *
check_text(const unsigned char *bytes, int length)
{
	int characters = 0;

	for (int i = 0; i < length; i++)
		characters += (bytes[i] & 0xC0) != 0x80;
	return characters > TEXT_LIMIT ? "is longer than a model holds" : NULL;
}

static const char *
check_date(const unsigned char *bytes)
{
	int32_t day = (int32_t) big_endian(bytes, 4);

	if (day == INT32_MAX || day == INT32_MIN)
		return "is infinite: Can't convert infinite date values to DateTime";
	return day < FIRST_DAY || day > LAST_DAY ? "is out of the range of DateTime" : NULL;
}

static const char *
check_timestamp(const unsigned char *bytes)
{
	int64_t at = (int64_t) big_endian(bytes, 8);

	if (at == INT64_MAX || at == INT64_MIN)
		return "is infinite: Can't convert infinite timestamp values to DateTime";
	return at < FIRST_DAY * DAY_MICROSECONDS || at >= (LAST_DAY + 1) * DAY_MICROSECONDS ? "is out of the range of DateTime" : NULL;
}

/* System.Decimal is a sign, 96 bits, and a scale of up to 28. */
static const char *
check_numeric(const unsigned char *bytes, int length)
{
	static const char *const too_wide = "does not fit in a System.Decimal";
	int groups, weight, sign, scale, shift;
	wide value = 0, limit = (wide) 1 << 96;

	if (length < 8)
		return "is cut off";
	groups = (int16_t) big_endian(bytes, 2);
	weight = (int16_t) big_endian(bytes + 2, 2);
	sign = (int) big_endian(bytes + 4, 2);
	scale = (int16_t) big_endian(bytes + 6, 2);
	if (sign != 0 && sign != 0x4000)
		return "is no finite number";
	if (length != 8 + 2 * groups)
		return "is cut off";
	if (scale > 28 || groups > 8)
		return too_wide;
	for (int i = 0; i < groups; i++)
		value = value * 10000 + big_endian(bytes + 8 + 2 * i, 2);
	shift = scale + (weight - groups + 1) * 4;
	for (; shift < 0; shift++)
		value /= 10;
	for (; shift > 0 && value != 0 && value < limit; shift--)
		value *= 10;
	return value < limit ? NULL : too_wide;
}

static const TakenType *
find_taken(Oid type)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
	{
		if (taken[i].oid == type)
			return &taken[i];
	}
	return NULL;
}

static const char *
check_value(const TakenType *type, const char *value, int length)
{
	const unsigned char *bytes = (const unsigned char *) value;

	if (type->length >= 0 && length != type->length)
		return "has a length that its type does not have";
	switch (type->oid)
	{
		case FLOAT8_TYPE:
			return check_float8(bytes);
		case TEXT_TYPE:
		case VARCHAR_TYPE:
			return check_text(bytes, length);
		case DATE_TYPE:
			return check_date(bytes);
		case TIMESTAMP_TYPE:
			return check_timestamp(bytes);
		case NUMERIC_TYPE:
			return check_numeric(bytes, length);
		default:
			return NULL;
	}
}
