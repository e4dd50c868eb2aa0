/*-------------------------------------------------------------------------
 * test_prediction.c
 *	  Tables of outcomes, and how good predictions were, against counting every
 *	  pair and adding up tails of the binomial distribution.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/stats/prediction.h"
#include "core/stats/specfun.h"
#include "unit_host.h"

#define MAX_ROWS 400

typedef struct Row
{
	double value;
	bool happened;
} Row;

static Row rows[MAX_ROWS];
static size_t nrows;

static void
release(Outcomes *outcomes)
{
	if (outcomes->max_rows > 0)
	{
		host.release(outcomes->values);
		host.release(outcomes->counts);
		host.release(outcomes->slots);
	}
	MUST(in_use == 0);
}

/* All rows, from one of them on and around. */
static Outcomes
gather(size_t start)
{
	Outcomes outcomes = {.ncolumns = 1};

	for (size_t i = 0; i < nrows; i++)
	{
		const Row *row = &rows[(start + i) % nrows];

		outcomes_add(&host, &outcomes, &row->value, &(OutcomeCounts){1, row->happened});
	}
	return outcomes;
}

static int
compare_rows(const void *a, const void *b)
{
	double x = ((const Row *) a)->value;
	double y = ((const Row *) b)->value;

	return (x > y) - (x < y);
}

/* Predictions on a grid of that many steps, some of them certain. */
static void
draw(uint64_t steps)
{
	nrows = 1 + unit_below(MAX_ROWS);
	for (size_t i = 0; i < nrows; i++)
	{
		rows[i].value = (double) unit_below(steps + 1) / (double) steps;
		rows[i].happened = (double) unit_below(1000) < 1000 * rows[i].value;
		if (unit_below(10) == 0 && rows[i].value > 0 && rows[i].value < 1)
			rows[i].happened = !rows[i].happened;
	}
}

static bool
near(double a, double b)
{
	return a == b || fabs(a - b) < 1e-12 * (1 + fabs(b));
}

static void
test_quality(void)
{
	for (int round = 0; round < 200; round++)
	{
		PredictionQuality quality;
		PredictionQuality turned;
		Outcomes outcomes;
		long double brier = 0;
		long double loss = 0;
		long double won = 0;
		double pairs = 0;
		int64_t events = 0;

		draw((uint64_t[]){1, 4, 37, 1000000}[round % 4]);
		outcomes = gather(0);
		prediction_quality(&host, &outcomes, &quality);
		release(&outcomes);
		outcomes = gather(nrows / 3);
		prediction_quality(&host, &outcomes, &turned);
		release(&outcomes);
		for (size_t i = 0; i < nrows; i++)
		{
			long double right = rows[i].happened ? rows[i].value : 1 - rows[i].value;

			brier += (1 - right) * (1 - right);
			loss -= logl(right);
			events += rows[i].happened;
			for (size_t j = 0; j < nrows; j++)
				if (rows[i].happened && !rows[j].happened)
				{
					pairs++;
					won += rows[i].value > rows[j].value ? 1 : rows[i].value == rows[j].value ? 0.5 :
																								0;
				}
		}
		MUST(quality.predictions == (int64_t) nrows && quality.events == events);
		MUST(near(quality.brier, (double) (brier / nrows)) && near(quality.log_loss, (double) (loss / nrows)));
		MUST(near(quality.brier_reference, (double) events / nrows * (1 - (double) events / nrows)));
		if (pairs == 0)
			MUST(isnan(quality.auc) && isnan(quality.skill));
		else
			MUST(near(quality.auc, (double) (won / pairs)) && near(quality.skill, 1 - quality.brier / quality.brier_reference));
		MUST(pairs == 0 || memcmp(&quality, &turned, sizeof(quality)) == 0);
	}
}

/* P(X <= k) of a binomial distribution. */
static double
at_most(int64_t k, int64_t n, double p)
{
	double sum = 0;

	for (int64_t i = 0; i <= k; i++)
		sum += specfun_binomial((double) i, (double) n, p);
	return sum;
}

static void
check_bin(const ReliabilityBin *bin, const Row *first)
{
	double sum = 0;
	int64_t events = 0;

	for (int64_t i = 0; i < bin->predictions; i++)
	{
		sum += first[i].value;
		events += first[i].happened;
	}
	MUST(bin->events == events && near(bin->mean_predicted, sum / (double) bin->predictions));
	MUST(bin->share == (double) events / (double) bin->predictions);
	MUST(events == 0 ? bin->lower == 0 : fabs(1 - at_most(events - 1, bin->predictions, bin->lower) - 0.025) < 1e-10);
	MUST(events == bin->predictions ? bin->upper == 1 : fabs(at_most(events, bin->predictions, bin->upper) - 0.025) < 1e-10);
	MUST(bin->within == (bin->mean_predicted >= bin->lower && bin->mean_predicted <= bin->upper));
}

