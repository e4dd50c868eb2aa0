/*-------------------------------------------------------------------------
 * gaps.c
 *	  The gaps between contacts: how long, how uneven, in what order.
 *
 * Burstiness: Goh and Barabasi 2008, EPL 81, 48002.  Its correction for few
 * gaps: Kim and Jo 2016, Physical Review E 94, 032311.
 *
 * Means are of whole microseconds and exact before their one division, so that
 * equal gaps do not vary at all.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>

#include "core/time/gaps.h"

#define PAUSE_EVERY 65536

/* The time between contact i and the next; the whole range of time fits. */
static inline uint64_t
gap_after(const int64_t *times, size_t i)
{
	return (uint64_t) times[i + 1] - (uint64_t) times[i];
}

/* Are n gaps from the first on all alike? */
static bool
all_alike(const int64_t *times, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (gap_after(times, i) != gap_after(times, 0))
			return false;
	return true;
}

static double
mean_gap(const int64_t *times, size_t n)
{
	return (double) ((uint64_t) times[n] - (uint64_t) times[0]) / (double) n;
}

/* Standard deviation over mean of n gaps, not all of length 0. */
static double
variation(const Host *host, const int64_t *times, size_t n)
{
	double mean = mean_gap(times, n);
	double squares = 0;

	if (all_alike(times, n))
		return 0;
	for (size_t i = 0; i < n; i++)
	{
		double off = (double) gap_after(times, i) - mean;

		if (i % PAUSE_EVERY == PAUSE_EVERY - 1)
			host->pause();
		squares += off * off;
	}
	return sqrt(squares / (double) n) / mean;
}

/*
 * The correlation between each of n gaps but the last and the one that follows
 * it; NaN where either side does not vary.
 */
static double
memory(const Host *host, const int64_t *times, size_t n)
{
	double mean_first;
	double mean_next;
	double product = 0;
	double squares_first = 0;
	double squares_next = 0;

	if (n < 3 || all_alike(times, n - 1) || all_alike(times + 1, n - 1))
		return NAN;
	mean_first = mean_gap(times, n - 1);
	mean_next = mean_gap(times + 1, n - 1);
	for (size_t i = 0; i + 1 < n; i++)
	{
		double first = (double) gap_after(times, i) - mean_first;
		double next = (double) gap_after(times, i + 1) - mean_next;

		if (i % PAUSE_EVERY == PAUSE_EVERY - 1)
			host->pause();
		product += first * next;
		squares_first += first * first;
		squares_next += next * next;
	}
	return fmax(-1, fmin(1, product / sqrt(squares_first) / sqrt(squares_next)));
}

/*
 * gap_profile
 *		Describe the gaps between n contacts, which are in order of time.
 */
void
gap_profile(const Host *host, const int64_t *times, size_t n, GapProfile *out)
{
	double gaps;
	double r;

	*out = (GapProfile){.variation = NAN, .burstiness = NAN, .corrected = NAN, .memory = NAN};
	if (n < 2)
		return;
	out->gaps = n - 1;
	out->mean = ((uint64_t) times[n - 1] - (uint64_t) times[0] + out->gaps / 2) / out->gaps;
	for (size_t i = 0; i < out->gaps; i++)
		out->longest = gap_after(times, i) > out->longest ? gap_after(times, i) : out->longest;
	if (out->gaps < 2 || out->longest == 0)
		return;
	gaps = (double) out->gaps;
	r = variation(host, times, out->gaps);
	out->variation = r;
	out->burstiness = (r - 1) / (r + 1);
	out->corrected = (sqrt(gaps + 1) * r - sqrt(gaps - 1)) / ((sqrt(gaps + 1) - 2) * r + sqrt(gaps - 1));
	out->memory = memory(host, times, out->gaps);
}
