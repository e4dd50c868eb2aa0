/*-------------------------------------------------------------------------
 * fuzz_local_time.c
 *	  libFuzzer target of dates and times as text, and of their formats.
 *
 *	make build/fuzz_local_time
 *	build/fuzz_local_time NEW_DIRECTORY corpus/local_time
 *
 * The first line is a format, the rest a text.  Besides what the sanitizers
 * see: what is read is between the years 1 and 9999, and the instants of a
 * local time are in order and show it.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/time/local_time.h"
#include "unit.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
summer(void *arg, int64_t at)
{
	(void) arg;
	return (at / (91 * LOCAL_DAY)) % 2 != 0 ? 3600 * LOCAL_SECOND : 0;
}

static void
check_time(const LocalTime *time)
{
	int64_t instants[2];
	int n = local_time_instants(time, summer, NULL, instants);

	MUST(n >= 0 && n <= 2);
	MUST(n < 2 || instants[0] < instants[1]);
	for (int i = 0; i < n && !time->has_offset; i++)
		MUST(instants[i] + summer(NULL, instants[i]) == time->local);
	MUST(time->local >= -730119 * LOCAL_DAY && time->local <= 2921940 * LOCAL_DAY);
	MUST(time->offset > -LOCAL_DAY && time->offset < LOCAL_DAY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = end == NULL ? size : (size_t) (end - data);
	char *format_text = malloc(len + 1);
	size_t rest = end == NULL ? 0 : size - len - 1;
	char *text = malloc(rest + 1);
	LocalFormat format;
	LocalTime time;

	memcpy(format_text, data, len);
	format_text[len] = '\0';
	if (rest > 0)
		memcpy(text, end + 1, rest);
	text[rest] = '\0';
	if (local_format_read(format_text, &format) == LOCAL_FORMAT_OK &&
		local_time_read(&format, text, &time) == LOCAL_TIME_OK)
		check_time(&time);
	free(format_text);
	free(text);
	return 0;
}
