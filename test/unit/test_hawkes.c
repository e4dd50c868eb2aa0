/*-------------------------------------------------------------------------
 * test_hawkes.c
 *	  The Hawkes process: known values, the definitions in sums of all pairs,
 *	  derivatives by differences, and fits of simulated contacts.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/time/hawkes.h"
#include "core/time/timeline.h"
#include "unit_host.h"

#define SECOND (1 / 86400.0) /* days */

static int64_t
days(double n)
{
	return (int64_t) llround(n * HAWKES_DAY);
}

static const HawkesModel example_model = {.mu = 0.3, .alpha = 0.8, .beta = 1.2};

static HawkesData
example(int64_t *times)
{
	static const double at[] = {1, 1.5, 1.7, 4, 4.1, 4.15, 8};

	for (size_t i = 0; i < lengthof(at); i++)
		times[i] = days(at[i]);
	return (HawkesData){.times = times, .n = lengthof(at), .from_at = 0, .until = days(10)};
}

static void
test_example(void)
{
	static const double expected[] = {0.3, 0.7390493088752211, 1.2746707075965067, 0.4123220473398378, 1.1091570686533405, 1.815447056224109, 0.3228136276354525};
	int64_t times[10];
	HawkesData data = example(times);
	double intensities[10];
	HawkesLikelihood likelihood;

	hawkes_likelihood(&host, &data, &example_model, &likelihood);
	MUST(fabs(likelihood.value - -10.184837538511955) < 1e-13);
	hawkes_intensities(&host, &data, &example_model, intensities);
	for (size_t i = 0; i < lengthof(expected); i++)
		MUST(fabs(intensities[i] - expected[i]) < 1e-14);
}

/* The intensity at an instant from all contacts before the n-th. */
static long double
plain_intensity(const HawkesData *data, const HawkesModel *m, size_t n, int64_t at)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += expl(-m->beta * ((at - data->times[i]) / (long double) HAWKES_DAY));
	return m->mu + m->alpha * sum;
}

/* By definition: each pair of contacts, and the integral of each kernel. */
static long double
plain_likelihood(const HawkesData *data, const HawkesModel *m)
{
	long double sum = -m->mu * ((data->until - data->from_at) / (long double) HAWKES_DAY);

	for (size_t i = 0; i < data->n; i++)
	{
		int64_t begin = data->times[i] > data->from_at ? data->times[i] : data->from_at;
		long double at_begin = expl(-m->beta * ((begin - data->times[i]) / (long double) HAWKES_DAY));
		long double at_end = expl(-m->beta * ((data->until - data->times[i]) / (long double) HAWKES_DAY));

		if (data->times[i] > data->from_at)
			sum += logl(plain_intensity(data, m, i, data->times[i]));
		sum -= m->alpha / (long double) m->beta * (at_begin - at_end);
	}
	return sum;
}

static double
uniform(void)
{
	return ((double) (unit_random() >> 11) + 0.5) * 0x1p-53;
}

static HawkesModel
random_model(void)
{
	HawkesModel model = {.mu = exp(4 * uniform() - 3), .beta = exp(6 * uniform() - 3)};

	model.alpha = 1.2 * uniform() * model.beta;
	return model;
}

static HawkesData
random_data(int64_t *times, size_t most)
{
	HawkesData data = {.times = times, .n = unit_below(most)};

	for (size_t i = 0; i < data.n; i++)
		times[i] = (int64_t) unit_below((uint64_t) days(60)) / 1000000 * 1000000;
	qsort(times, data.n, sizeof(int64_t), unit_compare_int64);
	data.from_at = (int64_t) unit_below((uint64_t) days(30));
	if (unit_below(4) == 0 && data.n > 0)
		data.from_at = times[unit_below(data.n)];
	data.until = days(60) + (int64_t) unit_below((uint64_t) days(5)) + 1;
	return data;
}

static void
test_definition(void)
{
	for (int round = 0; round < 2000; round++)
	{
		int64_t times[80];
		double intensities[80];
		HawkesData data = random_data(times, 80);
		HawkesModel model = random_model();
		size_t history = hawkes_history(&data);
		HawkesLikelihood likelihood;
		long double expected = plain_likelihood(&data, &model);

		hawkes_likelihood(&host, &data, &model, &likelihood);
		MUST(fabsl(likelihood.value - expected) < 1e-12L * (1 + fabsl(expected)));
		hawkes_intensities(&host, &data, &model, intensities);
		for (size_t i = history; i < data.n; i++)
		{
			expected = plain_intensity(&data, &model, i, times[i]);
			MUST(fabsl(intensities[i - history] - expected) < 1e-13L * expected);
		}
	}
}

