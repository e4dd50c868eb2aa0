/*-------------------------------------------------------------------------
 * test_window.c
 *	  Window scans against counting every pair of contacts.
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <string.h>

#include "core/time/timeline.h"
#include "unit.h"
#include "core/time/window.h"

#define MAX_CONTACTS 24
#define MAX_CRITERIA 3

/* Contacts, criteria and bounds of one case, and what brute force says of it. */
typedef struct Case
{
	size_t n;
	int64_t times[MAX_CONTACTS];
	int num_criteria;
	WindowCriterion criteria[MAX_CRITERIA];
	int64_t from_at;
	int64_t to_at;
} Case;

/* Ten instants to a period. */
static int64_t
plain_period(void *arg, int64_t at)
{
	(void) arg;
	return (at + 1000000) / 10;
}

/* As above, but in the middle of every period the clock jumps back into the last one. */
static int64_t
jumpy_period(void *arg, int64_t at)
{
	int64_t place = (at + 1000000) % 10;

	return plain_period(arg, at) - (place == 4 || place == 5);
}

/* Is contact j in the window that ends at contact i? */
static bool
in_window(const Case *c, const WindowCriterion *criterion, size_t i, size_t j)
{
	int64_t began = INT64_MIN;

	if (c->times[j] > c->times[i])
		return false;
	if (criterion->period == NULL)
		return (uint64_t) c->times[i] - (uint64_t) c->times[j] < criterion->width;

	/* the period of a contact is the latest that has begun */
	for (size_t k = 0; k < c->n && c->times[k] <= c->times[i]; k++)
	{
		int64_t period = criterion->period(criterion->period_arg, c->times[k]);

		began = period > began ? period : began;
	}
	for (size_t k = 0; k < c->n && c->times[k] <= c->times[j]; k++)
		if (criterion->period(criterion->period_arg, c->times[k]) == began)
			return true;
	return false;
}

static int64_t
count_window(const Case *c, const WindowCriterion *criterion, size_t i)
{
	int64_t contacts = 0;

	for (size_t j = 0; j < c->n; j++)
		contacts += in_window(c, criterion, i, j);
	return contacts;
}

static uint64_t
brute_met(const Case *c, size_t i, int64_t *most)
{
	uint64_t met = 0;

	*most = 0;
	if (c->times[i] < c->from_at || c->times[i] >= c->to_at)
		return 0;
	for (int k = 0; k < c->num_criteria; k++)
	{
		int64_t contacts = count_window(c, &c->criteria[k], i);

		if (contacts < c->criteria[k].threshold)
			continue;
		met |= UINT64_C(1) << k;
		*most = contacts > *most ? contacts : *most;
	}
	return met;
}

/* The first contact in any window of contact i that meets its criterion. */
static size_t
brute_start(const Case *c, size_t i, uint64_t met)
{
	for (size_t j = 0; j < c->n; j++)
		for (int k = 0; k < c->num_criteria; k++)
			if ((met & UINT64_C(1) << k) && in_window(c, &c->criteria[k], i, j))
				return j;
	abort();
}

/* Episodes: maximal runs of contacts that meet something. */
static size_t
brute_episodes(const Case *c, WindowEpisode *episodes)
{
	size_t found = 0;
	bool open = false;

	for (size_t i = 0; i < c->n; i++)
	{
		int64_t most;
		uint64_t met = brute_met(c, i, &most);
		WindowEpisode *e = &episodes[found];

		if (met == 0)
		{
			found += open;
			open = false;
			continue;
		}
		if (!open)
		{
			memset(e, 0, sizeof(*e));
			e->started_at = c->times[brute_start(c, i, met)];
			e->met_at = c->times[i];
			open = true;
		}
		e->ended_at = c->times[i];
		e->criteria |= met;
		e->peak = most > e->peak ? most : e->peak;
		e->contacts = 0;
		for (size_t j = 0; j < c->n; j++)
			e->contacts += c->times[j] >= e->started_at && c->times[j] <= e->ended_at;
	}
	return found + open;
}

