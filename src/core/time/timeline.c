/*-------------------------------------------------------------------------
 * timeline.c
 *	  The codec of timelines, and instants as ISO 8601 text.
 *
 * Whatever bytes they are given, the readers stay inside them, end, and say
 * what was wrong; writers expect sorted, valid instants.
 *-------------------------------------------------------------------------
 */
#include "core/time/timeline.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

#define DAY_SECONDS INT64_C(86400)

/* Days from 1970-01-01 to 2000-01-01. */
#define EPOCH_DAYS INT64_C(10957)

static uint64_t
zigzag(int64_t value)
{
	return ((uint64_t) value << 1) ^ (uint64_t) (value >> 63);
}

static int64_t
unzigzag(uint64_t value)
{
	return (int64_t) (value >> 1) ^ -(int64_t) (value & 1);
}

/*
 * timeline_encode
 *		Write n sorted, valid instants into out, timeline_max_bytes(n) long,
 *		and return the length written.
 */
size_t
timeline_encode(const int64_t *times, size_t n, uint8_t *out)
{
	uint8_t *p = out;
	bool whole = true;
	int64_t unit;

	for (size_t i = 0; i < n && whole; i++)
		whole = times[i] % TIMELINE_SECOND == 0;
	unit = whole ? TIMELINE_SECOND : 1;

	*p++ = TIMELINE_VERSION;
	*p++ = whole;
	p = timeline_put_varint(p, n);
	if (n == 0)
		return p - out;
	p = timeline_put_varint(p, zigzag(times[0] / unit));
	for (size_t i = 1; i < n; i++)
	{
		uint64_t delta = (uint64_t) times[i] - (uint64_t) times[i - 1];

		p = timeline_put_varint(p, whole ? delta / TIMELINE_SECOND : delta);
	}
	return p - out;
}

/* Stop reading for the given reason. */
static bool
fail(TimelineReader *reader, TimelineStatus status)
{
	reader->status = status;
	reader->remaining = 0;
	return false;
}

/*
 * timeline_open_header
 *		Read the header, and so the number of instants, from the first part of a
 *		timeline.  False, with the reason in reader->status, if it is not a
 *		timeline.
 */
bool
timeline_open_header(TimelineReader *reader, const uint8_t *data, size_t len)
{
	reader->end = data + len;
	reader->count = reader->remaining = 0;
	reader->current = 0;
	reader->status = TIMELINE_OK;

	if (len < 1)
		return fail(reader, TIMELINE_TRUNCATED);
	if (data[0] != TIMELINE_VERSION)
		return fail(reader, TIMELINE_BAD_VERSION);
	if (len < 3)
		return fail(reader, TIMELINE_TRUNCATED);
	if (data[1] > 1)
		return fail(reader, TIMELINE_BAD_UNIT);
	reader->unit = data[1] ? TIMELINE_SECOND : 1;
	reader->next = data + 2;
	if (!timeline_get_varint(&reader->next, reader->end, &reader->count))
		return fail(reader, TIMELINE_BAD_COUNT);
	return true;
}

/*
 * timeline_open
 *		Start reading; false, with the reason in reader->status, if the header
 *		is not that of a timeline.  Every instant takes at least a byte, so a
 *		count beyond the bytes present is refused before anything is allocated
 *		for it.
 */
bool
timeline_open(TimelineReader *reader, const uint8_t *data, size_t len)
{
	if (!timeline_open_header(reader, data, len))
		return false;
	if (reader->count > (uint64_t) (reader->end - reader->next))
	{
		reader->count = 0;
		return fail(reader, TIMELINE_BAD_COUNT);
	}
	reader->remaining = reader->count;
	return true;
}

/* The first instant, which is stored whole. */
static bool
read_first(TimelineReader *reader)
{
	uint64_t raw;
	int64_t units;

	if (!timeline_get_varint(&reader->next, reader->end, &raw))
		return fail(reader, TIMELINE_TRUNCATED);
	units = unzigzag(raw);
	if (units < TIMELINE_MIN / reader->unit ||
		units > (TIMELINE_END - 1) / reader->unit)
		return fail(reader, TIMELINE_OUT_OF_RANGE);
	reader->current = units * reader->unit;
	return true;
}

/* A later instant, which is stored as the step to it. */
static bool
read_step(TimelineReader *reader)
{
	uint64_t delta;
	uint64_t room = (uint64_t) (TIMELINE_END - 1) - (uint64_t) reader->current;

	if (!timeline_get_varint(&reader->next, reader->end, &delta))
		return fail(reader, TIMELINE_TRUNCATED);
	if (delta > room / (uint64_t) reader->unit)
		return fail(reader, TIMELINE_OUT_OF_RANGE);
	reader->current = (int64_t) ((uint64_t) reader->current +
								 delta * (uint64_t) reader->unit);
	return true;
}

