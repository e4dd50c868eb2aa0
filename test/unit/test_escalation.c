/*-------------------------------------------------------------------------
 * test_escalation.c
 *	  The tail of escalation's test against its definition, and the whole
 *	  procedure on populations of stable callers with one who escalates.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/stats/escalation.h"
#include "core/stats/specfun.h"
#include "core/stats/statistics.h"
#include "unit.h"
#include "unit_host.h"

#define HOUR INT64_C(3600000000)
#define WEEK (168 * HOUR)
#define WEEKS 13 /* of each caller's history */
#define CALLERS 1000
#define MOST_CONTACTS 100000

/* ----------------------------------------------------------- definitions */

/*
 * P(X = k) as a draw from an urn that returns each ball with others of its
 * colour: a of one to begin with, b of the other.
 */
static double
urn(int k, int n, double a, double b)
{
	double p = 1;

	for (int i = 0; i < n; i++)
	{
		double balls = i < k ? a + i : b + (i - k);
		double ways = i < k ? (double) (n - i) / (k - i) : 1;

		p *= ways * balls / (a + b + i);
	}
	return p;
}

static void
test_tail(void)
{
	for (int n = 1; n <= 60; n += 7)
		for (double dispersion = 1.25; dispersion < 100; dispersion *= 2.2)
			for (double share = 0.01; share < 1; share += 0.19)
			{
				double a = n / (dispersion - 1) * share;
				double b = n / (dispersion - 1) * (1 - share);
				double tail = 0;

				for (int k = n; k >= 0; k--)
				{
					tail += urn(k, n, a, b);
					MUST(fabs(escalation_tail(k, n, share, dispersion, &host) - tail) < 1e-9 * tail + 1e-14);
				}
			}
	MUST(fabs(escalation_tail(3, 9, 0.2, 1, &host) - specfun_beta_lower(3, 7, 0.2)) < 1e-15);
	MUST(fabs(escalation_tail(90000, 1000000, 1 / 13.0, 2, &host) / escalation_tail(90000, 1000000, 1 / 13.0, 2.0000001, &host) - 1) < 1e-2);
}

/* Counted one by one, in blocks of any size. */
static void
test_count(void)
{
	int64_t times[400];
	EscalationCounts counts;
	EscalationCounts expected;
	int64_t occasion = 0;

	for (int round = 0; round < 200; round++)
	{
		int64_t as_of = 14 * WEEK + (int64_t) unit_below(1000) - 500;

		for (size_t i = 0; i < lengthof(times); i++)
			times[i] = (int64_t) unit_below(30 * WEEK / HOUR) * HOUR / 2;
		qsort(times, lengthof(times), sizeof(int64_t), unit_compare_int64);
		memset(&expected, 0, sizeof(expected));
		for (size_t i = 0; i < lengthof(times); i++)
		{
			bool begins = i == 0 || times[i] > occasion + WEEK / 84;

			if (begins)
				occasion = times[i];
			if (times[i] > as_of)
				continue;
			expected.recent_contacts += times[i] > as_of - WEEK;
			expected.recent += begins && times[i] > as_of - WEEK;
			expected.baseline_contacts += times[i] <= as_of - WEEK && times[i] > as_of - 13 * WEEK;
			for (int w = 1; w <= ESCALATION_WINDOWS; w++)
				if (begins && times[i] <= as_of - w * WEEK && times[i] > as_of - (w + 1) * WEEK)
				{
					expected.windows[w - 1]++;
					expected.baseline++;
				}
		}
		escalation_count_begin(&counts, as_of, WEEK);
		for (size_t i = 0, n; i < lengthof(times); i += n)
		{
			n = 1 + unit_below(lengthof(times) - i);
			escalation_count(&counts, times + i, n);
		}
		MUST(counts.recent == expected.recent && counts.recent_contacts == expected.recent_contacts);
		MUST(counts.baseline == expected.baseline && counts.baseline_contacts == expected.baseline_contacts);
		MUST(memcmp(counts.windows, expected.windows, sizeof(counts.windows)) == 0);
	}
}

