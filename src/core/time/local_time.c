/*-------------------------------------------------------------------------
 * local_time.c
 *	  Dates and times as people write them, read strictly by a format.
 *
 * The format says which field is where, so 03/11/2025 is 3 November or 11
 * March according to the format, never the other.  Nothing is guessed: 31
 * November is refused, and so is any text that continues after the last field.
 *
 * A clock that is put back shows an hour twice, and one that is put forward
 * skips an hour.  So a local time happens once, twice or not at all.
 *-------------------------------------------------------------------------
 */
#include "core/time/local_time.h"

#include <stddef.h>
#include <string.h>

#include "core/text.h"

typedef enum LocalField
{
	FIELD_LITERAL,
	FIELD_SPACE,
	FIELD_YEAR,
	FIELD_SHORT_YEAR,
	FIELD_MONTH,
	FIELD_MONTH_NAME,
	FIELD_DAY,
	FIELD_WEEKDAY,
	FIELD_HOUR24,
	FIELD_HOUR12,
	FIELD_MINUTE,
	FIELD_SECOND,
	FIELD_FRACTION,
	FIELD_HALF, /* AM or PM */
	FIELD_OFFSET,
	FIELD_ISO,
	FIELD_EXCEL,
	FIELD_EPOCH
} LocalField;

/* The longest first where one begins like another. */
static const struct
{
	const char *name;
	LocalField field;
} fields[] = {
	{"YYYY", FIELD_YEAR}, {"YY", FIELD_SHORT_YEAR}, {"MONTH", FIELD_MONTH_NAME}, {"MON", FIELD_MONTH_NAME}, {"MM", FIELD_MONTH}, {"MI", FIELD_MINUTE}, {"MS", FIELD_FRACTION}, {"US", FIELD_FRACTION}, {"DD", FIELD_DAY}, {"DAY", FIELD_WEEKDAY}, {"DY", FIELD_WEEKDAY}, {"HH24", FIELD_HOUR24}, {"HH12", FIELD_HOUR12}, {"HH", FIELD_HOUR12}, {"SS", FIELD_SECOND}, {"AM", FIELD_HALF}, {"PM", FIELD_HALF}, {"TZH", FIELD_OFFSET}, {"TZ", FIELD_OFFSET}, {"OF", FIELD_OFFSET}, {"ISO", FIELD_ISO}, {"EXCEL", FIELD_EXCEL}, {"EPOCH", FIELD_EPOCH}, {"T", FIELD_LITERAL}};

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"};
static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* The day that a serial number of a spreadsheet counts from, and the first after the leap day that 1900 never had. */
#define EXCEL_DAY_ZERO (-36526) /* 1899-12-30, in days since 2000-01-01 */
#define EXCEL_FIRST 61
#define EXCEL_LAST 2958465 /* 9999-12-31 */

#define EPOCH_OFFSET INT64_C(946684800) /* seconds from 1970 to 2000 */
#define EPOCH_LAST INT64_C(253402300799) /* 9999-12-31 23:59:59 */

/* What has been read of a text so far. */
typedef struct Fields
{
	int year;
	int month;
	int day;
	int weekday; /* 0 Monday; -1 not said */
	int hour;
	int minute;
	int second;
	int64_t fraction; /* microseconds */
	int half; /* 0 AM, 1 PM; -1 not said */
	bool hour12;
	bool has_offset;
	int64_t offset;
} Fields;

/* The length of a prefix, in any case, or 0 if the text does not start with it. */
static size_t
prefix_length(const char *text, const char *prefix)
{
	size_t n = 0;

	for (; prefix[n] != '\0'; n++)
		if (to_lower(text[n]) != to_lower(prefix[n]))
			return 0;
	return n;
}

static void
skip_spaces(const char **text)
{
	while (is_space(**text))
		(*text)++;
}

/* --------------------------------------------------------------- formats */

static LocalFormatStatus
add_item(LocalFormat *format, LocalField field, char literal)
{
	LocalFormatItem *item;

	if (format->num_items == LOCAL_FORMAT_MAX_ITEMS)
		return LOCAL_FORMAT_TOO_LONG;
	item = &format->items[format->num_items++];
	item->field = (uint8_t) field;
	item->fixed = false;
	item->literal = literal;
	return LOCAL_FORMAT_OK;
}

