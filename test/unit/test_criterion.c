/*-------------------------------------------------------------------------
 * test_criterion.c
 *	  Criteria: what is read and how it is printed, stored and ordered.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "criterion.h"
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
		{"5in1day", NULL},
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
	};

	for (size_t i = 0; i < lengthof(accepted); i++)
	{
		char text[CRITERION_MAX_TEXT];
		Criterion criterion;
		CriterionStatus status = criterion_parse(accepted[i].text, &criterion);

		MUST((status == CRITERION_OK) == (accepted[i].canonical != NULL));
		if (status != CRITERION_OK)
			continue;
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
		{"", CRITERION_BAD_THRESHOLD},
		{"five in 1 day", CRITERION_BAD_THRESHOLD},
		{"-5 in 1 day", CRITERION_BAD_THRESHOLD},
		{"0 in 1 day", CRITERION_BAD_THRESHOLD},
		{"2147483648 in 1 day", CRITERION_BAD_THRESHOLD},
		{"more than 2147483647 in 1 day", CRITERION_BAD_THRESHOLD},
		{"99999999999 in 1 day", CRITERION_BAD_THRESHOLD},
		{"5", CRITERION_BAD_SYNTAX},
		{"5.5 in 1 day", CRITERION_BAD_SYNTAX},
		{"5 within 1 day", CRITERION_BAD_SYNTAX},
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
		{"5 in 1 day in Europe/London", CRITERION_BAD_WIDTH},
		{"5 in 1", CRITERION_BAD_UNIT},
		{"5 in 1.5 days", CRITERION_BAD_UNIT},
		{"5 in 1 fortnight", CRITERION_BAD_UNIT},
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
	};

	for (size_t i = 0; i < lengthof(refused); i++)
	{
		char *copy = strdup(refused[i].text); /* exactly as long, for ASan */
		Criterion criterion;

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
