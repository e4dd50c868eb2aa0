/*-------------------------------------------------------------------------
 * test_threshold_grid.c
 *	  All thresholds in one scan against a scan for each of them, which
 *	  test_window.c checks against counting every pair of contacts.
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>

#include "core/time/threshold_grid.h"
#include "core/time/timeline.h"
#include "unit.h"
#include "unit_host.h"
#include "core/time/window.h"

#define MAX_CONTACTS 40

typedef struct Case
{
	size_t n;
	int64_t times[MAX_CONTACTS];
	int64_t lowest;
	int64_t highest;
	int64_t from_at;
	int64_t to_at;
} Case;

static void
sort_episodes(GridEpisode *episodes, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && (episodes[j].threshold < episodes[j - 1].threshold ||
									 (episodes[j].threshold == episodes[j - 1].threshold &&
									  episodes[j].number < episodes[j - 1].number));
			 j--)
		{
			GridEpisode swap = episodes[j];

			episodes[j] = episodes[j - 1];
			episodes[j - 1] = swap;
		}
}

/* One scan for each threshold, in the order of thresholds. */
static size_t
by_threshold(const Case *c, uint64_t width, GridEpisode *out)
{
	size_t found = 0;
	int64_t beyond = c->highest < (int64_t) c->n + 1 ? c->highest : (int64_t) c->n + 1;

	for (int64_t threshold = c->lowest; threshold <= beyond; threshold++)
	{
		WindowCriterion criterion = {.threshold = threshold, .width = width};
		WindowScan scan;
		WindowEpisode episode;
		int64_t number = 0;

		window_scan_begin(&scan, c->times, c->n, &criterion, 1);
		scan.from_at = c->from_at;
		scan.to_at = c->to_at;
		while (window_scan_next(&scan, &episode))
		{
			MUST(found < MAX_CONTACTS); /* no more than there are contacts */
			out[found++] = (GridEpisode){threshold, ++number, episode.met_at, episode.ended_at};
		}
	}
	return found;
}

/* The order of the rows: by end, the highest first. */
static void
check_order(const GridEpisode *episodes, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		MUST(episodes[i - 1].ended_at <= episodes[i].ended_at);
		MUST(episodes[i - 1].ended_at < episodes[i].ended_at ||
			 episodes[i - 1].threshold > episodes[i].threshold);
	}
}

static void
check_width(const Case *c, ThresholdGrid *grid, uint64_t width)
{
	GridEpisode expected[MAX_CONTACTS];
	GridEpisode episodes[MAX_CONTACTS];
	GridEpisode none;
	size_t num_expected = by_threshold(c, width, expected);
	size_t found = 0;

	threshold_grid_scan(grid, width);
	while (found < num_expected && threshold_grid_next(grid, &episodes[found]))
		found++;
	MUST(found == num_expected);
	MUST(!threshold_grid_next(grid, &none));
	MUST(!threshold_grid_next(grid, &none));
	check_order(episodes, found);
	sort_episodes(episodes, found);
	for (size_t i = 0; i < found; i++)
	{
		MUST(episodes[i].threshold == expected[i].threshold && episodes[i].number == expected[i].number);
		MUST(episodes[i].met_at == expected[i].met_at && episodes[i].ended_at == expected[i].ended_at);
	}
}

static void
check_case(const Case *c, const uint64_t *widths, size_t num_widths)
{
	ThresholdGrid grid;

	threshold_grid_begin(&grid, &host, c->times, c->n, c->lowest, c->highest);
	grid.from_at = c->from_at;
	grid.to_at = c->to_at;
	for (size_t w = 0; w < num_widths; w++)
		check_width(c, &grid, widths[w]);
	threshold_grid_end(&grid);
	MUST(in_use == 0);
}

static void
random_case(Case *c)
{
	int64_t span = 1 + (int64_t) unit_below(unit_below(3) == 0 ? 6 : 80);
	int64_t shift = (int64_t) unit_below(200) - 100;

	c->n = unit_below(MAX_CONTACTS + 1);
	for (size_t i = 0; i < c->n; i++)
		c->times[i] = shift + (int64_t) unit_below((uint64_t) span);
	qsort(c->times, c->n, sizeof(int64_t), unit_compare_int64);
	c->lowest = 1 + (int64_t) unit_below(6);
	c->highest = unit_below(4) == 0 ? INT32_MAX : c->lowest + (int64_t) unit_below(20);
	c->from_at = unit_below(2) ? INT64_MIN : shift + (int64_t) unit_below(40);
	c->to_at = unit_below(2) ? INT64_MAX : shift + (int64_t) unit_below(80);
}

static void
test_random(void)
{
	for (int round = 0; round < 60000; round++)
	{
		uint64_t widths[3];
		Case c;

		random_case(&c);
		for (size_t w = 0; w < lengthof(widths); w++)
			widths[w] = 1 + unit_below(30);
		check_case(&c, widths, lengthof(widths));
	}
}

/* The whole range of time: differences that no int64 holds. */
static void
test_limits(void)
{
	static const uint64_t widths[] = {1, 1000000, INT64_MAX, UINT64_MAX};
	Case c = {.n = 5, .times = {TIMELINE_MIN, TIMELINE_MIN, 0, TIMELINE_END - 1, TIMELINE_END - 1}, .lowest = 1, .highest = INT32_MAX, .from_at = INT64_MIN, .to_at = INT64_MAX};
	Case none = {.n = 0, .lowest = 1, .highest = INT32_MAX, .from_at = INT64_MIN, .to_at = INT64_MAX};

	check_case(&c, widths, lengthof(widths));
	check_case(&none, widths, lengthof(widths));
	c.from_at = 0;
	c.to_at = TIMELINE_END - 1;
	check_case(&c, widths, lengthof(widths));
	c.lowest = 6;
	check_case(&c, widths, lengthof(widths));
	c.lowest = c.highest;
	check_case(&c, widths, lengthof(widths));
}

#define LONG_SCAN 300000

static jmp_buf left;
static int pauses;

static void
on_pause(void)
{
	pauses++;
}

static void
on_pause_leave(void)
{
	longjmp(left, 1);
}

/* Long scans pause, also where nothing is found, and can be left there. */
static void
test_pauses(void)
{
	static int64_t times[LONG_SCAN];
	Host pausing = host;
	Host leaving = host;
	ThresholdGrid grid;
	GridEpisode episode;

	pausing.pause = on_pause;
	leaving.pause = on_pause_leave;
	for (int i = 0; i < LONG_SCAN; i++)
		times[i] = i;
	threshold_grid_begin(&grid, &pausing, times, LONG_SCAN, 51, INT32_MAX);
	for (int scan = 1; scan <= 2; scan++)
	{
		threshold_grid_scan(&grid, 50);
		MUST(!threshold_grid_next(&grid, &episode));
		MUST(pauses == scan * (LONG_SCAN / 65536));
	}
	threshold_grid_end(&grid);
	threshold_grid_begin(&grid, &leaving, times, LONG_SCAN, 51, 60);
	threshold_grid_scan(&grid, 50);
	if (setjmp(left) == 0)
	{
		threshold_grid_next(&grid, &episode);
		abort();
	}
	threshold_grid_end(&grid);
}

int
main(void)
{
	test_random();
	test_limits();
	test_pauses();
	return 0;
}
