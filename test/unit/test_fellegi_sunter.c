/*-------------------------------------------------------------------------
 * test_fellegi_sunter.c
 *	  Models drawn, made into exact counts of patterns and learnt back; each
 *	  step of the fit against one written down plainly.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "core/identity/fellegi_sunter.h"
#include "unit.h"

#define MAX_PATTERNS 20000

static FsPattern patterns[MAX_PATTERNS];

static const FsOptions usual = {.max_iterations = 100000, .tolerance = 1e-12};

static double
unit_between(double low, double high)
{
	return low + (high - low) * (double) (unit_random() >> 11) / 9007199254740992.0;
}

/* Shares of one whole, of which one level has more than 0.6. */
static void
draw_shares(double *share, int n, int most)
{
	double rest = 0;

	for (int l = 0; l < n; l++)
		rest += share[l] = unit_between(0.2, 1);
	rest -= share[most];
	share[most] = unit_between(0.6, 0.95);
	for (int l = 0; l < n; l++)
		if (l != most)
			share[l] *= (1 - share[most]) / rest;
}

static FsModel
draw_model(int ncomparisons, int max_levels)
{
	FsModel model = {.ncomparisons = ncomparisons, .lambda = unit_between(0.02, 0.4)};

	for (int k = 0; k < ncomparisons; k++)
	{
		int n = model.nlevels[k] = 2 + (int) unit_below((uint64_t) max_levels - 1);

		draw_shares(model.m[k], n, 0);
		draw_shares(model.u[k], n, n - 1);
	}
	return model;
}

/* A model of the same shape that knows nothing. */
static FsModel
fresh(const FsModel *model)
{
	FsModel start = {.ncomparisons = model->ncomparisons};

	memcpy(start.nlevels, model->nlevels, sizeof(start.nlevels));
	fs_start(&start);
	return start;
}

/* Every pattern there can be, with as many of pairs as the model says, some values missing. */
static size_t
expected_patterns(const FsModel *model, double pairs, double missing)
{
	size_t n = 0;
	signed char level[FS_MAX_COMPARISONS];
	int k;

	memset(level, missing > 0 ? FS_MISSING : 0, sizeof(level));
	do
	{
		double match = model->lambda;
		double other = 1 - model->lambda;

		for (k = 0; k < model->ncomparisons; k++)
		{
			match *= level[k] < 0 ? missing : (1 - missing) * model->m[k][level[k]];
			other *= level[k] < 0 ? missing : (1 - missing) * model->u[k][level[k]];
		}
		MUST(n < MAX_PATTERNS);
		memcpy(patterns[n].level, level, sizeof(level));
		patterns[n++].n = pairs * (match + other);
		for (k = 0; k < model->ncomparisons; k++)
		{
			if (++level[k] < model->nlevels[k])
				break;
			level[k] = missing > 0 ? FS_MISSING : 0;
		}
	} while (k < model->ncomparisons);
	return n;
}

static double
model_distance(const FsModel *a, const FsModel *b)
{
	double distance = fabs(a->lambda - b->lambda);

	for (int k = 0; k < a->ncomparisons; k++)
		for (int l = 0; l < a->nlevels[k]; l++)
		{
			distance = fmax(distance, fabs(a->m[k][l] - b->m[k][l]));
			distance = fmax(distance, fabs(a->u[k][l] - b->u[k][l]));
		}
	return distance;
}

