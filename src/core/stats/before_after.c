/*-------------------------------------------------------------------------
 * before_after.c
 *	  Did it help: counts before and after, with regression to the mean removed
 *	  (Hauer 1997, Observational Before-After Studies in Road Safety).
 *
 * Callers are chosen when they call most, so they call less afterwards whatever
 * is done.  How much less follows from the spread of all callers' rates: a
 * caller's rate, given the count before, has a gamma distribution.  Its mean is
 * what to expect, and the count afterwards is negative binomial around that.
 *
 * docs/methods/effect.md derives what is done here.
 *-------------------------------------------------------------------------
 */
#include "core/stats/before_after.h"

#include <math.h>

#include "core/stats/specfun.h"

/* A variance that is a smaller share of the mean does not change a Poisson distribution. */
#define LEAST_VARIANCE 1e-8

#define LEVEL 0.95
#define POWER_EFFECT 0.7
#define POWER 0.8

/* Rates move if counts vary by this factor more than expected. */
#define MOST_DISPERSION 1.5

/* Warn about slopes that differ from 1 by this much, and by this many standard errors. */
#define CALIBRATION_ERRORS 3
#define CALIBRATION_DIFFERENCE 0.1

/*
 * The prior does not fit if the number that it expects differs by this share,
 * and by this many standard errors, or if counts like these have a probability
 * below this.
 */
#define SPREAD_DIFFERENCE 0.1
#define SPREAD_ERRORS 3
#define REFUTED 0.001
#define FEWEST_EXPECTED 5 /* callers in a cell */
#define LEFT_OUT 0.1 /* of the managed callers' contacts, from callers with the fewest */

/* Comparable callers: the fewest in all, and in a stratum. */
#define FEWEST_COMPARABLE 5
#define FEWEST_IN_STRATUM 2

/* The Poisson variance where the line is below zero, as a share of that at its centre. */
#define LEAST_SHARE 1e-3

/*
 * empirical_bayes
 *		The contacts to expect of a caller, from the caller's count and all
 *		other callers.
 */
EmpiricalBayes
empirical_bayes(double observed, double exposure, double mean, double shape)
{
	double population = mean * exposure;
	EmpiricalBayes result = {.weight = 1 / (1 + population / shape)};

	result.expected = result.weight * population + (1 - result.weight) * observed;
	/* 1 - weight, without loss where it is small */
	result.sd = isinf(shape) ? 0 : sqrt(population / (population + shape) * result.expected);
	return result;
}

/* ------------------------------------------------------------------------
 * A count that is expected to be m, where m is itself known with a variance v
 * alone: Poisson around a gamma distribution of shape m^2 / v, so negative
 * binomial.  Its tails are those of a beta distribution.
 * ------------------------------------------------------------------------
 */

typedef struct Expectation
{
	double mean;
	double shape; /* infinite if the mean is known */
} Expectation;

static Expectation
expectation_of(double mean, double variance)
{
	Expectation e = {.mean = mean, .shape = INFINITY};

	if (variance > LEAST_VARIANCE * mean)
		e.shape = mean * (mean / variance);
	return e;
}

/* P(Y <= y) where the effect multiplies the mean */
static double
lower_tail(Expectation e, double effect, double y)
{
	double mean = effect * e.mean;

	if (mean <= 0)
		return 1;
	if (isinf(e.shape))
		return specfun_gamma_upper(y + 1, mean);
	return specfun_beta_upper(y + 1, e.shape, mean / (mean + e.shape));
}

/* P(Y >= y) */
static double
upper_tail(Expectation e, double effect, double y)
{
	double mean = effect * e.mean;

	if (y <= 0)
		return 1;
	if (mean <= 0)
		return 0;
	if (isinf(e.shape))
		return specfun_gamma_lower(y, mean);
	return specfun_beta_lower(y, e.shape, mean / (mean + e.shape));
}

/* x / (1 - x) for the x below which a beta distribution has p of its mass, and q above */
static double
beta_odds(double a, double b, double p, double q)
{
	double x = specfun_beta_lower_inverse(a, b, p);

	if (x > 0.5)
	{
		double rest = specfun_beta_lower_inverse(b, a, q);

		return (1 - rest) / rest;
	}
	return x / (1 - x);
}

