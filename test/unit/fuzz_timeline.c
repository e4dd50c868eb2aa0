/*-------------------------------------------------------------------------
 * fuzz_timeline.c
 *	  libFuzzer target of the codec of timelines and of times as text.
 *
 *	make build/fuzz_timeline
 *	build/fuzz_timeline NEW_DIRECTORY corpus/timeline
 *
 * The bytes are taken as a stored timeline, as text, and as instants to be
 * stored.  Besides what the sanitizers see: what is valid has one form only,
 * what is not valid is read without harm, and text comes back exactly.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/time/timeline.h"
#include "unit.h"
#include "core/time/window.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Scans must bear whatever instants a stored value holds. */
static void
scan(const int64_t *times, size_t n)
{
	WindowCriterion criteria[2] = {{.threshold = 2, .width = 1}, {.threshold = 3, .width = INT64_MAX}};
	WindowPeak peak = window_peak(times, n, &criteria[1]);
	WindowScan windows;
	WindowEpisode episode;
	int64_t met_at;

	MUST(peak.contacts <= (int64_t) n);
	MUST(!window_first_met(times, n, &criteria[1], &met_at) || n >= 3);
	window_scan_begin(&windows, times, n, criteria, 2);
	while (window_scan_next(&windows, &episode))
		MUST(episode.started_at <= episode.met_at && episode.met_at <= episode.ended_at);
}

/* Bytes of any origin. */
static void
read_stored(const uint8_t *data, size_t size)
{
	TimelineStatus status = timeline_validate(data, size);
	TimelineReader reader;
	int64_t *times;
	uint8_t *again;
	size_t n = 0;
	size_t got;

	MUST(strlen(timeline_status_text(status)) > 0);
	if (!timeline_open(&reader, data, size))
	{
		MUST(reader.status != TIMELINE_OK && status == reader.status);
		return;
	}
	MUST(reader.count <= size);
	times = malloc((reader.count + 1) * sizeof(int64_t));
	while ((got = timeline_read(&reader, times + n, 7 < reader.count - n ? 7 : reader.count - n)) > 0)
		n += got;
	for (size_t i = 0; i < n; i++)
		MUST(timeline_valid_instant(times[i]) && (i == 0 || times[i - 1] <= times[i]));
	scan(times, n);
	if (status == TIMELINE_OK)
	{
		MUST(reader.status == TIMELINE_OK && n == reader.count);
		again = malloc(timeline_max_bytes(n));
		MUST(timeline_encode(times, n, again) == size);
		MUST(memcmp(again, data, size) == 0);
		free(again);
	}
	free(times);
}

/* The same bytes as instants: sorted and stored, they come back. */
static void
store_instants(const uint8_t *data, size_t size)
{
	size_t n = size / sizeof(int64_t);
	size_t kept = 0;
	int64_t *times = malloc((n + 1) * sizeof(int64_t));
	int64_t *again = malloc((n + 1) * sizeof(int64_t));
	uint8_t *stored = malloc(timeline_max_bytes(n));
	TimelineReader reader;
	size_t len;

	memcpy(times, data, n * sizeof(int64_t));
	for (size_t i = 0; i < n; i++)
		if (timeline_valid_instant(times[i]))
			times[kept++] = times[i];
	qsort(times, kept, sizeof(int64_t), unit_compare_int64);
	len = timeline_encode(times, kept, stored);
	MUST(len <= timeline_max_bytes(kept));
	MUST(timeline_validate(stored, len) == TIMELINE_OK);
	MUST(timeline_open(&reader, stored, len));
	MUST(timeline_read(&reader, again, kept + 1) == kept);
	MUST(memcmp(times, again, kept * sizeof(int64_t)) == 0);
	free(times);
	free(again);
	free(stored);
}

static void
read_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char printed[TIMELINE_TEXT_MAX];
	const char *p = text;
	int64_t instant;
	int64_t again;

	memcpy(text, data, size);
	text[size] = '\0';
	if (timeline_parse_instant(&p, &instant))
	{
		MUST(timeline_valid_instant(instant) && p > text && p <= text + size);
		MUST(timeline_format_instant(instant, printed) == strlen(printed));
		p = printed;
		MUST(timeline_parse_instant(&p, &again) && *p == '\0' && again == instant);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_stored(data, size);
	store_instants(data, size);
	read_text(data, size);
	return 0;
}