static void
check_episodes(const Case *c)
{
	WindowEpisode expected[MAX_CONTACTS + 1];
	size_t num_expected = brute_episodes(c, expected);
	size_t found = 0;
	WindowEpisode episode;
	WindowScan scan;

	window_scan_begin(&scan, c->times, c->n, c->criteria, c->num_criteria);
	scan.from_at = c->from_at;
	scan.to_at = c->to_at;
	for (; window_scan_next(&scan, &episode); found++)
	{
		const WindowEpisode *e = &expected[found];

		MUST(found < num_expected);
		MUST(episode.started_at == e->started_at && episode.met_at == e->met_at);
		MUST(episode.ended_at == e->ended_at && episode.contacts == e->contacts);
		MUST(episode.peak == e->peak && episode.criteria == e->criteria);
	}
	MUST(found == num_expected);
	MUST(!window_scan_next(&scan, &episode));
}

static void
check_peak(const Case *c, const WindowCriterion *criterion)
{
	WindowPeak expected = {0, 0, 0};
	WindowPeak peak = window_peak(c->times, c->n, criterion);

	for (size_t i = 0; i < c->n; i++)
	{
		int64_t contacts = count_window(c, criterion, i);
		size_t first = 0;

		if (contacts <= expected.contacts)
			continue;
		while (!in_window(c, criterion, i, first))
			first++;
		expected.contacts = contacts;
		expected.started_at = c->times[first];
		expected.ended_at = c->times[i];
	}
	MUST(peak.contacts == expected.contacts && peak.started_at == expected.started_at);
	MUST(peak.ended_at == expected.ended_at);
}

static void
check_first_met(const Case *c, const WindowCriterion *criterion)
{
	int64_t met_at = 0;
	size_t i = 0;

	while (i < c->n && count_window(c, criterion, i) < criterion->threshold)
		i++;
	MUST(window_first_met(c->times, c->n, criterion, &met_at) == (i < c->n));
	MUST(i == c->n || met_at == c->times[i]);
}

static void
random_criterion(WindowCriterion *out)
{
	memset(out, 0, sizeof(*out));
	out->threshold = 1 + (int64_t) unit_below(6);
	switch (unit_below(4))
	{
		case 0:
			out->period = plain_period;
			break;
		case 1:
			out->period = jumpy_period;
			break;
		default:
			out->width = 1 + unit_below(20);
	}
}

static void
random_case(Case *c)
{
	int64_t span = 1 + (int64_t) unit_below(60);
	int64_t shift = (int64_t) unit_below(200) - 100;

	c->n = unit_below(MAX_CONTACTS + 1);
	for (size_t i = 0; i < c->n; i++)
		c->times[i] = shift + (int64_t) unit_below((uint64_t) span);
	qsort(c->times, c->n, sizeof(int64_t), unit_compare_int64);
	c->num_criteria = 1 + (int) unit_below(MAX_CRITERIA);
	for (int k = 0; k < c->num_criteria; k++)
		random_criterion(&c->criteria[k]);
	c->from_at = unit_below(2) ? INT64_MIN : shift + (int64_t) unit_below(40);
	c->to_at = unit_below(2) ? INT64_MAX : shift + (int64_t) unit_below(60);
}

static void
test_random(void)
{
	for (int round = 0; round < 60000; round++)
	{
		Case c;

		random_case(&c);
		check_episodes(&c);
		for (int k = 0; k < c.num_criteria; k++)
		{
			check_peak(&c, &c.criteria[k]);
			check_first_met(&c, &c.criteria[k]);
		}
	}
}

