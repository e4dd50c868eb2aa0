/*-------------------------------------------------------------------------
 * test_statistics.c
 *	  Intervals and tests against sums of every term.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/stats/statistics.h"
#include "unit.h"
#include "unit_host.h"

static double
log_factorial(double n)
{
	double sum = 0;

	for (double i = 2; i <= n; i++)
		sum += log(i);
	return sum;
}

static double
binomial(double k, double n, double p)
{
	return exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * log(p) + (n - k) * log1p(-p));
}

static double
poisson(double k, double mean)
{
	return mean == 0 ? (k == 0) : exp(k * log(mean) - mean - log_factorial(k));
}

static double
poisson_at_most(double n, double mean)
{
	double sum = 0;

	for (double k = 0; k <= n; k++)
		sum += poisson(k, mean);
	return sum;
}

/* Either limit leaves half of the rest in its tail. */
static void
test_poisson_interval(void)
{
	for (double n = 0; n <= 80; n += 4)
		for (double level = 0.5; level < 1; level += 0.1)
		{
			StatisticsInterval i = poisson_interval(n, level);

			MUST(fabs(poisson_at_most(n, i.upper) - (1 - level) / 2) < 1e-11);
			if (n == 0)
				MUST(i.lower == 0);
			else
				MUST(fabs(1 - poisson_at_most(n - 1, i.lower) - (1 - level) / 2) < 1e-11);
		}
}

static void
check_rate_ratio(double n1, double t1, double n2, double t2)
{
	RateRatio r = rate_ratio(n1, t1, n2, t2, 0.9);
	double n = n1 + n2;
	double p = t1 / (t1 + t2);
	double seen = binomial(n1, n, p);
	double low = 0;
	double high = 0;
	double minlike = 0;

	for (double k = 0; k <= n; k++)
	{
		double term = binomial(k, n, p);

		low += k <= n1 ? term : 0;
		high += k >= n1 ? term : 0;
		minlike += term <= seen * (1 + 1e-7) ? term : 0;
	}
	MUST(fabs(r.p_central - fmin(1, 2 * fmin(low, high))) < 1e-11);
	MUST(fabs(r.p_mid - fmin(1, 2 * fmin(low, high) - seen)) < 1e-11);
	MUST(fabs(r.p_minlike - minlike) < 1e-11);
	MUST((r.p_central <= 0.1) == (r.lower >= 1 || r.upper <= 1));
}

/* The second sum of an E-test, term by term. */
static double
e_test_sum(double n1, double t1, double n2, double t2, double difference, ETestAlternative alternative)
{
	double rate2 = (n1 + n2) / (t1 + t2) - difference * t1 / (t1 + t2);
	double seen = (n1 / t1 - n2 / t2 - difference) / sqrt(n1 / t1 / t1 + n2 / t2 / t2);
	double sum = 0;

	if (rate2 <= 0)
		return 1;
	for (double x1 = 0; x1 < 90; x1++)
		for (double x2 = 0; x2 < 90; x2++)
		{
			double above = x1 / t1 - x2 / t2 - difference;
			double s = above == 0 ? 0 : above / sqrt(x1 / t1 / t1 + x2 / t2 / t2);
			bool counts = alternative == E_TEST_GREATER ? s >= seen :
						  alternative == E_TEST_LESS    ? s <= seen :
														  fabs(s) >= fabs(seen);

			if (counts)
				sum += poisson(x1, t1 * (rate2 + difference)) * poisson(x2, t2 * rate2);
		}
	return sum;
}

static void
test_e_test(void)
{
	for (int i = 0; i < 40; i++)
	{
		double n1 = (double) unit_below(15);
		double n2 = 1 + (double) unit_below(15);
		double t1 = 1 + (double) unit_below(9) / 4;
		double t2 = 1 + (double) unit_below(9) / 4;
		double difference = i % 2 == 0 ? 0 : (double) unit_below(12) / 3;
		ETestAlternative alternative = i % 3;

		MUST(fabs(e_test(n1, t1, n2, t2, difference, alternative, &host) -
				  fmin(1, e_test_sum(n1, t1, n2, t2, difference, alternative))) < 1e-10);
	}
}

static void
test_benjamini_hochberg(void)
{
	for (size_t n = 0; n < 30; n++)
	{
		double p[30];
		double q[30];

		for (size_t i = 0; i < n; i++)
			q[i] = p[i] = (double) unit_below(12) / 11;
		benjamini_hochberg(q, n, &host);
		for (size_t i = 0; i < n; i++)
		{
			double least = 1;

			for (size_t j = 0; j < n; j++)
			{
				size_t rank = 0;

				for (size_t k = 0; k < n; k++)
					rank += p[k] <= p[j];
				if (p[j] >= p[i])
					least = fmin(least, p[j] * ((double) n / (double) rank));
			}
			MUST(fabs(q[i] - least) < 1e-14);
		}
	}
}

/* Counts in any blocks, at the ends of what an instant can be, too. */
static void
test_bin_counts(void)
{
	int64_t times[] = {INT64_MIN, -5, 0, 1, 9, 10, 29, 30, 34, 35, INT64_MAX};
	double chi_squared;
	double df;

	for (size_t block = 1; block <= lengthof(times); block++)
	{
		BinCounts counts;

		bin_counts_begin(&counts, 0, 35, 10);
		for (size_t i = 0; i < lengthof(times); i += block)
			bin_counts_add(&counts, times + i, block < lengthof(times) - i ? block : lengthof(times) - i);
		MUST(counts.all_contacts == 7);
		MUST(bin_counts_chi_squared(&counts, &chi_squared, &df));
		MUST(df == 2 && fabs(chi_squared - (9 + 1 + 1) * 3 / 5.0 + 5) < 1e-12);
	}
}

int
main(void)
{
	test_poisson_interval();
	for (double n1 = 0; n1 <= 24; n1 += 3)
		for (double n2 = 1; n2 <= 40; n2 += 13)
			for (double t1 = 0.25; t1 < 5; t1 *= 2)
				check_rate_ratio(n1, t1, n2, 1);
	test_e_test();
	test_benjamini_hochberg();
	test_bin_counts();
	MUST(in_use == 0);
	return 0;
}
