/*-------------------------------------------------------------------------
 * test_timeline.c
 *	  The codec of timelines against a second, slow one; instants as text
 *	  against the C library's calendar.
 *-------------------------------------------------------------------------
 */
#include <string.h>
#include <time.h>

#include "core/time/timeline.h"
#include "unit.h"

#define EPOCH_SECONDS INT64_C(946684800) /* 2000-01-01 in Unix time */

/* A varint by long division; returns the bytes written. */
static size_t
slow_varint(uint8_t *out, uint64_t value)
{
	size_t len = 0;

	do
	{
		out[len] = (uint8_t) (value % 128);
		value /= 128;
		if (value > 0)
			out[len] += 128;
		len++;
	} while (value > 0);
	return len;
}

/* What timeline.h says the stored form is. */
static size_t
slow_encode(const int64_t *times, size_t n, uint8_t *out)
{
	size_t len = 2;
	int64_t unit = 1000000;

	for (size_t i = 0; i < n; i++)
		if (times[i] % 1000000 != 0)
			unit = 1;
	out[0] = 1;
	out[1] = unit == 1 ? 0 : 1;
	len += slow_varint(out + len, n);
	for (size_t i = 0; i < n; i++)
	{
		int64_t units = times[i] / unit;
		uint64_t step;

		if (i == 0)
			step = units < 0 ? (uint64_t) (-units) * 2 - 1 : (uint64_t) units * 2;
		else
			step = (uint64_t) units - (uint64_t) (times[i - 1] / unit);
		len += slow_varint(out + len, step);
	}
	return len;
}

static int64_t
random_instant(int shape)
{
	int64_t base = INT64_C(820000000000000); /* in 2025 */

	switch (shape)
	{
		case 0:
			return base + (int64_t) unit_below(8) * TIMELINE_SECOND;
		case 1:
			return base + (int64_t) unit_below(86400 * 365) * TIMELINE_SECOND;
		case 2:
			return base + (int64_t) unit_below(UINT64_C(86400000000) * 365);
		case 3:
			return -base + (int64_t) unit_below(1000) * 500000;
		default:
			return (int64_t) (unit_below((uint64_t) TIMELINE_END - (uint64_t) TIMELINE_MIN) + (uint64_t) TIMELINE_MIN);
	}
}

/* Read in blocks of the given size; true if the same times come back. */
static int
reads_back(const uint8_t *data, size_t len, const int64_t *times, size_t n, size_t block)
{
	TimelineReader reader;
	int64_t *got = malloc((n + block) * sizeof(int64_t));
	size_t total = 0;
	size_t more;
	int same;

	MUST(timeline_open(&reader, data, len));
	MUST(reader.count == n);
	while ((more = timeline_read(&reader, got + total, block)) > 0)
		total += more;
	MUST(reader.status == TIMELINE_OK);
	same = total == n && memcmp(got, times, n * sizeof(int64_t)) == 0;
	free(got);
	return same;
}

/*
 * Every other form of the same length or shorter is refused, or else it is the
 * one form of some other timeline.
 */
static void
check_damage(const uint8_t *data, size_t len)
{
	for (size_t cut = 0; cut < len; cut++)
	{
		uint8_t *copy = malloc(cut + 1); /* exactly as long, for ASan */

		memcpy(copy, data, cut);
		MUST(timeline_validate(copy, cut) != TIMELINE_OK);
		free(copy);
	}
	for (size_t i = 0; i < len; i++)
	{
		uint8_t *copy = malloc(len);
		int64_t *times = malloc((len + 1) * sizeof(int64_t));
		TimelineReader reader;

		memcpy(copy, data, len);
		copy[i] ^= (uint8_t) (1 << unit_below(8));
		if (timeline_validate(copy, len) == TIMELINE_OK)
		{
			uint8_t *again = malloc(timeline_max_bytes(len));
			size_t n;

			MUST(timeline_open(&reader, copy, len));
			n = timeline_read(&reader, times, len);
			MUST(n == reader.count && timeline_encode(times, n, again) == len);
			MUST(memcmp(again, copy, len) == 0);
			free(again);
		}
		free(times);
		free(copy);
	}
}

static void
test_codec(void)
{
	for (int round = 0; round < 4000; round++)
	{
		size_t n = unit_below(round % 100 == 0 ? 5000 : 40);
		int shape = round % 5;
		int64_t *times = malloc((n + 1) * sizeof(int64_t));
		uint8_t *fast = malloc(timeline_max_bytes(n));
		uint8_t *slow = malloc(timeline_max_bytes(n) + 1);
		size_t len;

		for (size_t i = 0; i < n; i++)
			times[i] = random_instant(shape);
		qsort(times, n, sizeof(int64_t), unit_compare_int64);
		len = timeline_encode(times, n, fast);
		MUST(len == slow_encode(times, n, slow));
		MUST(memcmp(fast, slow, len) == 0);
		MUST(timeline_validate(fast, len) == TIMELINE_OK);
		MUST(shape != 1 || len <= 4 * n + 5);
		MUST(reads_back(fast, len, times, n, 1 + unit_below(n + 8)));
		MUST(reads_back(fast, len, times, n, 1));
		slow[len] = 0;
		MUST(timeline_validate(slow, len + 1) != TIMELINE_OK);
		if (n < 40)
			check_damage(fast, len);
		free(times);
		free(fast);
		free(slow);
	}
}

