/*-------------------------------------------------------------------------
 * timeline.h
 *	  A timeline: a compact, canonical multiset of instants.
 *
 * Plain C without PostgreSQL, so that it can be fuzzed outside the server.
 * An instant is a number of microseconds since 2000-01-01 00:00 UTC, as in
 * timestamptz.  The stored form, byte by byte:
 *
 *		version		1 byte, TIMELINE_VERSION
 *		unit		1 byte, 1 if every instant is a whole second, else 0
 *		count		varint, the number of instants
 *		first		zigzag varint, the first instant in units
 *		deltas		count - 1 varints, each the step to the next, 0 for equal
 *
 * A varint has seven bits in each byte, lowest first, with the top bit set on
 * all bytes except the last, in as few bytes as possible.  Each multiset has
 * exactly one form, so equal multisets have equal bytes.
 *-------------------------------------------------------------------------
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMELINE_VERSION 1
#define TIMELINE_SECOND INT64_C(1000000)
#define TIMELINE_VARINT_MAX 10 /* bytes of the longest varint */
#define TIMELINE_TEXT_MAX 40 /* bytes of the longest printed instant */

/* The first instant and the one after the last that timestamptz can hold. */
#define TIMELINE_MIN INT64_C(-211813488000000000)
#define TIMELINE_END INT64_C(9223371331200000000)

#define timeline_valid_instant(t) ((t) >= TIMELINE_MIN && (t) < TIMELINE_END)

/* The most bytes that n instants can take. */
#define timeline_max_bytes(n) (2 + ((n) + 1) * (size_t) TIMELINE_VARINT_MAX)

typedef enum TimelineStatus
{
	TIMELINE_OK,
	TIMELINE_BAD_VERSION,
	TIMELINE_BAD_UNIT,
	TIMELINE_TRUNCATED,
	TIMELINE_BAD_COUNT,
	TIMELINE_OUT_OF_RANGE,
	TIMELINE_NOT_CANONICAL,
	TIMELINE_TRAILING_BYTES
} TimelineStatus;

/* Reads the instants in order; safe on any bytes. */
typedef struct TimelineReader
{
	const uint8_t *next;
	const uint8_t *end;
	uint64_t count; /* instants in all */
	uint64_t remaining; /* instants not yet read */
	int64_t unit; /* microseconds in a unit */
	int64_t current; /* last instant read */
	TimelineStatus status; /* why reading stopped, if it did */
} TimelineReader;

/*
 * timeline_put_varint
 *		Write a varint; return the place after it.
 */
static inline uint8_t *
timeline_put_varint(uint8_t *out, uint64_t value)
{
	while (value >= 0x80)
	{
		*out++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t) value;
	return out;
}

/*
 * timeline_get_varint
 *		Read a varint and step over it; false if it is cut short, too long or
 *		not in its shortest form.
 */
static inline bool
timeline_get_varint(const uint8_t **next, const uint8_t *end, uint64_t *value)
{
	const uint8_t *p = *next;
	uint64_t result = 0;

	for (int shift = 0; p < end && shift < 64; shift += 7)
	{
		uint64_t byte = *p++;

		if (shift == 63 && byte > 1)
			return false;
		result |= (byte & 0x7f) << shift;
		if (byte < 0x80)
		{
			if (byte == 0 && shift > 0)
				return false;
			*next = p;
			*value = result;
			return true;
		}
	}
	return false;
}

extern size_t timeline_encode(const int64_t *times, size_t n, uint8_t *out);
extern bool timeline_open_header(TimelineReader *reader, const uint8_t *data,
								 size_t len);
extern bool timeline_open(TimelineReader *reader, const uint8_t *data,
						  size_t len);
extern size_t timeline_read(TimelineReader *reader, int64_t *times, size_t max);
extern bool timeline_count(TimelineReader *reader, int64_t after,
						   int64_t up_to, uint64_t *count);
extern TimelineStatus timeline_validate(const uint8_t *data, size_t len);
extern const char *timeline_status_text(TimelineStatus status);

extern size_t timeline_format_instant(int64_t instant, char *out);
extern bool timeline_parse_instant(const char **text, int64_t *instant);

#endif /* TIMELINE_H */
