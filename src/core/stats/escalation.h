/*-------------------------------------------------------------------------
 * escalation.h
 *	  Does a caller contact more often than before, allowing for bursts?
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * Contacts come in bursts, so occasions are compared: a contact within 1/84 of
 * a window (two hours, of a week) of an occasion's first one belongs to it.
 * Occasions in the recent window (as_of - width, as_of] are compared with those
 * in the baseline, the 12 windows of the same width before it.
 *
 * Occasions may cluster, too.  Under the hypothesis that nothing changed, and
 * given how many there are in all 13 windows, n, the share of the recent window
 * is a beta variable of mean 1/13 and concentration n / (dispersion - 1): its
 * count has about dispersion times the variance of a binomial one, and is
 * exactly binomial for dispersion 1.  That is how Poisson many clusters of
 * logarithmic size fall into windows, given their sum.
 *
 * A caller's dispersion is known only roughly, so it is a mixture of fixed
 * values.  Each is weighted by its likelihood in the caller's own baseline,
 * and by how common it is among callers with about as many occasions, which
 * fall on the same days about as often.
 *-------------------------------------------------------------------------
 */
#ifndef ESCALATION_H
#define ESCALATION_H

#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

#define ESCALATION_WINDOWS 12
#define ESCALATION_DISPERSIONS 18

/* An occasion lasts this fraction of a window. */
#define ESCALATION_OCCASIONS 84

/* By occasions in the baseline: up to 3, 7, 15, 31, 63, and more. */
#define ESCALATION_SIZES 6

/*
 * Days of a window, and classes of how often two occasions fall on one day,
 * compared with chance: up to 2 times, up to 6 times, more.
 */
#define ESCALATION_DAYS 7
#define ESCALATION_CLUSTERINGS 3

#define ESCALATION_CLASSES (ESCALATION_SIZES * ESCALATION_CLUSTERINGS)

/* The dispersions that are weighed, ascending from 1. */
extern const double escalation_dispersions[ESCALATION_DISPERSIONS];

/* A caller's windows, the latest first; filled in order of time. */
typedef struct EscalationCounts
{
	int64_t as_of;
	int64_t width; /* microseconds */
	int64_t occasion_at; /* first contact of the last occasion */
	int any; /* was there one? */
	int64_t recent_contacts;
	int64_t baseline_contacts;
	int64_t recent; /* occasions */
	int64_t baseline; /* the sum of windows */
	int64_t windows[ESCALATION_WINDOWS];
	uint64_t day; /* of the last occasion of the baseline, counted back */
	int64_t on_day; /* occasions on it */
	double pairs; /* of occasions on the same day */
} EscalationCounts;

/* Callers with the same windows, those sorted by count, greatest first, and the same clustering. */
typedef struct EscalationPattern
{
	int64_t clustering;
	int64_t windows[ESCALATION_WINDOWS];
	int64_t callers;
} EscalationPattern;

/* The rates and dispersions of a population's callers. */
typedef struct EscalationPrior
{
	int64_t callers;
	int64_t occasions; /* in all baselines */
	double mean; /* occasions a window */
	double shape; /* of the gamma distribution of rates; infinite if all are alike */
	double dispersion; /* pooled: Pearson's chi-squared over degrees of freedom; NaN if unknown */
	double weights[ESCALATION_CLASSES][ESCALATION_DISPERSIONS];
} EscalationPrior;

typedef struct Escalation
{
	double dispersion; /* its mean, for this caller */
	double baseline; /* occasions per window, moved towards the population's mean */
	double p; /* that this many are recent, or more, by chance */
	double n; /* occasions in all 13 windows */
	int parts; /* of the mixture */
	double dispersions[ESCALATION_DISPERSIONS];
	double weights[ESCALATION_DISPERSIONS];
} Escalation;

/* Limits of the recent rate over the baseline rate. */
typedef struct EscalationLimits
{
	double lower;
	double upper;
} EscalationLimits;

extern void escalation_count_begin(EscalationCounts *counts, int64_t as_of, int64_t width);
extern void escalation_count(EscalationCounts *counts, const int64_t *times, size_t n);
extern void escalation_pattern(const EscalationCounts *counts, EscalationPattern *pattern);
extern int escalation_compare_patterns(const void *a, const void *b);
extern void escalation_default_prior(EscalationPrior *prior);
extern void escalation_fit(const EscalationPattern *patterns, size_t n, const Host *host,
						   EscalationPrior *prior);
extern void escalation_test(const EscalationCounts *counts, const EscalationPrior *prior,
							double dispersion, const Host *host, Escalation *result);
extern EscalationLimits escalation_limits(const EscalationCounts *counts, const Escalation *tested,
										  double level, const Host *host);
extern double escalation_tail(double recent, double n, double share, double dispersion,
							  const Host *host);

#endif /* ESCALATION_H */
