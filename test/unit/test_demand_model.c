/*-------------------------------------------------------------------------
 * test_demand_model.c
 *	  Summaries against a plain count, slopes against differences, fits of
 *	  drawn populations against the truth, expectations against simulation
 *	  and against each other.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>

#include "core/stats/demand_model.h"
#include "core/stats/specfun.h"
#include "unit_host.h"

#define MAX_CALLERS 200000

static DemandHistory histories[MAX_CALLERS];

/* Above 0 and below 1. */
static double
draw(void)
{
	return ((double) (unit_random() >> 11) + 0.5) / 9007199254740992.0;
}

static double
between(double low, double high)
{
	return low + (high - low) * draw();
}

static double
draw_ln(double low, double high)
{
	return exp(between(log(low), log(high)));
}

static int
compare_histories(const void *a, const void *b)
{
	return demand_compare(a, b);
}

static size_t
sort_and_group(size_t n)
{
	qsort(histories, n, sizeof(histories[0]), compare_histories);
	return demand_group(histories, n);
}

/* A caller's history over a time, with a rate and a chance to stop. */
static DemandHistory
draw_history(double rate, double stop, double age)
{
	DemandHistory h = {.age = age, .callers = 1};
	double now = 0;

	while ((now -= log(draw()) / rate) <= age)
	{
		h.recency = now;
		h.frequency++;
		if (draw() < stop)
			break;
	}
	return h;
}

static double
draw_rate(const DemandModel *model)
{
	return specfun_gamma_lower_inverse(model->r, draw()) / model->alpha;
}

static double
draw_stop(const DemandModel *model)
{
	return specfun_beta_lower_inverse(model->a, model->b, draw());
}

/* Any contact may start an occasion: the first one that is late enough does. */
static void
test_summaries(void)
{
	int64_t times[20];

	for (int round = 0; round < 20000; round++)
	{
		size_t n = unit_below(20);
		int64_t as_of = (int64_t) unit_below(120) - 10;
		int64_t occasion = 1 + (int64_t) unit_below(30);
		DemandSummary s;
		int64_t contacts = 0;
		int64_t squares = 0;
		int64_t occasions = 0;
		int64_t start = 0;

		for (size_t i = 0; i < n; i++)
			times[i] = (int64_t) unit_below(100);
		qsort(times, n, sizeof(times[0]), unit_compare_int64);
		for (size_t i = 0; i < n && times[i] <= as_of; occasions++)
		{
			int64_t own = 0;

			start = times[i];
			for (; i < n && times[i] <= as_of && times[i] < start + occasion; i++)
				own++;
			contacts += own;
			squares += own * own;
		}
		MUST(demand_summarise(times, n, as_of, occasion, &s) == (occasions > 0));
		if (occasions == 0)
			continue;
		MUST(s.frequency == occasions - 1 && s.contacts == contacts && s.squares == squares);
		MUST(s.recency == (double) (start - times[0]) / DEMAND_DAY);
		MUST(s.age == (double) (as_of - times[0]) / DEMAND_DAY);
	}
	times[0] = INT64_MIN;
	times[1] = INT64_MAX;
	MUST(demand_summarise(times, 2, INT64_MAX, INT64_MAX, (DemandSummary[]){{0}}));
}

