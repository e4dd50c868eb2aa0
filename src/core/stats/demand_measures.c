/*-------------------------------------------------------------------------
 * demand_measures.c
 *	  What a caller's contacts say about future ones.
 *-------------------------------------------------------------------------
 */
#include "core/stats/demand_measures.h"

#include <math.h>

#define DAY 86400e6

/* Half-lives of the decayed counts and of having met a criterion, in days. */
#define RECENT_HALF_LIFE 7.0
#define USUAL_HALF_LIFE 56.0
#define MET_HALF_LIFE 28.0

/* Twice the threshold is as near as one can be. */
#define NEAREST 2.0

static double
age_in_days(int64_t as_of, int64_t at)
{
	return (double) ((uint64_t) as_of - (uint64_t) at) / DAY;
}

/* The sum of 2 ^ -(age / half-life) over n contacts, none of which is later. */
static double
decayed(const int64_t *times, size_t n, int64_t as_of, double half_life)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp2(-age_in_days(as_of, times[i]) / half_life);
	return sum;
}

/* The contacts within the last horizon before as_of. */
static double
latest(const int64_t *times, size_t n, const MeasureSettings *settings)
{
	size_t low = n;

	while (low > 0 && age_in_days(settings->as_of, times[low - 1]) < settings->horizon)
		low--;
	return (double) (n - low);
}

/* The contacts in a criterion's window that ends at as_of. */
static size_t
contacts_in_window(const int64_t *times, size_t n, const WindowCriterion *criterion, int64_t as_of)
{
	size_t low = n;

	if (criterion->period == NULL)
	{
		while (low > 0 && (uint64_t) as_of - (uint64_t) times[low - 1] < criterion->width)
			low--;
	}
	else
	{
		int64_t now = criterion->period(criterion->period_arg, as_of);

		while (low > 0 && criterion->period(criterion->period_arg, times[low - 1]) >= now)
			low--;
	}
	return n - low;
}

/* The largest share of a criterion's threshold that is reached now. */
static double
nearness(const int64_t *times, size_t n, const MeasureSettings *settings)
{
	double nearest = 0;

	for (int c = 0; c < settings->num_criteria; c++)
	{
		const WindowCriterion *criterion = &settings->criteria[c];
		double share = (double) contacts_in_window(times, n, criterion, settings->as_of) /
					   (double) criterion->threshold;

		if (share > nearest)
			nearest = share;
	}
	return nearest < NEAREST ? nearest : NEAREST;
}

/* The largest share of a criterion's threshold that was ever reached. */
static double
highest(const int64_t *times, size_t n, const MeasureSettings *settings)
{
	double highest = 0;

	for (int c = 0; c < settings->num_criteria; c++)
	{
		const WindowCriterion *criterion = &settings->criteria[c];
		double share = (double) window_peak(times, n, criterion).contacts / (double) criterion->threshold;

		if (share > highest)
			highest = share;
	}
	return highest < NEAREST ? highest : NEAREST;
}

/* How recently a criterion was met. */
static double
lately_met(const int64_t *times, size_t n, const MeasureSettings *settings)
{
	WindowScan scan;
	WindowEpisode episode;
	double met = 0;

	if (settings->num_criteria == 0)
		return 0;
	window_scan_begin(&scan, times, n, settings->criteria, settings->num_criteria);
	while (window_scan_next(&scan, &episode))
		met = exp2(-age_in_days(settings->as_of, episode.ended_at) / MET_HALF_LIFE);
	return met;
}

/* The contacts up to as_of. */
static size_t
known_contacts(const int64_t *times, size_t n, int64_t as_of)
{
	while (n > 0 && times[n - 1] > as_of)
		n--;
	return n;
}

/*
 * demand_measure
 *		All measures of a caller with these contacts, sorted.  Without a contact
 *		up to as_of there is nothing to expect.
 */
void
demand_measure(const int64_t *times, size_t n, const MeasureSettings *settings,
			   DemandMeasures *measures)
{
	int64_t as_of = settings->as_of;

	n = known_contacts(times, n, as_of);
	measures->expected_contacts = NAN;
	measures->probability_active = NAN;
	if (settings->model != NULL && n > 0)
	{
		DemandSummary summary;

		if (!demand_summarise(times, n, as_of, settings->model->occasion, &summary))
			return;
		measures->expected_contacts = demand_expected_contacts(settings->model, &summary, settings->horizon);
		measures->probability_active = demand_probability_active(settings->model, &summary);
	}
	measures->value[MEASURE_BASE] = 1;
	measures->value[MEASURE_LATEST] = log1p(latest(times, n, settings));
	measures->value[MEASURE_RECENT] = log1p(decayed(times, n, as_of, RECENT_HALF_LIFE));
	measures->value[MEASURE_USUAL] = log1p(decayed(times, n, as_of, USUAL_HALF_LIFE));
	measures->value[MEASURE_EXPECTED] = log1p(measures->expected_contacts);
	measures->value[MEASURE_NEARNESS] = nearness(times, n, settings);
	measures->value[MEASURE_PEAK] = highest(times, n, settings);
	measures->value[MEASURE_MET] = lately_met(times, n, settings);
	measures->value[MEASURE_ACTIVE] = measures->probability_active;
}
