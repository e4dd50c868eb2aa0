/*-------------------------------------------------------------------------
 * test_before_after.c
 *	  Effects with regression to the mean taken out: against published numbers,
 *	  sums of probabilities and brute force, and how often the interval holds the
 *	  truth in simulated forces.
 *
 * The tables are in build/test_before_after.log.  The prior is estimated anew
 * from each simulated force, never the one that it was drawn from.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>

#include "core/stats/before_after.h"
#include "core/stats/specfun.h"
#include "unit.h"
#include "unit_host.h"

#define MOST_CALLERS 50000
#define MOST_CONTACTS 4096

static bool
close_to(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * (1 + fabs(b));
}

/* ------------------------------------------------------------------------
 * Random numbers
 * ------------------------------------------------------------------------
 */

/* Between 0 and 1, neither of them. */
static double
uniform(void)
{
	return ((double) (unit_random() >> 12) + 0.5) / 4503599627370496.0;
}

static double
normal(void)
{
	double radius = sqrt(-2 * log(uniform()));

	return radius * cos(2 * M_PI * uniform());
}

/* Gamma of scale 1, by Marsaglia and Tsang (2000, ACM TOMS 26, 363-372) */
static double
gamma_variate(double shape)
{
	double d = shape - 1.0 / 3;
	double c;

	if (shape < 1)
	{
		double larger = gamma_variate(shape + 1);

		return larger * pow(uniform(), 1 / shape);
	}
	c = 1 / sqrt(9 * d);
	for (;;)
	{
		double x = normal();
		double v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(uniform()) < 0.5 * x * x + d - d * v + d * log(v))
			return d * v;
	}
}

/* Poisson, by multiplying uniform numbers; large means in halves. */
static int64_t
poisson_variate(double mean)
{
	double least = exp(-mean);
	int64_t count = 0;

	if (mean > 500)
	{
		int64_t half = poisson_variate(mean / 2);

		return half + poisson_variate(mean / 2);
	}
	for (double product = uniform(); product > least; product *= uniform())
		count++;
	return count;
}

/* ------------------------------------------------------------------------
 * The prior
 * ------------------------------------------------------------------------
 */

/* The log likelihood as the textbook has it. */
static double
log_likelihood(const GammaPriorGroup *groups, size_t n, double mean, double shape)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		double x = (double) groups[i].contacts;
		double expected = mean * groups[i].exposure;

		if (isinf(shape))
			sum += groups[i].callers * (x * log(expected) - expected - lgamma(x + 1));
		else
			sum += groups[i].callers * (lgamma(shape + x) - lgamma(shape) - lgamma(x + 1) +
										shape * log(shape / (shape + expected)) + x * log(expected / (shape + expected)));
	}
	return sum;
}

/* The second derivative by ln mean and ln shape, by differences. */
static double
curvature(const GammaPriorGroup *groups, size_t n, const GammaPrior *prior, bool by_mean, bool by_shape)
{
	double h = 1e-3;
	double sum = 0;

	for (int a = -1; a <= 1; a += 2)
		for (int b = -1; b <= 1; b += 2)
		{
			double mean = (by_mean ? a : 0) + (by_shape ? 0 : b);
			double shape = (by_mean ? 0 : a) + (by_shape ? b : 0);

			sum += a * b * log_likelihood(groups, n, prior->mean * exp(h * mean), prior->shape * exp(h * shape));
		}
	return sum / (4 * h * h);
}

static void
check_top(const GammaPriorGroup *groups, size_t n)
{
	GammaPrior prior;
	double mm;
	double ms;
	double ss;
	double determinant;

	gamma_prior_fit(&prior, groups, n, &host);
	MUST(prior.converged);
	MUST(close_to(prior.log_likelihood, log_likelihood(groups, n, prior.mean, prior.shape), 1e-9));
	if (isinf(prior.shape))
	{
		/* no finite shape does better */
		for (double shape = 1; shape < 1e6; shape *= 3)
			MUST(log_likelihood(groups, n, prior.mean, shape) < prior.log_likelihood + 1e-6);
		return;
	}
	for (int i = 0; i < 400; i++)
	{
		double far = pow(10, -4 * uniform());

		MUST(log_likelihood(groups, n, prior.mean * exp(far * normal()), prior.shape * exp(far * normal())) <
			 prior.log_likelihood + 1e-8);
	}
	mm = -curvature(groups, n, &prior, true, false);
	ms = -curvature(groups, n, &prior, true, true);
	ss = -curvature(groups, n, &prior, false, true);
	determinant = mm * ss - ms * ms;
	MUST(close_to(prior.var_log_mean * determinant / ss, 1, 1e-3));
	MUST(close_to(prior.var_log_shape * determinant / mm, 1, 1e-3));
	MUST(fabs(prior.covariance * determinant + ms) < 1e-3 * sqrt(mm * ss));
}