/* One iteration, as the formulas have it. */
static void
plain_step(FsModel *model, size_t n, double total)
{
	long double m[FS_MAX_COMPARISONS][FS_MAX_LEVELS] = {{0}};
	long double u[FS_MAX_COMPARISONS][FS_MAX_LEVELS] = {{0}};
	long double matches = 0;

	for (size_t i = 0; i < n; i++)
	{
		long double a = model->lambda;
		long double b = 1 - (long double) model->lambda;

		for (int k = 0; k < model->ncomparisons; k++)
			if (patterns[i].level[k] >= 0)
			{
				a *= model->m[k][patterns[i].level[k]];
				b *= model->u[k][patterns[i].level[k]];
			}
		matches += patterns[i].n * a / (a + b);
		for (int k = 0; k < model->ncomparisons; k++)
			if (patterns[i].level[k] >= 0)
			{
				m[k][patterns[i].level[k]] += patterns[i].n * a / (a + b);
				u[k][patterns[i].level[k]] += patterns[i].n * b / (a + b);
			}
	}
	for (int k = 0; k < model->ncomparisons; k++)
	{
		long double all_m = 0;
		long double all_u = 0;

		for (int l = 0; l < model->nlevels[k]; l++)
		{
			all_m += m[k][l];
			all_u += u[k][l];
		}
		for (int l = 0; l < model->nlevels[k]; l++)
		{
			model->m[k][l] = (double) (m[k][l] / all_m);
			model->u[k][l] = (double) (u[k][l] / all_u);
		}
	}
	model->lambda = (double) (matches / total);
}

static void
test_start(void)
{
	for (int n = 1; n <= FS_MAX_LEVELS; n++)
	{
		FsModel model = {.ncomparisons = 2, .nlevels = {n, n}, .u = {{0}, {0.5, 0.5}}};
		double sum = 0;

		fs_start(&model);
		for (int l = 0; l < n; l++)
		{
			sum += model.m[0][l];
			MUST(model.u[0][l] == model.m[0][n - 1 - l]);
			MUST(l == 0 || model.m[0][l] < model.m[0][l - 1]);
		}
		MUST(fabs(sum - 1) < 1e-15);
		MUST(model.lambda == 0.05);
		if (n == 2)
			MUST(model.u[1][0] == 0.5 && model.m[1][0] == 0.75);
	}
}

static void
test_weights(void)
{
	FsModel model = {.ncomparisons = 3, .nlevels = {2, 2, 2}, .lambda = 1.0 / 1025, .m = {{0.9, 0.1}, {0.5, 0.5}, {1, 0}}, .u = {{0.1, 0.9}, {0.5, 0.5}, {0, 1}}};

	MUST(fabs(fs_weight(&model, (signed char[]){0, 0, -1}) - log2(9)) < 1e-14);
	MUST(fs_weight(&model, (signed char[]){-1, -1, -1}) == 0);
	MUST(fs_weight(&model, (signed char[]){-1, 2, 7}) == 0);
	MUST(fabs(fs_prior_weight(&model) + 10) < 1e-12);
	MUST(fabs(fs_probability(&model, (signed char[]){-1, -1, -1}) - model.lambda) < 1e-16);

	/* certainty is finite, and small probabilities keep their digits */
	MUST(fabs(fs_weight(&model, (signed char[]){-1, -1, 0}) - 300 * log2(10)) < 1e-9);
	MUST(fs_probability(&model, (signed char[]){-1, -1, 0}) == 1);
	MUST(fs_probability(&model, (signed char[]){-1, -1, 1}) > 0);
	MUST(fs_probability(&model, (signed char[]){-1, -1, 1}) < 1e-302);
	for (double lambda = 0; lambda <= 1; lambda++)
	{
		model.lambda = lambda;
		MUST(fs_probability(&model, (signed char[]){0, 0, 0}) == lambda);
		MUST(fs_probability(&model, (signed char[]){1, 1, 1}) == lambda);
	}
}

/* What a model drew is learnt back, values missing or not. */
static void
test_recovery(void)
{
	double worst = 0;
	int fits = 0;

	for (int round = 0; round < 60; round++)
	{
		FsModel truth = draw_model(3 + (int) unit_below(3), 4);
		FsModel model = fresh(&truth);
		size_t n = expected_patterns(&truth, 1e9, round % 2 ? 0 : 0.2);
		FsResult result = fs_fit(&model, patterns, n, &usual, NULL, NULL);

		MUST(result.converged && !result.reversed);
		MUST(result.largest_change < usual.tolerance);
		for (int k = 0; k < truth.ncomparisons; k++)
			MUST(!result.degenerate[k]);
		MUST(result.log_likelihood >= fs_log_likelihood(&truth, patterns, n, 0) - 1e-3);
		worst = fmax(worst, model_distance(&truth, &model));
		fits++;
	}
	printf("%d models learnt back; furthest off %.1e\n", fits, worst);
	MUST(worst < 1e-6);
}

