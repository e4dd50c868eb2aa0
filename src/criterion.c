/*-------------------------------------------------------------------------
 * criterion.c
 *	  Parse, print, store and compare criteria.
 *
 * Text:	'5 in 1 day', '10 or more in 7 days', 'more than 5 in 7 days',
 *			'at least 3 in 36 hours', '5 per week in Europe/London'.
 * Stored:	version, kind, threshold (4 bytes, big endian), then the width in
 *			microseconds (8 bytes, big endian) or the zone's name.
 *
 * The stored form is canonical: equal criteria have equal bytes.  Whether a
 * zone exists is the caller's to check, for only the server knows its zones.
 *-------------------------------------------------------------------------
 */
#include "criterion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct Unit
{
	const char *name;
	int64_t seconds; /* 0: a month or more, no exact duration */
} Unit;

static const Unit units[] = {
	{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}, {"sec", 1}, {"min", 60}, {"month", 0}, {"quarter", 0}, {"year", 0}};

#define lengthof_units (sizeof(units) / sizeof(units[0]))

static const char *const period_names[] = {NULL, "day", "week", "month"};

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* The next word of *text, lower-cased; its length, or 0 if none or too long. */
static size_t
next_word(const char **text, char *word, size_t size)
{
	size_t len = 0;

	while (is_space(**text))
		(*text)++;
	while (**text != '\0' && !is_space(**text))
	{
		if (len + 1 >= size)
			return 0;
		word[len++] = to_lower(*(*text)++);
	}
	word[len] = '\0';
	return len;
}

/* Take the given word if it comes next. */
static bool
accept_word(const char **text, const char *expected)
{
	const char *start = *text;
	char word[16];

	if (next_word(text, word, sizeof(word)) > 0 && strcmp(word, expected) == 0)
		return true;
	*text = start;
	return false;
}

/* Take an unsigned whole number of at most ten digits; -1 if there is none. */
static int64_t
accept_number(const char **text)
{
	const char *p = *text;
	int64_t value = 0;
	int digits = 0;

	while (is_space(*p))
		p++;
	for (; *p >= '0' && *p <= '9'; p++)
	{
		if (++digits > 10)
			return -1;
		value = value * 10 + (*p - '0');
	}
	if (digits == 0)
		return -1;
	*text = p;
	return value;
}

static const Unit *
find_unit(const char *word, size_t len)
{
	for (size_t i = 0; i < lengthof_units; i++)
	{
		size_t n = strlen(units[i].name);

		if (strncmp(word, units[i].name, n) == 0 &&
			(len == n || (len == n + 1 && word[n] == 's')))
			return &units[i];
	}
	return NULL;
}

/* One or more of "<number> <unit>", up to the end of the text. */
static CriterionStatus
parse_duration(const char *text, Criterion *out)
{
	int64_t width = 0;

	do
	{
		int64_t number = accept_number(&text);
		char word[16];
		size_t len;
		const Unit *unit;

		if (number < 0)
			return CRITERION_BAD_WIDTH;
		len = next_word(&text, word, sizeof(word));
		unit = find_unit(word, len);
		if (len == 0 || unit == NULL)
			return CRITERION_BAD_UNIT;
		if (unit->seconds == 0)
			return CRITERION_MONTH_IN_ROLLING;
		if (number > CRITERION_MAX_WIDTH / CRITERION_SECOND / unit->seconds)
			return CRITERION_BAD_WIDTH;
		width += number * unit->seconds * CRITERION_SECOND;
		while (is_space(*text))
			text++;
	} while (*text != '\0' && width <= CRITERION_MAX_WIDTH);

	if (width < CRITERION_SECOND || width > CRITERION_MAX_WIDTH)
		return CRITERION_BAD_WIDTH;
	out->kind = CRITERION_ROLLING;
	out->width = width;
	return CRITERION_OK;
}

static bool
valid_zone_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		   (c >= '0' && c <= '9') ||
		   c == '/' || c == '_' || c == '+' || c == '-';
}

/* "<period> in <zone>", up to the end of the text; the zone keeps its case. */
static CriterionStatus
parse_period(const char *text, Criterion *out)
{
	char word[16];
	size_t len = 0;

	if (next_word(&text, word, sizeof(word)) == 0)
		return CRITERION_BAD_PERIOD;
	for (int kind = CRITERION_DAY; kind <= CRITERION_MONTH; kind++)
		if (strcmp(word, period_names[kind]) == 0)
			out->kind = (CriterionKind) kind;
	if (out->kind == CRITERION_ROLLING)
		return CRITERION_BAD_PERIOD;
	if (!accept_word(&text, "in"))
		return CRITERION_ZONE_MISSING;
	while (is_space(*text))
		text++;
	for (; *text != '\0' && !is_space(*text); text++)
	{
		if (!valid_zone_character(*text) || len + 1 >= CRITERION_ZONE_SIZE)
			return CRITERION_BAD_ZONE;
		out->zone[len++] = *text;
	}
	while (is_space(*text))
		text++;
	if (len == 0)
		return CRITERION_ZONE_MISSING;
	return *text == '\0' ? CRITERION_OK : CRITERION_BAD_ZONE;
}