static int
compare_groups(const void *a, const void *b)
{
	return unit_compare_int64(&((const GammaPriorGroup *) a)->contacts, &((const GammaPriorGroup *) b)->contacts);
}

static void
test_prior(void)
{
	GammaPriorGroup groups[2000];
	GammaPrior prior;

	for (int round = 0; round < 40; round++)
	{
		size_t n = 50 + unit_below(lengthof(groups) - 50);
		double shape = exp(3 * normal() - 1);
		double mean = exp(2 * normal());

		for (size_t i = 0; i < n; i++)
		{
			groups[i].exposure = round % 2 == 0 ? 1 : 0.1 + 3 * uniform();
			groups[i].contacts = poisson_variate(groups[i].exposure * mean * gamma_variate(shape) / shape);
			groups[i].callers = 1 + (double) unit_below(3);
		}
		groups[0].contacts++;
		qsort(groups, n, sizeof(groups[0]), compare_groups);
		check_top(groups, n);
	}

	/* the same for all: no spread; the mean is the mean */
	for (int i = 0; i < 10; i++)
		groups[i] = (GammaPriorGroup){.contacts = 5, .exposure = 2, .callers = 10};
	check_top(groups, 10);
	gamma_prior_fit(&prior, groups, 10, &host);
	MUST(isinf(prior.shape) && prior.mean == 2.5 && prior.var_log_shape == 0);

	/* nobody called */
	groups[0] = (GammaPriorGroup){.contacts = 0, .exposure = 3, .callers = 7};
	gamma_prior_fit(&prior, groups, 1, &host);
	MUST(isinf(prior.shape) && prior.mean == 0 && prior.converged && prior.log_likelihood == 0);

	/* one who called a lot, in steps that are not added one by one */
	groups[0] = (GammaPriorGroup){.contacts = 0, .exposure = 1, .callers = 1e6};
	groups[1] = (GammaPriorGroup){.contacts = 1, .exposure = 1, .callers = 1e5};
	groups[2] = (GammaPriorGroup){.contacts = 90, .exposure = 1, .callers = 100};
	groups[3] = (GammaPriorGroup){.contacts = 2000, .exposure = 1, .callers = 1};
	gamma_prior_fit(&prior, groups, 4, &host);
	MUST(prior.converged && close_to(prior.mean, (1e5 + 9000 + 2000) / (1e6 + 1e5 + 101), 1e-9));
	check_top(groups, 4);
	groups[3].contacts = 2147483647;
	gamma_prior_fit(&prior, groups, 4, &host);
	MUST(prior.converged && prior.shape > 0);
}

/* ------------------------------------------------------------------------
 * Numbers of others
 * ------------------------------------------------------------------------
 */

/* Hauer et al. 2002: a road of 1.8 km, 4,000 vehicles a day */
static void
test_road(void)
{
	double rate = 0.0224 * pow(4000, 0.564); /* accidents a km and year */
	EmpiricalBayes one = empirical_bayes(12, 1, rate * 1.8, 2.05 * 1.8);
	EmpiricalBayes three = empirical_bayes(27, 3, rate * 1.8, 2.05 * 1.8);

	MUST(fabs(rate - 2.40885) < 0.000005);
	MUST(fabs(one.weight - 0.45976) < 0.000005);
	MUST(fabs(one.expected - 8.476) < 0.0005 && fabs(one.sd - 2.140) < 0.0005);
	MUST(fabs(one.expected / 1.8 - 4.71) < 0.005 && fabs(one.sd / 1.8 - 1.19) < 0.005);
	MUST(fabs(three.weight - 0.22099) < 0.000005);
	MUST(fabs(three.expected - 23.908) < 0.0005 && fabs(three.sd - 4.316) < 0.0005);
	MUST(fabs(three.expected / 3 - 7.97) < 0.005 && fabs(three.sd / 3 - 1.44) < 0.005);

	one = empirical_bayes(12, 2, 3, INFINITY);
	MUST(one.weight == 1 && one.expected == 6 && one.sd == 0);
	one = empirical_bayes(0, 2, 0, 4);
	MUST(one.weight == 1 && one.expected == 0 && one.sd == 0);
}