/* Sums joined in any way are those of all, and too large ones are refused. */
static void
test_contacts(void)
{
	DemandContacts all = {0};
	DemandContacts parts[2] = {{0}, {0}};
	DemandModel model = {0};
	DemandSummary largest = {.frequency = DEMAND_MAX_FREQUENCY, .contacts = 2000000000, .squares = 4000000000};
	double mean_squares = 0;
	double within;
	double between_callers;

	for (int i = 0; i < 1000; i++)
	{
		int64_t n = 1 + (int64_t) unit_below(9);
		DemandSummary s = {.frequency = n - 1};
		int64_t most = 1 + (int64_t) unit_below(5);

		for (int64_t k = 0; k < n; k++)
		{
			int64_t own = 1 + (int64_t) unit_below((uint64_t) most);

			s.contacts += own;
			s.squares += own * own;
		}
		mean_squares += (double) (s.contacts * s.contacts) / (double) n;
		MUST(demand_add_contacts(&all, &s));
		MUST(demand_add_contacts(&parts[unit_below(2)], &s));
	}
	MUST(demand_join_contacts(&parts[1], &parts[0]));
	MUST(memcmp(&all, &parts[1], sizeof(all)) == 0);
	demand_weigh_contacts(&model, &all);
	MUST(model.contacts_per_occasion == (double) all.contacts / (double) all.occasions);
	within = ((double) all.squares - mean_squares) / (double) (all.occasions - 1000);
	between_callers = (mean_squares - (double) all.contacts * model.contacts_per_occasion - 999 * within) /
					  ((double) all.occasions - (double) all.occasions_squared / (double) all.occasions);
	MUST(fabs(model.occasion_weight / (within / between_callers) - 1) < 1e-6);

	/* eight of the largest callers and no more */
	all = (DemandContacts){0};
	for (int i = 0; i < 9; i++)
		MUST(demand_add_contacts(&all, &largest));
	MUST(!demand_add_contacts(&all, &largest));
}

static void
test_grouping(void)
{
	size_t n = 5000;
	size_t kept;
	uint64_t callers = 0;

	for (size_t i = 0; i < n; i++)
		histories[i] = (DemandHistory){.recency = unit_below(3), .age = 3 + unit_below(3), .frequency = unit_below(3), .callers = i == 0 ? UINT32_MAX - 5 : 1};
	kept = sort_and_group(n);
	MUST(kept == 28); /* 27 kinds, one of them too many for one */
	for (size_t i = 0; i < kept; i++)
	{
		callers += histories[i].callers;
		MUST(i == 0 || demand_compare(&histories[i - 1], &histories[i]) <= 0);
	}
	MUST(callers == (uint64_t) UINT32_MAX - 5 + n - 1);
	MUST(demand_group(histories, 0) == 0);
}

/* The logarithm of one caller's likelihood as the paper has it. */
static double
plain_ln_likelihood(const DemandModel *m, const DemandHistory *h)
{
	double x = h->frequency;
	double common = specfun_lgamma(m->r + x) - specfun_lgamma(m->r) + m->r * log(m->alpha) +
					specfun_lgamma(m->a + m->b) + specfun_lgamma(m->b + x) - specfun_lgamma(m->b) - specfun_lgamma(m->a + m->b + x);
	double active = -(m->r + x) * log(m->alpha + h->age);
	double gone = x > 0 ? log(m->a / (m->b + x - 1)) - (m->r + x) * log(m->alpha + h->recency) : -INFINITY;
	double most = fmax(active, gone);

	return common + most + log(exp(active - most) + exp(gone - most));
}

static double *
parameter(DemandModel *model, int i)
{
	double *parameters[] = {&model->r, &model->alpha, &model->a, &model->b};

	return parameters[i];
}

static size_t
draw_population(const DemandModel *model, size_t n, double age)
{
	for (size_t i = 0; i < n; i++)
		histories[i] = draw_history(draw_rate(model), draw_stop(model), between(0.3 * age, age));
	return sort_and_group(n);
}