/* The effect with which P(Y >= y) is p */
static double
effect_at_upper_tail(Expectation e, double y, double p)
{
	if (y <= 0)
		return 0;
	if (isinf(e.shape))
		return specfun_gamma_lower_inverse(y, p) / e.mean;
	return beta_odds(y, e.shape, p, 1 - p) * e.shape / e.mean;
}

/* The effect with which P(Y <= y) is p */
static double
effect_at_lower_tail(Expectation e, double y, double p)
{
	if (isinf(e.shape))
		return specfun_gamma_upper_inverse(y + 1, p) / e.mean;
	return beta_odds(y + 1, e.shape, 1 - p, p) * e.shape / e.mean;
}

/*
 * effect_size
 *		By what factor an observed count differs from the expected one.
 *
 *		Estimate and standard deviation are Hauer's.  The interval holds the
 *		effects under which neither tail of the count's distribution is smaller
 *		than half of 1 - level, so it covers the true one at least as often as
 *		it says.
 */
EffectSize
effect_size(double observed, double expected, double variance, double level)
{
	Expectation e = expectation_of(expected, variance);
	double spread = variance / expected / expected;
	double tail = (1 - level) / 2;
	EffectSize result;

	result.effect = observed / expected / (1 + spread);
	result.sd = sqrt(observed + observed * observed * spread) / expected / ((1 + spread) * (1 + spread));
	result.lower = effect_at_upper_tail(e, observed, tail);
	result.upper = effect_at_lower_tail(e, observed, tail);
	result.p_value = fmin(1, 2 * fmin(lower_tail(e, 1, observed), upper_tail(e, 1, observed)));
	return result;
}

/* The largest count that is significantly small without an effect; -1 if no count is. */
static double
critical_count(Expectation e, double level)
{
	double tail = (1 - level) / 2;
	double below = -1;
	double above = ceil(e.mean) + 1;

	while (above - below > 1)
	{
		double middle = floor((above + below) / 2);

		if (lower_tail(e, 1, middle) <= tail)
			below = middle;
		else
			above = middle;
	}
	return below;
}

/*
 * effect_power
 *		The probability that effect_size() finds a fall that is there.
 */
double
effect_power(double expected, double variance, double effect, double level)
{
	Expectation e = expectation_of(expected, variance);
	double critical = critical_count(e, level);

	return critical < 0 ? 0 : lower_tail(e, effect, critical);
}

/*
 * effect_detectable
 *		The smallest fall that is found with the given power, as a share; NaN if
 *		there is none.
 */
double
effect_detectable(double expected, double variance, double power, double level)
{
	Expectation e = expectation_of(expected, variance);
	double critical = critical_count(e, level);

	return critical < 0 ? NAN : 1 - effect_at_lower_tail(e, critical, power);
}

/*
 * hours_saved
 *		Contacts that were avoided, as hours per month.
 *
 *		The interval combines those of the expected number (gamma), the observed
 *		number (Garwood 1936) and the handling time (normal) by the distances of
 *		their ends from the estimates (Zou and Donner 2008).
 */
HoursSaved
hours_saved(double observed, double expected, double variance, double handling_seconds, double handling_error,
			double months, double level)
{
	double tail = (1 - level) / 2;
	double shape = expected > 0 ? expectation_of(expected, variance).shape : INFINITY;
	double low = isinf(shape) ? expected : specfun_gamma_lower_inverse(shape, tail) / shape * expected;
	double high = isinf(shape) ? expected : specfun_gamma_upper_inverse(shape, tail) / shape * expected;
	double least = observed > 0 ? specfun_gamma_lower_inverse(observed, tail) : 0;
	double most = specfun_gamma_upper_inverse(observed + 1, tail);
	double unit = 1 / (3600 * months);
	HoursSaved result = {.contacts_fewer = expected - observed};
	double handling = result.contacts_fewer * handling_error * specfun_normal_inverse(1 - tail);

	result.hours = result.contacts_fewer * handling_seconds * unit;
	result.lower = result.hours - unit * hypot(handling_seconds * hypot(expected - low, most - observed), handling);
	result.upper = result.hours + unit * hypot(handling_seconds * hypot(high - expected, observed - least), handling);
	return result;
}

