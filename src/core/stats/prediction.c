/*-------------------------------------------------------------------------
 * prediction.c
 *	  How good predictions were, from what was predicted and what happened.
 *
 * All is computed from distinct predictions in ascending order, so the order
 * in which they came changes no bit.
 *-------------------------------------------------------------------------
 */
#include "core/stats/prediction.h"

#include <math.h>

#include "core/stats/specfun.h"

/* Counts times counts. */
typedef unsigned __int128 Product;

#define LEVEL_TAIL 0.025 /* outside either bound of a 95 % interval */

/* If something never happened, its probability does not matter, even if it is 0. */
static double
times_log(int64_t n, double log_value)
{
	return n == 0 ? 0 : (double) n * log_value;
}

void
prediction_quality(const Host *host, const Outcomes *outcomes, PredictionQuality *quality)
{
	SortContact *order = outcomes_ascending(host, outcomes);
	double predicted = 0;
	double squares = 0;
	double logs = 0;
	double base;
	int64_t others = 0; /* without the event, so far */
	Product twice_won = 0; /* pairs of an event and a row without one: 2 if the event is ranked higher, 1 if equal */
	Product pairs;

	*quality = (PredictionQuality){0};
	for (size_t i = 0; i < outcomes->nrows; i++)
	{
		double p = outcomes->values[order[i].at];
		OutcomeCounts counts = outcomes->counts[order[i].at];
		int64_t misses = counts.observations - counts.events;

		predicted += (double) counts.observations * p;
		squares += (double) counts.events * (1 - p) * (1 - p) + (double) misses * p * p;
		logs += times_log(counts.events, log(p)) + times_log(misses, log1p(-p));
		twice_won += (Product) counts.events * (2 * (Product) others + (Product) misses);
		others += misses;
		quality->predictions += counts.observations;
		quality->events += counts.events;
	}
	host->release(order);
	base = (double) quality->events / (double) quality->predictions;
	pairs = (Product) quality->events * (Product) others;
	quality->mean_predicted = predicted / (double) quality->predictions;
	quality->brier = squares / (double) quality->predictions;
	quality->brier_reference = base * (1 - base);
	quality->log_loss = logs == 0 ? 0 : -logs / (double) quality->predictions;
	quality->skill = quality->auc = NAN;
	if (pairs > 0)
	{
		quality->skill = 1 - quality->brier / quality->brier_reference;
		quality->auc = (double) twice_won / (2 * (double) pairs);
	}
}

/* Complete a bin once it has all its predictions. */
static void
finish_bin(ReliabilityBin *bin, double predicted)
{
	double n = (double) bin->predictions;
	double k = (double) bin->events;

	bin->mean_predicted = predicted / n;
	bin->share = k / n;
	bin->lower = k == 0 ? 0 : specfun_beta_lower_inverse(k, n - k + 1, LEVEL_TAIL);
	bin->upper = k == n ? 1 : specfun_beta_upper_inverse(k + 1, n - k, LEVEL_TAIL);
	bin->within = bin->mean_predicted >= bin->lower && bin->mean_predicted <= bin->upper;
}

/*
 * prediction_reliability
 *		All predictions in order are cut into bins of equal size; equal
 *		predictions go into the bin of the middle one.  Returns the number of
 *		bins that have any.
 */
int
prediction_reliability(const Host *host, const Outcomes *outcomes, int nbins, ReliabilityBin *bins)
{
	SortContact *order = outcomes_ascending(host, outcomes);
	int64_t before = 0;
	int64_t all = 0;
	int64_t last = -1;
	int n = 0;
	double predicted = 0;

	for (size_t i = 0; i < outcomes->nrows; i++)
		all += outcomes->counts[i].observations;
	for (size_t i = 0; i < outcomes->nrows; i++)
	{
		OutcomeCounts counts = outcomes->counts[order[i].at];
		Product middle = 2 * (Product) before + (Product) counts.observations;
		int64_t place = (int64_t) (middle * (Product) nbins / (2 * (Product) all));

		if (place != last)
		{
			if (n > 0)
				finish_bin(&bins[n - 1], predicted);
			bins[n++] = (ReliabilityBin){0};
			predicted = 0;
			last = place;
		}
		bins[n - 1].predictions += counts.observations;
		bins[n - 1].events += counts.events;
		predicted += (double) counts.observations * outcomes->values[order[i].at];
		before += counts.observations;
	}
	if (n > 0)
		finish_bin(&bins[n - 1], predicted);
	host->release(order);
	return n;
}

/*
 * prediction_top_share
 *		If only some of several equal scores can be among the highest, each is
 *		with the same probability: the result is the expected share.
 */
double
prediction_top_share(const Host *host, const Outcomes *outcomes, int64_t n)
{
	SortContact *order = outcomes_ascending(host, outcomes);
	int64_t taken = 0;
	double events = 0;

	for (size_t i = outcomes->nrows; i-- > 0 && taken < n;)
	{
		OutcomeCounts counts = outcomes->counts[order[i].at];
		int64_t some = counts.observations < n - taken ? counts.observations : n - taken;

		events += (double) counts.events * ((double) some / (double) counts.observations);
		taken += some;
	}
	host->release(order);
	return events / (double) taken;
}
