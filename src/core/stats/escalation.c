/*-------------------------------------------------------------------------
 * escalation.c
 *	  Does a caller contact more often than before, allowing for bursts?
 *
 * All sums run in the order of sorted patterns, so that a prior does not depend
 * on the order in which callers came.
 *-------------------------------------------------------------------------
 */
#include "core/stats/escalation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats/specfun.h"

const double escalation_dispersions[ESCALATION_DISPERSIONS] = {
	1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6.5, 8, 10, 13, 17, 24, 34, 50, 80, 130};

/* How many times as long as the recent window the baseline is. */
#define BASELINE_WINDOWS ((double) ESCALATION_WINDOWS)

/* The share of the recent window where nothing changed. */
#define EQUAL_SHARE (1 / (BASELINE_WINDOWS + 1))

/* The population's mean weighs at most as much as this many windows of the caller's own. */
#define MOST_PRIOR_WINDOWS 4.0

/* Steps of the fit, and how much each group takes from the wider one and from a flat prior, in callers. */
#define FIT_STEPS 100
#define WIDER_CALLERS 10.0
#define UNIFORM_CALLERS 1.0

/* Terms smaller than this share of a sum are left out. */
#define NEGLIGIBLE 1e-17

/* Below this dispersion, the distribution is as good as binomial. */
#define ALMOST_BINOMIAL 1.0001

/* Weights below this are left out of an interval. */
#define NEGLIGIBLE_WEIGHT 1e-7

/* Limits are searched up to these odds of the recent share, and with this precision, in logarithms. */
#define ODDS_END 60.0
#define ODDS_STEP 1e-10

/* Terms from one pause to the next. */
#define PAUSE_TERMS 65536

/*
 * escalation_count_begin
 *		Get ready to count a caller's contacts in windows that end at as_of.
 */
void
escalation_count_begin(EscalationCounts *counts, int64_t as_of, int64_t width)
{
	memset(counts, 0, sizeof(*counts));
	counts->as_of = as_of;
	counts->width = width;
}

/* An occasion of the baseline: its window, and its day. */
static void
count_occasion(EscalationCounts *counts, int64_t at, uint64_t age)
{
	uint64_t day = ((uint64_t) counts->as_of - (uint64_t) at) / ((uint64_t) counts->width / ESCALATION_DAYS);

	counts->baseline++;
	counts->windows[age - 1]++;
	if (day != counts->day)
		counts->on_day = 0;
	counts->day = day;
	counts->pairs += (double) counts->on_day++;
}

/*
 * escalation_count
 *		Count n contacts, in order of time, none before those of earlier calls.
 *		Occasions begin with the first contact of all, but only those of the
 *		13 windows count.
 */
void
escalation_count(EscalationCounts *counts, const int64_t *times, size_t n)
{
	uint64_t lasts = (uint64_t) counts->width / ESCALATION_OCCASIONS;

	for (size_t i = 0; i < n && times[i] <= counts->as_of; i++)
	{
		uint64_t age = ((uint64_t) counts->as_of - (uint64_t) times[i]) / (uint64_t) counts->width;
		bool begins = !counts->any || (uint64_t) times[i] - (uint64_t) counts->occasion_at > lasts;

		if (begins)
			counts->occasion_at = times[i];
		counts->any = 1;
		if (age > ESCALATION_WINDOWS)
			continue;
		if (age == 0)
		{
			counts->recent_contacts++;
			counts->recent += begins;
			continue;
		}
		counts->baseline_contacts++;
		if (begins)
			count_occasion(counts, times[i], age);
	}
}

/* How often two occasions of the baseline fall on one day, from 0 (about as often as by chance) to 2. */
static int
clustering_of(const EscalationCounts *counts)
{
	double n = (double) counts->baseline;
	double by_chance = n * (n - 1) / 2 / (ESCALATION_WINDOWS * ESCALATION_DAYS);

	return (counts->pairs > 2 * by_chance) + (counts->pairs > 6 * by_chance);
}

