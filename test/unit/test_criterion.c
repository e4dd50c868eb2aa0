/*-------------------------------------------------------------------------
 * test_criterion.c
 *	  Criteria: what is read and how it is printed, stored and ordered.
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "core/time/criterion.h"
#include "unit.h"

#define ZONE_63 "Aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccc/"

static void
check_round_trip(const Criterion *criterion)
{
	char text[CRITERION_MAX_TEXT];
	uint8_t stored[CRITERION_MAX_BYTES];
	Criterion again;
	size_t len;

	criterion_format(criterion, text);
	MUST(criterion_parse(text, &again) == CRITERION_OK);
	MUST(criterion_compare(criterion, &again) == 0);

	len = criterion_encode(criterion, stored);
	MUST(criterion_decode(stored, len, &again) == CRITERION_OK);
	MUST(criterion_compare(criterion, &again) == 0);
	/* cut short it is nothing, or the name of another zone */
	for (size_t cut = 0; cut < len; cut++)
		MUST(criterion_decode(stored, cut, &again) != CRITERION_OK ||
			 (criterion->kind != CRITERION_ROLLING && cut > 6));
}

static void
test_texts(void)
{
	static const struct
	{
		const char *text;
		const char *canonical;
	} accepted[] = {
		{"5 in 1 day", "5 in 1 day"},
		{"  5\tin\n1\vdays \f", "5 in 1 day"},
		{"5 IN 1 DAY", "5 in 1 day"},
		{"5 in 1day", "5 in 1 day"},
		{"5 in 24 hours", "5 in 1 day"},
		{"5 in 86400 seconds", "5 in 1 day"},
		{"5 in 1440 min", "5 in 1 day"},
		{"5 in 36 hours", "5 in 36 hours"},
		{"5 in 1 day 12 hours", "5 in 36 hours"},
		{"5 in 90 mins", "5 in 90 minutes"},
		{"5 in 61 secs", "5 in 61 seconds"},
		{"5 in 1 second", "5 in 1 second"},
		{"5 in 2 weeks", "5 in 14 days"},
		{"5 in 0 days 1 second", "5 in 1 second"},
		{"5 in 36525 days", "5 in 36525 days"},
		{"1 in 3155760000 seconds", "1 in 36525 days"},
		{"5 or more in 7 days", "5 in 7 days"},
		{"at least 5 in 7 days", "5 in 7 days"},
		{"more than 5 in 7 days", "6 in 7 days"},
		{"more than 0 in 1 hour", "1 in 1 hour"},
		{"0000000005 in 1 day", "5 in 1 day"},
		{"2147483647 in 1 day", "2147483647 in 1 day"},
		{"more than 2147483646 in 1 day", "2147483647 in 1 day"},
		{"5 per day in Europe/London", "5 per day in Europe/London"},
		{"more than 5 per WEEK in Europe/London", "6 per week in Europe/London"},
		{"5 or more per month in Etc/GMT+5 ", "5 per month in Etc/GMT+5"},
		{"5 per day in " ZONE_63, "5 per day in " ZONE_63},
		/* as people write them */
		{"5 in 24h", "5 in 1 day"},
		{"5 in 24 h", "5 in 1 day"},
		{"5 in 1d", "5 in 1 day"},
		{"5 in a day", "5 in 1 day"},
		{"5 in one day", "5 in 1 day"},
		{"five in 1 day", "5 in 1 day"},
		{"5+ in 7 days", "5 in 7 days"},
		{">=5 in 24h", "5 in 1 day"},
		{"\xE2\x89\xA5 5 in 24h", "5 in 1 day"},
		{"\xE2\xA9\xBE"
		 "5 in 24h",
		 "5 in 1 day"},
		{">5 in 7 days", "6 in 7 days"},
		{"> 5 in 7 days", "6 in 7 days"},
		{"over 5 in 7 days", "6 in 7 days"},
		{"above 5 in 7 days", "6 in 7 days"},
		{"5 calls within 7 days", "5 in 7 days"},
		{"5 contacts in 7 days", "5 in 7 days"},
		{"1 contact in 7 days", "1 in 7 days"},
		{"5 within 24 hours", "5 in 1 day"},
		{"5 times in a week", "5 in 7 days"},
		{"5 in any 7 days", "5 in 7 days"},
		{"5 in 7 rolling days", "5 in 7 days"},
		{"5 in a rolling 7 days", "5 in 7 days"},
		{"5 in any rolling 24 hours", "5 in 1 day"},
		{"5 or more calls in 24 hours", "5 in 1 day"},
		{"5 calls or more in 24 hours", "5 in 1 day"},
		{"5 in 7d", "5 in 7 days"},
		{"5 in 24hrs", "5 in 1 day"},
		{"5 in 24 hrs.", "5 in 1 day"},
		{"5 in 1 wk", "5 in 7 days"},
		{"5 in 2wks", "5 in 14 days"},
		{"5in1day", "5 in 1 day"},
		{"5in24h", "5 in 1 day"},
		{"5 in a fortnight", "5 in 14 days"},
		{"5 in 1 fortnight", "5 in 14 days"},
		{"5 in a 24-hour period", "5 in 1 day"},
		{"5 in any 24 hour window", "5 in 1 day"},
		{"5 in 7-day period", "5 in 7 days"},
		{"5 in the last 7 days", "5 in 7 days"},
		{"5 in the past week", "5 in 7 days"},
		{"5 within a period of 28 days", "5 in 28 days"},
		{"5 within the space of an hour", "5 in 1 hour"},
		{"5 in an hour", "5 in 1 hour"},
		{"5 in 1 day and 12 hours", "5 in 36 hours"},
		{"5 in 1 day, 12 hours", "5 in 36 hours"},
		{"5 in 1h 30min", "5 in 90 minutes"},
		{"5 in 1h30min", "5 in 90 minutes"},
		{"5 in 90s", "5 in 90 seconds"},
		{"5x in 24h", "5 in 1 day"},
		{"5 x in 24h", "5 in 1 day"},
		{"5\xC3\x97 in 24h", "5 in 1 day"},
		{"twelve calls in seven days", "12 in 7 days"},
		{"twenty-one in twenty-eight days", "21 in 28 days"},
		{"thirty in ninety days", "30 in 90 days"},
		{"twice in a day", "2 in 1 day"},
		{"once in 24 hours", "1 in 1 day"},
		{"At Least Five Calls Within 24 Hours", "5 in 1 day"},
		{"minimum of 5 in 1 day", "5 in 1 day"},
		{"min 5 in 1 day", "5 in 1 day"},
		{"5 plus in 7 days", "5 in 7 days"},
		{"5 and over in 7 days", "5 in 7 days"},
		{"5 or above in 7 days", "5 in 7 days"},
		{"5 over 7 days", "5 in 7 days"},
		{"5 during 7 days", "5 in 7 days"},
		{"5 phone calls in 24 hours", "5 in 1 day"},
		{"5\xC2\xA0in\xC2\xA0"
		 "24\xE2\x80\xAFhours",
		 "5 in 1 day"},
		{"5 in 7 consecutive days", "5 in 7 days"},
		{"5 a day in Europe/London", "5 per day in Europe/London"},
		{"5/day in Europe/London", "5 per day in Europe/London"},
		{"5 calls per day in Europe/London", "5 per day in Europe/London"},
		{"5+ weekly in Europe/London", "5 per week in Europe/London"},
		{"5 in a calendar month in Europe/London", "5 per month in Europe/London"},
		{"5 on the same day in Europe/London", "5 per day in Europe/London"},
	};

	for (size_t i = 0; i < lengthof(accepted); i++)
	{
		char text[CRITERION_MAX_TEXT];
		Criterion criterion;
		CriterionStatus status = criterion_parse(accepted[i].text, &criterion);

		if (status != CRITERION_OK)
			printf("refused: %s\n", accepted[i].text);
		MUST(status == CRITERION_OK);
		criterion_format(&criterion, text);
		MUST(strcmp(text, accepted[i].canonical) == 0);
		check_round_trip(&criterion);
	}
}

