/*-------------------------------------------------------------------------
 * aml.c
 *	  Parser of Advanced Mobile Location messages.
 *
 * A message is a list of key=value, separated by semicolons, that begins with
 * A"ML=1.  An empty value, or N for "null", counts as not given.  Unknown keys
 * are skipped, because later versions of the standard add some.
 *
 * ml, the length of the message, is not compared with the length: ETSI counts
 * the whole message, but of the examples published by Google and by makers of
 * receivers about half are off by one or two.
 *
 * Depends neither on PostgreSQL nor on the locale.
 *-------------------------------------------------------------------------
 */
#include "core/identity/aml.h"

#include <string.h>

#include "core/text.h"

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* More digits than this would not be exact in a double. */
#define MAX_NUMBER_DIGITS 15

/* A piece of the message. */
typedef struct Span
{
	const char *start;
	size_t len;
} Span;

/* What the readers of values need after the last one. */
typedef struct Reading
{
	AmlMessage *message;
	unsigned seen; /* bit i: keys[i] has occurred */
	bool has_latitude;
	bool has_longitude;
	bool no_fix; /* rd=N or pm=N */
} Reading;

static Span
trim(Span span)
{
	while (span.len > 0 && is_space(span.start[0]))
	{
		span.start++;
		span.len--;
	}
	while (span.len > 0 && is_space(span.start[span.len - 1]))
		span.len--;
	return span;
}

/* Whether span is the given text, in any case. */
static bool
equals(Span span, const char *text)
{
	if (span.len != strlen(text))
		return false;
	for (size_t i = 0; i < span.len; i++)
		if (to_upper(span.start[i]) != to_upper(text[i]))
			return false;
	return true;
}

/* The part of span before the first c; false, and all of it, without one. */
static bool
split(Span span, char c, Span *before, Span *after)
{
	const char *at = span.len > 0 ? memchr(span.start, c, span.len) : NULL;

	*before = span;
	if (at == NULL)
		return false;
	before->len = (size_t) (at - span.start);
	after->start = at + 1;
	after->len = span.len - before->len - 1;
	return true;
}

static bool
all_digits(Span span)
{
	for (size_t i = 0; i < span.len; i++)
		if (!is_digit(span.start[i]))
			return false;
	return span.len > 0;
}

/* ---------------------------------------------------------------- values */

/* A decimal number: sign, digits, perhaps a point and more digits. */
static bool
read_number(Span value, double *number)
{
	double mantissa = 0;
	double scale = 1;
	bool negative = value.start[0] == '-';
	bool after_point = false;
	int ndigits = 0;
	size_t i = (negative || value.start[0] == '+') ? 1 : 0;

	for (; i < value.len; i++)
	{
		char c = value.start[i];

		if (c == '.' && ndigits > 0 && !after_point)
		{
			after_point = true;
			continue;
		}
		if (!is_digit(c) || ++ndigits > MAX_NUMBER_DIGITS)
			return false;
		mantissa = mantissa * 10 + (c - '0');
		if (after_point)
			scale *= 10;
	}
	if (ndigits == 0 || value.start[value.len - 1] == '.')
		return false;

	/* both are exact, so the quotient is the nearest double; no -0 */
	*number = mantissa == 0 ? 0 : (negative ? -mantissa : mantissa) / scale;
	return true;
}

static bool
read_number_within(Span value, double least, double most, double *number)
{
	return read_number(value, number) && *number >= least && *number <= most;
}

static bool
read_latitude(Span value, Reading *reading)
{
	reading->has_latitude = true;
	return read_number_within(value, -90, 90, &reading->message->latitude);
}

static bool
read_longitude(Span value, Reading *reading)
{
	reading->has_longitude = true;
	return read_number_within(value, -180, 180, &reading->message->longitude);
}

static bool
read_radius(Span value, Reading *reading)
{
	if (equals(value, "N"))
	{
		reading->no_fix = true;
		return true;
	}
	reading->message->has_radius = true;
	return read_number_within(value, 0, 1e15, &reading->message->radius_m);
}

static bool
read_confidence(Span value, Reading *reading)
{
	double percent;

	if (!read_number_within(value, 0, 100, &percent))
		return false;
	reading->message->confidence = (int) (percent + 0.5);
	return true;
}

static bool
read_method(Span value, Reading *reading)
{
	char letter = to_upper(value.start[0]);

	if (value.len != 1 || letter < 'A' || letter > 'Z')
		return false;
	switch (letter)
	{
		case 'N':
			reading->no_fix = true;
			reading->message->method = "none";
			break;
		case 'G':
			reading->message->method = "gnss";
			break;
		case 'W':
			reading->message->method = "wifi";
			break;
		case 'C':
			reading->message->method = "cell";
			break;
		default:
			reading->message->method = "unknown";
			break;
	}
	return true;
}

static int
number_of(const char *digits, int count)
{
	int number = 0;

	while (count-- > 0)
		number = number * 10 + (*digits++ - '0');
	return number;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days from 1970-01-01; counts years from March, so that a leap day is last. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
}