/* Garwood's interval, as R's poisson.test and GraphPad print it */
static void
test_garwood(void)
{
	static const double known[][3] = {{0, 0, 3.688879454}, {1, 0.0253178, 5.5716434}, {5, 1.6234864, 11.6683321}, {25, 16.1786819, 36.9049317}, {600, 552.944941, 649.989135}};

	for (size_t i = 0; i < lengthof(known); i++)
	{
		EffectSize e = effect_size(known[i][0], 4, 0, 0.95);

		MUST(close_to(4 * e.lower, known[i][1], 1e-7) && close_to(4 * e.upper, known[i][2], 1e-7));
		MUST(e.effect == known[i][0] / 4 && close_to(e.sd, sqrt(known[i][0]) / 4, 1e-12));
	}
}

/* P(Y = y) of what effect_size() supposes, term by term */
static double
probability(double mean, double variance, int64_t y)
{
	double shape = mean * mean / variance;

	if (variance == 0)
		return exp((double) y * log(mean) - mean - lgamma((double) y + 1));
	return exp(lgamma(shape + (double) y) - lgamma(shape) - lgamma((double) y + 1) +
			   shape * log(shape / (shape + mean)) + (double) y * log(mean / (shape + mean)));
}

static double
sum_below(double mean, double variance, int64_t y)
{
	double sum = 0;

	for (int64_t i = 0; i <= y; i++)
		sum += probability(mean, variance, i);
	return sum;
}

static void
test_tails(void)
{
	static const double expectations[][2] = {{2, 0}, {2, 3}, {9, 4}, {40, 30}, {120, 1}, {120, 900}};
	static const int64_t counts[] = {0, 1, 7, 40, 200};

	for (size_t i = 0; i < lengthof(expectations); i++)
		for (size_t k = 0; k < lengthof(counts); k++)
		{
			double mean = expectations[i][0];
			double variance = expectations[i][1];
			int64_t y = counts[k];
			EffectSize e = effect_size((double) y, mean, variance, 0.9);
			double below = sum_below(mean, variance, y);
			double above = 1 - sum_below(mean, variance, y - 1);
			double spread = variance / (mean * mean);
			double plain = (double) y / mean;

			MUST(close_to(sum_below(e.upper * mean, e.upper * e.upper * variance, y), 0.05, 1e-8));
			if (y == 0)
				MUST(e.lower == 0 && e.effect == 0 && e.sd == 0);
			else
			{
				MUST(close_to(1 - sum_below(e.lower * mean, e.lower * e.lower * variance, y - 1), 0.05, 1e-8));
				MUST(close_to(e.effect, plain / (1 + spread), 1e-12));
				MUST(close_to(e.sd, e.effect * sqrt(1 / (double) y + spread) / (1 + spread), 1e-12));
			}
			MUST(close_to(e.p_value, fmin(1, 2 * fmin(below, above)), 1e-9));
			MUST((e.p_value < 0.1) == (e.lower > 1 || e.upper < 1));
		}
	/* nearly known is known */
	MUST(close_to(effect_size(50, 70, 1e-6, 0.95).upper, effect_size(50, 70, 0, 0.95).upper, 1e-6));
	MUST(close_to(effect_size(900000, 1e6, 0.011, 0.95).upper, effect_size(900000, 1e6, 0, 0.95).upper, 1e-6));
}

