/*-------------------------------------------------------------------------
 * criterion.c
 *	  Parse, print, store and compare criteria.
 *
 * Text: '5 in 1 day', '10 or more in 7 days', 'more than 5 in 7 days', 'at
 * least 3 in 36 hours', '5 per week in Europe/London', and the many ways in
 * which people write these: '5+ calls within 24h', '>= 5 in any 7 days', 'five
 * times in a week'.  If a text has two readings ('5 a day') or lacks a part,
 * the status says which.
 * Stored:	version, kind, threshold (4 bytes, big endian), then the width in
 *			microseconds (8 bytes, big endian) or the zone's name.
 *
 * The stored form is canonical: equal criteria have equal bytes.  The caller
 * must check whether a zone exists, because only the server knows its zones.
 *-------------------------------------------------------------------------
 */
#include "core/time/criterion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* The longest word that means anything here is shorter. */
#define WORD_SIZE 16

typedef struct Unit
{
	const char *name;
	int64_t seconds; /* 0: a month or more, no exact duration */
} Unit;

/* The first four are also what criterion_format() prints. */
static const Unit units[] = {
	{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}, {"fortnight", 1209600}, {"sec", 1}, {"min", 60}, {"hr", 3600}, {"wk", 604800}, {"s", 1}, {"h", 3600}, {"d", 86400}, {"w", 604800}, {"month", 0}, {"mth", 0}, {"mo", 0}, {"quarter", 0}, {"year", 0}, {"yr", 0}, {"y", 0}};

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

static const char *const period_names[] = {NULL, "day", "week", "month", NULL};
static const char *const period_adverbs[] = {NULL, "daily", "weekly", "monthly", NULL};

static const char *const small_numbers[] = {
	"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", NULL};
