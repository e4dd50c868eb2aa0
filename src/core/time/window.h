/*-------------------------------------------------------------------------
 * window.h
 *	  Scans of sorted instants by rolling windows and calendar periods.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * A rolling window is half-open: at an instant t it holds the contacts in (t -
 * width, t].  A period has those from its start up to t.  Contacts at the same
 * instant count for each other either way.
 *-------------------------------------------------------------------------
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A criterion is identified by its place in an array, and by a bit in a mask. */
#define WINDOW_MAX_CRITERIA 64

/*
 * Which calendar period an instant lies in: a number that grows with time.
 * NULL stands for a rolling window.
 */
typedef int64_t (*WindowPeriod)(void *arg, int64_t at);

/* Called every few thousand contacts; it may leave the scan for good. */
typedef void (*WindowPause)(void);

typedef struct WindowCriterion
{
	int64_t threshold; /* contacts needed, at least 1 */
	uint64_t width; /* microseconds, for a rolling window */
	WindowPeriod period;
	void *period_arg;
	WindowPause pause; /* or NULL */
} WindowCriterion;

/* The fullest window; the earliest where several are equally full. */
typedef struct WindowPeak
{
	int64_t contacts;
	int64_t started_at; /* first contact in it */
	int64_t ended_at; /* last contact in it */
} WindowPeak;

/*
 * A maximal run of contacts at each of which some criterion is met.  It starts
 * with the first contact inside a window of its first meeting contact.
 */
typedef struct WindowEpisode
{
	int64_t started_at;
	int64_t met_at; /* first meeting contact */
	int64_t ended_at; /* last meeting contact */
	int64_t contacts; /* from started_at to ended_at */
	int64_t peak; /* fullest window that met its criterion */
	uint64_t criteria; /* bits of the criteria met */
} WindowEpisode;

/* The lower edge of one criterion's window, moved along by the scan. */
typedef struct WindowEdge
{
	size_t low; /* first contact in the window */
	int64_t current; /* the period it belongs to */
	size_t next_pause; /* the contact at which to pause */
} WindowEdge;

typedef struct WindowScan
{
	const int64_t *times; /* sorted */
	size_t n;
	const WindowCriterion *criteria;
	int num_criteria;
	int64_t from_at; /* only contacts in [from_at, to_at) meet */
	int64_t to_at;
	size_t next; /* first contact not yet looked at */
	WindowEdge edges[WINDOW_MAX_CRITERIA];
} WindowScan;

extern void window_scan_begin(WindowScan *scan, const int64_t *times, size_t n,
							  const WindowCriterion *criteria, int num_criteria);
extern bool window_scan_next(WindowScan *scan, WindowEpisode *episode);
extern WindowPeak window_peak(const int64_t *times, size_t n,
							  const WindowCriterion *criterion);
extern bool window_first_met(const int64_t *times, size_t n,
							 const WindowCriterion *criterion, int64_t *met_at);
extern size_t window_tie_end(const int64_t *times, size_t n, size_t i);

#endif /* WINDOW_H */