/* A model with one of the three logarithms moved. */
static HawkesModel
moved(const HawkesModel *m, int which, double by)
{
	double base = log(m->mu) + (which == 0) * by;
	double branching = log(m->alpha / m->beta) + (which == 1) * by;
	double decay = log(m->beta) + (which == 2) * by;

	return (HawkesModel){.mu = exp(base), .alpha = exp(branching + decay), .beta = exp(decay)};
}

static void
test_derivatives(void)
{
	const double h = 1e-5;

	for (int round = 0; round < 500; round++)
	{
		int64_t times[60];
		HawkesData data = random_data(times, 60);
		HawkesModel model = random_model();
		HawkesLikelihood here;

		hawkes_likelihood(&host, &data, &model, &here);
		for (int i = 0; i < 3; i++)
		{
			HawkesModel up = moved(&model, i, h);
			HawkesModel down = moved(&model, i, -h);
			HawkesLikelihood above;
			HawkesLikelihood below;

			hawkes_likelihood(&host, &data, &up, &above);
			hawkes_likelihood(&host, &data, &down, &below);
			MUST(fabs((above.value - below.value) / (2 * h) - here.gradient[i]) < 1e-6 * (1 + fabs(here.value)));
			for (int j = 0; j < 3; j++)
				MUST(fabs((above.gradient[j] - below.gradient[j]) / (2 * h) - here.hessian[i][j]) < 1e-6 * (1 + fabs(here.value)));
		}
	}
}

/* Contacts of a model, by Ogata's thinning, over so many days. */
static HawkesData
simulate(const HawkesModel *m, double length, int64_t *times, size_t most)
{
	HawkesData data = {.times = times, .from_at = 0, .until = days(length)};
	double excitation = 0; /* sum exp(-beta (t - t_i)) at the time reached */
	double at = 0;

	for (;;)
	{
		double highest = m->mu + m->alpha * excitation;
		double wait = -log(uniform()) / highest;

		at += wait;
		excitation *= exp(-m->beta * wait);
		if (at > length)
			return data;
		if (uniform() * highest > m->mu + m->alpha * excitation)
			continue;
		MUST(data.n < most);
		times[data.n++] = days(at);
		excitation += 1;
	}
}

/* Nothing near the fit, or anywhere on a coarse grid, is more likely. */
static void
check_maximum(const HawkesData *data, const HawkesFit *fit)
{
	static const double far[] = {-3, -1, -0.3, -0.1, -0.01, -0.001, 0, 0.001, 0.01, 0.1, 0.3, 1, 3};

	for (size_t i = 0; i < lengthof(far); i++)
		for (size_t j = 0; j < lengthof(far); j++)
			for (size_t k = 0; k < lengthof(far); k++)
			{
				HawkesModel a = moved(&fit->model, 0, far[i]);
				HawkesModel b = moved(&a, 1, far[j]);
				HawkesModel c = moved(&b, 2, far[k]);
				HawkesLikelihood likelihood;

				if (c.alpha / c.beta > 1)
					continue;
				hawkes_likelihood(&host, data, &c, &likelihood);
				MUST(likelihood.value <= fit->log_likelihood + 1e-9);
			}
}

static HawkesFit
fit_of(const HawkesData *data)
{
	HawkesFit fit;
	HawkesLikelihood likelihood;

	MUST(hawkes_fit(&host, data, SECOND, &fit));
	if (fit.model.alpha > 0)
	{
		hawkes_likelihood(&host, data, &fit.model, &likelihood);
		MUST(fabs(likelihood.value - fit.log_likelihood) < 1e-9 * (1 + fabs(likelihood.value)));
	}
	MUST(fit.log_likelihood >= fit.poisson_log_likelihood);
	return fit;
}

/*
 * Fits of simulated contacts come close to the model that made them: twice the
 * likelihood gained over it has a chi-squared distribution with 3 degrees of
 * freedom, so a mean of 3.
 */
static void
check_recovery(const HawkesModel *m, double length)
{
	static int64_t times[20000];
	double gained = 0;

	for (int round = 0; round < 12; round++)
	{
		HawkesData data = simulate(m, length, times, lengthof(times));
		HawkesFit fit = fit_of(&data);
		HawkesLikelihood truth;

		hawkes_likelihood(&host, &data, m, &truth);
		MUST(fit.converged && fit.log_likelihood >= truth.value);
		MUST(2 * (fit.log_likelihood - truth.value) < 25);
		gained += 2 * (fit.log_likelihood - truth.value) / 12;
		MUST(fabs(fit.model.mu / m->mu - 1) < 0.25);
		MUST(fabs(fit.model.alpha / fit.model.beta - m->alpha / m->beta) < 0.08);
		MUST(fabs(fit.model.beta / m->beta - 1) < 0.35);
		MUST(fit.log_likelihood > fit.poisson_log_likelihood + 50);
		data.n = data.n < 600 ? data.n : 600;
		data.until = times[data.n - 1];
		fit = fit_of(&data);
		MUST(fit.converged);
		if (round == 0)
			check_maximum(&data, &fit);
	}
	MUST(gained > 1 && gained < 6);
}

