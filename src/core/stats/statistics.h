/*-------------------------------------------------------------------------
 * statistics.h
 *	  Counts and rates: intervals, comparisons, dispersion, false discoveries.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 * Arguments are as the SQL surface has checked them: counts of zero or more,
 * exposures finite and above zero, levels within (0, 1).
 *-------------------------------------------------------------------------
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

typedef struct StatisticsInterval
{
	double lower;
	double upper;
} StatisticsInterval;

/* Two rates compared; the ratio is NaN where neither has an event. */
typedef struct RateRatio
{
	double ratio;
	double lower;
	double upper;
	double p_central; /* agrees with the interval */
	double p_minlike;
	double p_mid;
} RateRatio;

typedef enum ETestAlternative
{
	E_TEST_TWO_SIDED,
	E_TEST_GREATER, /* the first rate is the greater one */
	E_TEST_LESS
} ETestAlternative;

/* Counts of contacts in equal bins, of which only a sum of squares is kept. */
typedef struct BinCounts
{
	int64_t from_at;
	uint64_t bin; /* microseconds */
	uint64_t bins; /* whole ones */
	uint64_t span; /* microseconds from from_at to the end */
	uint64_t current; /* bin of the last contact */
	double in_current;
	double contacts; /* in whole bins */
	double squares; /* of the counts of earlier bins */
	int64_t all_contacts; /* in the whole span */
} BinCounts;

extern StatisticsInterval poisson_interval(double n, double level);
extern RateRatio rate_ratio(double n1, double t1, double n2, double t2, double level);
extern double e_test(double n1, double t1, double n2, double t2, double difference,
					 ETestAlternative alternative, const Host *host);
extern void benjamini_hochberg(double *p, size_t n, const Host *host);

extern void bin_counts_begin(BinCounts *counts, int64_t from_at, int64_t to_at, int64_t bin);
extern void bin_counts_add(BinCounts *counts, const int64_t *times, size_t n);
extern bool bin_counts_chi_squared(const BinCounts *counts, double *chi_squared, double *df);

#endif /* STATISTICS_H */