static bool
read_time(Span value, Reading *reading)
{
	const char *s = value.start;
	int year, month, day, hour, minute, second;

	if (value.len != 14 || !all_digits(value))
		return false;
	year = number_of(s, 4);
	month = number_of(s + 4, 2);
	day = number_of(s + 6, 2);
	hour = number_of(s + 8, 2);
	minute = number_of(s + 10, 2);
	second = number_of(s + 12, 2);

	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
		hour > 23 || minute > 59 || second > 59)
		return false;
	reading->message->has_time = true;
	reading->message->positioned_at =
		((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

/*
 * The first keep digits of an identifier of least to most digits.  One that is
 * all zeros identifies nothing, and counts as not given.
 */
static bool
read_identifier(Span value, size_t least, size_t most, size_t keep, char *identifier)
{
	if (!all_digits(value) || value.len < least || value.len > most)
		return false;
	if (value.len < keep)
		keep = value.len;
	memcpy(identifier, value.start, keep);
	identifier[keep] = '\0';
	if (strspn(identifier, "0") == keep)
		identifier[0] = '\0';
	return true;
}

static bool
read_imsi(Span value, Reading *reading)
{
	return read_identifier(value, 6, 15, 6, reading->message->imsi_prefix);
}

static bool
read_imei(Span value, Reading *reading)
{
	return read_identifier(value, 14, 16, 16, reading->message->imei);
}

static bool
read_mcc(Span value, Reading *reading)
{
	return read_identifier(value, 3, 3, 3, reading->message->mcc);
}

static bool
read_mnc(Span value, Reading *reading)
{
	if (value.len < 2 || value.len > 3 || !all_digits(value))
		return false;

	/* unlike the others, 00 is in use */
	memcpy(reading->message->mnc, value.start, value.len);
	reading->message->mnc[value.len] = '\0';
	return true;
}

static bool
read_length(Span value, Reading *reading)
{
	(void) reading;
	return all_digits(value) && value.len <= 4;
}

/* ----------------------------------------------------------- the message */

static const struct
{
	const char *key;
	bool (*read)(Span value, Reading *reading);
	bool n_tells; /* N is a value for read, not one that is not given */
	const char *expected;
} keys[] = {
	{"lt", read_latitude, false, "a latitude in degrees, from -90 to 90"},
	{"lg", read_longitude, false, "a longitude in degrees, from -180 to 180"},
	{"rd", read_radius, true, "a radius in metres, not negative, or N"},
	{"top", read_time, false, "a time that exists, as yyyyMMddHHmmss"},
	{"lc", read_confidence, false, "a confidence in percent, from 0 to 100"},
	{"pm", read_method, true, "one letter"},
	{"si", read_imsi, false, "6 to 15 digits"},
	{"ei", read_imei, false, "14 to 16 digits"},
	{"mcc", read_mcc, false, "3 digits"},
	{"mnc", read_mnc, false, "2 or 3 digits"},
	{"ml", read_length, false, "a number of characters"},
};

static bool
complain(AmlProblem *problem, const char *key, const char *expected)
{
	problem->key = key;
	problem->expected = expected;
	return false;
}

static bool
read_value(size_t i, Span value, Reading *reading, AmlProblem *problem)
{
	if (reading->seen & (1u << i))
		return complain(problem, keys[i].key, "given only once");
	reading->seen |= 1u << i;

	if (value.len == 0 || (!keys[i].n_tells && equals(value, "N")))
		return true;
	if (!keys[i].read(value, reading))
		return complain(problem, keys[i].key, keys[i].expected);
	return true;
}

static bool
read_pair(Span part, Reading *reading, AmlProblem *problem)
{
	Span key;
	Span value;

	if (!split(part, '=', &key, &value) || trim(key).len == 0)
		return complain(problem, NULL, "parts of the form key=value, separated by semicolons");
	key = trim(key);
	if (equals(key, "A\"ML"))
		return complain(problem, "A\"ML", "given only once");
	for (size_t i = 0; i < lengthof(keys); i++)
		if (equals(key, keys[i].key))
			return read_value(i, trim(value), reading, problem);
	return true;
}

static bool
read_header(Span part, AmlProblem *problem)
{
	Span key;
	Span value;

	if (!split(part, '=', &key, &value) || !equals(trim(key), "A\"ML"))
		return complain(problem, "A\"ML", "the first key");
	if (!equals(trim(value), "1"))
		return complain(problem, "A\"ML", "1, the only version that is understood");
	return true;
}

/*
 * Where the caller is.  A message has several ways to say that the handset did
 * not know; without this check it would be a point in the Atlantic.
 */
static bool
settle_location(const Reading *reading, AmlProblem *problem)
{
	AmlMessage *message = reading->message;

	if (reading->has_latitude != reading->has_longitude)
		return complain(problem, reading->has_latitude ? "lg" : "lt",
						"given when the other coordinate is");

	message->has_location = reading->has_latitude && !reading->no_fix &&
							!(message->latitude == 0 && message->longitude == 0);
	if (!message->has_location)
		message->has_radius = false;
	return true;
}

/* aml_parse Reads a message.  False, with what is wrong, if it is malformed. */
bool
aml_parse(const char *text, size_t len, AmlMessage *message, AmlProblem *problem)
{
	Span rest = trim((Span){text, len});
	Reading reading = {message, 0, false, false, false};
	Span part;
	bool more;

	memset(message, 0, sizeof(*message));
	message->confidence = -1;

	if (rest.len > AML_MAX_LENGTH)
		return complain(problem, NULL, "at most 1024 bytes");
	more = split(rest, ';', &part, &rest);
	if (!read_header(part, problem))
		return false;

	/* one semicolon is allowed at the end */
	while (more && rest.len > 0)
	{
		more = split(rest, ';', &part, &rest);
		if (!read_pair(part, &reading, problem))
			return false;
	}
	return settle_location(&reading, problem);
}