/* By enumeration: the interval holds the truth at least as often as it says, whatever the truth. */
static void
test_exact_coverage(void)
{
	static const double expectations[][2] = {{1, 0}, {1, 1}, {3, 2}, {12, 6}, {50, 80}};
	double least = 1;

	for (size_t i = 0; i < lengthof(expectations); i++)
		for (double effect = 0.2; effect < 2; effect += 0.1)
		{
			double mean = expectations[i][0];
			double variance = expectations[i][1];
			double covered = 0;

			for (int64_t y = 0; y < 600; y++)
			{
				EffectSize e = effect_size((double) y, mean, variance, 0.95);

				if (e.lower <= effect && effect <= e.upper)
					covered += probability(effect * mean, effect * effect * variance, y);
			}
			MUST(covered >= 0.95);
			least = fmin(least, covered);
		}
	printf("effect_size(), by enumeration: the 95 %% interval holds the truth with a probability of at least %.4f\n", least);
}

static void
test_power(void)
{
	static const double expectations[][2] = {{2, 0}, {5, 1}, {30, 20}, {150, 120}, {400, 4000}};

	for (size_t i = 0; i < lengthof(expectations); i++)
	{
		double mean = expectations[i][0];
		double variance = expectations[i][1];
		double power = 0;
		double fall = effect_detectable(mean, variance, 0.8, 0.95);
		double found = 0;

		for (int64_t y = 0; (double) y < mean; y++)
			if (effect_size((double) y, mean, variance, 0.95).upper < 1)
			{
				power += probability(0.7 * mean, 0.49 * variance, y);
				if (!isnan(fall))
					found += probability((1 - fall) * mean, (1 - fall) * (1 - fall) * variance, y);
			}
		MUST(close_to(effect_power(mean, variance, 0.7, 0.95), power, 1e-9));
		MUST(isnan(fall) ? power == 0 : close_to(found, 0.8, 1e-8));
	}
	MUST(isnan(effect_detectable(2, 0, 0.8, 0.95)));
}

/* Known and unknown expectation and handling time: how often the interval holds the hours. */
static void
test_hours(void)
{
	HoursSaved saved = hours_saved(96, 142, 0, 900, 0, 3, 0.95);
	int covered = 0;

	MUST(saved.contacts_fewer == 46 && close_to(saved.hours, 46.0 * 900 / 3600 / 3, 1e-12));
	/* nothing but the count is unknown: its interval is Garwood's */
	saved = hours_saved(25, 40, 0, 3600, 0, 1, 0.95);
	MUST(close_to(saved.lower, 40 - 36.9049317, 1e-7) && close_to(saved.upper, 40 - 16.1786819, 1e-7));
	/* nothing but the handling time */
	saved = hours_saved(0, 0, 0, 3600, 100, 1, 0.95);
	MUST(saved.hours == 0 && close_to(saved.lower, -3.688879454, 1e-7) && saved.upper == 0);
	for (int i = 0; i < 10000; i++)
	{
		double expected = 60 * gamma_variate(30) / 30; /* known as 60, with a variance of 120 */
		double seconds = 600 + 40 * normal();

		saved = hours_saved((double) poisson_variate(0.4 * expected), 60, 120, 600, 40, 2, 0.95);
		covered += saved.lower <= 0.6 * expected * seconds / 7200 && 0.6 * expected * seconds / 7200 <= saved.upper;
	}
	printf("hours_saved(): the 95 %% interval held the hours in %.1f %% of 10,000 draws\n\n", covered / 100.0);
	MUST(covered > 9300 && covered < 9800);
}

/* ------------------------------------------------------------------------
 * Forces
 * ------------------------------------------------------------------------
 */

typedef struct Force
{
	int callers;
	int64_t before[MOST_CALLERS];
	int64_t after[MOST_CALLERS];
	double rate[MOST_CALLERS]; /* afterwards */
	bool managed[MOST_CALLERS];
	BeforeAfterGroup groups[MOST_CONTACTS];
	size_t num_groups;
} Force;

typedef enum Movement
{
	STAY,
	STOP, /* 3 of 10 callers stop */
	DRIFT, /* each rate by a factor of its own, lognormal with a standard deviation of 0.5 in the log */
	RENEW, /* 3 of 10 callers have a new rate, drawn as the first */
	SEASON /* all rates by 1.4, and the window is longer by half */
} Movement;

typedef struct Population
{
	double shape;
	double mean;
	bool lognormal; /* as spread as the gamma distribution, but not one */
} Population;

