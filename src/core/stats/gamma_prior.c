/*-------------------------------------------------------------------------
 * gamma_prior.c
 *	  The gamma-Poisson (negative binomial) model of counts, fitted by maximum
 *	  likelihood (Lawless 1987, Canadian Journal of Statistics 15, 209-225).
 *
 * A caller's rate comes from a gamma distribution with a mean m and a shape;
 * a = 1 / shape.  With z = a m t for an exposure t, x contacts have the log
 * likelihood
 *
 *		sum over j < x of ln(1 + a j) + x ln(m t) - (x + 1/a) ln(1 + z) - ln x!
 *
 * which stays exact while a goes to 0, where it is Poisson's.  Newton's method
 * climbs it in ln m and ln a.  Only the first sum asks how many callers have
 * more than j contacts, so nothing costs more than a logarithm a group.
 *-------------------------------------------------------------------------
 */
#include "core/stats/gamma_prior.h"

#include <math.h>

#include "core/stats/specfun.h"

#define MAX_ITERATIONS 200

/* Converged: neither the mean nor the shape moves by this share of itself. */
#define TOLERANCE 1e-9

/* No step makes the mean or the shape larger or smaller by more than e ^ 2. */
#define LONGEST_STEP 2.0

#define MAX_HALVINGS 40

/* Up to this many terms are added one by one. */
#define LONGEST_SUM 256

/* Groups from one pause to the next. */
#define PAUSE_GROUPS 65536

/* The log likelihood, its slopes and its curvature, by ln mean and ln a. */
typedef struct Ascent
{
	double value;
	double slope_mean;
	double slope_a;
	double mean_mean;
	double mean_a;
	double a_a;
} Ascent;

/*
 * (ln(1 + z) - z / (1 + z)) / z^2, for small z a difference of two nearly equal
 * numbers and so a series: sum over k >= 2 of (-1)^k (k - 1) / k z^(k - 2).
 */
static double
log_excess(double z)
{
	double sum = 0;

	if (z > 0.05)
		return (log1p(z) - z / (1 + z)) / (z * z);
	for (int k = 14; k >= 2; k--)
		sum = (k % 2 == 0 ? 1 : -1) * (double) (k - 1) / k + sum * z;
	return sum;
}

/* (1 / (1 + z)^2 - 2 log_excess(z)) / z, which goes to -2/3. */
static double
excess_slope(double z)
{
	double sum = 0;

	if (z > 0.05)
		return (1 / ((1 + z) * (1 + z)) - 2 * log_excess(z)) / z;
	for (int k = 14; k >= 2; k--)
		sum = (k % 2 == 0 ? -1 : 1) * (double) (k * (k - 1)) / (k + 1) + sum * z;
	return sum;
}

/* For j from first to before last: ln(1 + a j), and its slopes by a. */
static void
add_terms(Ascent *at, double a, int64_t first, int64_t last, double callers, double *slope, double *curve)
{
	double value = 0;
	double once = 0;
	double twice = 0;

	if (last - first <= LONGEST_SUM)
		for (int64_t j = first; j < last; j++)
		{
			double share = (double) j / (1 + a * (double) j);

			value += log1p(a * (double) j);
			once += share;
			twice += share * share;
		}
	else
	{
		double shape = 1 / a;
		double from = shape + (double) first;
		double to = shape + (double) last;
		double terms = (double) last - (double) first;
		double inverse = specfun_digamma(to) - specfun_digamma(from);
		double squares = specfun_trigamma(from) - specfun_trigamma(to);

		value = specfun_lgamma(to) - specfun_lgamma(from) + terms * log(a);
		once = shape * (terms - shape * inverse);
		twice = shape * shape * (terms - 2 * shape * inverse + shape * shape * squares);
	}
	at->value += callers * value;
	*slope += callers * once;
	*curve -= callers * twice;
}

/* The number of callers with more contacts than a given count falls group by group. */
static void
add_counts(Ascent *at, double a, const GammaPriorGroup *groups, size_t n, double callers, double *slope, double *curve)
{
	int64_t last = 0;

	for (size_t i = 0; i < n && callers > 0; i++)
	{
		if (groups[i].contacts > last)
		{
			add_terms(at, a, last, groups[i].contacts, callers, slope, curve);
			last = groups[i].contacts;
		}
		callers -= groups[i].callers;
	}
}

static Ascent
climb_from(double mean, double a, const GammaPriorGroup *groups, size_t n, double callers, const Host *host)
{
	Ascent at = {0};
	double slope = 0; /* by a, not yet by ln a */
	double curve = 0;

	add_counts(&at, a, groups, n, callers, &slope, &curve);
	for (size_t i = 0; i < n; i++)
	{
		double x = (double) groups[i].contacts;
		double expected = mean * groups[i].exposure;
		double z = a * expected;
		double part = groups[i].callers / (1 + z);
		double log_z = log1p(z);

		if (i % PAUSE_GROUPS == 0)
			host->pause();
		at.value += groups[i].callers * (x * log(expected) - x * log_z - (a > 0 ? log_z / a : expected));
		at.slope_mean += part * (x - expected);
		at.mean_mean -= part * expected * (1 + a * x) / (1 + z);
		at.mean_a -= part * z * (x - expected) / (1 + z);
		slope += groups[i].callers * expected * expected * log_excess(z) - part * x * expected;
		curve += groups[i].callers * expected * expected * (expected * excess_slope(z) + x / ((1 + z) * (1 + z)));
	}
	at.slope_a = a * slope;
	at.a_a = a * a * curve + a * slope;
	return at;
}