/* Iterations one by one are those of the plain formulas, and each fits no worse. */
static void
test_steps(void)
{
	double worst = 0;

	for (int round = 0; round < 40; round++)
	{
		FsModel truth = draw_model(3, 4);
		FsModel model = fresh(&truth);
		FsModel plain = model;
		FsOptions options = {.max_iterations = 1, .tolerance = 1e-300, .total_pairs = round % 2 ? 0 : 3e6};
		size_t n = expected_patterns(&truth, 1e6, 0.1);
		double before = -INFINITY;

		for (size_t i = 0; i < n; i++) /* noise, or the fit is perfect soon */
			patterns[i].n = floor(patterns[i].n * unit_between(0.5, 1.5));
		for (int step = 0; step < 30; step++)
		{
			double pairs = 0;
			FsResult result = fs_fit(&model, patterns, n, &options, NULL, NULL);

			for (size_t i = 0; i < n; i++)
				pairs += patterns[i].n;
			plain_step(&plain, n, fmax(pairs, options.total_pairs));
			MUST(!result.converged && result.iterations == 1);
			MUST(result.log_likelihood >= before - 1e-6);
			before = result.log_likelihood;
			worst = fmax(worst, model_distance(&plain, &model));
		}
	}
	printf("1200 iterations against plain formulas; furthest off %.1e\n", worst);
	MUST(worst < 1e-12);
}

/* Only the last bits know of the order, and of patterns that come in parts. */
static void
test_order(void)
{
	double worst = 0;

	for (int round = 0; round < 20; round++)
	{
		FsModel truth = draw_model(4, 4);
		FsModel one = fresh(&truth);
		FsModel two = one;
		FsOptions options = {.max_iterations = 200, .tolerance = 1e-300, .prior_count = 0.5};
		size_t n = expected_patterns(&truth, 1e7, 0.1);
		size_t whole = n;

		fs_fit(&one, patterns, n, &options, NULL, NULL);
		for (size_t i = 0; i < whole; i++)
			if (unit_below(4) == 0)
			{
				patterns[n] = patterns[i];
				patterns[i].n *= 0.25;
				patterns[n++].n *= 0.75;
			}
		for (size_t i = n; i-- > 1;)
		{
			size_t j = unit_below(i + 1);
			FsPattern moved = patterns[i];

			patterns[i] = patterns[j];
			patterns[j] = moved;
		}
		fs_fit(&two, patterns, n, &options, NULL, NULL);
		worst = fmax(worst, model_distance(&one, &two));
	}
	printf("any order and split; furthest off %.1e\n", worst);
	MUST(worst < 1e-13);
}

/* A level that the model does not have counts as missing. */
static void
test_unknown_levels(void)
{
	FsModel truth = draw_model(4, 4);
	FsModel one = fresh(&truth);
	FsModel two = one;
	FsModel shares = one;
	FsOptions options = {.max_iterations = 50, .prior_count = 0.5};
	size_t n = expected_patterns(&truth, 1e7, 0.1);

	fs_fit(&one, patterns, n, &options, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < truth.ncomparisons; k++)
			if (patterns[i].level[k] == FS_MISSING)
				patterns[i].level[k] = i % 2 ? FS_MAX_LEVELS - 1 : -128;
	fs_fit(&two, patterns, n, &options, NULL, NULL);
	MUST(model_distance(&one, &two) == 0);
	MUST(fs_log_likelihood(&one, patterns, n, 0) == fs_log_likelihood(&two, patterns, n, 0));
	fs_one_class(&shares, patterns, n);
	for (int k = 0; k < truth.ncomparisons; k++)
		for (int l = 0; l < truth.nlevels[k]; l++)
			MUST(fabs(shares.u[k][l] - truth.lambda * truth.m[k][l] - (1 - truth.lambda) * truth.u[k][l]) < 1e-12);
}