static double
draw_rate(const Population *population)
{
	if (population->lognormal)
	{
		double variance = log(1 + 1 / population->shape);

		return population->mean * exp(sqrt(variance) * normal() - variance / 2);
	}
	return population->mean * gamma_variate(population->shape) / population->shape;
}

static double
move_rate(double rate, const Population *population, Movement movement)
{
	switch (movement)
	{
		case STOP:
			return uniform() < 0.3 ? 0 : rate;
		case DRIFT:
			return rate * exp(0.5 * normal());
		case RENEW:
			return uniform() < 0.3 ? draw_rate(population) : rate;
		case SEASON:
			return rate * 1.4 * 1.5;
		default:
			return rate;
	}
}

static void
make_force(Force *force, const Population *population, int callers, Movement movement)
{
	force->callers = callers;
	for (int i = 0; i < callers; i++)
	{
		double rate = draw_rate(population);

		force->before[i] = poisson_variate(rate);
		MUST(force->before[i] < MOST_CONTACTS);
		force->rate[i] = move_rate(rate, population, movement);
		force->after[i] = poisson_variate(force->rate[i]);
	}
}

/* Those with 10 or more contacts, or the top 10; returns how many are managed. */
static int
select_managed(Force *force, bool top, double share)
{
	int left = 10;
	int64_t least = 10;
	int managed = 0;
	int at[MOST_CONTACTS] = {0};

	if (top)
	{
		for (int i = 0; i < force->callers; i++)
			at[force->before[i]]++;
		for (least = MOST_CONTACTS - 1; left >= at[least]; least--)
			left -= at[least];
	}
	for (int i = 0; i < force->callers; i++)
	{
		bool chosen = force->before[i] >= least;

		if (top && force->before[i] == least)
			chosen = left-- > 0;
		force->managed[i] = chosen && (share == 1 || uniform() < share);
		managed += force->managed[i];
	}
	return managed;
}

/* Group the callers, with what the managed do under an effect. */
static void
group_callers(Force *force, double effect)
{
	static BeforeAfterGroup by_count[MOST_CONTACTS];

	memset(by_count, 0, sizeof(by_count));
	for (int i = 0; i < force->callers; i++)
	{
		BeforeAfterGroup *group = &by_count[force->before[i]];
		BeforeAfterSide *side = force->managed[i] ? &group->managed : &group->unmanaged;

		/* whether a contact is prevented is drawn for each */
		if (force->managed[i] && effect < 1)
		{
			int64_t kept = 0;

			for (int64_t k = 0; k < force->after[i]; k++)
				kept += uniform() < effect;
			force->after[i] = kept;
		}
		side->callers++;
		side->after += force->after[i];
		side->after_squares += force->after[i] * force->after[i];
	}
	force->num_groups = 0;
	for (int i = 0; i < MOST_CONTACTS; i++)
		if (by_count[i].unmanaged.callers + by_count[i].managed.callers > 0)
		{
			by_count[i].before = i;
			force->groups[force->num_groups++] = by_count[i];
		}
}

/* ------------------------------------------------------------------------
 * before_after_compute() against one caller after the other
 * ------------------------------------------------------------------------
 */

static double
expected_of(const GammaPrior *prior, int64_t before)
{
	double weight = 1 / (1 + prior->mean / prior->shape);

	return weight * prior->mean + (1 - weight) * (double) before;
}

