/*-------------------------------------------------------------------------
 * statistics.c
 *	  Counts and rates: intervals, comparisons, dispersion, false discoveries.
 *
 * Nothing here loops over a count: tails are incomplete gamma and beta
 * functions, and counts as unlikely as the observed one are found by
 * bisection.
 *-------------------------------------------------------------------------
 */
#include "core/stats/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "core/stats/specfun.h"

/* Probabilities up to this much above the observed one count as equal to it, as in R. */
#define TIE (1 + 1e-7)

/* The E-test leaves out terms less likely than this. */
#define NEGLIGIBLE 1e-18

/* Steps from one pause to the next. */
#define PAUSE_STEPS 1024

/*
 * poisson_interval
 *		Garwood's exact limits for the mean, of n events; n need not be whole.
 */
StatisticsInterval
poisson_interval(double n, double level)
{
	double tail = (1 - level) / 2;
	StatisticsInterval interval;

	interval.lower = n > 0 ? specfun_gamma_lower_inverse(n, tail) : 0;
	interval.upper = specfun_gamma_upper_inverse(n + 1, tail);
	return interval;
}

/* P(X <= k) and P(X >= k) of n trials. */
static double
binomial_at_most(double k, double n, double p)
{
	if (k < 0 || k >= n)
		return k >= n;
	return specfun_beta_upper(k + 1, n - k, p);
}

static double
binomial_at_least(double k, double n, double p)
{
	if (k <= 0 || k > n)
		return k <= 0;
	return specfun_beta_lower(k, n - k + 1, p);
}

/*
 * The greatest k in [low, high] that is no likelier than the limit, where
 * likelihood rises; low - 1 if there is none.
 */