static void
test_recovery(void)
{
	/* half of the contacts set off, within the hour */
	check_recovery(&(HawkesModel){.mu = 0.5, .alpha = 12, .beta = 24}, 1500);
	/* three of five, over days */
	check_recovery(&(HawkesModel){.mu = 1, .alpha = 0.3, .beta = 0.5}, 1500);
	/* one of five, within minutes */
	check_recovery(&(HawkesModel){.mu = 2, .alpha = 50, .beta = 250}, 700);
}

/* Short timelines, of which many have no maximum inside the bounds. */
static void
test_short(void)
{
	int converged = 0;
	int poisson = 0;

	for (int round = 0; round < 60; round++)
	{
		static int64_t times[2000];
		HawkesModel model = {.mu = 0.2, .alpha = 6 * uniform(), .beta = 8};
		HawkesData data = simulate(&model, 60, times, lengthof(times));
		HawkesFit fit;

		if (unit_below(2) && data.n > 1)
			data.from_at = times[0];
		if (data.n - hawkes_history(&data) < HAWKES_FEWEST)
		{
			MUST(!hawkes_fit(&host, &data, SECOND, &fit));
			continue;
		}
		fit = fit_of(&data);
		if (fit.model.alpha == 0)
		{
			MUST(isnan(fit.model.beta) && fit.converged);
			poisson++;
			continue;
		}
		MUST(fit.model.alpha / fit.model.beta <= 1 + 1e-12);
		if (!fit.converged)
			continue;
		check_maximum(&data, &fit);
		converged++;
	}
	MUST(converged >= 30 && poisson >= 3);
}

/* As regular as a clock: contacts set off nothing. */
static void
test_regular(void)
{
	int64_t times[50];
	HawkesData data = {.times = times, .n = 50, .from_at = 0, .until = days(50.5)};
	HawkesFit fit;

	for (int i = 0; i < 50; i++)
		times[i] = days(i + 1);
	fit = fit_of(&data);
	MUST(fit.converged && fit.model.alpha == 0 && isnan(fit.model.beta));
	MUST(fabs(fit.model.mu - 50 / 50.5) < 1e-12);
	MUST(fabs(fit.log_likelihood - (50 * log(50 / 50.5) - 50)) < 1e-10);
}

/* Pairs at one instant would be set off at once: the bound holds, and it is said. */
static void
test_held(void)
{
	int64_t times[40];
	HawkesData data = {.times = times, .n = 40, .from_at = 0, .until = days(40)};
	HawkesFit fit;

	for (int i = 0; i < 40; i++)
		times[i] = days(i / 2 * 2 + 1);
	fit = fit_of(&data);
	MUST(!fit.converged && fabs(fit.model.beta * SECOND - 1) < 1e-9 && isfinite(fit.log_likelihood));

	/* more and more often: each sets off more than one */
	for (int i = 0; i < 40; i++)
		times[i] = days(40 - 30 * pow(0.8, i));
	fit = fit_of(&data);
	MUST(!fit.converged && fabs(fit.model.alpha / fit.model.beta - 1) < 1e-9);
}

/* The whole range of time, too few contacts, no time. */
static void
test_limits(void)
{
	const int64_t times[] = {TIMELINE_MIN, -1, 0, 1, TIMELINE_END - 2};
	HawkesData data = {.times = times, .n = 5, .from_at = TIMELINE_MIN, .until = TIMELINE_END - 1};
	HawkesFit fit;

	MUST(hawkes_history(&data) == 1);
	fit = fit_of(&data);
	MUST(isfinite(fit.log_likelihood) && fit.model.mu > 0);
	data.from_at = 0;
	MUST(hawkes_history(&data) == 3 && !hawkes_fit(&host, &data, SECOND, &fit));
	data.from_at = data.until;
	MUST(hawkes_history(&data) == 5 && !hawkes_fit(&host, &data, SECOND, &fit));
	data = (HawkesData){.from_at = 0, .until = 1};
	MUST(hawkes_history(&data) == 0 && !hawkes_fit(&host, &data, SECOND, &fit));
}

int
main(void)
{
	test_example();
	test_definition();
	test_derivatives();
	test_recovery();
	test_short();
	test_regular();
	test_held();
	test_limits();
	return 0;
}