/* The likelihood against the paper's, and slopes against its differences. */
static void
test_slopes(void)
{
	double worst = 0;

	for (int round = 0; round < 60; round++)
	{
		DemandModel truth = {.r = draw_ln(0.2, 5), .alpha = draw_ln(5, 50), .a = draw_ln(0.3, 5), .b = draw_ln(0.3, 5)};
		DemandModel at = {.r = draw_ln(0.1, 10), .alpha = draw_ln(5, 50), .a = draw_ln(0.3, 5), .b = draw_ln(0.3, 5)};
		size_t n = draw_population(&truth, 2000, 200);
		double gradient[4];
		double hessian[4][4];
		double ignored[4][4];
		double value = demand_log_likelihood(&at, histories, n, gradient, hessian, &host);
		double plain = 0;

		for (size_t i = 0; i < n; i++)
			plain += histories[i].callers * plain_ln_likelihood(&at, &histories[i]);
		worst = fmax(worst, fabs(value / plain - 1) * 1e3);
		for (int i = 0; i < 4; i++)
		{
			DemandModel low = at;
			DemandModel high = at;
			double gradient_low[4];
			double gradient_high[4];
			double difference;

			*parameter(&low, i) *= exp(-1e-5);
			*parameter(&high, i) *= exp(1e-5);
			difference = demand_log_likelihood(&high, histories, n, gradient_high, ignored, &host) -
						 demand_log_likelihood(&low, histories, n, gradient_low, ignored, &host);
			worst = fmax(worst, fabs(difference / 2e-5 - gradient[i]) / (1000 + fabs(gradient[i])));
			for (int j = 0; j < 4; j++)
				worst = fmax(worst, fabs((gradient_high[j] - gradient_low[j]) / 2e-5 - hessian[i][j]) / (1000 + fabs(hessian[i][j])));
		}
	}
	printf("60 likelihoods with slopes; furthest off %.1e\n", worst);
	MUST(worst < 1e-6);
}

/* Fits end at a top that is as good as the truth or better, by chi square. */
static void
test_fits(void)
{
	int converged = 0;
	int far = 0;

	for (int round = 0; round < 60; round++)
	{
		DemandModel truth = {.r = draw_ln(0.2, 4), .alpha = draw_ln(5, 50), .a = draw_ln(0.4, 3), .b = draw_ln(0.8, 5)};
		size_t n = draw_population(&truth, 6000, 400);
		DemandModel model = {0};
		double gradient[4];
		double hessian[4][4];
		double gain;

		demand_fit(&model, histories, n, &host);
		gain = model.log_likelihood - demand_log_likelihood(&truth, histories, n, gradient, hessian, &host);
		MUST(model.callers == 6000 && gain > -1e-6);
		MUST(demand_log_likelihood(&model, histories, n, gradient, hessian, &host) == model.log_likelihood);
		converged += model.converged;
		far += 2 * gain > 13.277; /* the 99th percentile with 4 degrees of freedom */
		if (model.converged)
			for (int i = 0; i < 4; i++)
				MUST(fabs(gradient[i]) < 1e-3 && hessian[i][i] < 0);
	}
	printf("60 fits: %d converged, %d far from the truth\n", converged, far);
	MUST(converged >= 58 && far <= 3);
	MUST(in_use == 0);
}

/* Many callers, by way of a sample. */
static void
test_many(void)
{
	DemandModel truth = {.r = 0.5, .alpha = 20, .a = 0.8, .b = 2.5};
	size_t n = draw_population(&truth, MAX_CALLERS, 365);
	DemandModel model = {0};
	DemandModel again = {0};

	MUST(n > 100000);
	demand_fit(&model, histories, n, &host);
	MUST(model.converged && model.iterations < 8 && in_use == 0);
	for (int i = 0; i < 4; i++)
		MUST(fabs(log(*parameter(&model, i) / *parameter(&truth, i))) < 0.05);
	demand_fit(&again, histories, n, &host);
	MUST(memcmp(&model, &again, sizeof(model)) == 0);
}