/* A quoted stretch, all of it literal. */
static LocalFormatStatus
add_quoted(const char **text, LocalFormat *format)
{
	for ((*text)++; **text != '"'; (*text)++)
	{
		LocalFormatStatus status;

		if (**text == '\0')
			return LOCAL_FORMAT_QUOTE_OPEN;
		status = add_item(format, FIELD_LITERAL, **text);
		if (status != LOCAL_FORMAT_OK)
			return status;
	}
	(*text)++;
	return LOCAL_FORMAT_OK;
}

static LocalFormatStatus
add_field(const char **text, LocalFormat *format)
{
	for (size_t i = 0; i < lengthof(fields); i++)
	{
		size_t n = prefix_length(*text, fields[i].name);

		if (n == 0)
			continue;
		*text += n;
		return add_item(format, fields[i].field, fields[i].field == FIELD_LITERAL ? 'T' : '\0');
	}
	return LOCAL_FORMAT_UNKNOWN_FIELD;
}

static bool
is_number(LocalField field)
{
	return field == FIELD_YEAR || field == FIELD_SHORT_YEAR || field == FIELD_MONTH || field == FIELD_DAY || field == FIELD_HOUR24 ||
		   field == FIELD_HOUR12 || field == FIELD_MINUTE || field == FIELD_SECOND || field == FIELD_FRACTION;
}

/* The fields that say the same, as one bit. */
static uint32_t
meaning(LocalField field)
{
	switch (field)
	{
		case FIELD_SHORT_YEAR:
			return 1u << FIELD_YEAR;
		case FIELD_MONTH_NAME:
			return 1u << FIELD_MONTH;
		case FIELD_HOUR12:
			return 1u << FIELD_HOUR24;
		default:
			return 1u << field;
	}
}

/* What a format must have, and have once. */
static LocalFormatStatus
check_format(LocalFormat *format)
{
	const uint32_t date = 1u << FIELD_YEAR | 1u << FIELD_MONTH | 1u << FIELD_DAY;
	const uint32_t whole = 1u << FIELD_ISO | 1u << FIELD_EXCEL | 1u << FIELD_EPOCH;
	uint32_t seen = 0;
	bool hour12 = false;

	for (int i = 0; i < format->num_items; i++)
	{
		LocalFormatItem *item = &format->items[i];
		LocalField field = (LocalField) item->field;

		if (field == FIELD_LITERAL || field == FIELD_SPACE)
			continue;
		if (seen & meaning(field))
			return LOCAL_FORMAT_TWICE;
		seen |= meaning(field);
		hour12 |= field == FIELD_HOUR12;
		item->fixed = is_number(field) &&
					  ((i > 0 && is_number((LocalField) format->items[i - 1].field)) ||
					   (i + 1 < format->num_items && is_number((LocalField) format->items[i + 1].field)));
	}
	if (seen & whole)
		return format->num_items == 1 ? LOCAL_FORMAT_OK : LOCAL_FORMAT_UNKNOWN_FIELD;
	if ((seen & date) != date)
		return LOCAL_FORMAT_NO_DATE;
	if (hour12 != ((seen & 1u << FIELD_HALF) != 0))
		return LOCAL_FORMAT_HOUR_UNCLEAR;
	return LOCAL_FORMAT_OK;
}

/*
 * local_format_read
 *		Read a format such as DD/MM/YYYY HH24:MI, or one of ISO, EXCEL and EPOCH.
 */
LocalFormatStatus
local_format_read(const char *text, LocalFormat *out)
{
	LocalFormatStatus status = LOCAL_FORMAT_OK;

	out->num_items = 0;
	skip_spaces(&text);
	if (*text == '\0')
		return LOCAL_FORMAT_EMPTY;
	while (*text != '\0' && status == LOCAL_FORMAT_OK)
	{
		if (is_space(*text))
		{
			skip_spaces(&text);
			if (*text != '\0')
				status = add_item(out, FIELD_SPACE, ' ');
		}
		else if (*text == '"')
			status = add_quoted(&text, out);
		else if (is_letter(*text))
			status = add_field(&text, out);
		else if (is_digit(*text))
			status = LOCAL_FORMAT_UNKNOWN_FIELD;
		else
			status = add_item(out, FIELD_LITERAL, *text++);
	}
	return status == LOCAL_FORMAT_OK ? check_format(out) : status;
}