/* The plain case, rates that stay: what the line must be near, and what follows from its numbers. */
static void
test_callers(Force *force)
{
	Population population = {.shape = 0.3, .mean = 0.8};
	BeforeAfter r;
	double managed = 0;
	double expected = 0;
	double unmanaged_expected = 0;
	double unmanaged_after = 0;
	int64_t before = 0;
	int64_t after = 0;

	make_force(force, &population, 20000, STAY);
	managed = select_managed(force, false, 0.5);
	group_callers(force, 0.7);
	before_after_compute(&r, force->groups, force->num_groups, &host);
	for (int i = 0; i < force->callers; i++)
	{
		double e = expected_of(&r.prior, force->before[i]);

		if (force->managed[i])
		{
			before += force->before[i];
			after += force->after[i];
			expected += e;
		}
		else
		{
			unmanaged_expected += e;
			unmanaged_after += (double) force->after[i];
		}
	}
	MUST(r.callers == 20000 && (double) r.managed == managed && r.before == before && r.after == after);
	MUST(close_to(r.naive_ratio, (double) after / (double) before, 1e-12));
	MUST(close_to(r.expected_before, expected, 1e-9));
	MUST(close_to(r.expected_after,
				  r.comparison_ratio * (managed * r.prior.mean + r.calibration * (expected - managed * r.prior.mean)), 1e-9));
	MUST(fabs(r.comparison_ratio - unmanaged_after / unmanaged_expected) < 0.02);
	MUST(fabs(r.calibration - 1) < 0.05 && fabs(r.dispersion - 1) < 0.1);
	MUST(close_to(r.effect.upper, effect_size((double) after, r.expected_after, r.expected_sd * r.expected_sd, 0.95).upper, 1e-12));
	MUST(r.effect.upper < 1 && r.comparable_effect.upper < 1 && (r.warnings & ~BEFORE_AFTER_SOME_INCOMPARABLE) == 0);
}

/* Where everybody of one count is unmanaged twice as often as managed, comparable callers are those alone. */
static void
test_comparable(void)
{
	BeforeAfterGroup groups[] = {
		{.before = 0, .unmanaged = {1000, 100, 120}},
		{.before = 1, .unmanaged = {100, 80, 160}},
		{.before = 20, .unmanaged = {20, 300, 5000}, .managed = {10, 120, 1700}},
		{.before = 90, .managed = {1, 70, 4900}},
	};
	BeforeAfter r;

	before_after_compute(&r, groups, lengthof(groups), &host);
	MUST(r.managed == 11 && r.comparable == 20 && r.comparable_managed == 10);
	/* 150 expected, 120 observed; the estimate is Hauer's, which is a little smaller */
	MUST(r.comparable_effect.effect < 0.8 && r.comparable_effect.effect > 0.75);
	MUST(r.comparable_effect.lower < 0.8 && r.comparable_effect.upper > 0.8);
	MUST((r.warnings & BEFORE_AFTER_SOME_INCOMPARABLE) != 0 && (r.warnings & BEFORE_AFTER_NONE_COMPARABLE) == 0);
}

static void
test_edges(void)
{
	BeforeAfterGroup groups[3] = {{.before = 0, .unmanaged = {500, 40, 60}}, {.before = 3, .unmanaged = {40, 60, 200}}, {.before = 12, .managed = {5, 0, 0}}};
	BeforeAfter r;

	/* nothing observed of the managed */
	before_after_compute(&r, groups, 3, &host);
	MUST(r.effect.effect == 0 && r.effect.lower == 0 && r.effect.upper > 0 && r.effect.upper < 1);
	MUST(r.warnings & BEFORE_AFTER_FEW_MANAGED && r.warnings & BEFORE_AFTER_NONE_COMPARABLE);

	/* nobody managed */
	before_after_compute(&r, groups, 2, &host);
	MUST(r.managed == 0 && isnan(r.effect.effect) && isnan(r.naive_ratio) && r.warnings & BEFORE_AFTER_NO_MANAGED);

	/* nobody unmanaged */
	before_after_compute(&r, groups + 2, 1, &host);
	MUST(r.comparison_ratio == 1 && isnan(r.dispersion) && isnan(r.calibration) && r.expected_after == 60);
	MUST(r.warnings & BEFORE_AFTER_NO_UNMANAGED && r.warnings & BEFORE_AFTER_ALIKE);

	/* the unmanaged all alike: a ratio, and no line */
	groups[1].unmanaged = (BeforeAfterSide){0};
	groups[1].managed = (BeforeAfterSide){9, 9, 12};
	before_after_compute(&r, groups, 3, &host);
	MUST(isnan(r.calibration) && r.comparison_ratio > 0 && r.effect.upper > r.effect.lower);

	/* none of the unmanaged called again */
	groups[0].unmanaged = (BeforeAfterSide){500, 0, 0};
	before_after_compute(&r, groups, 3, &host);
	MUST(r.comparison_ratio == 0 && isnan(r.effect.effect) && r.warnings & BEFORE_AFTER_NOTHING_EXPECTED);

	/* nobody called at all */
	groups[0] = (BeforeAfterGroup){.before = 0, .unmanaged = {10, 0, 0}, .managed = {10, 0, 0}};
	before_after_compute(&r, groups, 1, &host);
	MUST(r.expected_after == 0 && isnan(r.effect.effect) && isnan(r.naive_ratio) && r.warnings & BEFORE_AFTER_NOTHING_EXPECTED);
}