/* Limits are the ratios at which the tails are what the level leaves. */
static void
test_limits(void)
{
	EscalationPrior prior;

	escalation_default_prior(&prior);
	for (int round = 0; round < 200; round++)
	{
		EscalationCounts counts = {.recent = (int64_t) unit_below(20)};
		Escalation tested;
		EscalationLimits limits;
		double level = 0.5 + (double) unit_below(49) / 100;
		double dispersion = round % 2 == 0 ? NAN : 1 + (double) unit_below(9) / 4;

		for (int w = 0; w < ESCALATION_WINDOWS; w++)
			counts.baseline += counts.windows[w] = (int64_t) unit_below(1 + unit_below(6));
		escalation_test(&counts, &prior, dispersion, &host, &tested);
		limits = escalation_limits(&counts, &tested, level, &host);
		MUST(limits.lower <= limits.upper);
		MUST(counts.recent > 0 || limits.lower == 0);
		MUST(counts.baseline > 0 || isinf(limits.upper));
		if (fabs(tested.p - (1 - level) / 2) > 1e-6)
			MUST((tested.p < (1 - level) / 2) == (limits.lower > 1));
		if (dispersion >= 1 && counts.recent > 0 && limits.lower > 0)
			MUST(fabs(escalation_tail((double) counts.recent, tested.n, limits.lower / (limits.lower + 12), dispersion, &host) - (1 - level) / 2) < 1e-7);
		if (dispersion >= 1 && counts.baseline > 0)
			MUST(fabs(escalation_tail((double) counts.recent + 1, tested.n, limits.upper / (limits.upper + 12), dispersion, &host) - (1 + level) / 2) < 1e-7);
	}
}

/* ------------------------------------------------------------ simulation */

/* How stable callers call: bursts at random, of contacts with random gaps. */
typedef struct Population
{
	const char *name;
	double rate_shape; /* of the gamma distribution of bursts a week */
	double rate;
	double least_size; /* mean contacts a burst, from caller to caller */
	double most_size;
	bool uniform; /* sizes are uniform, else geometric */
	double gap; /* mean hours from one contact of a burst to the next */
	bool all_found; /* is the planted caller to be found? */
} Population;

static int64_t contacts[MOST_CONTACTS];
static size_t num_contacts;

static double
uniform(void)
{
	return ((double) (unit_random() >> 11) + 0.5) / 9007199254740992.0;
}

static int
draw_poisson(double mean)
{
	double p = uniform();
	int k = 0;

	for (; p > exp(-mean) && k < 10000; k++)
		p *= uniform();
	return k;
}

/* A gamma variable of that shape, by its inverse. */
static double
draw_gamma(double shape)
{
	return specfun_gamma_lower_inverse(shape, uniform());
}

static int
draw_size(const Population *population, double mean)
{
	if (mean <= 1)
		return 1;
	if (population->uniform)
		return 1 + (int) unit_below((uint64_t) (2 * mean - 0.5));
	return 1 + (int) (log(uniform()) / log1p(-1 / mean));
}

/* Bursts at a rate a week in the weeks from the first up to the last. */
static void
draw_bursts(const Population *population, double rate, double size, double from, double to)
{
	for (int bursts = draw_poisson(rate * (to - from)); bursts > 0; bursts--)
	{
		double at = (from + (to - from) * uniform()) * WEEK;

		for (int left = draw_size(population, size); left > 0; left--)
		{
			if (at < (double) (WEEKS * WEEK))
				contacts[num_contacts++] = (int64_t) at;
			at -= log(uniform()) * population->gap * HOUR;
			MUST(num_contacts < MOST_CONTACTS);
		}
	}
}

static void
draw_stable(const Population *population)
{
	double spread = uniform();
	double rate = draw_gamma(population->rate_shape) / population->rate_shape * population->rate;
	double size = population->least_size + (population->most_size - population->least_size) * spread * spread;

	draw_bursts(population, rate < 100 ? rate : 100, size, -2, WEEKS);
}

/* One or two contacts a week, then 20 in the last. */
static void
draw_planted(const Population *population)
{
	draw_bursts(population, 1.5, 1, 0, WEEKS - 1);
	for (int i = 0; i < 20; i++)
		contacts[num_contacts++] = (int64_t) ((WEEKS - 1 + uniform()) * WEEK);
}

/* What a procedure said of one population: how many were flagged, and was the planted caller? */
typedef struct Flagged
{
	double falsely;
	double rightly;
	double proportion; /* of false discoveries */
} Flagged;

static EscalationCounts counted[CALLERS + 1];
static Escalation tested[CALLERS + 1];