/* ------------------------------------------------------------------------
 * before_after
 * ------------------------------------------------------------------------
 */

/* Sums over the unmanaged and the managed, in the order of their counts before. */
typedef struct Sums
{
	double unmanaged; /* callers */
	double unmanaged_before;
	double unmanaged_squares; /* of the counts before */
	double unmanaged_expected;
	double unmanaged_after;
	double managed; /* callers */
	double managed_before;
	double managed_expected;
	double managed_squares; /* of the expected contacts */
} Sums;

/*
 * The contacts of unmanaged callers afterwards, as a line over those expected
 * of them: at + slope * (expected - centre).
 */
typedef struct Line
{
	double centre;
	double at;
	double slope;

	/* variances: of at, and of the slope */
	double at_variance;
	double slope_variance;

	/*
	 * Variance of a caller's count beyond that of the model, because rates
	 * move: a part that is the same for all, and one that grows with the
	 * square of the expected number.
	 */
	double moved;
	double moved_square;
	double dispersion;
} Line;

static double
expected_of(const BeforeAfter *result, int64_t before)
{
	return empirical_bayes((double) before, 1, result->prior.mean, result->prior.shape).expected;
}

/* The share of a caller's own count in the expected number: 1 - weight */
static double
own_share(const GammaPrior *prior)
{
	return prior->mean / (prior->mean + prior->shape);
}

static void
fit_prior(BeforeAfter *result, const BeforeAfterGroup *groups, size_t n, const Host *host)
{
	GammaPriorGroup *counts = host->alloc(n * sizeof(GammaPriorGroup));

	for (size_t i = 0; i < n; i++)
		counts[i] = (GammaPriorGroup){
			.contacts = groups[i].before,
			.exposure = 1,
			.callers = (double) groups[i].unmanaged.callers + (double) groups[i].managed.callers,
		};
	gamma_prior_fit(&result->prior, counts, n, host);
	host->release(counts);
}

static Sums
sum_up(BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	Sums sums = {0};

	for (size_t i = 0; i < n; i++)
	{
		const BeforeAfterGroup *g = &groups[i];
		double expected = expected_of(result, g->before);

		result->callers += g->unmanaged.callers + g->managed.callers;
		result->managed += g->managed.callers;
		result->before += g->before * g->managed.callers;
		result->after += g->managed.after;
		sums.unmanaged += (double) g->unmanaged.callers;
		sums.unmanaged_before += (double) g->unmanaged.callers * (double) g->before;
		sums.unmanaged_squares += (double) g->unmanaged.callers * (double) g->before * (double) g->before;
		sums.unmanaged_expected += (double) g->unmanaged.callers * expected;
		sums.unmanaged_after += (double) g->unmanaged.after;
		sums.managed += (double) g->managed.callers;
		sums.managed_before += (double) g->managed.callers * (double) g->before;
		sums.managed_expected += (double) g->managed.callers * expected;
		sums.managed_squares += (double) g->managed.callers * expected * expected;
	}
	return sums;
}

/* The sum of squared differences of callers' counts from one number */
static double
squares_about(const BeforeAfterSide *side, double centre)
{
	return (double) side->after_squares - 2 * centre * (double) side->after + (double) side->callers * centre * centre;
}

/* The height of the line. */
static inline double
line_at(const Line *line, double expected)
{
	return line->at + line->slope * (expected - line->centre);
}

/*
 * The variance of a caller's count by the model: that of Poisson, and that of
 * the rate given the count before, as far as the rate stays the same.
 */
static double
model_variance(const BeforeAfter *result, const Line *line, double expected)
{
	return fmax(line_at(line, expected), LEAST_SHARE * line->at) + line->slope * line->slope * own_share(&result->prior) * expected;
}

/* The same, with the movement of rates added. */
static double
full_variance(const BeforeAfter *result, const Line *line, double expected)
{
	double away = expected - result->prior.mean;

	return model_variance(result, line, expected) + line->moved + line->moved_square * away * away;
}

