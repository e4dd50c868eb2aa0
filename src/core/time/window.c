/*-------------------------------------------------------------------------
 * window.c
 *	  Rolling windows and calendar periods over sorted instants.
 *
 * Every scan looks at each contact once and moves each window's lower edge
 * forward only, so its cost is linear in contacts times criteria.  Differences
 * of instants are taken unsigned: they may exceed int64.
 *-------------------------------------------------------------------------
 */
#include "core/time/window.h"

/* Contacts from one pause to the next. */
#define PAUSE_CONTACTS 65536

/* An edge as it is before the first contact. */
#define FIRST_EDGE ((WindowEdge){0, 0, PAUSE_CONTACTS})

/*
 * window_tie_end
 *		The last contact at the same instant as contact i.
 */
size_t
window_tie_end(const int64_t *times, size_t n, size_t i)
{
	while (i + 1 < n && times[i + 1] == times[i])
		i++;
	return i;
}

/*
 * Move the window's lower edge up for an upper end at contact i.  A period
 * number that falls, because clocks went back over midnight, counts as the one
 * before: a day that has begun does not end twice.
 */
static void
advance(WindowEdge *edge, const WindowCriterion *criterion,
		const int64_t *times, size_t i)
{
	if (i >= edge->next_pause)
	{
		edge->next_pause = i + PAUSE_CONTACTS;
		if (criterion->pause != NULL)
			criterion->pause();
	}
	if (criterion->period != NULL)
	{
		int64_t period = criterion->period(criterion->period_arg, times[i]);

		if (i == 0 || period > edge->current)
		{
			edge->current = period;
			edge->low = i;
		}
		return;
	}
	while ((uint64_t) times[i] - (uint64_t) times[edge->low] >= criterion->width)
		edge->low++;
}

/*
 * window_peak
 *		The fullest window of n > 0 contacts.
 */
WindowPeak
window_peak(const int64_t *times, size_t n, const WindowCriterion *criterion)
{
	WindowEdge edge = FIRST_EDGE;
	WindowPeak peak = {0, 0, 0};
	size_t end;

	for (size_t i = 0; i < n; i = end + 1)
	{
		end = window_tie_end(times, n, i);
		advance(&edge, criterion, times, i);
		if ((int64_t) (end - edge.low + 1) > peak.contacts)
		{
			peak.contacts = (int64_t) (end - edge.low + 1);
			peak.started_at = times[edge.low];
			peak.ended_at = times[end];
		}
	}
	return peak;
}

/*
 * window_first_met
 *		Is the criterion ever met, and at which contact first?  A rolling window
 *		needs only the contact that lies threshold - 1 before.
 */
bool
window_first_met(const int64_t *times, size_t n,
				 const WindowCriterion *criterion, int64_t *met_at)
{
	size_t before = (size_t) criterion->threshold - 1;
	WindowEdge edge = FIRST_EDGE;

	if (n <= before)
		return false;
	if (criterion->period == NULL)
	{
		for (size_t i = before; i < n; i++)
		{
			if ((uint64_t) times[i] - (uint64_t) times[i - before] < criterion->width)
			{
				*met_at = times[i];
				return true;
			}
			if ((i + 1) % PAUSE_CONTACTS == 0 && criterion->pause != NULL)
				criterion->pause();
		}
		return false;
	}
	for (size_t i = 0; i < n; i++)
	{
		advance(&edge, criterion, times, i);
		if (i - edge.low >= before)
		{
			*met_at = times[i];
			return true;
		}
	}
	return false;
}

/*
 * window_scan_begin
 *		Prepare to walk through the episodes of n contacts under up to
 *		WINDOW_MAX_CRITERIA criteria.  The caller may narrow from_at and to_at
 *		before the first step.
 */
void
window_scan_begin(WindowScan *scan, const int64_t *times, size_t n,
				  const WindowCriterion *criteria, int num_criteria)
{
	scan->times = times;
	scan->n = n;
	scan->criteria = criteria;
	scan->num_criteria = num_criteria;
	scan->from_at = INT64_MIN;
	scan->to_at = INT64_MAX;
	scan->next = 0;
	for (int c = 0; c < num_criteria; c++)
		scan->edges[c] = FIRST_EDGE;
}

/*
 * Which criteria are met at the contacts i to end, which are ties?  Sets the
 * first contact of the widest window that meets its criterion and the count of
 * the fullest.
 */
static uint64_t
criteria_met(WindowScan *scan, size_t i, size_t end, size_t *low, int64_t *most)
{
	uint64_t met = 0;

	*low = end;
	*most = 0;
	for (int c = 0; c < scan->num_criteria; c++)
	{
		WindowEdge *edge = &scan->edges[c];
		int64_t contacts;

		advance(edge, &scan->criteria[c], scan->times, i);
		contacts = (int64_t) (end - edge->low + 1);
		if (contacts < scan->criteria[c].threshold)
			continue;
		met |= UINT64_C(1) << c;
		if (edge->low < *low)
			*low = edge->low;
		if (contacts > *most)
			*most = contacts;
	}
	if (scan->times[i] < scan->from_at || scan->times[i] >= scan->to_at)
		return 0;
	return met;
}

/*
 * window_scan_next
 *		Find the next episode; false after the last.
 */
bool
window_scan_next(WindowScan *scan, WindowEpisode *episode)
{
	bool open = false;
	size_t first = 0;
	size_t end;

	for (size_t i = scan->next; i < scan->n; i = end + 1)
	{
		size_t low;
		int64_t most;
		uint64_t met;

		end = window_tie_end(scan->times, scan->n, i);
		met = criteria_met(scan, i, end, &low, &most);
		scan->next = end + 1;
		if (met == 0 && open)
			return true;
		if (met == 0)
			continue;
		if (!open)
		{
			open = true;
			first = low;
			episode->started_at = scan->times[low];
			episode->met_at = scan->times[i];
			episode->peak = 0;
			episode->criteria = 0;
		}
		episode->ended_at = scan->times[end];
		episode->contacts = (int64_t) (end - first + 1);
		episode->criteria |= met;
		if (most > episode->peak)
			episode->peak = most;
	}
	return open;
}