/* Bytes that are no timeline, and why. */
static void
test_refusals(void)
{
	static const struct
	{
		const char *bytes;
		size_t len;
		TimelineStatus status;
	} refused[] = {
		{"", 0, TIMELINE_TRUNCATED},
		{"\x01", 1, TIMELINE_TRUNCATED},
		{"\x01\x01", 2, TIMELINE_TRUNCATED},
		{"\x00\x01\x00", 3, TIMELINE_BAD_VERSION},
		{"\x02\x01\x00", 3, TIMELINE_BAD_VERSION},
		{"\x01\x02\x00", 3, TIMELINE_BAD_UNIT},
		{"\x01\x00\x00", 3, TIMELINE_NOT_CANONICAL}, /* nothing, in microseconds */
		{"\x01\x00\x01\x00", 4, TIMELINE_NOT_CANONICAL}, /* 2000-01-01, in microseconds */
		{"\x01\x01\x01", 3, TIMELINE_BAD_COUNT},
		{"\x01\x01\x02\x00", 4, TIMELINE_BAD_COUNT},
		{"\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, TIMELINE_BAD_COUNT},
		{"\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12, TIMELINE_BAD_COUNT},
		{"\x01\x01\x80\x00", 4, TIMELINE_BAD_COUNT}, /* a long form of 0 */
		{"\x01\x01\x01\x80\x00", 5, TIMELINE_TRUNCATED}, /* a long form of 2000-01-01 */
		{"\x01\x01\x01\x80", 4, TIMELINE_TRUNCATED},
		{"\x01\x01\x02\x00\x80", 5, TIMELINE_TRUNCATED},
		{"\x01\x01\x00\x00", 4, TIMELINE_TRAILING_BYTES},
		{"\x01\x01\x01\x00\x00", 5, TIMELINE_TRAILING_BYTES},
		{"\x01\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, TIMELINE_OUT_OF_RANGE},
		{"\x01\x01\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 14, TIMELINE_OUT_OF_RANGE},
		{"\x01\x01\x02\x00\x80\xad\x96\xde\xb7\x8c\x02", 11, TIMELINE_OUT_OF_RANGE}, /* a second too far */
		{"\x01\x01\x01\x80\xda\xac\xbc\xef\x98\x04", 10, TIMELINE_OUT_OF_RANGE},
		{"\x01\x01\x02\x00\x80\xc0\xca\xf3\x84\xa3\x02", 11, TIMELINE_OUT_OF_RANGE},
		{"\x01\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, TIMELINE_OUT_OF_RANGE},
	};

	for (size_t i = 0; i < lengthof(refused); i++)
	{
		uint8_t *copy = malloc(refused[i].len + 1);

		memcpy(copy, refused[i].bytes, refused[i].len);
		MUST(timeline_validate(copy, refused[i].len) == refused[i].status);
		MUST(strlen(timeline_status_text(refused[i].status)) > 0);
		free(copy);
	}
}

static void
test_limits(void)
{
	const int64_t all[] = {TIMELINE_MIN, -1, 0, 0, 1, TIMELINE_END - 1};
	const int64_t whole[] = {TIMELINE_MIN, 0, TIMELINE_END - TIMELINE_SECOND};
	uint8_t data[timeline_max_bytes(6)];
	uint8_t header[12];
	TimelineReader reader;
	size_t len = timeline_encode(all, 6, data);

	MUST(data[1] == 0 && timeline_validate(data, len) == TIMELINE_OK && reads_back(data, len, all, 6, 4));
	len = timeline_encode(whole, 3, data);
	MUST(data[1] == 1 && timeline_validate(data, len) == TIMELINE_OK && reads_back(data, len, whole, 3, 4));

	/* the count alone, from no more than the first bytes */
	memcpy(header, data, sizeof(header));
	MUST(timeline_open_header(&reader, header, sizeof(header)) && reader.count == 3);
	MUST(!timeline_open_header(&reader, header, 2) && reader.status == TIMELINE_TRUNCATED);
	header[0] = 9;
	MUST(!timeline_open_header(&reader, header, sizeof(header)) && reader.status == TIMELINE_BAD_VERSION);
}

static void
test_varints(void)
{
	for (int round = 0; round < 200000; round++)
	{
		uint64_t value = unit_random() >> unit_below(64);
		uint8_t fast[TIMELINE_VARINT_MAX];
		uint8_t slow[TIMELINE_VARINT_MAX];
		size_t len = slow_varint(slow, value);
		const uint8_t *next = slow;
		uint64_t got;

		MUST((size_t) (timeline_put_varint(fast, value) - fast) == len);
		MUST(memcmp(fast, slow, len) == 0);
		MUST(timeline_get_varint(&next, slow + len, &got) && got == value && next == slow + len);
		next = slow;
		MUST(!timeline_get_varint(&next, slow + len - 1, &got) && next == slow);
	}
}

/* An instant as the C library's calendar has it. */
static void
slow_format(int64_t instant, char *out, size_t size)
{
	int64_t micros = instant % TIMELINE_SECOND;
	time_t seconds;
	struct tm parts;
	long long year;
	int len;

	if (micros < 0)
		micros += TIMELINE_SECOND;
	seconds = (time_t) ((instant - micros) / TIMELINE_SECOND + EPOCH_SECONDS);
	MUST(gmtime_r(&seconds, &parts) != NULL);
	year = (long long) parts.tm_year + 1900;
	len = snprintf(out, size, "%s%04lld-%02d-%02dT%02d:%02d:%02d", year < 0 ? "-" : "", year < 0 ? -year : year,
				   parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	if (micros != 0)
	{
		len += snprintf(out + len, size - (size_t) len, ".%06lld", (long long) micros);
		while (out[len - 1] == '0')
			len--;
	}
	out[len] = 'Z';
	out[len + 1] = '\0';
}

static void
check_instant(int64_t instant)
{
	char fast[TIMELINE_TEXT_MAX];
	char slow[TIMELINE_TEXT_MAX];
	const char *p = fast;
	int64_t again;
	size_t len = timeline_format_instant(instant, fast);

	slow_format(instant, slow, sizeof(slow));
	MUST(strcmp(fast, slow) == 0 && strlen(fast) == len);
	MUST(timeline_parse_instant(&p, &again) && *p == '\0' && again == instant);
}

static void
test_instants(void)
{
	for (int round = 0; round < 300000; round++)
		check_instant(random_instant(round % 5));
	check_instant(TIMELINE_MIN);
	check_instant(TIMELINE_MIN + 1);
	check_instant(TIMELINE_END - 1);
	/* every day of 400 years and more */
	for (int64_t day = -150000; day < 150000; day++)
		check_instant(day * 86400 * TIMELINE_SECOND - 1);
}

static void
test_texts(void)
{
	static const struct
	{
		const char *text;
		int64_t instant;
	} accepted[] = {
		{"2000-01-01T00:00:00Z", 0},
		{"2000-01-01 00:00z", 0},
		{"2000-01-01T01:00:00+01:00", 0},
		{"2000-01-01T01:00:00+01", 0},
		{"1999-12-31T18:30:00-0530", 0},
		{"2000-01-01T00:00:00.5Z", 500000},
		{"2000-01-01T00:00:00.000001Z", 1},
		{"2000-02-29T00:00:00Z", INT64_C(59) * 86400 * 1000000},
		{"0000-03-01T00:00:00Z", INT64_C(-63108720000000000)},
		{"-4713-11-24T00:00:00Z", TIMELINE_MIN},
		{"-4713-11-24T01:00:00+01", TIMELINE_MIN},
		{"294276-12-31T23:59:59.999999Z", TIMELINE_END - 1},
	};
	static const char *const refused[] = {
		"", "Z", "now", "infinity", "-infinity", "2000-01-01", "2000-01-01T00:00:00", "2000-01-01T00Z",
		"2000-1-01T00:00:00Z", "200-01-01T00:00:00Z", "2000-13-01T00:00:00Z", "2000-00-01T00:00:00Z",
		"2000-01-00T00:00:00Z", "2000-01-32T00:00:00Z", "2001-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2000-04-31T00:00:00Z", "2000-01-01T24:00:00Z", "2000-01-01T00:60:00Z", "2000-01-01T00:00:60Z",
		"2000-01-01T00:00:00.Z", "2000-01-01T00:00:00.1234567Z", "2000-01-01T00:00:00+16:00",
		"2000-01-01T00:00:00+1", "2000-01-01T00:00:00+01:6", "2000-01-01T00:00:00+01:60", "2000-01-01T00:00:00+01:00:00",
		"+2000-01-01T00:00:00Z", "--2000-01-01T00:00:00Z", "1234567-01-01T00:00:00Z",
		"-4713-11-23T23:59:59.999999Z", "294277-01-01T00:00:00Z", "999999-12-31T23:59:59Z",
		"-999999-01-01T00:00:00Z", "294276-12-31T23:59:59-00:01"};

	for (size_t i = 0; i < lengthof(accepted); i++)
	{
		const char *p = accepted[i].text;
		int64_t got;

		MUST(timeline_parse_instant(&p, &got) && *p == '\0' && got == accepted[i].instant);
	}
	for (size_t i = 0; i < lengthof(refused); i++)
	{
		const char *p = refused[i];
		int64_t got;

		MUST(!timeline_parse_instant(&p, &got) || *p != '\0');
	}
}

int
main(void)
{
	test_varints();
	test_codec();
	test_refusals();
	test_limits();
	test_instants();
	test_texts();
	return 0;
}