/* The line through the unmanaged callers, by least squares, each weighted by the variance. */
static void
fit_line(Line *line, const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	const Line last = *line; /* from which the weights come */
	double weight = 0;
	double squares = 0;

	line->centre = line->at = line->slope = 0;
	for (size_t i = 0; i < n; i++)
	{
		double expected = expected_of(result, groups[i].before);
		double variance = full_variance(result, &last, expected);

		weight += (double) groups[i].unmanaged.callers / variance;
		line->centre += (double) groups[i].unmanaged.callers / variance * expected;
		line->at += (double) groups[i].unmanaged.after / variance;
	}
	line->centre /= weight;
	line->at /= weight;
	for (size_t i = 0; i < n; i++)
	{
		double expected = expected_of(result, groups[i].before);
		double part = (expected - line->centre) / full_variance(result, &last, expected);

		squares += (double) groups[i].unmanaged.callers * part * (expected - line->centre);
		line->slope += (double) groups[i].unmanaged.after * part;
	}
	/* callers who called more before do not call less afterwards */
	line->slope = fmax(0, line->slope / squares);
	line->at_variance = 1 / weight;
	line->slope_variance = 1 / squares;
}

/*
 * How rates move, by moments: the excess of the squared distances from the
 * line over the model's variance, as a sum of the two parts, by least squares.
 * Each is weighted by about how precisely it is known.
 */
static void
fit_movement(Line *line, const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	double sums[3] = {0}; /* of weights, times squares, times fourth powers */
	double same = 0;
	double growing = 0;

	for (size_t i = 0; i < n; i++)
	{
		const BeforeAfterSide *side = &groups[i].unmanaged;
		double expected = expected_of(result, groups[i].before);
		double variance = full_variance(result, line, expected);
		double weight = 1 / (variance + 2 * variance * variance);
		double square = (expected - result->prior.mean) * (expected - result->prior.mean);
		double beyond = squares_about(side, line_at(line, expected)) -
						(double) side->callers * model_variance(result, line, expected);

		sums[0] += weight * (double) side->callers;
		sums[1] += weight * (double) side->callers * square;
		sums[2] += weight * (double) side->callers * square * square;
		same += weight * beyond;
		growing += weight * square * beyond;
	}
	line->moved = (sums[2] * same - sums[1] * growing) / (sums[0] * sums[2] - sums[1] * sums[1]);
	line->moved_square = (sums[0] * growing - sums[1] * same) / (sums[0] * sums[2] - sums[1] * sums[1]);
	if (!(line->moved > 0))
	{
		line->moved = 0;
		line->moved_square = fmax(0, growing / sums[2]);
	}
	else if (!(line->moved_square > 0))
	{
		line->moved = fmax(0, same / sums[0]);
		line->moved_square = 0;
	}
}

/* Pearson's chi-square over its degrees of freedom, with the model's variance or that of moving rates too */
static double
dispersion_about(const Line *line, const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n,
				 bool moving, double degrees)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		double expected = expected_of(result, groups[i].before);

		sum += squares_about(&groups[i].unmanaged, line_at(line, expected)) /
			   (moving ? full_variance(result, line, expected) : model_variance(result, line, expected));
	}
	return sum / degrees;
}

/* The weights of the line depend on the movement, and the movement on the line: three rounds settle both. */
static void
fit_unmanaged(Line *line, const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n, const Sums *sums)
{
	double degrees = sums->unmanaged - 2;
	double left;

	*line = (Line){.slope = sums->unmanaged_after / sums->unmanaged_expected};
	for (int round = 0; round < 3; round++)
	{
		fit_line(line, result, groups, n);
		fit_movement(line, result, groups, n);
	}
	line->dispersion = dispersion_about(line, result, groups, n, false, degrees);
	left = fmax(1, dispersion_about(line, result, groups, n, true, degrees));
	line->at_variance *= left;
	line->slope_variance *= left;
}

/*
 * The relative variance due to the uncertainty of the prior: the number
 * expected of the managed over that expected of the unmanaged changes with ln
 * mean and ln shape by these slopes.
 */