/* The part of the log likelihood that depends on no parameter. */
static double
log_factorials(const GammaPriorGroup *groups, size_t n)
{
	double sum = 0;
	double factorial = 0; /* its logarithm, of the contacts of group i */

	for (size_t i = 0; i < n; i++)
	{
		if (i == 0 || groups[i].contacts != groups[i - 1].contacts)
			factorial = specfun_lgamma((double) groups[i].contacts + 1);
		sum += groups[i].callers * factorial;
	}
	return sum;
}

static double
shorten(double step)
{
	return fmax(-LONGEST_STEP, fmin(LONGEST_STEP, step));
}

/* Newton's step; or, where the likelihood is not concave, a step along the slopes. */
static void
choose_step(const Ascent *at, double *by_mean, double *by_a)
{
	double determinant = at->mean_mean * at->a_a - at->mean_a * at->mean_a;

	if (at->mean_mean < 0 && determinant > 0)
	{
		*by_mean = (at->mean_a * at->slope_a - at->a_a * at->slope_mean) / determinant;
		*by_a = (at->mean_a * at->slope_mean - at->mean_mean * at->slope_a) / determinant;
	}
	else
	{
		*by_mean = at->slope_mean / fmax(fabs(at->mean_mean), 1e-300);
		*by_a = at->slope_a / fmax(fabs(at->a_a), 1e-300);
	}
	*by_mean = shorten(*by_mean);
	*by_a = shorten(*by_a);
}

/* The variances of mean and shape, from the curvature at the maximum. */
static void
set_variances(GammaPrior *prior, const Ascent *at)
{
	double determinant = at->mean_mean * at->a_a - at->mean_a * at->mean_a;

	if (!(at->mean_mean < 0 && determinant > 0))
		return;
	prior->var_log_mean = -at->a_a / determinant;
	prior->var_log_shape = -at->mean_mean / determinant;
	/* ln shape is -ln a, which turns the sign of the covariance */
	prior->covariance = -at->mean_a / determinant;
}

/* Climb from the moments to the maximum. */
static void
climb(GammaPrior *prior, double a, const GammaPriorGroup *groups, size_t n, double callers, const Host *host)
{
	double mean = prior->mean;
	Ascent at = climb_from(mean, a, groups, n, callers, host);

	while (!prior->converged && prior->iterations < MAX_ITERATIONS)
	{
		double by_mean;
		double by_a;
		double slack = 1e-13 * (1 + fabs(at.value));
		Ascent next;
		int halvings = 0;

		prior->iterations++;
		choose_step(&at, &by_mean, &by_a);
		for (;;)
		{
			next = climb_from(mean * exp(by_mean), a * exp(by_a), groups, n, callers, host);
			if (next.value >= at.value - slack || ++halvings > MAX_HALVINGS)
				break;
			by_mean /= 2;
			by_a /= 2;
		}
		if (halvings > MAX_HALVINGS)
			break;
		mean *= exp(by_mean);
		a *= exp(by_a);
		at = next;
		prior->converged = halvings == 0 && fabs(by_mean) < TOLERANCE && fabs(by_a) < TOLERANCE;
	}
	prior->mean = mean;
	prior->shape = 1 / a;
	prior->log_likelihood = at.value;
	set_variances(prior, &at);
}

/*
 * gamma_prior_fit
 *		Mean and shape of a population's rates.
 *
 *		If the counts vary no more than Poisson counts, the likelihood rises
 *		towards an infinite shape: all callers then have one rate, and shape is
 *		infinite.
 */
void
gamma_prior_fit(GammaPrior *prior, const GammaPriorGroup *groups, size_t n, const Host *host)
{
	double callers = 0;
	double contacts = 0;
	double exposure = 0;
	double excess = 0; /* variance beyond Poisson's, summed; twice the slope at a = 0 */
	double squares = 0;

	*prior = (GammaPrior){.shape = INFINITY};
	for (size_t i = 0; i < n; i++)
	{
		callers += groups[i].callers;
		contacts += groups[i].callers * (double) groups[i].contacts;
		exposure += groups[i].callers * groups[i].exposure;
	}
	if (contacts == 0)
	{
		prior->converged = true;
		return;
	}
	prior->mean = contacts / exposure;
	for (size_t i = 0; i < n; i++)
	{
		double expected = prior->mean * groups[i].exposure;
		double rest = (double) groups[i].contacts - expected;

		excess += groups[i].callers * (rest * rest - (double) groups[i].contacts);
		squares += groups[i].callers * expected * expected;
	}
	/* a rounding error is not an excess */
	if (excess > 1e-12 * squares)
		climb(prior, excess / squares, groups, n, callers, host);
	else
	{
		prior->log_likelihood = climb_from(prior->mean, 0, groups, n, callers, host).value;
		prior->var_log_mean = 1 / contacts;
		prior->converged = true;
	}
	prior->log_likelihood -= log_factorials(groups, n);
}