/*
 * escalation_pattern
 *		The windows of one caller in order of their counts: their order in time
 *		says nothing about the dispersion.
 */
void
escalation_pattern(const EscalationCounts *counts, EscalationPattern *pattern)
{
	memset(pattern, 0, sizeof(*pattern));
	pattern->callers = 1;
	pattern->clustering = clustering_of(counts);
	for (int i = 0; i < ESCALATION_WINDOWS; i++)
	{
		int place = i;

		for (; place > 0 && pattern->windows[place - 1] < counts->windows[i]; place--)
			pattern->windows[place] = pattern->windows[place - 1];
		pattern->windows[place] = counts->windows[i];
	}
}

/*
 * escalation_compare_patterns
 *		For qsort(): the order in which patterns are summed.
 */
int
escalation_compare_patterns(const void *a, const void *b)
{
	const EscalationPattern *x = a;
	const EscalationPattern *y = b;

	for (int i = 0; i < ESCALATION_WINDOWS; i++)
		if (x->windows[i] != y->windows[i])
			return x->windows[i] < y->windows[i] ? -1 : 1;
	return (x->clustering > y->clustering) - (x->clustering < y->clustering);
}

static double
sum_windows(const int64_t *windows)
{
	double sum = 0;

	for (int i = 0; i < ESCALATION_WINDOWS; i++)
		sum += (double) windows[i];
	return sum;
}

static int
size_of(double baseline)
{
	int size = 0;

	for (double most = 3; size < ESCALATION_SIZES - 1 && baseline > most; most = 2 * most + 1)
		size++;
	return size;
}

/*
 * The logarithm of how likely the windows are given their sum and a
 * dispersion, up to what does not depend on the dispersion: multinomial, or
 * Dirichlet-multinomial with the concentration sum / (dispersion - 1).
 */
static double
log_likelihood(const int64_t *windows, double sum, double dispersion)
{
	double all = sum / (dispersion - 1);
	double each = all / BASELINE_WINDOWS;
	double log_each;
	double result;

	if (sum == 0)
		return 0;
	if (dispersion == 1)
		return -sum * log(BASELINE_WINDOWS);
	log_each = specfun_lgamma(each);
	result = specfun_lgamma(all) - specfun_lgamma(all + sum);
	for (int i = 0; i < ESCALATION_WINDOWS; i++)
	{
		double count = (double) windows[i];

		if (count == 1)
			result += log(each);
		else if (count > 1)
			result += specfun_lgamma(each + count) - log_each;
	}
	return result;
}

/* Likelihoods of all dispersions, the greatest 1. */
static void
likelihoods(const int64_t *windows, double *out)
{
	double sum = sum_windows(windows);
	double most = -INFINITY;

	for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
	{
		out[k] = log_likelihood(windows, sum, escalation_dispersions[k]);
		most = fmax(most, out[k]);
	}
	for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
		out[k] = exp(out[k] - most);
}

/*
 * escalation_default_prior
 *		If no population is known, every dispersion is as likely as any other.
 */
void
escalation_default_prior(EscalationPrior *prior)
{
	memset(prior, 0, sizeof(*prior));
	prior->dispersion = NAN;
	for (int c = 0; c < ESCALATION_CLASSES; c++)
		for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
			prior->weights[c][k] = 1.0 / ESCALATION_DISPERSIONS;
}