static void
draw_population(const Population *population)
{
	for (int i = 0; i <= CALLERS; i++)
	{
		num_contacts = 0;
		if (i < CALLERS)
			draw_stable(population);
		else
			draw_planted(population);
		qsort(contacts, num_contacts, sizeof(int64_t), unit_compare_int64);
		escalation_count_begin(&counted[i], WEEKS * WEEK, WEEK);
		escalation_count(&counted[i], contacts, num_contacts);
	}
}

static void
fit_population(EscalationPrior *prior)
{
	static EscalationPattern patterns[CALLERS + 1];
	size_t n = 0;

	for (int i = 0; i <= CALLERS; i++)
		escalation_pattern(&counted[i], &patterns[i]);
	qsort(patterns, CALLERS + 1, sizeof(EscalationPattern), escalation_compare_patterns);
	for (int i = 0; i <= CALLERS; i++)
	{
		if (n > 0 && escalation_compare_patterns(&patterns[n - 1], &patterns[i]) == 0)
			patterns[n - 1].callers++;
		else
			patterns[n++] = patterns[i];
	}
	escalation_fit(patterns, n, &host, prior);
	MUST(prior->callers == CALLERS + 1);
}

/* Keep what is improbable, of five contacts or more, and (if so asked) above 1 for certain. */
static Flagged
discover(double *p, bool with_limits)
{
	Flagged flagged = {0, 0, 0};

	benjamini_hochberg(p, CALLERS + 1, &host);
	for (int i = 0; i <= CALLERS; i++)
	{
		if (p[i] > 0.05 || counted[i].recent_contacts < 5 ||
			(with_limits && escalation_limits(&counted[i], &tested[i], 0.95, &host).lower <= 1))
			continue;
		flagged.rightly += i == CALLERS;
		flagged.falsely += i < CALLERS;
	}
	if (flagged.falsely > 0)
		flagged.proportion = flagged.falsely / (flagged.falsely + flagged.rightly);
	return flagged;
}

static void
add_flagged(Flagged *sum, Flagged flagged)
{
	sum->falsely += flagged.falsely;
	sum->rightly += flagged.rightly;
	sum->proportion += flagged.proportion;
}

static void
test_population(const Population *population, int replications)
{
	static double p[CALLERS + 1];
	static double plain_p[CALLERS + 1];
	Flagged sum = {0, 0, 0};
	Flagged plain = {0, 0, 0};

	for (int i = 0; i < replications; i++)
	{
		EscalationPrior prior;

		draw_population(population);
		fit_population(&prior);
		for (int c = 0; c <= CALLERS; c++)
		{
			double recent = (double) counted[c].recent_contacts;
			double baseline = (double) counted[c].baseline_contacts;

			escalation_test(&counted[c], &prior, NAN, &host, &tested[c]);
			p[c] = tested[c].p;
			plain_p[c] = recent > 0 ? specfun_beta_lower(recent, baseline + 1, 1 / 13.0) : 1;
		}
		add_flagged(&sum, discover(p, true));
		add_flagged(&plain, discover(plain_p, false));
	}
	printf("%s, %d times: false discoveries %.4f (plain Poisson: %.4f), false flags a time %.3f (%.1f), planted caller found %.3f (%.3f)\n",
		   population->name, replications, sum.proportion / replications, plain.proportion / replications,
		   sum.falsely / replications, plain.falsely / replications, sum.rightly / replications, plain.rightly / replications);
	MUST(sum.proportion / replications <= 0.05);
	MUST(!population->all_found || sum.rightly / replications >= 0.9);
}

static const Population populations[] = {
	{"bursts of geometric size", 1, 0.5, 1, 3, false, 0.3, true},
	{"heavier, of uniform size", 0.3, 0.7, 1, 6, true, 0.3, true},
	{"heavier, of geometric size", 0.3, 0.7, 1, 6, false, 0.3, true},
	{"heaviest, with gaps of three hours", 0.3, 2, 1, 10, false, 3, false},
	{"rare and large, over days", 0.2, 0.1, 1, 8, false, 24, false},
};

int
main(void)
{
	test_tail();
	test_count();
	test_limits();
	for (size_t i = 0; i < lengthof(populations); i++)
		test_population(&populations[i], i == 0 || i == 2 ? 200 : 60);
	MUST(in_use == 0);
	return 0;
}
