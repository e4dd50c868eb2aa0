/*-------------------------------------------------------------------------
 * threshold_grid.c
 *	  The episodes of a rolling window under many thresholds, in one scan.
 *
 * When the count of the window rises from c to d, episodes of the thresholds c
 * + 1 to d begin; when it falls back, they end.  The count rises by no more
 * than the contacts that enter, so a scan finds at most as many episodes as
 * there are contacts, and takes time linear in these.
 *-------------------------------------------------------------------------
 */
#include "core/time/threshold_grid.h"
#include "core/time/window.h"

/* Contacts from one pause to the next. */
#define PAUSE_CONTACTS 65536

/*
 * threshold_grid_begin
 *		Get ready for scans of n contacts under the thresholds from lowest, at
 *		least 1, to highest.  The caller may narrow from_at and to_at before
 *		the first scan.
 */
void
threshold_grid_begin(ThresholdGrid *grid, const Host *host, const int64_t *times, size_t n,
					 int64_t lowest, int64_t highest)
{
	size_t reachable = (uint64_t) highest < n ? (size_t) highest : n;

	grid->host = host;
	grid->times = times;
	grid->n = n;
	grid->from_at = INT64_MIN;
	grid->to_at = INT64_MAX;
	grid->lowest = (size_t) lowest;
	grid->num_levels = reachable < grid->lowest ? 0 : reachable - grid->lowest + 1;
	grid->levels = host->alloc((grid->num_levels + 1) * sizeof(GridLevel));
	threshold_grid_scan(grid, 1);
}

/*
 * threshold_grid_scan
 *		Start again with a window of that width, more than 0.
 */
void
threshold_grid_scan(ThresholdGrid *grid, uint64_t width)
{
	grid->width = width;
	grid->low = 0;
	grid->next = grid->num_levels == 0 ? grid->n : 0;
	grid->next_pause = PAUSE_CONTACTS;
	grid->seen = 0;
	grid->open = 0;
	grid->held = 0;
	grid->at = 0;
	grid->before = 0;
}

/* How many of the levels does a window of that many contacts meet? */
static size_t
levels_met(const ThresholdGrid *grid, size_t contacts)
{
	if (contacts < grid->lowest)
		return 0;
	contacts -= grid->lowest - 1;
	return contacts < grid->num_levels ? contacts : grid->num_levels;
}

/* Begin an episode of the lowest level that has none open. */
static void
open_level(ThresholdGrid *grid)
{
	GridLevel *level = &grid->levels[grid->open++];

	if (grid->open > grid->seen)
	{
		grid->seen = grid->open;
		level->number = 0;
	}
	level->number++;
	level->met_at = grid->at;
}

/*
 * Move to the next instant with contacts, all of its ties at once.  After the
 * last one that may meet anything, all episodes end; false if none was open
 * either.
 */
static bool
next_instant(ThresholdGrid *grid)
{
	size_t end;

	grid->before = grid->at;
	if (grid->next == grid->n || grid->times[grid->next] >= grid->to_at)
	{
		grid->held = 0;
		return grid->open > 0;
	}
	if (grid->next >= grid->next_pause)
	{
		grid->next_pause = grid->next + PAUSE_CONTACTS;
		grid->host->pause();
	}
	grid->at = grid->times[grid->next];
	end = window_tie_end(grid->times, grid->n, grid->next);
	grid->next = end + 1;
	while ((uint64_t) grid->at - (uint64_t) grid->times[grid->low] >= grid->width)
		grid->low++;
	grid->held = grid->at < grid->from_at ? 0 : levels_met(grid, end - grid->low + 1);
	while (grid->open < grid->held)
		open_level(grid);
	return true;
}

/*
 * threshold_grid_next
 *		Find the next episode in order of their ends; if some end together, the
 *		highest threshold comes first.  False after the last.
 */
bool
threshold_grid_next(ThresholdGrid *grid, GridEpisode *episode)
{
	const GridLevel *level;

	while (grid->open <= grid->held)
		if (!next_instant(grid))
			return false;
	level = &grid->levels[--grid->open];
	episode->threshold = (int64_t) (grid->lowest + grid->open);
	episode->number = level->number;
	episode->met_at = level->met_at;
	episode->ended_at = grid->before;
	return true;
}

/*
 * threshold_grid_end
 *		Free the memory.
 */
void
threshold_grid_end(ThresholdGrid *grid)
{
	grid->host->release(grid->levels);
	grid->levels = NULL;
}
