/*-------------------------------------------------------------------------
 * test_gaps.c
 *	  Measures of gaps against their definitions, in long double.
 *
 * The published values are in sql/profile.sql.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/time/gaps.h"
#include "core/time/timeline.h"
#include "unit_host.h"

#define MAX_GAPS 40

typedef struct Moments
{
	long double mean;
	long double deviation; /* of the population */
} Moments;

static Moments
moments_of(const int64_t *gaps, size_t n)
{
	Moments m = {0, 0};

	for (size_t i = 0; i < n; i++)
		m.mean += (long double) gaps[i] / n;
	for (size_t i = 0; i < n; i++)
		m.deviation += (gaps[i] - m.mean) * (gaps[i] - m.mean) / n;
	m.deviation = sqrtl(m.deviation);
	return m;
}

/* Pearson's correlation of each gap with the next. */
static long double
memory_of(const int64_t *gaps, size_t n)
{
	Moments first = moments_of(gaps, n - 1);
	Moments next = moments_of(gaps + 1, n - 1);
	long double sum = 0;

	for (size_t i = 0; i + 1 < n; i++)
		sum += (gaps[i] - first.mean) * (gaps[i + 1] - next.mean) / (n - 1);
	return sum / (first.deviation * next.deviation);
}

static bool
alike(double a, long double b)
{
	return fabsl(a - b) < 1e-13L;
}

static bool
vary(const int64_t *gaps, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (gaps[i] != gaps[0])
			return true;
	return false;
}

static GapProfile
profile_of(const int64_t *gaps, size_t n, int64_t start)
{
	int64_t times[MAX_GAPS + 1];
	GapProfile profile;

	times[0] = start;
	for (size_t i = 0; i < n; i++)
		times[i + 1] = times[i] + gaps[i];
	gap_profile(&host, times, n + 1, &profile);
	return profile;
}

static void
test_random(void)
{
	for (int round = 0; round < 20000; round++)
	{
		int64_t gaps[MAX_GAPS];
		size_t n = 1 + unit_below(MAX_GAPS);
		uint64_t range = unit_below(4) ? 1 + unit_below(10) : UINT64_C(1) << unit_below(40);
		int64_t longest = 0;
		GapProfile p;
		Moments m;

		for (size_t i = 0; i < n; i++)
		{
			gaps[i] = (int64_t) unit_below(range);
			longest = gaps[i] > longest ? gaps[i] : longest;
		}
		p = profile_of(gaps, n, -1000000);
		m = moments_of(gaps, n);
		MUST(p.gaps == n && p.longest == (uint64_t) longest && fabsl(p.mean - m.mean) <= 0.5001L);
		MUST(isnan(p.variation) == (n < 2 || longest == 0));
		MUST(isnan(p.burstiness) == isnan(p.variation) && isnan(p.corrected) == isnan(p.variation));
		MUST(isnan(p.memory) == (n < 3 || !vary(gaps, n - 1) || !vary(gaps + 1, n - 1)));
		if (!isnan(p.memory))
			MUST(alike(p.memory, memory_of(gaps, n)) && fabs(p.memory) <= 1);
		if (isnan(p.variation))
			continue;
		MUST(alike(p.variation, m.deviation / m.mean));
		MUST(alike(p.burstiness, (m.deviation - m.mean) / (m.deviation + m.mean)));
		MUST(p.corrected >= -1 && p.corrected <= 1 + 1e-15);
	}
}

/* Kim and Jo's correction: -1 for equal gaps, 1 for all contacts but one at once. */
static void
test_ends_of_correction(void)
{
	for (size_t n = 2; n <= MAX_GAPS; n++)
	{
		int64_t gaps[MAX_GAPS] = {0};

		gaps[n / 2] = 86400000000;
		MUST(alike(profile_of(gaps, n, 0).corrected, 1));
		for (size_t i = 0; i < n; i++)
			gaps[i] = 77777777;
		MUST(profile_of(gaps, n, 0).corrected == -1 && profile_of(gaps, n, 0).variation == 0);
		MUST(isnan(profile_of(gaps, n, 0).memory));
	}
}

/* The whole range of time, and nothing at all. */
static void
test_limits(void)
{
	const int64_t times[] = {TIMELINE_MIN, TIMELINE_MIN, 0, TIMELINE_END - 1};
	GapProfile p;

	gap_profile(&host, times, 4, &p);
	MUST(p.gaps == 3 && p.longest == (uint64_t) (TIMELINE_END - 1));
	MUST(p.mean == ((uint64_t) (TIMELINE_END - 1) - (uint64_t) TIMELINE_MIN + 1) / 3);
	MUST(p.variation > 1.3 && p.corrected > 0.9 && p.memory > 0.99);
	gap_profile(&host, times, 1, &p);
	MUST(p.gaps == 0 && p.longest == 0 && isnan(p.variation));
	gap_profile(&host, NULL, 0, &p);
	MUST(p.gaps == 0);
}

int
main(void)
{
	test_random();
	test_ends_of_correction();
	test_limits();
	return 0;
}