static double
prior_variance(const BeforeAfter *result, const Sums *sums)
{
	const GammaPrior *prior = &result->prior;
	double own = own_share(prior);
	double weight = 1 - own;
	double pull = own * weight * (sums->managed * prior->mean - sums->managed_before);
	double by_mean = (sums->managed * weight * prior->mean - pull) / sums->managed_expected;
	double by_shape = pull / sums->managed_expected;

	if (sums->unmanaged_expected > 0)
	{
		pull = own * weight * (sums->unmanaged * prior->mean - sums->unmanaged_before);
		by_mean -= (sums->unmanaged * weight * prior->mean - pull) / sums->unmanaged_expected;
		by_shape -= pull / sums->unmanaged_expected;
	}
	return by_mean * by_mean * prior->var_log_mean + by_shape * by_shape * prior->var_log_shape +
		   2 * by_mean * by_shape * prior->covariance;
}

/*
 * If all unmanaged callers have the same count there is no line: all callers
 * change by one ratio.
 */
static double
expect_by_ratio(BeforeAfter *result, const Sums *sums)
{
	double ratio = sums->unmanaged_expected > 0 ? sums->unmanaged_after / sums->unmanaged_expected : 1;
	double own = own_share(&result->prior);
	double relative = 0;

	if (sums->managed_expected > 0)
		relative = prior_variance(result, sums);
	if (sums->unmanaged_after > 0)
		relative += (1 + ratio * own) / sums->unmanaged_after;
	result->comparison_ratio = ratio;
	result->expected_after = ratio * sums->managed_expected;
	return ratio * result->expected_after * own + relative * result->expected_after * result->expected_after;
}

/* By the line, which corrects errors of the prior. */
static double
expect_by_line(BeforeAfter *result, const Line *line, const Sums *sums)
{
	double mean = result->prior.mean;
	double away = sums->managed_expected - sums->managed * line->centre;
	double squares = sums->managed_squares - mean * (2 * sums->managed_expected - mean * sums->managed);

	result->comparison_ratio = line_at(line, mean) / mean;
	result->calibration = line->slope / result->comparison_ratio;
	result->dispersion = line->dispersion;
	result->expected_after = fmax(0, sums->managed * line->at + line->slope * away);
	if (line->dispersion > MOST_DISPERSION)
		result->warnings |= BEFORE_AFTER_RATES_MOVE;
	if (fabs(line->slope - result->comparison_ratio) >
		fmax(CALIBRATION_DIFFERENCE * result->comparison_ratio, CALIBRATION_ERRORS * sqrt(line->slope_variance)))
		result->warnings |= BEFORE_AFTER_CALIBRATION;
	if (sums->managed == 0)
		return 0;
	return line->slope * line->slope * own_share(&result->prior) * sums->managed_expected +
		   sums->managed * line->moved + line->moved_square * squares +
		   sums->managed * sums->managed * line->at_variance + away * away * line->slope_variance;
}

/* The number to expect of the managed callers afterwards, and how certain it is. */
static void
expect_after(BeforeAfter *result, Line *line, const BeforeAfterGroup *groups, size_t n, const Sums *sums)
{
	double variance;

	result->expected_before = sums->managed_expected;
	result->dispersion = NAN;
	result->calibration = NAN;
	if (sums->unmanaged > 2 && sums->unmanaged_after > 0 && own_share(&result->prior) > 0 &&
		sums->unmanaged_squares * sums->unmanaged > sums->unmanaged_before * sums->unmanaged_before)
	{
		fit_unmanaged(line, result, groups, n, sums);
		variance = expect_by_line(result, line, sums);
	}
	else
	{
		variance = expect_by_ratio(result, sums);
		*line = (Line){.slope = result->comparison_ratio};
	}
	result->expected_sd = sqrt(variance);
}

/* ------------------------------------------------------------------------
 * Comparable callers
 * ------------------------------------------------------------------------
 */

/* Counts before that are within about one standard deviation of each other: equal floor(2 sqrt(count)). */
static double
stratum_of(int64_t before)
{
	return floor(2 * sqrt((double) before));
}

/* Groups of one stratum, summed up. */
typedef struct Stratum
{
	int64_t unmanaged;
	int64_t managed;
	double unmanaged_expected;
	double unmanaged_after;
	double unmanaged_variance; /* from the line */
	double managed_expected;
	int64_t managed_after;
} Stratum;