static double
last_unlikely_rising(double low, double high, double n, double p, double limit)
{
	while (low <= high)
	{
		double middle = floor((low + high) / 2);

		if (specfun_binomial(middle, n, p) <= limit)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return high;
}

/* The least such k where it falls; high + 1 if there is none. */
static double
first_unlikely_falling(double low, double high, double n, double p, double limit)
{
	while (low <= high)
	{
		double middle = floor((low + high) / 2);

		if (specfun_binomial(middle, n, p) <= limit)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return low;
}

/* The probability of all counts that are not more likely than k. */
static double
binomial_minlike(double k, double n, double p)
{
	double limit = specfun_binomial(k, n, p) * TIE;
	double mode = floor((n + 1) * p);
	double low;
	double high;

	if (mode > n)
		mode = n;
	if (specfun_binomial(mode, n, p) <= limit)
		return 1;
	low = last_unlikely_rising(0, mode, n, p, limit);
	high = first_unlikely_falling(mode, n, n, p, limit);
	return fmin(1, binomial_at_most(low, n, p) + binomial_at_least(high, n, p));
}

/* Limits of Clopper and Pearson for the share, as odds times the exposures' ratio. */
static void
rate_ratio_limits(RateRatio *result, double n1, double n2, double scale, double level)
{
	double tail = (1 - level) / 2;
	double share;

	result->lower = 0;
	if (n1 > 0)
	{
		share = specfun_beta_lower_inverse(n1, n2 + 1, tail);
		result->lower = share / specfun_beta_upper_inverse(n2 + 1, n1, tail) * scale;
	}
	result->upper = INFINITY;
	if (n2 > 0)
	{
		share = specfun_beta_upper_inverse(n1 + 1, n2, tail);
		result->upper = share / specfun_beta_lower_inverse(n2, n1 + 1, tail) * scale;
	}
}

/*
 * rate_ratio
 *		The first rate over the second, n events in an exposure t each, by the
 *		conditional test of Przyborowski and Wilenski: of all events, the first
 *		has a binomial share.
 */
RateRatio
rate_ratio(double n1, double t1, double n2, double t2, double level)
{
	RateRatio result = {NAN, 0, INFINITY, 1, 1, 1};
	double n = n1 + n2;
	double p = 1 / (1 + t2 / t1);
	double at_most;
	double at_least;
	double half;

	if (n == 0)
		return result;
	result.ratio = n1 / n2 * (t2 / t1);
	rate_ratio_limits(&result, n1, n2, t2 / t1, level);
	at_most = binomial_at_most(n1, n, p);
	at_least = binomial_at_least(n1, n, p);
	half = specfun_binomial(n1, n, p) / 2;
	result.p_central = fmin(1, 2 * fmin(at_most, at_least));
	result.p_mid = fmin(1, 2 * fmin(at_most - half, at_least - half));
	result.p_minlike = binomial_minlike(n1, n, p);
	return result;
}

/* What an E-test compares with: counts of the second for one of the first. */
typedef struct ETest
{
	double t1;
	double t2;
	double mean2; /* expected second count */
	double difference;
} ETest;

/* The standardised difference of two rates; 0 where nothing happened and nothing should. */
static double
e_statistic(const ETest *test, double x1, double x2)
{
	double above = x1 / test->t1 - x2 / test->t2 - test->difference;
	double variance = x1 / test->t1 / test->t1 + x2 / test->t2 / test->t2;

	return above == 0 ? 0 : above / sqrt(variance);
}

/*
 * The first x2 in [low, high] whose statistic is below the limit (at or below
 * it, if asked), where it falls with x2; high + 1 if there is none.
 */
static double
first_below(const ETest *test, double x1, double low, double high, double limit, bool or_at)
{
	while (low <= high)
	{
		double middle = floor((low + high) / 2);
		double statistic = e_statistic(test, x1, middle);

		if (statistic < limit || (or_at && statistic == limit))
			high = middle - 1;
		else
			low = middle + 1;
	}
	return low;
}

/* The same where it rises with x2: the first that is at or above (above) the limit. */
static double
first_above(const ETest *test, double x1, double low, double high, double limit, bool or_at)
{
	while (low <= high)
	{
		double middle = floor((low + high) / 2);
		double statistic = e_statistic(test, x1, middle);

		if (statistic > limit || (or_at && statistic == limit))
			high = middle - 1;
		else
			low = middle + 1;
	}
	return low;
}

/* P(low <= X2 < end) */
static double
e_between(const ETest *test, double low, double end)
{
	if (end <= low)
		return 0;
	if (low <= 0)
		return specfun_gamma_upper(end, test->mean2);
	if (low > test->mean2)
		return specfun_gamma_lower(low, test->mean2) - specfun_gamma_lower(end, test->mean2);
	return specfun_gamma_upper(end, test->mean2) - specfun_gamma_upper(low, test->mean2);
}

/*
 * The probability that the statistic of x1 and the second count is at least
 * (above, if asked) the limit.  As a function of the second count the
 * statistic rises to a peak, which is at 0 unless the first rate is below the
 * difference, and then falls, so it reaches the limit in one stretch.
 */
static double
e_probability_above(const ETest *test, double x1, double limit, bool or_at)
{
	double peak = ceil(test->t2 * (test->difference - x1 / test->t1) - 2 * x1 / test->t1 / test->t1 * test->t2 * test->t2);
	double far = ceil(test->mean2 + 40 * sqrt(test->mean2) + 800);
	double low = 0;

	if (peak >= 1)
		low = first_above(test, x1, 0, peak - 1, limit, or_at);
	else
		peak = 0;
	return e_between(test, low, first_below(test, x1, peak, fmax(far, peak), limit, !or_at));
}

/* The probability of a result as extreme as the limit, given x1. */
static double
e_probability(const ETest *test, double x1, double limit, ETestAlternative alternative)
{
	if (alternative == E_TEST_GREATER)
		return e_probability_above(test, x1, limit, true);
	if (alternative == E_TEST_LESS)
		return 1 - e_probability_above(test, x1, limit, false);
	limit = fabs(limit);
	if (limit == 0)
		return 1;
	return e_probability_above(test, x1, limit, true) + 1 - e_probability_above(test, x1, -limit, false);
}

/*
 * e_test
 *		The p-value of Krishnamoorthy and Thomson for rate 1 - rate 2 =
 *		difference >= 0: the distribution of the standardised difference, with
 *		the rates that are likeliest under the hypothesis.
 */
double
e_test(double n1, double t1, double n2, double t2, double difference,
	   ETestAlternative alternative, const Host *host)
{
	ETest test = {t1, t2, 0, difference};
	double rate2 = (n1 + n2) / (t1 + t2) - difference * t1 / (t1 + t2);
	double mean1 = t1 * (rate2 + difference);
	double limit;
	double p = 0;
	double mode = floor(mean1);
	int steps = 0;

	if (!(rate2 > 0))
		return 1;
	test.mean2 = t2 * rate2;
	limit = e_statistic(&test, n1, n2);
	for (int direction = -1; direction <= 1; direction += 2)
	{
		for (double x1 = direction < 0 ? mode : mode + 1; x1 >= 0; x1 += direction)
		{
			double probability = specfun_poisson(x1, mean1);

			if (probability < NEGLIGIBLE)
				break;
			p += probability * e_probability(&test, x1, limit, alternative);
			if (++steps % PAUSE_STEPS == 0)
				host->pause();
		}
	}
	return fmin(1, p);
}

typedef struct RankedValue
{
	double p;
	size_t place;
} RankedValue;

static int
compare_ranked(const void *a, const void *b)
{
	const RankedValue *x = a;
	const RankedValue *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/*
 * benjamini_hochberg
 *		Replace each p-value with the lowest rate of false discoveries at which
 *		it would be a discovery: the least of p n / rank over it and all above.
 */
void
benjamini_hochberg(double *p, size_t n, const Host *host)
{
	RankedValue *ranked = host->alloc((n > 0 ? n : 1) * sizeof(RankedValue));
	double least = 1;

	for (size_t i = 0; i < n; i++)
		ranked[i] = (RankedValue){p[i], i};
	host->pause();
	qsort(ranked, n, sizeof(RankedValue), compare_ranked);
	host->pause();
	for (size_t i = n; i-- > 0;)
	{
		least = fmin(least, ranked[i].p * ((double) n / (double) (i + 1)));
		p[ranked[i].place] = least;
	}
	host->release(ranked);
}

/*
 * bin_counts_begin
 *		Get ready to count contacts in whole bins from from_at on, before to_at.
 */
void
bin_counts_begin(BinCounts *counts, int64_t from_at, int64_t to_at, int64_t bin)
{
	*counts = (BinCounts){.from_at = from_at, .bin = (uint64_t) bin};
	counts->span = (uint64_t) to_at - (uint64_t) from_at;
	counts->bins = counts->span / counts->bin;
}

/*
 * bin_counts_add
 *		Count n contacts, in order of time, none before those of earlier calls.
 */
void
bin_counts_add(BinCounts *counts, const int64_t *times, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		uint64_t at = (uint64_t) times[i] - (uint64_t) counts->from_at;
		uint64_t bin = at / counts->bin;

		if (times[i] < counts->from_at || at >= counts->span)
			continue;
		counts->all_contacts++;
		if (bin >= counts->bins)
			continue;
		if (bin != counts->current)
		{
			counts->squares += counts->in_current * counts->in_current;
			counts->in_current = 0;
			counts->current = bin;
		}
		counts->in_current++;
		counts->contacts++;
	}
}

/*
 * bin_counts_chi_squared
 *		Pearson's chi-squared of the bins against their mean; false where there
 *		are fewer than two, or no contacts.
 */
bool
bin_counts_chi_squared(const BinCounts *counts, double *chi_squared, double *df)
{
	double squares = counts->squares + counts->in_current * counts->in_current;

	if (counts->bins < 2 || counts->contacts == 0)
		return false;
	*chi_squared = fmax(0, squares * (double) counts->bins / counts->contacts - counts->contacts);
	*df = (double) (counts->bins - 1);
	return true;
}