/* The gamma distribution of rates by its first two moments, and the pooled dispersion. */
static void
fit_moments(const EscalationPattern *patterns, size_t n, EscalationPrior *prior)
{
	double chi_squared = 0;
	double df = 0;
	double squares = 0;
	double variance;

	prior->callers = 0;
	prior->occasions = 0;
	for (size_t i = 0; i < n; i++)
	{
		double callers = (double) patterns[i].callers;
		double sum = sum_windows(patterns[i].windows);
		double window_squares = 0;

		prior->callers += patterns[i].callers;
		prior->occasions += (int64_t) sum * patterns[i].callers;
		squares += callers * sum * sum;
		for (int w = 0; w < ESCALATION_WINDOWS; w++)
			window_squares += (double) patterns[i].windows[w] * (double) patterns[i].windows[w];
		if (sum > 0)
		{
			chi_squared += callers * (window_squares * BASELINE_WINDOWS / sum - sum);
			df += callers * (BASELINE_WINDOWS - 1);
		}
	}
	prior->dispersion = df > 0 ? chi_squared / df : NAN;
	prior->mean = (double) prior->occasions / (double) prior->callers / BASELINE_WINDOWS;
	variance = squares / (double) prior->callers / BASELINE_WINDOWS / BASELINE_WINDOWS - prior->mean * prior->mean;
	variance -= fmax(1, prior->dispersion) * prior->mean / BASELINE_WINDOWS;
	prior->shape = variance > 0 ? prior->mean * prior->mean / variance : INFINITY;
}

/* Patterns with their likelihoods, and which of them a fit is of. */
typedef struct Fit
{
	const EscalationPattern *patterns;
	const double *likelihood;
	const int *sizes;
	size_t n;
	int size; /* or all, if negative */
	int clustering;
	double beforehand[ESCALATION_DISPERSIONS]; /* callers that stand for what is known */
} Fit;

static bool
is_of(const Fit *fit, size_t i)
{
	return (fit->size < 0 || fit->sizes[i] == fit->size) &&
		   (fit->clustering < 0 || fit->patterns[i].clustering == fit->clustering);
}

/* Expectation and maximisation, once. */
static void
fit_step(const Fit *fit, double *weights)
{
	double callers[ESCALATION_DISPERSIONS];
	double all = 0;

	memcpy(callers, fit->beforehand, sizeof(callers));
	for (size_t i = 0; i < fit->n; i++)
	{
		const double *of_caller = fit->likelihood + i * ESCALATION_DISPERSIONS;
		double sum = 0;

		if (!is_of(fit, i))
			continue;
		for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
			sum += weights[k] * of_caller[k];
		for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
			callers[k] += (double) fit->patterns[i].callers * weights[k] * of_caller[k] / sum;
	}
	for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
		all += callers[k];
	for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
		weights[k] = callers[k] / all;
}

/* The weights of some callers, which start as a few of the wider group that they belong to. */
static void
fit_weights(Fit *fit, int size, int clustering, const double *wider, const Host *host, double *weights)
{
	fit->size = size;
	fit->clustering = clustering;
	for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
	{
		fit->beforehand[k] = UNIFORM_CALLERS / ESCALATION_DISPERSIONS + (wider != NULL ? WIDER_CALLERS * wider[k] : 0);
		weights[k] = 1.0 / ESCALATION_DISPERSIONS;
	}
	for (int step = 0; step < FIT_STEPS; step++)
	{
		fit_step(fit, weights);
		host->pause();
	}
}

/*
 * escalation_fit
 *		A prior from n > 0 sorted, distinct patterns: the weights of dispersions,
 *		first among all callers, then among those of a size, then of a class.
 */
void
escalation_fit(const EscalationPattern *patterns, size_t n, const Host *host, EscalationPrior *prior)
{
	double *likelihood = host->alloc(n * ESCALATION_DISPERSIONS * sizeof(double));
	int *sizes = host->alloc(n * sizeof(int));
	Fit fit = {.patterns = patterns, .likelihood = likelihood, .sizes = sizes, .n = n};
	double of_all[ESCALATION_DISPERSIONS];
	double of_size[ESCALATION_DISPERSIONS];

	fit_moments(patterns, n, prior);
	for (size_t i = 0; i < n; i++)
	{
		likelihoods(patterns[i].windows, likelihood + i * ESCALATION_DISPERSIONS);
		sizes[i] = size_of(sum_windows(patterns[i].windows));
		if (i % 1024 == 0)
			host->pause();
	}
	fit_weights(&fit, -1, -1, NULL, host, of_all);
	for (int size = 0; size < ESCALATION_SIZES; size++)
	{
		fit_weights(&fit, size, -1, of_all, host, of_size);
		for (int clustering = 0; clustering < ESCALATION_CLUSTERINGS; clustering++)
			fit_weights(&fit, size, clustering, of_size, host,
						prior->weights[size * ESCALATION_CLUSTERINGS + clustering]);
	}
	host->release(sizes);
	host->release(likelihood);
}