/* Strata that have both, summed up. */
typedef struct Contrast
{
	double expected;
	double observed;
	double variance; /* of the difference, from the line */
	double variance_seen; /* the same, from the differences between comparable callers */
	int64_t unmanaged;
	int64_t managed;
} Contrast;

static Stratum
sum_stratum(const BeforeAfter *result, const Line *line, const BeforeAfterGroup *groups, size_t n)
{
	Stratum s = {0};

	for (size_t i = 0; i < n; i++)
	{
		double expected = expected_of(result, groups[i].before);

		s.unmanaged += groups[i].unmanaged.callers;
		s.managed += groups[i].managed.callers;
		s.unmanaged_expected += (double) groups[i].unmanaged.callers * expected;
		s.unmanaged_after += (double) groups[i].unmanaged.after;
		s.unmanaged_variance += (double) groups[i].unmanaged.callers * full_variance(result, line, expected);
		s.managed_expected += (double) groups[i].managed.callers * expected;
		s.managed_after += groups[i].managed.after;
	}
	return s;
}

/* Each unmanaged caller counts as many times as makes the two sides alike. */
static void
add_stratum(Contrast *contrast, const BeforeAfter *result, const Line *line, const BeforeAfterGroup *groups, size_t n)
{
	Stratum s = sum_stratum(result, line, groups, n);
	double weight;
	double both; /* the weight in the variance: of the managed, and of the number expected of them */
	double squares = 0;

	if (s.managed == 0 || s.unmanaged < FEWEST_IN_STRATUM || s.unmanaged_expected == 0)
		return;
	weight = s.managed_expected / s.unmanaged_expected;
	both = weight + weight * weight;
	for (size_t i = 0; i < n; i++)
		squares += squares_about(&groups[i].unmanaged, s.unmanaged_after / s.unmanaged_expected *
														   expected_of(result, groups[i].before));
	contrast->expected += weight * s.unmanaged_after;
	contrast->observed += (double) s.managed_after;
	contrast->variance += both * s.unmanaged_variance;
	contrast->variance_seen += both * squares * (double) s.unmanaged / ((double) s.unmanaged - 1);
	contrast->unmanaged += s.unmanaged;
	contrast->managed += s.managed;
}

/*
 * The managed against unmanaged callers with similar counts before, such as
 * those on a waiting list: both had their peak, and the rates of both may
 * move.
 */
static void
compare(BeforeAfter *result, const Line *line, const BeforeAfterGroup *groups, size_t n)
{
	Contrast contrast = {0};
	size_t from = 0;
	double variance;

	for (size_t i = 1; i <= n; i++)
		if (i == n || stratum_of(groups[i].before) != stratum_of(groups[from].before))
		{
			add_stratum(&contrast, result, line, groups + from, i - from);
			from = i;
		}
	result->comparable = contrast.unmanaged;
	result->comparable_managed = contrast.managed;
	if (result->managed == 0)
		return;
	if (contrast.unmanaged < FEWEST_COMPARABLE || contrast.expected <= 0)
	{
		result->warnings |= BEFORE_AFTER_NONE_COMPARABLE;
		return;
	}
	if (contrast.managed < result->managed)
		result->warnings |= BEFORE_AFTER_SOME_INCOMPARABLE;
	/* effect_size() adds the variance of the count itself */
	variance = fmax(contrast.variance, contrast.variance_seen) - contrast.expected;
	result->comparable_effect = effect_size(contrast.observed, contrast.expected, fmax(0, variance), LEVEL);
}

/* The largest count before such that nine tenths of the managed callers' contacts are at or above it. */
static int64_t
usual_count(const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	double passed = 0;

	for (size_t i = 0; i < n; i++)
	{
		passed += (double) groups[i].managed.callers * (double) groups[i].before;
		if (groups[i].managed.callers > 0 && passed > LEFT_OUT * (double) result->before)
			return groups[i].before;
	}
	return 0;
}

/*
 * Do the counts before differ from the prior by more than chance?  Pearson's
 * chi-square over single counts as long as enough callers are expected, with
 * the rest as one cell.
 */
