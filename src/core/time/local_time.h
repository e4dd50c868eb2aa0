/*-------------------------------------------------------------------------
 * local_time.h
 *	  Dates and times as people write them, read strictly by a format.
 *
 * Plain C without PostgreSQL, so that it can be fuzzed outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef LOCAL_TIME_H
#define LOCAL_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Formats of more fields and separators than this are refused. */
#define LOCAL_FORMAT_MAX_ITEMS 64

#define LOCAL_SECOND INT64_C(1000000)
#define LOCAL_DAY (INT64_C(86400) * LOCAL_SECOND)

typedef enum LocalFormatStatus
{
	LOCAL_FORMAT_OK,
	LOCAL_FORMAT_EMPTY,
	LOCAL_FORMAT_TOO_LONG,
	LOCAL_FORMAT_UNKNOWN_FIELD,
	LOCAL_FORMAT_TWICE, /* as in DD/MM/YYYY HH:MM */
	LOCAL_FORMAT_NO_DATE, /* without a year, a month or a day */
	LOCAL_FORMAT_HOUR_UNCLEAR, /* HH without AM */
	LOCAL_FORMAT_QUOTE_OPEN
} LocalFormatStatus;

typedef struct LocalFormatItem
{
	uint8_t field; /* a LocalField of local_time.c */
	bool fixed; /* digits follow digits: two are needed */
	char literal;
} LocalFormatItem;

typedef struct LocalFormat
{
	int num_items;
	LocalFormatItem items[LOCAL_FORMAT_MAX_ITEMS];
} LocalFormat;

typedef enum LocalTimeStatus
{
	LOCAL_TIME_OK,
	LOCAL_TIME_EMPTY,
	LOCAL_TIME_NO_MATCH,
	LOCAL_TIME_GOES_ON, /* more text after the end of the format */
	LOCAL_TIME_NO_SUCH_DAY,
	LOCAL_TIME_NO_SUCH_TIME,
	LOCAL_TIME_OTHER_WEEKDAY,
	LOCAL_TIME_BAD_OFFSET
} LocalTimeStatus;

typedef struct LocalTime
{
	int64_t local; /* microseconds since 2000-01-01 00:00 on the clock that was read */
	bool has_offset; /* the text has its own offset */
	int64_t offset; /* microseconds */
} LocalTime;

/* Microseconds east of Greenwich at an instant. */
typedef int64_t (*LocalOffset)(void *arg, int64_t at);

extern LocalFormatStatus local_format_read(const char *text, LocalFormat *out);
extern LocalTimeStatus local_time_read(const LocalFormat *format, const char *text, LocalTime *out);
extern int local_time_instants(const LocalTime *time, LocalOffset offset, void *arg, int64_t instants[2]);

#endif /* LOCAL_TIME_H */
