/*-------------------------------------------------------------------------
 * test_local_time.c
 *	  Dates and times read by a format, and the instants of a local time.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/time/local_time.h"
#include "unit.h"

/* Written out exactly as long, for the address sanitizer. */
static LocalTimeStatus
read_by(const char *format_text, const char *text, LocalTime *out)
{
	LocalFormat format;
	char *copy = strdup(text);
	LocalTimeStatus status;

	MUST(local_format_read(format_text, &format) == LOCAL_FORMAT_OK);
	status = local_time_read(&format, copy, out);
	free(copy);
	return status;
}

/* Days since 2000-01-01 by counting years and months. */
static int64_t
count_days(int year, int month, int day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = 0;

	for (int y = 2000; y < year; y++)
		days += y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
	for (int y = year; y < 2000; y++)
		days -= y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
	for (int m = 1; m < month; m++)
		days += lengths[m - 1] + (m == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	return days + day - 1;
}

static void
test_every_day(void)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	for (int year = 1; year <= 9999; year += year < 1800 || year > 2200 ? 97 : 1)
		for (int month = 1; month <= 12; month++)
		{
			int length = lengths[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));

			for (int day = 1; day <= 31; day++)
			{
				char text[64];
				LocalTime time;
				LocalTimeStatus status;

				snprintf(text, sizeof(text), "%02d/%d/%04d 10:59", day, month, year);
				status = read_by("DD/MM/YYYY HH24:MI", text, &time);
				MUST(status == (day <= length ? LOCAL_TIME_OK : LOCAL_TIME_NO_SUCH_DAY));
				if (status == LOCAL_TIME_OK)
					MUST(time.local == count_days(year, month, day) * LOCAL_DAY + 659 * 60 * LOCAL_SECOND);
			}
		}
}

static void
test_formats(void)
{
	static const struct
	{
		const char *format;
		LocalFormatStatus status;
	} formats[] = {
		{"DD/MM/YYYY HH24:MI", LOCAL_FORMAT_OK},
		{"dd-mon-yy hh12:mi pm", LOCAL_FORMAT_OK},
		{"ISO", LOCAL_FORMAT_OK},
		{" EXCEL ", LOCAL_FORMAT_OK},
		{"", LOCAL_FORMAT_EMPTY},
		{"   ", LOCAL_FORMAT_EMPTY},
		{"DD/MM/YYYY HH:MM", LOCAL_FORMAT_TWICE},
		{"DD/MON/MM/YYYY", LOCAL_FORMAT_TWICE},
		{"DD/MM", LOCAL_FORMAT_NO_DATE},
		{"HH24:MI", LOCAL_FORMAT_NO_DATE},
		{"DD/MM/YYYY HH:MI", LOCAL_FORMAT_HOUR_UNCLEAR},
		{"DD/MM/YYYY HH24:MI AM", LOCAL_FORMAT_HOUR_UNCLEAR},
		{"DD/MM/YYYY \"at", LOCAL_FORMAT_QUOTE_OPEN},
		{"DD/MM/YYYY Q", LOCAL_FORMAT_UNKNOWN_FIELD},
		{"DD/MM/YYYY 1", LOCAL_FORMAT_UNKNOWN_FIELD},
		{"ISO DD", LOCAL_FORMAT_UNKNOWN_FIELD},
		{"DD/MM/YYYY----------------------------------------------------------------", LOCAL_FORMAT_TOO_LONG},
		{"DDMMYYYY\"-------------------------------------------------------------", LOCAL_FORMAT_QUOTE_OPEN},
		{"DDMMYYYY\"--------------------------------------------------------------", LOCAL_FORMAT_TOO_LONG},
	};

	for (size_t i = 0; i < lengthof(formats); i++)
	{
		LocalFormat format;

		char *copy = strdup(formats[i].format); /* exactly as long */

		MUST(local_format_read(copy, &format) == formats[i].status);
		free(copy);
	}
}

/* A clock that is an hour ahead from 100 to 200 days. */
static int64_t
summer(void *arg, int64_t at)
{
	(void) arg;
	return at >= 100 * LOCAL_DAY && at < 200 * LOCAL_DAY ? 3600 * LOCAL_SECOND : 0;
}

static void
test_instants(void)
{
	for (int64_t minute = -1440; minute < 301 * 1440; minute += 7)
	{
		LocalTime time = {minute * 60 * LOCAL_SECOND, false, 0};
		int64_t instants[2];
		int n = local_time_instants(&time, summer, NULL, instants);
		int64_t of_day = minute - 100 * 1440;
		int expected = 1;

		if (of_day >= 0 && of_day < 60)
			expected = 0;
		of_day = minute - 200 * 1440;
		if (of_day >= 0 && of_day < 60)
			expected = 2;
		MUST(n == expected);
		for (int i = 0; i < n; i++)
			MUST(instants[i] + summer(NULL, instants[i]) == time.local);
		if (n == 2)
			MUST(instants[0] + 3600 * LOCAL_SECOND == instants[1]);
	}
}

int
main(void)
{
	test_formats();
	test_every_day();
	test_instants();
	return 0;
}