/* Whatever it is given, a fit ends with numbers that can be used. */
static void
test_odd_populations(void)
{
	for (int round = 0; round < 300; round++)
	{
		size_t n = 1 + unit_below(round % 3 == 0 ? 3 : 50);
		double scale = pow(10, between(-100, 99));
		DemandModel model = {0};
		DemandSummary new = {0};

		for (size_t i = 0; i < n; i++)
		{
			DemandHistory *h = &histories[i];

			*h = (DemandHistory){.callers = 1, .age = unit_below(4) * scale};
			h->frequency = unit_below(3) == 0 ? 0 : (uint32_t) draw_ln(1, round % 2 ? 10 : DEMAND_MAX_FREQUENCY);
			h->recency = h->frequency > 0 ? h->age * (double) unit_below(4) / 3 : 0;
		}
		n = sort_and_group(n);
		demand_fit(&model, histories, n, &host);
		for (int i = 0; i < 4; i++)
			MUST(*parameter(&model, i) > 0 && isfinite(*parameter(&model, i)));
		MUST(isfinite(model.log_likelihood));
		for (size_t i = 0; i < n; i++)
		{
			DemandSummary s = {.frequency = histories[i].frequency, .recency = histories[i].recency, .age = histories[i].age};
			double expected = demand_expected_occasions(&model, &s, scale);
			double active = demand_probability_active(&model, &s);

			MUST(expected >= 0 && isfinite(expected) && active >= 0 && active <= 1);
		}
		MUST(demand_expected_occasions(&model, &new, scale) >= 0);
	}
	MUST(in_use == 0);
}

/* Nor do expectations of models at all ends of what is accepted. */
static void
test_odd_models(void)
{
	static const double shapes[] = {DEMAND_MIN_SHAPE, 1e-3, 1, 1e3, DEMAND_MAX_SHAPE};
	static const double alphas[] = {DEMAND_MIN_ALPHA, 1, DEMAND_MAX_ALPHA};
	static const double horizons[] = {1e-300, 1e-12, 1, 1e9, 1e300};
	static const DemandSummary summaries[] = {{0}, {.frequency = 1, .age = 5}, {.frequency = DEMAND_MAX_FREQUENCY, .recency = 3, .age = 5}, {.frequency = 50, .recency = DEMAND_MAX_AGE, .age = DEMAND_MAX_AGE}, {.frequency = 3, .recency = DEMAND_MIN_AGE, .age = DEMAND_MAX_AGE}};

	for (int i = 0; i < 5 * 5 * 5 * 3 * 5; i++)
	{
		DemandModel m = {.r = shapes[i % 5], .a = shapes[i / 5 % 5], .b = shapes[i / 25 % 5], .alpha = alphas[i / 125 % 3]};
		const DemandSummary *s = &summaries[i / 375];
		double active = demand_probability_active(&m, s);
		double before = 0;

		MUST(active >= 0 && active <= 1);
		for (int k = 0; k < 5; k++)
		{
			double expected = demand_expected_occasions(&m, s, horizons[k]);

			MUST(isfinite(expected) && expected >= before * (1 - 1e-9));
			before = expected;
		}
	}
}

/*
 * Gauss' hypergeometric function 2F1(a, b; c; z) for a, b, c > 0, 0 <= z < 1.
 * Euler's transformation where it makes the parameters smaller: all terms stay
 * positive, and the series is much shorter near z = 1.
 */
static double
hypergeometric(double a, double b, double c, double z)
{
	bool smaller = c < a + b && c > a && c > b;
	long double x = smaller ? c - a : a;
	long double y = smaller ? c - b : b;
	long double term = 1;
	long double sum = 1;

	for (int k = 0; term > sum * 1e-19L; k++)
	{
		term *= (x + k) * (y + k) / ((c + k) * (k + 1)) * z;
		sum += term;
	}
	return (double) (sum * (smaller ? powl(1 - z, c - a - b) : 1));
}

/* The formula of the paper, by the hypergeometric function. */
static double
paper_occasions(const DemandModel *m, const DemandSummary *s, double horizon)
{
	double x = (double) s->frequency;
	double c = m->a + m->b + x - 1;
	double age = m->alpha + s->age;
	double sum = 1 - pow(age / (age + horizon), m->r + x) * hypergeometric(m->r + x, m->b + x, c, horizon / (age + horizon));

	return c / (m->a - 1) * sum * demand_probability_active(m, s);
}