/* A beta-binomial count, and where its terms are. */
typedef struct BetaBinomial
{
	double n;
	double a;
	double b;
} BetaBinomial;

/* The logarithm of P(X = k) */
static double
log_term(const BetaBinomial *d, double k)
{
	double choose = specfun_lgamma(d->n + 1) - specfun_lgamma(k + 1) - specfun_lgamma(d->n - k + 1);

	return choose + specfun_lgamma(k + d->a) - specfun_lgamma(d->a) +
		   specfun_lgamma(d->n - k + d->b) - specfun_lgamma(d->b) +
		   specfun_lgamma(d->a + d->b) - specfun_lgamma(d->a + d->b + d->n);
}

/* P(X >= from), term by term until the rest cannot matter. */
static double
sum_upwards(const BetaBinomial *d, double from, const Host *host)
{
	double term = 1;
	double sum = 0;
	double k = from;

	for (int terms = 1; k <= d->n; k++, terms++)
	{
		double ratio = (d->n - k) * (k + d->a) / ((k + 1) * (d->n - k - 1 + d->b));

		sum += term;
		term *= ratio;
		if (d->b >= 1 && ratio < 1 && term < NEGLIGIBLE * sum * (1 - ratio))
			break;
		if (terms % PAUSE_TERMS == 0)
			host->pause();
	}
	return exp(log_term(d, from)) * sum;
}

/* P(X <= to), the same way. */
static double
sum_downwards(const BetaBinomial *d, double to, const Host *host)
{
	double term = 1;
	double sum = 0;
	double k = to;

	for (int terms = 1; k >= 0; k--, terms++)
	{
		double ratio = k * (d->n - k + d->b) / ((d->n - k + 1) * (k - 1 + d->a));

		sum += term;
		term *= ratio;
		if (d->a >= 1 && ratio < 1 && term < NEGLIGIBLE * sum * (1 - ratio))
			break;
		if (terms % PAUSE_TERMS == 0)
			host->pause();
	}
	return exp(log_term(d, to)) * sum;
}

/*
 * escalation_tail
 *		The probability that at least this many of n contacts are recent, if the
 *		recent window has the given share of the time.
 */
double
escalation_tail(double recent, double n, double share, double dispersion, const Host *host)
{
	double all = n / (dispersion - 1);
	BetaBinomial d = {n, all * share, all * (1 - share)};

	if (recent <= 0)
		return 1;
	if (dispersion < ALMOST_BINOMIAL)
		return specfun_beta_lower(recent, n - recent + 1, share);
	if (recent > n * share)
		return fmin(1, sum_upwards(&d, recent, host));
	return fmax(0, 1 - sum_downwards(&d, recent - 1, host));
}

/* P(X >= recent) over the mixture, without parts of hardly any weight. */
static double
mixture_tail(const Escalation *e, double recent, double share, double least_weight, const Host *host)
{
	double p = 0;

	for (int k = 0; k < e->parts; k++)
		if (e->weights[k] > least_weight)
			p += e->weights[k] * escalation_tail(recent, e->n, share, e->dispersions[k], host);
	return fmin(1, p);
}

/* How far the tail is from a probability, as logarithms of odds; it rises with the share's. */
static double
distance(const Escalation *e, double recent, double odds, double probability, const Host *host)
{
	double p = mixture_tail(e, recent, 1 / (1 + exp(-odds)), NEGLIGIBLE_WEIGHT, host);

	p = fmin(fmax(p, 1e-300), 1 - 1e-16);
	return log(p / (1 - p)) - log(probability / (1 - probability));
}

/*
 * The ratio of rates at which this many recent occasions, or more, have the
 * given probability: by false position, with the Illinois method.
 */