/* ----------------------------------------------------------------- texts */

/* Take least to most digits; -1 if there are fewer. */
static int
take_digits(const char **text, int least, int most)
{
	int value = 0;
	int n = 0;

	for (; n < most && is_digit(**text); n++, (*text)++)
		value = value * 10 + (**text - '0');
	return n < least ? -1 : value;
}

/* Take a name, whole or its first three letters (and Sept); -1 if there is no name. */
static int
take_name(const char **text, const char *const *names, int count)
{
	size_t len = 0;

	while (is_letter((*text)[len]))
		len++;
	if (len < 3)
		return -1;
	for (int i = 0; i < count; i++)
	{
		size_t n = 0;

		while (n < len && names[i][n] != '\0' && to_lower((*text)[n]) == names[i][n])
			n++;
		if (n == len && (n == 3 || names[i][n] == '\0' || (n == 4 && names[i][0] == 's' && names[i][1] == 'e')))
		{
			*text += len;
			return i;
		}
	}
	return -1;
}

/* Digits of a fraction of a second, in microseconds; -1 if there are none. */
static int64_t
take_fraction(const char **text)
{
	int64_t value = 0;
	int n = 0;

	for (; is_digit(**text) && n < 9; n++, (*text)++)
		if (n < 6)
			value = value * 10 + (**text - '0');
	if (n == 0 || is_digit(**text))
		return -1;
	for (; n < 6; n++)
		value *= 10;
	return value;
}

/* Z, +01, +0100 or +01:00. */
static LocalTimeStatus
take_offset(const char **text, Fields *out)
{
	int sign = **text == '-' ? -1 : 1;
	int hours;
	int minutes = 0;

	out->has_offset = true;
	if (to_lower(**text) == 'z')
	{
		(*text)++;
		return LOCAL_TIME_OK;
	}
	if (**text != '+' && **text != '-')
		return LOCAL_TIME_NO_MATCH;
	(*text)++;
	hours = take_digits(text, 2, 2);
	if (hours < 0)
		return LOCAL_TIME_NO_MATCH;
	if (**text == ':' || is_digit(**text))
	{
		*text += **text == ':';
		minutes = take_digits(text, 2, 2);
		if (minutes < 0)
			return LOCAL_TIME_NO_MATCH;
	}
	if (hours > 15 || minutes > 59)
		return LOCAL_TIME_BAD_OFFSET;
	out->offset = sign * (hours * INT64_C(3600) + minutes * INT64_C(60)) * LOCAL_SECOND;
	return LOCAL_TIME_OK;
}

/* AM, PM, a.m., p.m. */
static int
take_half(const char **text)
{
	char half = to_lower(**text);
	const char *p = *text + 1;

	if (half != 'a' && half != 'p')
		return -1;
	p += *p == '.';
	if (to_lower(*p) != 'm')
		return -1;
	p++;
	p += *p == '.';
	*text = p;
	return half == 'p';
}

static LocalTimeStatus
number_status(int value)
{
	return value < 0 ? LOCAL_TIME_NO_MATCH : LOCAL_TIME_OK;
}

/* Take one item of a format. */
static LocalTimeStatus
take_item(const LocalFormatItem *item, const char **text, Fields *out)
{
	int least = item->fixed ? 2 : 1;

	switch ((LocalField) item->field)
	{
		case FIELD_SPACE:
			if (!is_space(**text))
				return LOCAL_TIME_NO_MATCH;
			skip_spaces(text);
			return LOCAL_TIME_OK;
		case FIELD_YEAR:
			return number_status(out->year = take_digits(text, 4, 4));
		case FIELD_SHORT_YEAR:
			out->year = take_digits(text, 2, 2);
			if (out->year >= 0)
				out->year += out->year < 70 ? 2000 : 1900;
			return number_status(out->year);
		case FIELD_MONTH:
			return number_status(out->month = take_digits(text, least, 2));
		case FIELD_MONTH_NAME:
			out->month = take_name(text, months, 12) + 1;
			return out->month == 0 ? LOCAL_TIME_NO_MATCH : LOCAL_TIME_OK;
		case FIELD_DAY:
			return number_status(out->day = take_digits(text, least, 2));
		case FIELD_WEEKDAY:
			return number_status(out->weekday = take_name(text, weekdays, 7));
		case FIELD_HOUR12:
			out->hour12 = true;
			return number_status(out->hour = take_digits(text, least, 2));
		case FIELD_HOUR24:
			return number_status(out->hour = take_digits(text, least, 2));
		case FIELD_MINUTE:
			return number_status(out->minute = take_digits(text, 2, 2));
		case FIELD_SECOND:
			return number_status(out->second = take_digits(text, 2, 2));
		case FIELD_FRACTION:
			return (out->fraction = take_fraction(text)) < 0 ? LOCAL_TIME_NO_MATCH : LOCAL_TIME_OK;
		case FIELD_HALF:
			return number_status(out->half = take_half(text));
		case FIELD_OFFSET:
			return take_offset(text, out);
		default:
			if (to_lower(**text) != to_lower(item->literal))
				return LOCAL_TIME_NO_MATCH;
			(*text)++;
			return LOCAL_TIME_OK;
	}
}