/* Where the paper's formula has no pole and cancels little, both agree. */
static void
test_expectations(void)
{
	double worst = 0;
	double jump = 0;

	for (int round = 0; round < 3000; round++)
	{
		DemandModel m = {.r = draw_ln(0.1, 5), .alpha = draw_ln(1, 50), .a = round % 2 ? draw_ln(0.05, 0.7) : draw_ln(1.5, 8), .b = draw_ln(1, 8)};
		DemandSummary s = {.frequency = (int64_t) unit_below(6), .age = draw_ln(1, 300)};
		double horizon = s.age * draw_ln(0.3, 3);
		double found;

		s.recency = s.frequency > 0 ? s.age * draw() : 0;
		found = demand_expected_occasions(&m, &s, horizon);
		worst = fmax(worst, fabs(found / paper_occasions(&m, &s, horizon) - 1));
		MUST(found < demand_expected_occasions(&m, &s, horizon * 1.01));

		/* the sum and the integral meet where one takes over from the other */
		s.frequency = 0;
		s.recency = s.age = 0;
		found = demand_expected_occasions(&m, &s, m.alpha * 99.9999999999);
		jump = fmax(jump, fabs(found / demand_expected_occasions(&m, &s, m.alpha * 100.0000000001) - 1));
		s.frequency = 300 + (int64_t) unit_below(1000);
		s.recency = s.age = 50;
		horizon = 600 / (m.r + (double) s.frequency) * (m.alpha + s.age);
		found = demand_expected_occasions(&m, &s, horizon * (1 - 1e-13));
		jump = fmax(jump, fabs(found / demand_expected_occasions(&m, &s, horizon * (1 + 1e-13)) - 1));
	}
	printf("3000 expectations; off the paper's formula by %.1e, between two ways by %.1e\n", worst, jump);
	MUST(worst < 1e-9 && jump < 1e-11);
}

/* What drawn callers did next, on average over all: expectation, and activity. */
static void
test_simulated(void)
{
	DemandModel m = {.r = 1.5, .alpha = 20, .a = 1, .b = 3};
	double expected = 0;
	double squares = 0;
	double off = 0;
	double active = 0;

	for (int i = 0; i < 100000; i++)
	{
		double rate = draw_rate(&m);
		double stop = draw_stop(&m);
		double now = 0;
		bool gone = false;
		DemandSummary s = {.age = 100};
		double next = 0;
		double here;

		while (!gone && (now -= log(draw()) / rate) <= 160)
		{
			if (now <= 100)
			{
				s.frequency++;
				s.recency = now;
			}
			else
			{
				if (next == 0)
					active++;
				next++;
			}
			gone = draw() < stop;
		}
		if (!gone && next == 0)
			active++;
		here = demand_expected_occasions(&m, &s, 60);
		expected += here;
		off += next - here;
		squares += (next - here) * (next - here);
		active -= demand_probability_active(&m, &s);
	}
	printf("100000 callers: %.0f occasions expected, %.0f off; %.0f off the active\n", expected, off, active);
	MUST(fabs(off) < 3 * sqrt(squares) && fabs(active) < 3 * sqrt(0.25 * 100000));
}

static void
test_contacts_expected(void)
{
	DemandModel m = {.r = 1, .alpha = 10, .a = 1, .b = 2, .contacts_per_occasion = 2, .occasion_weight = 2};
	DemandSummary s = {.frequency = 1, .contacts = 8, .recency = 5, .age = 9};
	double occasions = demand_expected_occasions(&m, &s, 7);

	MUST(demand_expected_contacts(&m, &s, 7) == occasions * 3);
	m.occasion_weight = 0;
	MUST(demand_expected_contacts(&m, &s, 7) == occasions * 4);
	m.occasion_weight = INFINITY;
	MUST(demand_expected_contacts(&m, &s, 7) == occasions * 2);
}

int
main(void)
{
	test_summaries();
	test_contacts();
	test_grouping();
	test_slopes();
	test_fits();
	test_many();
	test_odd_populations();
	test_odd_models();
	test_expectations();
	test_simulated();
	test_contacts_expected();
	return 0;
}