static const char *const tens[] = {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", NULL};

/* What accept_number() returns if there is no whole number. */
#define NUMBER_NONE (-1)
#define NUMBER_NOT_WHOLE (-2)
#define NUMBER_TOO_LARGE (-3)

/* Blanks; also the no-break and narrow spaces that are pasted, in UTF-8. */
static void
skip_spaces(const char **text)
{
	for (;;)
	{
		const char *p = *text;

		if (is_space(*p))
			*text += 1;
		else if (strncmp(p, "\xC2\xA0", 2) == 0)
			*text += 2;
		else if (strncmp(p, "\xE2\x80\x89", 3) == 0 || strncmp(p, "\xE2\x80\xAF", 3) == 0)
			*text += 3;
		else
			return;
	}
}

/* Take the word of letters that comes next, lower-cased; false, and nothing taken, if there is none or it is too long. */
static bool
take_word(const char **text, char *word)
{
	const char *p;
	size_t len = 0;

	skip_spaces(text);
	for (p = *text; is_letter(*p); p++)
	{
		if (len + 1 >= WORD_SIZE)
			return false;
		word[len++] = to_lower(*p);
	}
	word[len] = '\0';
	if (len > 0)
		*text = p;
	return len > 0;
}

/* Take the next word if it is one of a list; its place there, or -1. */
static int
accept_word_of(const char **text, const char *const *list)
{
	const char *start = *text;
	char word[WORD_SIZE];

	if (take_word(text, word))
		for (int i = 0; list[i] != NULL; i++)
			if (strcmp(word, list[i]) == 0)
				return i;
	*text = start;
	return -1;
}

static bool
accept_word(const char **text, const char *expected)
{
	const char *const list[] = {expected, NULL};

	return accept_word_of(text, list) == 0;
}

/* Take a symbol if it comes next. */
static bool
accept_symbol(const char **text, const char *symbol)
{
	size_t len = strlen(symbol);

	skip_spaces(text);
	if (strncmp(*text, symbol, len) != 0)
		return false;
	*text += len;
	return true;
}

static bool
at_end(const char **text)
{
	skip_spaces(text);
	return **text == '\0';
}

/* Take a number in words: one to ninety-nine, once, twice. */
static int64_t
accept_number_word(const char **text)
{
	static const char *const times[] = {"once", "twice", NULL};
	int place = accept_word_of(text, times);
	const char *before_units;
	int units_place;

	if (place >= 0)
		return place + 1;
	place = accept_word_of(text, small_numbers);
	if (place >= 0)
		return place + 1;
	place = accept_word_of(text, tens);
	if (place < 0)
		return NUMBER_NONE;
	before_units = *text;
	(void) accept_symbol(text, "-");
	units_place = accept_word_of(text, small_numbers);
	if (units_place >= 0 && units_place < 9)
		return (place + 2) * 10 + units_place + 1;
	*text = before_units;
	return (place + 2) * 10;
}

/* Take an unsigned whole number of at most ten digits, or in words. */
static int64_t
accept_number(const char **text)
{
	const char *p;
	int64_t value = 0;
	int digits = 0;

	skip_spaces(text);
	if (!is_digit(**text))
		return accept_number_word(text);
	for (p = *text; is_digit(*p); p++)
	{
		if (++digits > 10)
			return NUMBER_TOO_LARGE;
		value = value * 10 + (*p - '0');
	}
	if (*p == '.' && is_digit(p[1]))
		return NUMBER_NOT_WHOLE;
	*text = p;
	return value;
}

/* Take a unit of time, in the plural too; NULL if the next word is not one. */
static const Unit *
accept_unit(const char **text)
{
	const char *start = *text;
	char word[WORD_SIZE];
	size_t len;

	if (!take_word(text, word))
		return NULL;
	len = strlen(word);
	for (size_t i = 0; i < lengthof(units); i++)
	{
		size_t n = strlen(units[i].name);

		if (strncmp(word, units[i].name, n) == 0 &&
			(len == n || (len == n + 1 && n > 1 && word[n] == 's')))
		{
			(void) accept_symbol(text, ".");
			return &units[i];
		}
	}
	*text = start;
	return NULL;
}

static bool
valid_zone_character(char c)
{
	return is_letter(c) || is_digit(c) ||
		   c == '/' || c == '_' || c == '+' || c == '-';
}

/* "in <zone>", up to the end of the text; the case of the zone is kept. */
static CriterionStatus
parse_zone(const char *text, Criterion *out)
{
	size_t len = 0;

	if (!accept_word(&text, "in"))
		return CRITERION_ZONE_MISSING;
	skip_spaces(&text);
	for (; valid_zone_character(*text); text++)
	{
		if (len + 1 >= CRITERION_ZONE_SIZE)
			return CRITERION_BAD_ZONE;
		out->zone[len++] = *text;
	}
	if (!at_end(&text))
		return CRITERION_BAD_ZONE;
	return len > 0 ? CRITERION_OK : CRITERION_ZONE_MISSING;
}

/* "[calendar] <period> in <zone>", up to the end of the text. */
static CriterionStatus
parse_period(const char *text, Criterion *out)
{
	static const char *const skipped[] = {"calendar", "local", "single", "one", "any", "the", "same", "given", NULL};
	int kind;

	while (accept_word_of(&text, skipped) >= 0)
		;
	kind = accept_word_of(&text, period_names + 1) + 1;
	if (kind == 0)
		return CRITERION_BAD_PERIOD;
	out->kind = (CriterionKind) kind;
	return parse_zone(text, out);
}

/* Whether another criterion begins here: a bound or a number, and not a unit. */
static bool
another_criterion(const char *text)
{
	static const char *const bounds[] = {"more", "at", "over", "above", NULL};

	skip_spaces(&text);
	return *text == '>' || accept_word_of(&text, bounds) >= 0 ||
		   accept_number(&text) != NUMBER_NONE;
}

/* What is wrong with the text that follows a width. */
static CriterionStatus
after_width(const char *text)
{
	static const char *const joining[] = {"or", "and", NULL};

	skip_spaces(&text);
	if (*text == ',' || *text == ';' || *text == '&' || *text == '/')
		text++;
	(void) accept_word_of(&text, joining);
	if (another_criterion(text))
		return CRITERION_TWO_CRITERIA;
	return accept_word(&text, "in") ? CRITERION_ROLLING_ZONE : CRITERION_BAD_WIDTH;
}

/* One "<number> <unit>"; one_meant: a unit alone is one of it. */
static CriterionStatus
parse_part(const char **text, bool one_meant, int64_t *number, const Unit **unit)
{
	static const char *const skipped[] = {"rolling", "consecutive", NULL};

	*number = accept_number(text);
	if (*number == NUMBER_NOT_WHOLE)
		return CRITERION_NOT_WHOLE;
	if (*number == NUMBER_TOO_LARGE)
		return CRITERION_BAD_WIDTH;
	if (*number == NUMBER_NONE)
	{
		if (!one_meant)
			return CRITERION_BAD_WIDTH;
		*number = 1;
	}
	else
		(void) accept_symbol(text, "-");
	(void) accept_word_of(text, skipped);
	if (accept_word(text, "calendar"))
		return CRITERION_BAD_PERIOD;
	*unit = accept_unit(text);
	if (*unit == NULL)
		return at_end(text) ? CRITERION_UNIT_MISSING : CRITERION_BAD_UNIT;
	if ((*unit)->seconds == 0)
		return CRITERION_MONTH_IN_ROLLING;
	if (*number > CRITERION_MAX_WIDTH / CRITERION_SECOND / (*unit)->seconds)
		return CRITERION_BAD_WIDTH;
	return CRITERION_OK;
}

/* One or more parts of a width, the units descending, up to the end of the text. */
static CriterionStatus
parse_duration(const char *text, bool one_meant, Criterion *out)
{
	static const char *const nouns[] = {"rolling", "period", "window", "span", NULL};
	int64_t width = 0;
	int64_t last_seconds = INT64_MAX;

	for (;;)
	{
		const char *start = text;
		int64_t number;
		const Unit *unit;
		CriterionStatus status;

		if (last_seconds != INT64_MAX)
		{
			if (!accept_symbol(&text, ","))
				(void) accept_word(&text, "and");
			one_meant = false;
		}
		status = parse_part(&text, one_meant, &number, &unit);
		if (status == CRITERION_OK && unit->seconds >= last_seconds)
			return CRITERION_BAD_WIDTH;
		if (status != CRITERION_OK)
			return last_seconds != INT64_MAX && status != CRITERION_MONTH_IN_ROLLING && status != CRITERION_NOT_WHOLE ? after_width(start) : status;
		width += number * unit->seconds * CRITERION_SECOND;
		if (width > CRITERION_MAX_WIDTH)
			return CRITERION_BAD_WIDTH;
		last_seconds = unit->seconds;
		while (accept_word_of(&text, nouns) >= 0)
			;
		if (at_end(&text))
			break;
	}
	if (width < CRITERION_SECOND)
		return CRITERION_BAD_WIDTH;
	out->kind = CRITERION_ROLLING;
	out->width = width;
	return CRITERION_OK;
}

/* What comes after "in": "any 7 days", "a 24-hour period", "a calendar day". */
static CriterionStatus
parse_window(const char *text, Criterion *out)
{
	static const char *const ones[] = {"a", "an", "any", "single", "last", "past", "previous", NULL};
	static const char *const others[] = {"the", "given", "rolling", "period", "space", "window", "of", NULL};
	static const char *const local[] = {"calendar", "same", "local", NULL};
	bool one_meant = false;

	for (;;)
	{
		if (accept_word_of(&text, ones) >= 0)
			one_meant = true;
		else if (accept_word_of(&text, local) >= 0)
			return parse_period(text, out);
		else if (accept_word_of(&text, others) < 0)
			break;
	}
	return parse_duration(text, one_meant, out);
}

typedef enum Bound
{
	BOUND_NONE,
	BOUND_AT_LEAST,
	BOUND_MORE_THAN,
	BOUND_UPPER, /* at most, fewer than, exactly */
	BOUND_BROKEN
} Bound;

/* What is said before the number. */
static Bound
accept_bound(const char **text)
{
	static const char *const upper[] = {"under", "below", "less", "fewer", "exactly", "up", "maximum", "max", NULL};

	if (accept_symbol(text, ">=") || accept_symbol(text, "=>") || accept_symbol(text, "\xE2\x89\xA5") || accept_symbol(text, "\xE2\xA9\xBE"))
		return BOUND_AT_LEAST;
	if (accept_symbol(text, ">"))
		return BOUND_MORE_THAN;
	if (accept_symbol(text, "<") || accept_symbol(text, "=") || accept_symbol(text, "\xE2\x89\xA4") || accept_word_of(text, upper) >= 0)
		return BOUND_UPPER;
	if (accept_word(text, "over") || accept_word(text, "above"))
		return BOUND_MORE_THAN;
	if (accept_word(text, "more"))
		return accept_word(text, "than") ? BOUND_MORE_THAN : BOUND_BROKEN;
	if (accept_word(text, "minimum") || accept_word(text, "min"))
	{
		(void) accept_word(text, "of");
		return BOUND_AT_LEAST;
	}
	if (!accept_word(text, "at"))
		return BOUND_NONE;
	if (accept_word(text, "least"))
		return BOUND_AT_LEAST;
	return accept_word(text, "most") ? BOUND_UPPER : BOUND_BROKEN;
}

/* What is said after the number: "+", "or more". */
static Bound
accept_bound_after(const char **text)
{
	static const char *const joining[] = {"or", "and", NULL};
	static const char *const more[] = {"more", "over", "above", "greater", "up", "upwards", NULL};
	static const char *const fewer[] = {"fewer", "less", "under", NULL};

	if (accept_symbol(text, "+") || accept_word(text, "plus"))
		return BOUND_AT_LEAST;
	if (accept_symbol(text, "-") || accept_word(text, "to") || accept_symbol(text, "\xE2\x80\x93"))
		return BOUND_UPPER; /* 5 to 10 */
	if (accept_word_of(text, joining) < 0)
		return BOUND_NONE;
	if (accept_word_of(text, more) >= 0)
		return BOUND_AT_LEAST;
	return accept_word_of(text, fewer) >= 0 ? BOUND_UPPER : BOUND_BROKEN;
}

/* What is counted, which is always contacts: "calls", "times", "x". */
static CriterionStatus
accept_noun(const char **text)
{
	static const char *const kinds[] = {"phone", "telephone", "separate", "repeat", NULL};
	static const char *const nouns[] = {"call", "calls", "contact", "contacts", "time", "times", "x", NULL};
	const char *number;

	(void) accept_word_of(text, kinds);
	(void) accept_word_of(text, nouns);
	(void) accept_symbol(text, "\xC3\x97");
	number = *text;
	return accept_number(&number) == NUMBER_NONE ? CRITERION_OK : CRITERION_CHANNEL;
}

/* What comes after the number and what is counted: the window or the period. */
static CriterionStatus
parse_rest(const char *text, Criterion *out)
{
	static const char *const windows[] = {"in", "within", "over", "during", "inside", NULL};
	static const char *const periods[] = {"per", "a", "an", "each", "every", "on", NULL};
	int adverb;

	if (at_end(&text))
		return CRITERION_WIDTH_MISSING;
	if (accept_word_of(&text, windows) >= 0)
		return parse_window(text, out);
	if (accept_word_of(&text, periods) >= 0 || accept_symbol(&text, "/"))
		return parse_period(text, out);
	adverb = accept_word_of(&text, period_adverbs + 1) + 1;
	if (adverb == 0)
		return CRITERION_BAD_SYNTAX;
	out->kind = (CriterionKind) adverb;
	return parse_zone(text, out);
}

/* The number of contacts, which more_than raises by one. */
static CriterionStatus
parse_threshold(const char **text, bool more_than, Criterion *out)
{
	int64_t threshold = accept_number(text);
	const char *unit = *text;

	if (threshold == NUMBER_NOT_WHOLE)
		return CRITERION_NOT_WHOLE;
	if (threshold == NUMBER_NONE)
		return **text == '-' ? CRITERION_BAD_THRESHOLD : CRITERION_COUNT_MISSING;
	threshold += more_than;
	if (threshold < 1 || threshold > INT32_MAX)
		return CRITERION_BAD_THRESHOLD;
	if (accept_unit(&unit) != NULL)
		return CRITERION_COUNT_MISSING; /* '7 days' */
	out->threshold = (int32_t) threshold;
	return CRITERION_OK;
}

/*
 * criterion_parse
 *		Read a criterion from text.  *out is a criterion only if CRITERION_OK is
 *		returned; after CRITERION_ZONE_MISSING it has the threshold and kind
 *		that were read.
 */
CriterionStatus
criterion_parse(const char *text, Criterion *out)
{
	Bound before;
	Bound after;
	CriterionStatus status;

	memset(out, 0, sizeof(*out));
	if (at_end(&text))
		return CRITERION_EMPTY;
	if (*text == '{')
		return CRITERION_ARRAY;
	before = accept_bound(&text);
	if (before == BOUND_UPPER)
		return CRITERION_UPPER_LIMIT;
	if (before == BOUND_BROKEN)
		return CRITERION_BAD_SYNTAX;
	status = parse_threshold(&text, before == BOUND_MORE_THAN, out);
	if (status != CRITERION_OK)
		return status;

	after = accept_bound_after(&text);
	status = accept_noun(&text);
	if (after == BOUND_NONE)
		after = accept_bound_after(&text);
	if (after == BOUND_UPPER)
		return CRITERION_UPPER_LIMIT;
	if (after == BOUND_BROKEN || (after != BOUND_NONE && before == BOUND_MORE_THAN))
		return CRITERION_BAD_SYNTAX;
	if (status != CRITERION_OK)
		return status;
	return parse_rest(text, out);
}

/*
 * criterion_format
 *		Print the canonical text into out, CRITERION_MAX_TEXT bytes.  A rolling
 *		width is printed in the largest of days, hours, minutes and seconds that
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
 *		Read a stored form of any origin.  Everything is checked, except that
 *		the zone exists.
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