/*
 * timeline_read
 *		Read up to max instants into times and return how many were read.  Fewer
 *		than asked for means the end, or an error in reader->status.
 */
size_t
timeline_read(TimelineReader *reader, int64_t *times, size_t max)
{
	size_t n = 0;

	if (reader->remaining == reader->count && n < max && reader->remaining > 0)
	{
		if (!read_first(reader))
			return 0;
		reader->remaining--;
		times[n++] = reader->current;
	}
	while (n < max && reader->remaining > 0)
	{
		if (!read_step(reader))
			break;
		reader->remaining--;
		times[n++] = reader->current;
	}
	return n;
}

/*
 * timeline_count
 *		Add to count how many of the next few thousand instants are in
 *		(after, up_to]; true while there may be more.  False means the end, a
 *		later instant, or an error in reader->status.
 */
bool
timeline_count(TimelineReader *reader, int64_t after, int64_t up_to,
			   uint64_t *count)
{
	int64_t at;

	for (int i = 0; i < 4096; i++)
	{
		if (timeline_read(reader, &at, 1) == 0 || at > up_to)
			return false;
		*count += at > after;
	}
	return true;
}

/*
 * timeline_validate
 *		Is this a timeline in its one canonical form, and nothing else?
 */
TimelineStatus
timeline_validate(const uint8_t *data, size_t len)
{
	TimelineReader reader;
	int64_t times[256];
	size_t n;
	bool whole = true;

	if (!timeline_open(&reader, data, len))
		return reader.status;
	while ((n = timeline_read(&reader, times, 256)) > 0)
		for (size_t i = 0; i < n; i++)
			whole = whole && times[i] % TIMELINE_SECOND == 0;
	if (reader.status != TIMELINE_OK)
		return reader.status;
	if (reader.next != reader.end)
		return TIMELINE_TRAILING_BYTES;
	if (whole != (reader.unit == TIMELINE_SECOND))
		return TIMELINE_NOT_CANONICAL;
	return TIMELINE_OK;
}

/*
 * timeline_status_text
 *		What was wrong, as a sentence for an error's detail.
 */
const char *
timeline_status_text(TimelineStatus status)
{
	switch (status)
	{
		case TIMELINE_OK:
			return "It is valid.";
		case TIMELINE_BAD_VERSION:
			return "Its format version is not known to this library.";
		case TIMELINE_BAD_UNIT:
			return "Its unit is neither seconds nor microseconds.";
		case TIMELINE_TRUNCATED:
			return "It ends too early or holds a malformed number.";
		case TIMELINE_BAD_COUNT:
			return "Its count of contacts does not fit its length.";
		case TIMELINE_OUT_OF_RANGE:
			return "It holds a time outside the range of timestamptz.";
		case TIMELINE_NOT_CANONICAL:
			return "Its times are not stored in the canonical unit.";
		case TIMELINE_TRAILING_BYTES:
			return "There are bytes behind its last contact.";
	}
	return "";
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days since 1970-01-01 of a date in the proleptic Gregorian calendar, with
 * the year beginning in March so that the leap day is its last.  A cycle of
 * 400 years has 146097 days.
 */
static int64_t
days_of_date(int64_t year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t cycle = floor_div(y, 400);
	int64_t year_of_cycle = y - cycle * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return cycle * 146097 + year_of_cycle * 365 + year_of_cycle / 4 -
		   year_of_cycle / 100 + day_of_year - 719468;
}

static void
date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t cycle = floor_div(days + 719468, 146097);
	int64_t d = days + 719468 - cycle * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t day_of_year = d - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * day_of_year + 2) / 153;

	*day = (int) (day_of_year - (153 * m + 2) / 5 + 1);
	*month = (int) (m < 10 ? m + 3 : m - 9);
	*year = y + cycle * 400 + (*month <= 2);
}

/*
 * timeline_format_instant
 *		Print an instant as ISO 8601 in UTC into out, TIMELINE_TEXT_MAX bytes,
 *		and return the length.  Years count astronomically: 1 BC is 0000.
 */
