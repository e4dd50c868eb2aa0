/*-------------------------------------------------------------------------
 * threshold_grid.h
 *	  The episodes of a rolling window under many thresholds, in one scan.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * An episode is what window.h defines: a maximal run of contacts at each of
 * which the window has at least the threshold.
 *-------------------------------------------------------------------------
 */
#ifndef THRESHOLD_GRID_H
#define THRESHOLD_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* One episode of one threshold. */
typedef struct GridEpisode
{
	int64_t threshold;
	int64_t number; /* among those of its threshold, from 1 */
	int64_t met_at; /* first meeting contact */
	int64_t ended_at; /* last meeting contact */
} GridEpisode;

/* What is known of one threshold: its episodes so far, and the open one. */
typedef struct GridLevel
{
	int64_t number;
	int64_t met_at;
} GridLevel;

/*
 * A threshold is met wherever a higher one is, so the open episodes are those
 * of the lowest thresholds up to one of them: a stack.
 */
typedef struct ThresholdGrid
{
	const Host *host;
	const int64_t *times; /* sorted */
	size_t n;
	int64_t from_at; /* only contacts in [from_at, to_at) meet */
	int64_t to_at;
	size_t lowest; /* threshold of the first level */
	size_t num_levels; /* those that n contacts can reach */
	GridLevel *levels;
	uint64_t width; /* of the scan, microseconds */
	size_t low; /* first contact in the window */
	size_t next; /* first contact not yet looked at */
	size_t next_pause; /* the contact at which to pause */
	size_t seen; /* levels that had an episode in this scan */
	size_t open; /* levels whose episode is open */
	size_t held; /* levels that the latest instant meets */
	int64_t at; /* the latest instant */
	int64_t before; /* the one before it */
} ThresholdGrid;

extern void threshold_grid_begin(ThresholdGrid *grid, const Host *host,
								 const int64_t *times, size_t n,
								 int64_t lowest, int64_t highest);
extern void threshold_grid_scan(ThresholdGrid *grid, uint64_t width);
extern bool threshold_grid_next(ThresholdGrid *grid, GridEpisode *episode);
extern void threshold_grid_end(ThresholdGrid *grid);

#endif /* THRESHOLD_GRID_H */