static void
test_reliability(void)
{
	for (int round = 0; round < 200; round++)
	{
		int nbins = 1 + (int) unit_below(12);
		ReliabilityBin bins[12];
		ReliabilityBin turned[12];
		Outcomes outcomes;
		int n;
		size_t start = 0;

		draw((uint64_t[]){1, 4, 37, UINT64_C(1) << 50}[round % 4]);
		outcomes = gather(nrows / 2);
		n = prediction_reliability(&host, &outcomes, nbins, bins);
		release(&outcomes);
		outcomes = gather(0);
		MUST(prediction_reliability(&host, &outcomes, nbins, turned) == n);
		for (int b = 0; b < n; b++)
			MUST(bins[b].mean_predicted == turned[b].mean_predicted && bins[b].events == turned[b].events);
		qsort(rows, nrows, sizeof(Row), compare_rows);
		for (int b = 0; b < n; b++)
		{
			check_bin(&bins[b], rows + start);
			start += (size_t) bins[b].predictions;
			MUST(start == nrows || rows[start - 1].value < rows[start].value); /* none is split */
			/* one size, where all predictions differ */
			if (outcomes.nrows == nrows)
				MUST(llabs((int64_t) (nrows * (size_t) (b + 1)) - (int64_t) start * nbins) <= nbins || n < nbins);
		}
		MUST(start == nrows);
		MUST(n == nbins || outcomes.nrows < nrows || nrows < (size_t) nbins);
		release(&outcomes);
	}
}

/* By lot among equal scores: the n-th place goes to each of them alike. */
static void
test_top_share(void)
{
	for (int round = 0; round < 300; round++)
	{
		int64_t n = 1 + (int64_t) unit_below(MAX_ROWS);
		Outcomes outcomes;
		double hits = 0;
		int64_t places;

		draw((uint64_t[]){1, 4, 37, 1000000}[round % 4]);
		for (size_t i = 0; i < nrows; i++)
			rows[i].value = rows[i].value * 20 - 10 + 0.0;
		places = n < (int64_t) nrows ? n : (int64_t) nrows;
		for (size_t i = 0; i < nrows; i++)
		{
			double above = 0;
			double same = 0;

			for (size_t j = 0; j < nrows; j++)
			{
				above += rows[j].value > rows[i].value;
				same += rows[j].value == rows[i].value;
			}
			if (rows[i].happened)
				hits += fmin(fmax((double) places - above, 0), same) / same;
		}
		outcomes = gather(0);
		MUST(near(prediction_top_share(&host, &outcomes, n), hits / (double) places));
		release(&outcomes);
	}
}

static double
double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Rows made so that all have one hash: found nevertheless, and in one order. */
static void
test_equal_hashes(void)
{
	const uint64_t start = UINT64_C(0x9e3779b97f4a7c15);
	double values[60][2];
	size_t order[60];

	for (size_t i = 0; i < 60;)
	{
		uint64_t a = unit_random();
		uint64_t b = spread_bits(start ^ a) ^ UINT64_C(0x123456789abcdef);

		values[i][0] = double_of(a);
		values[i][1] = double_of(b);
		if (isfinite(values[i][0]) && isfinite(values[i][1]))
			i++;
	}
	for (int pass = 0; pass < 2; pass++)
	{
		Outcomes outcomes = {.ncolumns = 2};
		SortContact *sorted;

		for (int twice = 0; twice < 2; twice++)
			for (size_t i = 0; i < 60; i++)
				outcomes_add(&host, &outcomes, values[pass == 0 ? i : (i * 7 + 3) % 60], &(OutcomeCounts){1, twice});
		MUST(outcomes.nrows == 60);
		sorted = outcomes_canonical(&host, &outcomes);
		for (size_t i = 0; i < 60; i++)
		{
			size_t place = (size_t) sorted[i].at;
			size_t row = pass == 0 ? place : (place * 7 + 3) % 60;

			MUST(sorted[i].key == sorted[0].key);
			MUST(outcomes.counts[place].observations == 2 && outcomes.counts[place].events == 1);
			MUST(pass == 0 || order[i] == row);
			order[i] = row;
		}
		host.release(sorted);
		release(&outcomes);
	}
}

/* Any numbers come out ascending. */
static void
test_ascending(void)
{
	Outcomes outcomes = {.ncolumns = 1};
	SortContact *sorted;

	for (int i = 0; i < 5000; i++)
	{
		double value = i % 2 ? double_of(unit_random()) : (double) unit_below(50) - 25 + 0.0;

		if (isfinite(value))
			outcomes_add(&host, &outcomes, &value, &(OutcomeCounts){1, 0});
	}
	MUST(outcomes.nrows > 2000);
	sorted = outcomes_ascending(&host, &outcomes);
	for (size_t i = 1; i < outcomes.nrows; i++)
		MUST(outcomes.values[sorted[i - 1].at] < outcomes.values[sorted[i].at]);
	host.release(sorted);
	release(&outcomes);
}

int
main(void)
{
	test_quality();
	test_reliability();
	test_top_share();
	test_equal_hashes();
	test_ascending();
	return 0;
}