size_t
timeline_format_instant(int64_t instant, char *out)
{
	int64_t seconds = floor_div(instant, TIMELINE_SECOND);
	int micros = (int) (instant - seconds * TIMELINE_SECOND);
	int64_t days = floor_div(seconds, DAY_SECONDS);
	int clock = (int) (seconds - days * DAY_SECONDS);
	int64_t year;
	int month;
	int day;
	int len;

	date_of_days(days + EPOCH_DAYS, &year, &month, &day);
	len = snprintf(out, TIMELINE_TEXT_MAX, "%s%04lld-%02d-%02dT%02d:%02d:%02d",
				   year < 0 ? "-" : "", (long long) (year < 0 ? -year : year),
				   month, day, clock / 3600, clock / 60 % 60, clock % 60);
	if (micros != 0)
	{
		len += snprintf(out + len, TIMELINE_TEXT_MAX - len, ".%06d", micros);
		while (out[len - 1] == '0')
			len--;
	}
	out[len++] = 'Z';
	out[len] = '\0';
	return len;
}

/* Exactly the given number of digits, at most max in value; -1 if not. */
static int
fixed_digits(const char **text, int digits, int max)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*text)++)
	{
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value > max ? -1 : value;
}

static bool
accept_char(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

/* [-]YYYY[YY]-MM-DD, a date that exists. */
static bool
parse_date(const char **text, int64_t *days)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool negative = accept_char(text, '-');
	int64_t year = 0;
	int digits = 0;
	int month;
	int day;
	bool leap;

	for (; is_digit(**text) && digits < 7; (*text)++, digits++)
		year = year * 10 + (**text - '0');
	if (digits < 4 || digits > 6 || !accept_char(text, '-'))
		return false;
	if (negative)
		year = -year;
	month = fixed_digits(text, 2, 12);
	if (month < 1 || !accept_char(text, '-'))
		return false;
	day = fixed_digits(text, 2, 31);
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day < 1 || day > month_days[month - 1] + (month == 2 && leap))
		return false;
	*days = days_of_date(year, month, day) - EPOCH_DAYS;
	return true;
}

/* HH:MM[:SS[.ffffff]] as microseconds of the day. */
static bool
parse_clock(const char **text, int64_t *micros)
{
	int hour = fixed_digits(text, 2, 23);
	int minute;
	int second = 0;
	int fraction = 0;

	if (hour < 0 || !accept_char(text, ':'))
		return false;
	minute = fixed_digits(text, 2, 59);
	if (minute < 0)
		return false;
	if (accept_char(text, ':') && (second = fixed_digits(text, 2, 59)) < 0)
		return false;
	if (accept_char(text, '.'))
	{
		int digits = 0;

		for (; is_digit(**text) && digits < 6; (*text)++, digits++)
			fraction = fraction * 10 + (**text - '0');
		if (digits == 0)
			return false;
		for (; digits < 6; digits++)
			fraction *= 10;
	}
	*micros = ((hour * 60 + minute) * 60 + second) * TIMELINE_SECOND + fraction;
	return true;
}

/* Z or [+-]HH[[:]MM], as microseconds east of Greenwich; it must be there. */
static bool
parse_offset(const char **text, int64_t *micros)
{
	int sign;
	int hour;
	int minute = 0;

	*micros = 0;
	if (accept_char(text, 'Z') || accept_char(text, 'z'))
		return true;
	if (**text != '+' && **text != '-')
		return false;
	sign = *(*text)++ == '-' ? -1 : 1;
	hour = fixed_digits(text, 2, 15);
	if (hour < 0)
		return false;
	if (accept_char(text, ':') || is_digit(**text))
		minute = fixed_digits(text, 2, 59);
	if (minute < 0)
		return false;
	*micros = sign * (hour * 60 + minute) * 60 * TIMELINE_SECOND;
	return true;
}

/*
 * timeline_parse_instant
 *		Read an ISO 8601 date and time with its offset from UTC and step over
 *		it; false if it is malformed, lacks the offset or is out of range.
 *		Whatever timeline_format_instant prints is read back exactly.
 */
bool
timeline_parse_instant(const char **text, int64_t *instant)
{
	int64_t days;
	int64_t clock;
	int64_t offset;
	int64_t day_start;

	if (!parse_date(text, &days))
		return false;
	if (!accept_char(text, 'T') && !accept_char(text, ' '))
		return false;
	if (!parse_clock(text, &clock) || !parse_offset(text, &offset))
		return false;
	if (days < -3000000 || days > 107000000)
		return false;

	/* The last valid day ends beyond int64 only when the offset is negative. */
	day_start = days * DAY_SECONDS;
	if (day_start + (clock - offset) / TIMELINE_SECOND > TIMELINE_END / TIMELINE_SECOND)
		return false;
	*instant = day_start * TIMELINE_SECOND + (clock - offset);
	return timeline_valid_instant(*instant);
}