/*
 * criterion_parse
 *		Read a criterion from text.  On anything but CRITERION_OK *out is not
 *		to be used.
 */
CriterionStatus
criterion_parse(const char *text, Criterion *out)
{
	bool more_than = false;
	int64_t threshold;

	memset(out, 0, sizeof(*out));
	if (accept_word(&text, "more"))
	{
		if (!accept_word(&text, "than"))
			return CRITERION_BAD_SYNTAX;
		more_than = true;
	}
	else if (accept_word(&text, "at") && !accept_word(&text, "least"))
		return CRITERION_BAD_SYNTAX;

	threshold = accept_number(&text);
	if (threshold < 0)
		return CRITERION_BAD_THRESHOLD;
	threshold += more_than;
	if (threshold < 1 || threshold > INT32_MAX)
		return CRITERION_BAD_THRESHOLD;
	out->threshold = (int32_t) threshold;

	if (!more_than && accept_word(&text, "or") && !accept_word(&text, "more"))
		return CRITERION_BAD_SYNTAX;
	if (accept_word(&text, "in"))
		return parse_duration(text, out);
	if (accept_word(&text, "per"))
		return parse_period(text, out);
	return CRITERION_BAD_SYNTAX;
}

/*
 * criterion_format
 *		Print the canonical text into out, CRITERION_MAX_TEXT bytes.  A rolling
 *		width comes in the largest of days, hours, minutes and seconds that
 *		divides it.
 */
void
criterion_format(const Criterion *criterion, char *out)
{
	int unit = 3;
	int64_t seconds = criterion->width / CRITERION_SECOND;
	int64_t number;

	if (criterion->kind != CRITERION_ROLLING)
	{
		snprintf(out, CRITERION_MAX_TEXT, "%d per %s in %s",
				 (int) criterion->threshold, period_names[criterion->kind],
				 criterion->zone);
		return;
	}
	while (seconds % units[unit].seconds != 0)
		unit--;
	number = seconds / units[unit].seconds;
	snprintf(out, CRITERION_MAX_TEXT, "%d in %lld %s%s",
			 (int) criterion->threshold, (long long) number,
			 units[unit].name, number == 1 ? "" : "s");
}

static void
put_big_endian(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, value >>= 8)
		out[i] = (uint8_t) value;
}

static uint64_t
get_big_endian(const uint8_t *data, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | data[i];
	return value;
}

/*
 * criterion_encode
 *		Write the stored form into out, CRITERION_MAX_BYTES long at most, and
 *		return its length.
 */
size_t
criterion_encode(const Criterion *criterion, uint8_t *out)
{
	size_t len;

	out[0] = CRITERION_VERSION;
	out[1] = (uint8_t) criterion->kind;
	put_big_endian(out + 2, (uint32_t) criterion->threshold, 4);
	if (criterion->kind == CRITERION_ROLLING)
	{
		put_big_endian(out + 6, (uint64_t) criterion->width, 8);
		return 14;
	}
	len = strlen(criterion->zone);
	memcpy(out + 6, criterion->zone, len);
	return 6 + len;
}

/*
 * criterion_decode
 *		Read a stored form of any origin; everything is checked but that the
 *		zone exists.
 */
CriterionStatus
criterion_decode(const uint8_t *data, size_t len, Criterion *out)
{
	uint64_t threshold;

	memset(out, 0, sizeof(*out));
	if (len < 1 || data[0] != CRITERION_VERSION)
		return CRITERION_BAD_VERSION;
	if (len < 7 || data[1] > CRITERION_MONTH)
		return CRITERION_BAD_BYTES;
	threshold = get_big_endian(data + 2, 4);
	if (threshold < 1 || threshold > INT32_MAX)
		return CRITERION_BAD_THRESHOLD;
	out->kind = (CriterionKind) data[1];
	out->threshold = (int32_t) threshold;

	if (out->kind == CRITERION_ROLLING)
	{
		uint64_t width;

		if (len != 14)
			return CRITERION_BAD_BYTES;
		width = get_big_endian(data + 6, 8);
		if (width < CRITERION_SECOND || width > CRITERION_MAX_WIDTH ||
			width % CRITERION_SECOND != 0)
			return CRITERION_BAD_WIDTH;
		out->width = (int64_t) width;
		return CRITERION_OK;
	}
	if (len - 6 >= CRITERION_ZONE_SIZE)
		return CRITERION_BAD_ZONE;
	for (size_t i = 6; i < len; i++)
		if (!valid_zone_character((char) data[i]))
			return CRITERION_BAD_ZONE;
	memcpy(out->zone, data + 6, len - 6);
	return CRITERION_OK;
}

/*
 * criterion_compare
 *		A total order: rolling windows before periods, narrow before wide, then
 *		by threshold and zone.
 */
int
criterion_compare(const Criterion *a, const Criterion *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->width != b->width)
		return a->width < b->width ? -1 : 1;
	if (a->threshold != b->threshold)
		return a->threshold < b->threshold ? -1 : 1;
	return strcmp(a->zone, b->zone);
}
