/*-------------------------------------------------------------------------
 * criterion.h
 *	  A criterion: a number of contacts in a rolling window or calendar period.
 *
 * Plain C without PostgreSQL, so that it can be fuzzed outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef CRITERION_H
#define CRITERION_H

#include <stddef.h>
#include <stdint.h>

/* First byte of the stored form; readers refuse any other. */
#define CRITERION_VERSION 1

/* The longest stored and printed forms; zone names are shorter than 64. */
#define CRITERION_ZONE_SIZE 64
#define CRITERION_MAX_BYTES (6 + CRITERION_ZONE_SIZE)
#define CRITERION_MAX_TEXT 128

/* Widths are whole seconds, in microseconds, up to a century. */
#define CRITERION_SECOND INT64_C(1000000)
#define CRITERION_MAX_WIDTH (INT64_C(36525) * 86400 * CRITERION_SECOND)

typedef enum CriterionKind
{
	CRITERION_ROLLING = 0,
	CRITERION_DAY = 1,
	CRITERION_WEEK = 2,
	CRITERION_MONTH = 3
} CriterionKind;

typedef struct Criterion
{
	CriterionKind kind;
	int32_t threshold; /* contacts needed, at least 1 */
	int64_t width; /* microseconds; 0 for a calendar period */
	char zone[CRITERION_ZONE_SIZE]; /* "" for a rolling window */
} Criterion;

typedef enum CriterionStatus
{
	CRITERION_OK,
	CRITERION_EMPTY,
	CRITERION_ARRAY, /* the text of an array of criteria */
	CRITERION_BAD_SYNTAX,
	CRITERION_COUNT_MISSING, /* 'in 1 day', '7 days' */
	CRITERION_BAD_THRESHOLD,
	CRITERION_NOT_WHOLE, /* 5.5, or 1.5 days */
	CRITERION_UPPER_LIMIT, /* fewer than 5, 5 to 10 */
	CRITERION_CHANNEL, /* '5 999 calls' */
	CRITERION_WIDTH_MISSING, /* '5 calls' */
	CRITERION_UNIT_MISSING, /* '5 in 24' */
	CRITERION_BAD_UNIT,
	CRITERION_MONTH_IN_ROLLING,
	CRITERION_BAD_WIDTH,
	CRITERION_ROLLING_ZONE, /* '5 in 1 day in Europe/London' */
	CRITERION_BAD_PERIOD,
	CRITERION_ZONE_MISSING, /* '5 per day', '5 a day': two readings */
	CRITERION_BAD_ZONE,
	CRITERION_TWO_CRITERIA, /* '5 in 1 day or 10 in 7 days' */
	CRITERION_BAD_VERSION,
	CRITERION_BAD_BYTES
} CriterionStatus;

extern CriterionStatus criterion_parse(const char *text, Criterion *out);
extern void criterion_format(const Criterion *criterion, char *out);
extern size_t criterion_encode(const Criterion *criterion, uint8_t *out);
extern CriterionStatus criterion_decode(const uint8_t *data, size_t len,
										Criterion *out);
extern int criterion_compare(const Criterion *a, const Criterion *b);

#endif /* CRITERION_H */