/* Few pairs are not lost beside very many: 10^16 and 19998 times one are half of all. */
static void
test_sums(void)
{
	FsModel model = {.ncomparisons = 1, .nlevels = {2}, .m = {{0.7, 0.3}}, .u = {{0.7, 0.3}}, .lambda = 0.5};
	FsOptions options = {.fix_lambda = true, .max_iterations = 1};
	size_t n = 20000;

	for (size_t i = 0; i < n; i++)
	{
		memset(patterns[i].level, 0, sizeof(patterns[i].level));
		patterns[i].n = 1;
	}
	patterns[0].n = 1e16;
	patterns[n - 1].n = 1e16 + 19998;
	patterns[n - 1].level[0] = 1;
	fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(model.m[0][0] == 0.5 && model.u[0][0] == 0.5);
	fs_one_class(&model, patterns, n);
	MUST(model.u[0][0] == 0.5);
}

/* u known, patterns of pairs that blocking left, lambda over the population. */
static void
test_fixed(void)
{
	FsModel truth = draw_model(4, 3);
	FsModel model;
	FsOptions options = {.fix_u = true, .max_iterations = 20000, .tolerance = 1e-12};
	FsResult result;
	size_t n;
	double matches = 0;

	truth.lambda = 0.001;
	n = expected_patterns(&truth, 1e9, 0);
	model = fresh(&truth);
	memcpy(model.u, truth.u, sizeof(model.u));
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(result.converged && model_distance(&model, &truth) < 1e-6);
	MUST(memcmp(model.u, truth.u, sizeof(model.u)) == 0);

	/* known besides */
	options.fix_m = true;
	model.lambda = 0.5;
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(result.converged && fabs(model.lambda - truth.lambda) < 1e-6);
	options.fix_lambda = true;
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(result.converged && result.iterations == 1 && result.largest_change == 0);

	/* total_pairs: lambda is of the population */
	for (size_t i = 0; i < n; i++)
		matches += patterns[i].n * fs_probability(&truth, patterns[i].level);
	options = (FsOptions){.fix_u = true, .fix_m = true, .total_pairs = 1e10, .max_iterations = 1, .tolerance = 1e-12};
	model = truth;
	fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(fabs(model.lambda - matches / 1e10) < 1e-12);
	options.total_pairs = 5; /* fewer than there are */
	model = truth;
	fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(fabs(model.lambda - truth.lambda) < 1e-9);
}

/* The class that agrees more is the matches', whatever the fit began with. */
static void
test_classes(void)
{
	FsModel truth = draw_model(4, 3);
	FsModel model = fresh(&truth);
	FsOptions options = usual;
	size_t n = expected_patterns(&truth, 1e9, 0);
	FsResult result;
	FsModel other = model;

	memcpy(other.m, model.u, sizeof(other.m));
	memcpy(other.u, model.m, sizeof(other.u));
	other.lambda = 1 - model.lambda;
	result = fs_fit(&other, patterns, n, &options, NULL, NULL);
	MUST(result.converged && !result.reversed && model_distance(&other, &truth) < 1e-6);

	/* where one is fixed it is said instead */
	memcpy(other.m, truth.u, sizeof(other.m));
	memcpy(other.u, truth.m, sizeof(other.u));
	options.fix_u = true;
	result = fs_fit(&other, patterns, n, &options, NULL, NULL);
	MUST(result.reversed && memcmp(other.u, truth.m, sizeof(other.u)) == 0);
}