/* ------------------------------------------------------------------------
 * How often the interval holds the truth
 * ------------------------------------------------------------------------
 */

/* Cohorts of one kind, summed up. */
typedef struct Coverage
{
	int cohorts;
	double managed;
	double naive;
	int naive_falls; /* where before and after alone would say that there was a fall */
	int none; /* covered */
	int fall; /* covered */
	double power;
	int found;
	double effect;
	int comparable_none;
	int comparable_fall;
	double comparable_effect;
	double calibration;
	int warned;
} Coverage;

static bool
holds(const EffectSize *e, double effect)
{
	return e->lower <= effect && effect <= e->upper;
}

/* One cohort, first without an effect, then with a fall of 30 %. */
static void
add_cohort(Coverage *sum, Force *force, bool top, double share)
{
	BeforeAfter r;

	if (select_managed(force, top, share) == 0)
		return;
	group_callers(force, 1);
	before_after_compute(&r, force->groups, force->num_groups, &host);
	MUST(r.prior.converged);
	sum->cohorts++;
	sum->managed += (double) r.managed;
	sum->naive += r.naive_ratio;
	sum->naive_falls += (double) (r.before - r.after) > 1.96 * sqrt((double) (r.before + r.after));
	sum->none += holds(&r.effect, 1);
	sum->power += r.power;
	sum->effect += r.effect.effect;
	sum->comparable_none += holds(&r.comparable_effect, 1);
	sum->comparable_effect += r.comparable_effect.effect;
	sum->calibration += r.calibration;
	sum->warned += (r.warnings & (BEFORE_AFTER_RATES_MOVE | BEFORE_AFTER_CALIBRATION | BEFORE_AFTER_SPREAD)) != 0;
	group_callers(force, 0.7);
	before_after_compute(&r, force->groups, force->num_groups, &host);
	sum->fall += holds(&r.effect, 0.7);
	sum->found += r.effect.upper < 1;
	sum->comparable_fall += holds(&r.comparable_effect, 0.7);
}

static double
percent(double sum, const Coverage *of)
{
	return 100 * sum / of->cohorts;
}

/* All who had their peak are managed, and rates stay: what regression to the mean alone does. */
static void
simulate_peaks(Force *force)
{
	static const Population populations[] = {{0.2, 0.5, false}, {0.1, 0.3, false}, {0.05, 0.2, false}};
	static const int sizes[][2] = {{5000, 700}, {15000, 240}, {50000, 60}}; /* callers, forces */
	double naive = 0;
	int rows = 0;

	printf("No movement of rates; managed are all with 10 contacts or more in the week before, or the top 10.\n"
		   "1,000 cohorts a row: 700 in forces of 5,000 callers, 240 of 15,000, 60 of 50,000.\n\n"
		   "%-22s %-10s %8s %7s %8s | %8s %10s | %6s %6s\n%-22s %-10s %8s %7s %8s | %8s %10s | %6s %6s\n",
		   "population, a week", "managed", "managed", "naive", "naive", "coverage", "coverage", "power", "power", "", "", "mean",
		   "ratio", "'falls'", "of none", "of 30 %", "told", "found");
	for (size_t p = 0; p < lengthof(populations); p++)
	{
		Coverage sums[2] = {{0}, {0}};

		for (size_t s = 0; s < lengthof(sizes); s++)
			for (int i = 0; i < sizes[s][1]; i++)
				for (int top = 0; top < 2; top++)
				{
					make_force(force, &populations[p], sizes[s][0], STAY);
					add_cohort(&sums[top], force, top, 1);
				}
		for (int top = 0; top < 2; top++)
		{
			Coverage *sum = &sums[top];
			double none = percent(sum->none, sum);
			double fall = percent(sum->fall, sum);

			printf("shape %-5g mean %-5g %-10s %8.1f %7.3f %6.1f %% | %6.1f %% %8.1f %% | %6.3f %6.3f\n", populations[p].shape,
				   populations[p].mean, top ? "top 10" : "10 or more", sum->managed / sum->cohorts, sum->naive / sum->cohorts,
				   percent(sum->naive_falls, sum), none, fall, sum->power / sum->cohorts, (double) sum->found / sum->cohorts);
			MUST(sum->cohorts == 1000);
			MUST(none >= 93 && none <= 97 && fall >= 93 && fall <= 97);
			MUST(fabs(sum->power - sum->found) / sum->cohorts < 0.03);
			naive += sum->naive / sum->cohorts;
			rows++;
		}
	}
	printf("naive ratio on average: %.3f\n\n", naive / rows);
	MUST(naive / rows < 0.8);
}