static double
ratio_limit(const Escalation *e, double recent, double probability, const Host *host)
{
	double low = -ODDS_END;
	double high = ODDS_END;
	double at_low = distance(e, recent, low, probability, host);
	double at_high = distance(e, recent, high, probability, host);
	int last = 0;

	while (high - low > ODDS_STEP)
	{
		double odds = high - at_high * (high - low) / (at_high - at_low);
		double here;

		if (!(odds > low && odds < high))
			odds = (low + high) / 2;
		here = distance(e, recent, odds, probability, host);
		if (fabs(here) < ODDS_STEP)
			return exp(odds) * BASELINE_WINDOWS;
		if (here < 0)
		{
			low = odds;
			at_low = here;
			at_high *= last < 0 ? 0.5 : 1;
			last = -1;
		}
		else
		{
			high = odds;
			at_high = here;
			at_low *= last > 0 ? 0.5 : 1;
			last = 1;
		}
	}
	return exp((low + high) / 2) * BASELINE_WINDOWS;
}

/*
 * escalation_limits
 *		The ratios of rates at which the counts would be just within either
 *		tail, by the mixture that they were tested with.
 */
EscalationLimits
escalation_limits(const EscalationCounts *counts, const Escalation *tested, double level, const Host *host)
{
	double tail = (1 - level) / 2;
	double recent = (double) counts->recent;
	EscalationLimits limits = {0, INFINITY};

	if (counts->recent > 0)
		limits.lower = ratio_limit(tested, recent, tail, host);
	if (counts->baseline > 0)
		limits.upper = ratio_limit(tested, recent + 1, 1 - tail, host);
	return limits;
}

static int
class_of(const EscalationCounts *counts)
{
	return size_of((double) counts->baseline) * ESCALATION_CLUSTERINGS + clustering_of(counts);
}

/* What is known of a caller's dispersion: that it is the one given, or by Bayes. */
static void
weigh_dispersions(Escalation *e, const EscalationCounts *counts, const EscalationPrior *prior, double dispersion)
{
	const double *beforehand = prior->weights[class_of(counts)];
	double sum = 0;

	e->parts = 1;
	e->dispersions[0] = dispersion;
	e->weights[0] = 1;
	if (dispersion >= 1)
		return;
	e->parts = ESCALATION_DISPERSIONS;
	memcpy(e->dispersions, escalation_dispersions, sizeof(e->dispersions));
	likelihoods(counts->windows, e->weights);
	for (int k = 0; k < e->parts; k++)
		sum += e->weights[k] *= beforehand[k];
	for (int k = 0; k < e->parts; k++)
		e->weights[k] /= sum;
}

/*
 * The baseline's rate, moved towards the population's mean as far as both are
 * uncertain, but never so far that the caller's own windows no longer count:
 * some callers are always unlike the population.
 */
static double
shrunk_baseline(const EscalationPrior *prior, double baseline, double dispersion)
{
	double windows = MOST_PRIOR_WINDOWS / dispersion;

	if (!(prior->mean > 0))
		return baseline / BASELINE_WINDOWS;
	windows = fmin(windows, prior->shape / prior->mean);
	return (baseline / dispersion + windows * prior->mean) / (BASELINE_WINDOWS / dispersion + windows);
}

/*
 * escalation_test
 *		Compare a caller's recent window with the baseline.  If the dispersion
 *		is NaN, it is estimated from baseline and prior.
 */
void
escalation_test(const EscalationCounts *counts, const EscalationPrior *prior, double dispersion,
				const Host *host, Escalation *result)
{
	double baseline = (double) counts->baseline;

	result->n = (double) counts->recent + baseline;
	weigh_dispersions(result, counts, prior, dispersion);
	result->dispersion = 0;
	for (int k = 0; k < result->parts; k++)
		result->dispersion += result->weights[k] * result->dispersions[k];
	result->baseline = shrunk_baseline(prior, baseline, result->dispersion);
	result->p = mixture_tail(result, (double) counts->recent, EQUAL_SHARE, 0, host);
}