static bool
prior_is_refuted(const BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	const GammaPrior *prior = &result->prior;
	double own = own_share(prior);
	double left = (double) result->callers; /* callers, seen and expected, with more contacts */
	double expected_left = left;
	double expected = left * exp(prior->shape * log1p(-own));
	double chi_square = 0;
	int cells = 0;
	size_t i = 0;

	if (isinf(prior->shape))
		return false;
	for (int64_t x = 0; expected >= FEWEST_EXPECTED && expected_left - expected >= FEWEST_EXPECTED; x++)
	{
		double seen = 0;

		if (i < n && groups[i].before == x)
		{
			seen = (double) groups[i].unmanaged.callers + (double) groups[i].managed.callers;
			i++;
		}
		chi_square += (seen - expected) * (seen - expected) / expected;
		cells++;
		left -= seen;
		expected_left -= expected;
		expected *= (prior->shape + (double) x) / ((double) x + 1) * own;
	}
	if (expected_left > 0)
		chi_square += (left - expected_left) * (left - expected_left) / expected_left;
	/* the cells, and the rest, less one and the two parameters */
	return cells > 2 && specfun_gamma_upper((cells - 2) / 2.0, chi_square / 2) < REFUTED;
}

/*
 * Do the rates of callers like the managed have a gamma distribution?
 * Whatever their distribution, callers with at least t contacts are expected
 * to make as many in the next window as those with more than t made in this
 * one (Robbins 1956).  That number must agree with the prior within chance,
 * unless all counts together refute the prior anyway.
 */
static void
check_spread(BeforeAfter *result, const BeforeAfterGroup *groups, size_t n)
{
	int64_t least = usual_count(result, groups, n);
	double difference = 0;
	double expected = 0;
	double variance = 0;

	for (size_t i = 0; i < n; i++)
		if (groups[i].before >= least)
		{
			double callers = (double) groups[i].unmanaged.callers + (double) groups[i].managed.callers;
			double by_prior = expected_of(result, groups[i].before);
			double each = (groups[i].before > least ? (double) groups[i].before : 0) - by_prior;

			difference += callers * each;
			expected += callers * by_prior;
			variance += callers * each * each;
		}
	if (least > 0 && fabs(difference) > SPREAD_DIFFERENCE * expected &&
		(fabs(difference) > SPREAD_ERRORS * sqrt(variance) || prior_is_refuted(result, groups, n)))
		result->warnings |= BEFORE_AFTER_SPREAD;
}

/*
 * before_after_compute
 *		From all callers, grouped by their count before in ascending order.
 */
void
before_after_compute(BeforeAfter *result, const BeforeAfterGroup *groups, size_t n, const Host *host)
{
	static const EffectSize none = {NAN, NAN, NAN, NAN, NAN};
	Sums sums;
	Line line;

	*result = (BeforeAfter){.effect = none, .comparable_effect = none, .power = NAN, .detectable = NAN};
	fit_prior(result, groups, n, host);
	sums = sum_up(result, groups, n);
	result->naive_ratio = (double) result->after / (double) result->before;
	if (!result->prior.converged)
		result->warnings |= BEFORE_AFTER_NOT_CONVERGED;
	if (isinf(result->prior.shape))
		result->warnings |= BEFORE_AFTER_ALIKE;
	if (result->managed == 0)
		result->warnings |= BEFORE_AFTER_NO_MANAGED;
	else if (result->managed < BEFORE_AFTER_FEW)
		result->warnings |= BEFORE_AFTER_FEW_MANAGED;
	if (result->managed == result->callers)
		result->warnings |= BEFORE_AFTER_NO_UNMANAGED;
	expect_after(result, &line, groups, n, &sums);
	if (result->expected_after > 0)
	{
		double variance = result->expected_sd * result->expected_sd;

		result->effect = effect_size((double) result->after, result->expected_after, variance, LEVEL);
		result->power = effect_power(result->expected_after, variance, POWER_EFFECT, LEVEL);
		result->detectable = effect_detectable(result->expected_after, variance, POWER, LEVEL);
	}
	else if (result->managed > 0)
		result->warnings |= BEFORE_AFTER_NOTHING_EXPECTED;
	compare(result, &line, groups, n);
	if (result->managed < result->callers)
		check_spread(result, groups, n);
}