/* Rates move too.  Half of those with 10 contacts or more are managed, the others wait; or all are. */
static void
simulate_movement(Force *force)
{
	static const struct
	{
		Population population;
		Movement movement;
		const char *name;
	} cases[] = {
		{{0.2, 0.5, false}, STOP, "3 of 10 callers stop"},
		{{0.2, 0.5, false}, DRIFT, "each rate drifts"},
		{{0.2, 0.5, false}, RENEW, "3 of 10 rates new"},
		{{0.05, 0.2, false}, RENEW, "3 of 10 new, shape 0.05"},
		{{0.2, 0.5, false}, SEASON, "season, longer window"},
		{{0.2, 0.5, true}, STAY, "rates are lognormal"},
	};

	printf("Rates move, or the prior is wrong; forces of 12,000 callers, 500 cohorts a row, 10 contacts or more in the week before.\n"
		   "Half of these managed and half on a waiting list, or all managed and none to wait.\n\n"
		   "%-24s %-8s %7s | %6s %8s %8s | %6s %8s %8s | %6s %7s\n%-24s %-8s %7s | %6s %8s %8s | %6s %8s %8s | %6s %7s\n",
		   "what moves", "managed", "naive", "effect", "coverage", "coverage", "compa-", "coverage", "coverage", "cali-", "warned",
		   "", "", "ratio", "", "of none", "of 30 %", "rable", "of none", "of 30 %", "bration", "");
	for (size_t c = 0; c < lengthof(cases); c++)
		for (int all = 0; all < 2; all++)
		{
			Coverage sum = {0};

			for (int i = 0; i < 500; i++)
			{
				make_force(force, &cases[c].population, 12000, cases[c].movement);
				add_cohort(&sum, force, false, all ? 1 : 0.5);
			}
			printf("%-24s %-8s %7.3f | %6.3f %6.1f %% %6.1f %% | ", cases[c].name, all ? "all" : "half", sum.naive / sum.cohorts,
				   sum.effect / sum.cohorts, percent(sum.none, &sum), percent(sum.fall, &sum));
			if (all)
				printf("%6s %8s %8s", "-", "-", "-");
			else
				printf("%6.3f %6.1f %% %6.1f %%", sum.comparable_effect / sum.cohorts, percent(sum.comparable_none, &sum), percent(sum.comparable_fall, &sum));
			printf(" | %6.3f %5.0f %%\n", sum.calibration / sum.cohorts, percent(sum.warned, &sum));
			/* where the prior is wrong it is said, and the comparable are right */
			if (cases[c].population.lognormal)
				MUST(percent(sum.warned, &sum) > 90);
			else
				MUST(percent(sum.none, &sum) >= 92 && percent(sum.fall, &sum) >= 92);
			if (!all)
				MUST(percent(sum.comparable_none, &sum) >= 93 && percent(sum.comparable_fall, &sum) >= 93);
			if (cases[c].movement == STAY || cases[c].movement == SEASON)
				MUST(cases[c].population.lognormal || percent(sum.warned, &sum) < 2);
			if (cases[c].movement == RENEW)
				MUST(percent(sum.warned, &sum) > 95);
		}
}

int
main(void)
{
	static Force force;

	test_prior();
	test_road();
	test_garwood();
	test_tails();
	test_exact_coverage();
	test_power();
	test_hours();
	test_callers(&force);
	test_comparable();
	test_edges();
	simulate_peaks(&force);
	simulate_movement(&force);
	MUST(in_use == 0);
	return 0;
}