/* The whole range of time: differences that no int64 holds. */
static void
test_limits(void)
{
	static const uint64_t widths[] = {1, 1000000, INT64_MAX, UINT64_MAX};
	Case c = {.n = 4, .times = {TIMELINE_MIN, TIMELINE_MIN, 0, TIMELINE_END - 1}, .num_criteria = 1, .from_at = INT64_MIN, .to_at = INT64_MAX};

	for (size_t w = 0; w < lengthof(widths); w++)
		for (int64_t threshold = 1; threshold <= 5; threshold++)
		{
			c.criteria[0].width = widths[w];
			c.criteria[0].threshold = threshold;
			check_episodes(&c);
			check_peak(&c, &c.criteria[0]);
			check_first_met(&c, &c.criteria[0]);
		}
}

/* A contact exactly a width later does not count; ties count for each other. */
static void
test_boundaries(void)
{
	const int64_t apart[] = {0, 10};
	const int64_t ties[] = {5, 5, 5};
	WindowCriterion criterion = {.threshold = 2, .width = 10};
	int64_t met_at;

	MUST(window_peak(apart, 2, &criterion).contacts == 1);
	MUST(!window_first_met(apart, 2, &criterion, &met_at));
	criterion.width = 11;
	MUST(window_peak(apart, 2, &criterion).contacts == 2);
	MUST(window_first_met(apart, 2, &criterion, &met_at) && met_at == 10);
	criterion.width = 1;
	MUST(window_peak(ties, 3, &criterion).contacts == 3);
	MUST(window_first_met(ties, 3, &criterion, &met_at) && met_at == 5);
	MUST(window_tie_end(ties, 3, 0) == 2);
	MUST(window_peak(NULL, 0, &criterion).contacts == 0);
}

/* All 64 criteria at once: the last bit, too. */
static void
test_many_criteria(void)
{
	const int64_t times[] = {1, 2, 3};
	WindowCriterion criteria[WINDOW_MAX_CRITERIA];
	WindowScan scan;
	WindowEpisode episode;

	memset(criteria, 0, sizeof(criteria));
	for (int k = 0; k < WINDOW_MAX_CRITERIA; k++)
	{
		criteria[k].threshold = k < 60 ? 4 : 3;
		criteria[k].width = 10;
	}
	window_scan_begin(&scan, times, 3, criteria, WINDOW_MAX_CRITERIA);
	MUST(window_scan_next(&scan, &episode));
	MUST(episode.criteria == UINT64_C(0xf000000000000000) && episode.met_at == 3 && episode.contacts == 3);
	MUST(!window_scan_next(&scan, &episode));
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

/* Long scans pause, for each criterion, and can be left there. */
static void
test_pauses(void)
{
	static int64_t times[LONG_SCAN];
	WindowCriterion criteria[2] = {
		{.threshold = LONG_SCAN + 1, .width = 50, .pause = on_pause},
		{.threshold = LONG_SCAN + 1, .period = plain_period, .pause = on_pause}};
	WindowEpisode episode;
	WindowScan scan;
	int64_t met_at;

	for (int i = 0; i < LONG_SCAN; i++)
		times[i] = i;
	for (int k = 0; k < 2; k++)
	{
		pauses = 0;
		MUST(window_peak(times, LONG_SCAN, &criteria[k]).contacts == (k == 0 ? 50 : 10));
		MUST(pauses == LONG_SCAN / 65536);
		criteria[k].threshold = 60;
		MUST(!window_first_met(times, LONG_SCAN, &criteria[k], &met_at));
		MUST(pauses == 2 * (LONG_SCAN / 65536));
	}
	pauses = 0;
	window_scan_begin(&scan, times, LONG_SCAN, criteria, 2);
	MUST(!window_scan_next(&scan, &episode));
	MUST(pauses == 2 * (LONG_SCAN / 65536));
	criteria[1].pause = on_pause_leave;
	if (setjmp(left) == 0)
	{
		window_peak(times, LONG_SCAN, &criteria[1]);
		abort();
	}
}

int
main(void)
{
	test_pauses();
	test_random();
	test_limits();
	test_boundaries();
	test_many_criteria();
	return 0;
}