static void
test_refused_texts(void)
{
	static const struct
	{
		const char *text;
		CriterionStatus status;
	} refused[] = {
		{"", CRITERION_EMPTY},
		{"-5 in 1 day", CRITERION_BAD_THRESHOLD},
		{"0 in 1 day", CRITERION_BAD_THRESHOLD},
		{"2147483648 in 1 day", CRITERION_BAD_THRESHOLD},
		{"more than 2147483647 in 1 day", CRITERION_BAD_THRESHOLD},
		{"99999999999 in 1 day", CRITERION_BAD_THRESHOLD},
		{"5", CRITERION_WIDTH_MISSING},
		{"5.5 in 1 day", CRITERION_NOT_WHOLE},
		{"5 or in 1 day", CRITERION_BAD_SYNTAX},
		{"at 5 in 1 day", CRITERION_BAD_SYNTAX},
		{"more 5 in 1 day", CRITERION_BAD_SYNTAX},
		{"more than 5 or more in 1 day", CRITERION_BAD_SYNTAX},
		{"5 in", CRITERION_BAD_WIDTH},
		{"5 in day", CRITERION_BAD_WIDTH},
		{"5 in -1 day", CRITERION_BAD_WIDTH},
		{"5 in 0 days", CRITERION_BAD_WIDTH},
		{"5 in 36525 days 1 second", CRITERION_BAD_WIDTH},
		{"5 in 36526 days", CRITERION_BAD_WIDTH},
		{"5 in 9999999999 weeks", CRITERION_BAD_WIDTH},
		{"5 in 99999999999 seconds", CRITERION_BAD_WIDTH},
		{"5 in 1 day in Europe/London", CRITERION_ROLLING_ZONE},
		{"5 in 1", CRITERION_UNIT_MISSING},
		{"5 in 1.5 days", CRITERION_NOT_WHOLE},
		{"5 in 1 dayss", CRITERION_BAD_UNIT},
		{"5 in 1 dayofmanyhours", CRITERION_BAD_UNIT},
		{"5 in 1 month", CRITERION_MONTH_IN_ROLLING},
		{"5 in 1 day 2 months", CRITERION_MONTH_IN_ROLLING},
		{"5 in 2 years", CRITERION_MONTH_IN_ROLLING},
		{"5 per", CRITERION_BAD_PERIOD},
		{"5 per hour in Europe/London", CRITERION_BAD_PERIOD},
		{"5 per 2 days in Europe/London", CRITERION_BAD_PERIOD},
		{"5 per day", CRITERION_ZONE_MISSING},
		{"5 per day Europe/London", CRITERION_ZONE_MISSING},
		{"5 per day in ", CRITERION_ZONE_MISSING},
		{"5 per day in Europe/London or so", CRITERION_BAD_ZONE},
		{"5 per day in ../../etc/passwd", CRITERION_BAD_ZONE},
		{"5 per day in <X>5", CRITERION_BAD_ZONE},
		{"5 per day in " ZONE_63 "d", CRITERION_BAD_ZONE},
		/* what is missing, or has two readings */
		{"   ", CRITERION_EMPTY},
		{"{5 in 1 day}", CRITERION_ARRAY},
		{">=", CRITERION_COUNT_MISSING},
		{"> in 24 hours", CRITERION_COUNT_MISSING},
		{"in 24 hours", CRITERION_COUNT_MISSING},
		{"7 days", CRITERION_COUNT_MISSING},
		{"7d", CRITERION_COUNT_MISSING},
		{"24hrs", CRITERION_COUNT_MISSING},
		{"day", CRITERION_COUNT_MISSING},
		{"many in 1 day", CRITERION_COUNT_MISSING},
		{"per day", CRITERION_COUNT_MISSING},
		{"5+", CRITERION_WIDTH_MISSING},
		{"5 calls", CRITERION_WIDTH_MISSING},
		{"five times", CRITERION_WIDTH_MISSING},
		{"5 in 24", CRITERION_UNIT_MISSING},
		{"5 in twenty-four", CRITERION_UNIT_MISSING},
		{"5 a day", CRITERION_ZONE_MISSING},
		{"5/day", CRITERION_ZONE_MISSING},
		{"5 / day", CRITERION_ZONE_MISSING},
		{"5 calls a day", CRITERION_ZONE_MISSING},
		{"5 daily", CRITERION_ZONE_MISSING},
		{"5 calls weekly", CRITERION_ZONE_MISSING},
		{"5 each day", CRITERION_ZONE_MISSING},
		{"5 every week", CRITERION_ZONE_MISSING},
		{"5 per calendar day", CRITERION_ZONE_MISSING},
		{"5 in a calendar day", CRITERION_ZONE_MISSING},
		{"5 in the same day", CRITERION_ZONE_MISSING},
		{"5 on one day", CRITERION_ZONE_MISSING},
		{"5 on any day", CRITERION_ZONE_MISSING},
		{"5 per 24 hours", CRITERION_BAD_PERIOD},
		{"5 every 7 days", CRITERION_BAD_PERIOD},
		{"5 in 7 calendar days", CRITERION_BAD_PERIOD},
		{"5 in 1 day or 10 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day and 10 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day, 10 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day; 10 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 24h/10 in 7d", CRITERION_TWO_CRITERIA},
		{"5 in 1 day 10 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day or more than 9 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day or >9 in 7 days", CRITERION_TWO_CRITERIA},
		{"5 in 1 day 7 days", CRITERION_BAD_WIDTH},
		{"5 in 1 day and 7 days", CRITERION_BAD_WIDTH},
		{"5 in 1 day, please", CRITERION_BAD_WIDTH},
		{"5 in the day", CRITERION_BAD_WIDTH},
		{"5 in every 24 hours", CRITERION_BAD_WIDTH},
		{"fewer than 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"less than 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"<5 in 1 day", CRITERION_UPPER_LIMIT},
		{"<=5 in 1 day", CRITERION_UPPER_LIMIT},
		{"\xE2\x89\xA4 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"=5 in 1 day", CRITERION_UPPER_LIMIT},
		{"exactly 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"at most 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"up to 5 in 1 day", CRITERION_UPPER_LIMIT},
		{"5 or fewer in 1 day", CRITERION_UPPER_LIMIT},
		{"5-10 in 7 days", CRITERION_UPPER_LIMIT},
		{"5 to 10 in 7 days", CRITERION_UPPER_LIMIT},
		{"5 999 calls in 1 day", CRITERION_CHANNEL},
		{"5 x 999 in 1 day", CRITERION_CHANNEL},
		{"more than 5+ in 1 day", CRITERION_BAD_SYNTAX},
		{"over 5 or more in 1 day", CRITERION_BAD_SYNTAX},
		{"5 incidents in 1 day", CRITERION_BAD_SYNTAX},
		{"5 in 1 m", CRITERION_BAD_UNIT},
		{"5 in 2 working days", CRITERION_BAD_UNIT},
		{"5 in 1 hs", CRITERION_BAD_UNIT},
		{"5 in 24:00", CRITERION_BAD_UNIT},
		{"5 in 3 mths", CRITERION_MONTH_IN_ROLLING},
		{"5 in a month", CRITERION_MONTH_IN_ROLLING},
		{"5 in 1yr", CRITERION_MONTH_IN_ROLLING},
		{"hundred in 1 day", CRITERION_COUNT_MISSING},
		{"5 in 24h in", CRITERION_ROLLING_ZONE},
	};

	for (size_t i = 0; i < lengthof(refused); i++)
	{
		char *copy = strdup(refused[i].text); /* exactly as long, for ASan */
		Criterion criterion;

		if (criterion_parse(copy, &criterion) != refused[i].status)
			printf("%s: status %d\n", copy, criterion_parse(copy, &criterion));
		MUST(criterion_parse(copy, &criterion) == refused[i].status);
		free(copy);
	}
}

static void
test_refused_bytes(void)
{
	static const struct
	{
		const char *bytes;
		size_t len;
		CriterionStatus status;
	} refused[] = {
		{"", 0, CRITERION_BAD_VERSION},
		{"\x02\x00\x00\x00\x00\x05\x00\x00\x00\x14\x1d\xd7\x60\x00", 14, CRITERION_BAD_VERSION},
		{"\x01", 1, CRITERION_BAD_BYTES},
		{"\x01\x00\x00\x00\x00\x05\x00\x00\x00\x14\x1d\xd7\x60", 13, CRITERION_BAD_BYTES},
		{"\x01\x00\x00\x00\x00\x05\x00\x00\x00\x14\x1d\xd7\x60\x00\x00", 15, CRITERION_BAD_BYTES},
		{"\x01\x04\x00\x00\x00\x05\x00\x00\x00\x14\x1d\xd7\x60\x00", 14, CRITERION_BAD_BYTES},
		{"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x14\x1d\xd7\x60\x00", 14, CRITERION_BAD_THRESHOLD},
		{"\x01\x00\x80\x00\x00\x00\x00\x00\x00\x14\x1d\xd7\x60\x00", 14, CRITERION_BAD_THRESHOLD},
		{"\x01\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00", 14, CRITERION_BAD_WIDTH},
		{"\x01\x00\x00\x00\x00\x05\x00\x00\x00\x14\x1d\xd7\x60\x01", 14, CRITERION_BAD_WIDTH},
		{"\x01\x00\x00\x00\x00\x05\xff\xff\xff\xff\xff\xff\xff\xff", 14, CRITERION_BAD_WIDTH},
		{"\x01\x01\x00\x00\x00\x05", 6, CRITERION_BAD_BYTES},
		{"\x01\x01\x00\x00\x00\x05U\x00T", 9, CRITERION_BAD_ZONE},
		{"\x01\x01\x00\x00\x00\x05U C", 9, CRITERION_BAD_ZONE},
		{"\x01\x03\x00\x00\x00\x05" ZONE_63 "d", 70, CRITERION_BAD_ZONE},
	};

	for (size_t i = 0; i < lengthof(refused); i++)
	{
		uint8_t *copy = malloc(refused[i].len + 1);
		Criterion criterion;

		memcpy(copy, refused[i].bytes, refused[i].len);
		MUST(criterion_decode(copy, refused[i].len, &criterion) == refused[i].status);
		free(copy);
	}
}

static void
random_criterion(Criterion *out)
{
	static const char *const zones[] = {"UTC", "Europe/London", "Pacific/Apia", "Etc/GMT-14"};

	memset(out, 0, sizeof(*out));
	out->threshold = (int32_t) (unit_random() >> (33 + unit_below(30))) | 1;
	out->kind = (CriterionKind) unit_below(4);
	if (out->kind == CRITERION_ROLLING)
		out->width = (int64_t) (1 + unit_below(unit_below(2) ? 100 : UINT64_C(36525) * 86400)) * CRITERION_SECOND;
	else
		strcpy(out->zone, zones[unit_below(4)]);
}

/* The order is total, and equal means equal bytes. */
static void
test_order(void)
{
	for (int round = 0; round < 100000; round++)
	{
		Criterion a;
		Criterion b;
		Criterion c;
		uint8_t x[CRITERION_MAX_BYTES];
		uint8_t y[CRITERION_MAX_BYTES];
		size_t len;

		random_criterion(&a);
		random_criterion(&b);
		random_criterion(&c);
		check_round_trip(&a);
		len = criterion_encode(&a, x);
		MUST((criterion_compare(&a, &b) == 0) == (len == criterion_encode(&b, y) && memcmp(x, y, len) == 0));
		MUST((criterion_compare(&a, &b) < 0) == (criterion_compare(&b, &a) > 0));
		if (criterion_compare(&a, &b) <= 0 && criterion_compare(&b, &c) <= 0)
			MUST(criterion_compare(&a, &c) <= 0);
	}
}

int
main(void)
{
	test_texts();
	test_refused_texts();
	test_refused_bytes();
	test_order();
	return 0;
}