/* Days since 2000-01-01, of the calendar of today for all years. */
static int64_t
day_number(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730425;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* The fields as one time, if there is such a day and such a time. */
static LocalTimeStatus
put_together(const Fields *in, LocalTime *out)
{
	int64_t day;
	int hour = in->hour;

	if (in->year < 1 || in->month < 1 || in->month > 12 || in->day < 1 || in->day > days_in_month(in->year, in->month))
		return LOCAL_TIME_NO_SUCH_DAY;
	if (in->hour12 && (hour < 1 || hour > 12))
		return LOCAL_TIME_NO_SUCH_TIME;
	if (in->hour12)
		hour = hour % 12 + 12 * in->half;
	if (hour > 23 || in->minute > 59 || in->second > 59)
		return LOCAL_TIME_NO_SUCH_TIME;
	day = day_number(in->year, in->month, in->day);
	/* 2000-01-01 was a Saturday, 5 */
	if (in->weekday >= 0 && ((day + 5) % 7 + 7) % 7 != in->weekday)
		return LOCAL_TIME_OTHER_WEEKDAY;
	out->local = day * LOCAL_DAY + (hour * INT64_C(3600) + in->minute * INT64_C(60) + in->second) * LOCAL_SECOND + in->fraction;
	out->has_offset = in->has_offset;
	out->offset = in->offset;
	return LOCAL_TIME_OK;
}

static LocalTimeStatus
end_of_text(const char *text)
{
	skip_spaces(&text);
	return *text == '\0' ? LOCAL_TIME_OK : LOCAL_TIME_GOES_ON;
}

/* YYYY-MM-DD, then perhaps T or a space, HH24:MI, seconds, their fraction, an offset. */
static LocalTimeStatus
read_iso(const char *text, Fields *in, LocalTime *out)
{
	static const LocalFormatItem date[] = {{FIELD_YEAR, false, 0}, {FIELD_LITERAL, false, '-'}, {FIELD_MONTH, true, 0}, {FIELD_LITERAL, false, '-'}, {FIELD_DAY, true, 0}};
	static const LocalFormatItem time[] = {{FIELD_HOUR24, true, 0}, {FIELD_LITERAL, false, ':'}, {FIELD_MINUTE, false, 0}};
	LocalTimeStatus status = LOCAL_TIME_OK;

	for (size_t i = 0; i < lengthof(date) && status == LOCAL_TIME_OK; i++)
		status = take_item(&date[i], &text, in);
	if (status != LOCAL_TIME_OK)
		return status;
	if (to_lower(*text) == 't' || (is_space(*text) && end_of_text(text) != LOCAL_TIME_OK))
	{
		if (is_space(*text))
			skip_spaces(&text);
		else
			text++;
		for (size_t i = 0; i < lengthof(time) && status == LOCAL_TIME_OK; i++)
			status = take_item(&time[i], &text, in);
		if (status == LOCAL_TIME_OK && *text == ':')
		{
			text++;
			status = number_status(in->second = take_digits(&text, 2, 2));
			if (status == LOCAL_TIME_OK && (*text == '.' || *text == ','))
			{
				text++;
				status = (in->fraction = take_fraction(&text)) < 0 ? LOCAL_TIME_NO_MATCH : LOCAL_TIME_OK;
			}
		}
		if (status == LOCAL_TIME_OK && is_space(*text) && end_of_text(text) != LOCAL_TIME_OK)
			skip_spaces(&text);
		if (status == LOCAL_TIME_OK && (*text == '+' || *text == '-' || to_lower(*text) == 'z'))
			status = take_offset(&text, in);
	}
	if (status == LOCAL_TIME_OK)
		status = end_of_text(text);
	return status == LOCAL_TIME_OK ? put_together(in, out) : status;
}

/*
 * A number with at most nine digits after the point, as whole units and parts
 * of a thousand million.
 */
static bool
take_decimal(const char **text, int64_t *whole, int64_t *billionths)
{
	int n = 0;
	int64_t scale = 100000000;

	*whole = *billionths = 0;
	for (; is_digit(**text) && n < 12; n++, (*text)++)
		*whole = *whole * 10 + (**text - '0');
	if (n == 0 || is_digit(**text))
		return false;
	if (**text != '.')
		return true;
	for ((*text)++; is_digit(**text); (*text)++, scale /= 10)
		*billionths += scale * (**text - '0');
	return is_digit((*text)[-1]);
}

/* Days since the end of 1899 and a fraction of one, to the second, as spreadsheets do. */
static LocalTimeStatus
read_excel(const char *text, LocalTime *out)
{
	int64_t days;
	int64_t billionths;

	if (!take_decimal(&text, &days, &billionths))
		return LOCAL_TIME_NO_MATCH;
	if (days < EXCEL_FIRST || days > EXCEL_LAST)
		return LOCAL_TIME_NO_SUCH_DAY;
	out->local = (days + EXCEL_DAY_ZERO) * LOCAL_DAY + (billionths * 86400 + 500000000) / 1000000000 * LOCAL_SECOND;
	out->has_offset = false;
	out->offset = 0;
	return end_of_text(text);
}

/* Seconds since 1970 in Greenwich. */
static LocalTimeStatus
read_epoch(const char *text, LocalTime *out)
{
	int64_t seconds;
	int64_t billionths;

	if (!take_decimal(&text, &seconds, &billionths))
		return LOCAL_TIME_NO_MATCH;
	if (seconds > EPOCH_LAST)
		return LOCAL_TIME_NO_SUCH_DAY;
	out->local = (seconds - EPOCH_OFFSET) * LOCAL_SECOND + billionths / 1000;
	out->has_offset = true;
	out->offset = 0;
	return end_of_text(text);
}

/*
 * local_time_read
 *		Read a text by a format.  *out is valid only if LOCAL_TIME_OK is
 *		returned.
 */
LocalTimeStatus
local_time_read(const LocalFormat *format, const char *text, LocalTime *out)
{
	Fields in = {.weekday = -1, .half = -1};
	LocalTimeStatus status = LOCAL_TIME_OK;

	skip_spaces(&text);
	if (*text == '\0')
		return LOCAL_TIME_EMPTY;
	switch ((LocalField) format->items[0].field)
	{
		case FIELD_ISO:
			return read_iso(text, &in, out);
		case FIELD_EXCEL:
			return read_excel(text, out);
		case FIELD_EPOCH:
			return read_epoch(text, out);
		default:
			break;
	}
	for (int i = 0; i < format->num_items && status == LOCAL_TIME_OK; i++)
		status = take_item(&format->items[i], &text, &in);
	if (status == LOCAL_TIME_OK)
		status = end_of_text(text);
	return status == LOCAL_TIME_OK ? put_together(&in, out) : status;
}

/*
 * local_time_instants
 *		The instants at which a clock shows a time, in order: one, two where it
 *		was put back, none where it was put forward.  A clock differs from
 *		Greenwich by less than a day, so its offsets a day before and a day
 *		after are the only ones possible.
 */
int
local_time_instants(const LocalTime *time, LocalOffset offset, void *arg, int64_t instants[2])
{
	int n = 0;

	if (time->has_offset)
	{
		instants[0] = time->local - time->offset;
		return 1;
	}
	for (int day = -1; day <= 1; day++)
	{
		int64_t at = time->local - offset(arg, time->local + day * LOCAL_DAY);

		if (at + offset(arg, at) != time->local)
			continue;
		if ((n > 0 && instants[0] == at) || (n > 1 && instants[1] == at))
			continue;
		if (n == 2)
			break;
		instants[n++] = at;
	}
	if (n == 2 && instants[0] > instants[1])
	{
		int64_t later = instants[0];

		instants[0] = instants[1];
		instants[1] = later;
	}
	return n;
}