/* What cannot be learnt is said, and never called converged before it is. */
static void
test_hopeless(void)
{
	FsModel truth = draw_model(4, 3);
	FsModel model = fresh(&truth);
	FsOptions options = usual;
	FsResult result;
	size_t n = expected_patterns(&truth, 1e6, 0);
	int telling = 0;
	FsModel one;

	/* one iteration too few */
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(result.converged);
	options.max_iterations = result.iterations - 1;
	model = fresh(&truth);
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(!result.converged && result.iterations == options.max_iterations && result.largest_change >= options.tolerance);
	options.max_iterations = 0;
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(!result.converged && result.iterations == 0);

	/* m = u in one comparison, a level nobody shows in another */
	options = usual;
	memcpy(truth.m[1], truth.u[1], sizeof(truth.m[1]));
	n = expected_patterns(&truth, 1e9, 0);
	model = fresh(&truth);
	model.nlevels[2]++;
	fs_start(&model);
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	MUST(result.converged);
	MUST(!result.degenerate[0] && result.degenerate[1] && result.degenerate[2] && !result.degenerate[3]);
	MUST(model.m[2][model.nlevels[2] - 1] == 0 && model.u[2][model.nlevels[2] - 1] == 0);

	/* m = u everywhere */
	memcpy(truth.m, truth.u, sizeof(truth.m));
	n = expected_patterns(&truth, 1e9, 0);
	model = fresh(&truth);
	result = fs_fit(&model, patterns, n, &options, NULL, NULL);
	for (int k = 0; k < truth.ncomparisons; k++)
		telling += !fs_tells_nothing(&model, k);
	MUST(telling < 3); /* which is too few to tell two classes from one */
	one = model;
	fs_one_class(&one, patterns, n);
	MUST(fabs(result.log_likelihood - fs_log_likelihood(&one, patterns, n, 0)) < 0.1); /* of 10^9 pairs */
	truth.lambda = 0;
	MUST(model_distance(&one, &truth) < 1e-12);

	/* nobody has a value, and no pairs at all: nothing moves */
	memset(patterns, FS_MISSING, sizeof(patterns[0]));
	patterns[0].n = 5;
	model = fresh(&truth);
	result = fs_fit(&model, patterns, 1, &options, NULL, NULL);
	MUST(result.converged && result.degenerate[0] && fabs(model.lambda - 0.05) < 1e-15 && model.m[0][0] == 0.75);
	result = fs_fit(&model, NULL, 0, &options, NULL, NULL);
	MUST(!result.converged && result.iterations == 0 && result.log_likelihood == 0);
}

/* Pseudo-counts keep a share from zero, by what was started with. */
static void
test_prior(void)
{
	FsModel model = {.ncomparisons = 1, .nlevels = {2}, .m = {{0.75, 0.25}}, .u = {{0.25, 0.75}}, .lambda = 0.5};
	FsOptions options = {.fix_lambda = true, .fix_u = true, .max_iterations = 1, .prior_count = 0.5};

	memset(patterns, 0, sizeof(patterns[0]));
	patterns[0].n = 8; /* 6 of them matches */
	fs_fit(&model, patterns, 1, &options, NULL, NULL);
	MUST(fabs(model.m[0][0] - 6.75 / 7) < 1e-15);
	MUST(fabs(model.m[0][1] - 0.25 / 7) < 1e-15);
}

static jmp_buf left;
static int calls;

static bool
stop_at_third(void *arg)
{
	(void) arg;
	return ++calls == 3;
}

static bool
leave(void *arg)
{
	longjmp(*(jmp_buf *) arg, 1);
}

static void
test_interrupts(void)
{
	FsModel truth = draw_model(5, 3);
	FsModel model;
	FsResult result;

	for (size_t i = 0; i < MAX_PATTERNS; i++)
	{
		memset(patterns[i].level, 0, sizeof(patterns[i].level));
		patterns[i].level[0] = i % 2;
		patterns[i].n = 1;
	}
	model = fresh(&truth);
	calls = 0;
	result = fs_fit(&model, patterns, MAX_PATTERNS, &usual, stop_at_third, NULL);
	MUST(calls == 3 && !result.converged && result.iterations == 0);
	calls = -MAX_PATTERNS / 4096;
	result = fs_fit(&model, patterns, MAX_PATTERNS, &usual, stop_at_third, NULL);
	MUST(!result.converged && result.iterations == 1);
	if (setjmp(left) == 0)
	{
		fs_fit(&model, patterns, MAX_PATTERNS, &usual, leave, &left);
		abort();
	}
}

int
main(void)
{
	test_start();
	test_weights();
	test_prior();
	test_recovery();
	test_steps();
	test_order();
	test_unknown_levels();
	test_sums();
	test_fixed();
	test_classes();
	test_hopeless();
	test_interrupts();
	return 0;
}
