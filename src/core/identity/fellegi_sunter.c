/*-------------------------------------------------------------------------
 * fellegi_sunter.c
 *	  The model of Fellegi and Sunter (1969), fitted by expectation and
 *	  maximisation (Dempster, Laird and Rubin 1977; Winkler 1988).
 *
 * Nothing is allocated.  Sums carry what rounding loses, so the order of the
 * patterns only affects the last bits.
 *-------------------------------------------------------------------------
 */
#include "core/identity/fellegi_sunter.h"

#include <math.h>
#include <string.h>

/* Stands for a share of zero, whose logarithm must be finite. */
#define TINY 1e-300

/* Patterns from one call of interrupted() to the next. */
#define PAUSE_PATTERNS 4096

/* A comparison worth fewer bits than this counts as worth nothing. */
#define FEWEST_BITS 0.001

/* Below this lambda a change counts by itself, not as a share. */
#define LEAST_LAMBDA 1e-12

/* A sum, and what rounding has lost. */
typedef struct Sum
{
	double sum;
	double lost;
} Sum;

/* The sums of the expectation step. */
typedef struct Counts
{
	Sum m[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	Sum u[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	Sum matches;
} Counts;

static inline void
add(Sum *total, double value)
{
	double sum = total->sum + value;
	double part = sum - total->sum;

	total->lost += (total->sum - (sum - part)) + (value - part);
	total->sum = sum;
}

static inline double
total_of(Sum total)
{
	return total.sum + total.lost;
}

static inline bool
has_level(const FsModel *model, int comparison, int level)
{
	return level >= 0 && level < model->nlevels[comparison];
}

/* Do these shares add up to 1? */
static bool
is_distribution(const double *share, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
	{
		if (!(share[i] >= 0))
			return false;
		sum += share[i];
	}
	return fabs(sum - 1) < 1e-6;
}

/*
 * fs_start
 *		Values to start a fit from: matches mostly agree, others mostly do not.
 *
 * A comparison's u that already sums to one is kept, as is a lambda between 0
 * and 1.
 */
void
fs_start(FsModel *model)
{
	for (int k = 0; k < model->ncomparisons; k++)
	{
		int n = model->nlevels[k];
		double *m = model->m[k];
		double *u = model->u[k];
		double rest = 0.25 / (1 - exp2(1 - n));

		/* 3/4 agree best; of the rest each level has half of the one before */
		m[0] = n == 1 ? 1 : 0.75;
		for (int l = 1; l < n; l++)
			m[l] = rest * exp2(-l);
		if (is_distribution(u, n))
			continue;
		for (int l = 0; l < n; l++)
			u[l] = m[n - 1 - l];
	}
	if (!(model->lambda > 0 && model->lambda < 1))
		model->lambda = 0.05;
}

/*
 * fs_level_weight
 *		The weight of one level, in bits; 0 where it is missing.
 */
double
fs_level_weight(const FsModel *model, int comparison, int level)
{
	if (!has_level(model, comparison, level))
		return 0;
	return log2(fmax(model->m[comparison][level], TINY) / fmax(model->u[comparison][level], TINY));
}

/*
 * fs_prior_weight
 *		The weight without any evidence: log2 of the odds of lambda.
 */
double
fs_prior_weight(const FsModel *model)
{
	return log2(model->lambda) - log2(1 - model->lambda);
}

/*
 * fs_weight
 *		The weight of a pattern, in bits, without the prior.
 */
double
fs_weight(const FsModel *model, const signed char *level)
{
	double weight = 0;

	for (int k = 0; k < model->ncomparisons; k++)
		weight += fs_level_weight(model, k, level[k]);
	return weight;
}

/*
 * The probabilities of a match and of no match from log2 of the odds.  Neither
 * is 1 minus the other, which would lose all digits of a small one.
 */
static inline double
split_odds(double weight, double *contrary)
{
	double odds = exp2(-fabs(weight));
	double larger = 1 / (1 + odds);
	double smaller = odds / (1 + odds);

	*contrary = weight >= 0 ? smaller : larger;
	return weight >= 0 ? larger : smaller;
}

/*
 * fs_probability
 *		The probability that a pair with this pattern is a match.
 */
double
fs_probability(const FsModel *model, const signed char *level)
{
	double contrary;

	return split_odds(fs_prior_weight(model) + fs_weight(model, level), &contrary);
}

static inline bool
pause_at(size_t i, FsInterrupted interrupted, void *arg)
{
	return i % PAUSE_PATTERNS == PAUSE_PATTERNS - 1 && interrupted != NULL && interrupted(arg);
}

static double
pairs_of(const FsPattern *patterns, size_t npatterns)
{
	Sum pairs = {0, 0};

	for (size_t i = 0; i < npatterns; i++)
		add(&pairs, patterns[i].n);
	return total_of(pairs);
}

/*
 * fs_log_likelihood
 *		How well the model fits: the natural logarithm of the probability of
 *		the patterns, and of the rest of total_pairs being non-matches.
 */
double
fs_log_likelihood(const FsModel *model, const FsPattern *patterns, size_t npatterns, double total_pairs)
{
	double pairs = pairs_of(patterns, npatterns);
	double match = log(fmax(model->lambda, TINY));
	double other = log(fmax(1 - model->lambda, TINY));
	double m[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	double u[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	Sum sum = {0, 0};

	for (int k = 0; k < model->ncomparisons; k++)
		for (int l = 0; l < model->nlevels[k]; l++)
		{
			m[k][l] = log(fmax(model->m[k][l], TINY));
			u[k][l] = log(fmax(model->u[k][l], TINY));
		}
	for (size_t i = 0; i < npatterns; i++)
	{
		double a = match;
		double b = other;

		if (patterns[i].n == 0)
			continue;
		for (int k = 0; k < model->ncomparisons; k++)
		{
			int level = patterns[i].level[k];

			if (!has_level(model, k, level))
				continue;
			a += m[k][level];
			b += u[k][level];
		}
		add(&sum, patterns[i].n * (fmax(a, b) + log1p(exp(-fabs(a - b)))));
	}
	if (total_pairs > pairs)
		add(&sum, (total_pairs - pairs) * other);
	return fmin(total_of(sum), 0);
}

/*
 * fs_one_class
 *		The model without matches: m and u are the shares among all pairs.
 *
 *		A fit with two classes should explain the patterns better than this one.
 */
void
fs_one_class(FsModel *model, const FsPattern *patterns, size_t npatterns)
{
	Sum counts[FS_MAX_COMPARISONS][FS_MAX_LEVELS] = {{{0, 0}}};

	for (size_t i = 0; i < npatterns; i++)
		for (int k = 0; k < model->ncomparisons; k++)
			if (has_level(model, k, patterns[i].level[k]))
				add(&counts[k][patterns[i].level[k]], patterns[i].n);
	for (int k = 0; k < model->ncomparisons; k++)
	{
		double all = 0;

		for (int l = 0; l < model->nlevels[k]; l++)
			all += total_of(counts[k][l]);
		for (int l = 0; l < model->nlevels[k]; l++)
			model->m[k][l] = model->u[k][l] = all > 0 ? total_of(counts[k][l]) / all : 1.0 / model->nlevels[k];
	}
	model->lambda = 0;
}

/*
 * Expectation: share each pattern's pairs out between matches and others.
 * False if interrupted.
 */
static bool
expect(Counts *counts, const FsModel *model, const FsPattern *patterns, size_t npatterns,
	   FsInterrupted interrupted, void *arg)
{
	double weight[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	double prior = fs_prior_weight(model);

	memset(counts, 0, sizeof(*counts));
	for (int k = 0; k < model->ncomparisons; k++)
		for (int l = 0; l < model->nlevels[k]; l++)
			weight[k][l] = fs_level_weight(model, k, l);
	for (size_t i = 0; i < npatterns; i++)
	{
		const signed char *level = patterns[i].level;
		double sum = prior;
		double match;
		double other;

		if (pause_at(i, interrupted, arg))
			return false;
		for (int k = 0; k < model->ncomparisons; k++)
			if (has_level(model, k, level[k]))
				sum += weight[k][level[k]];
		match = patterns[i].n * split_odds(sum, &other);
		other *= patterns[i].n;
		add(&counts->matches, match);
		for (int k = 0; k < model->ncomparisons; k++)
			if (has_level(model, k, level[k]))
			{
				add(&counts->m[k][level[k]], match);
				add(&counts->u[k][level[k]], other);
			}
	}
	return interrupted == NULL || !interrupted(arg);
}

/*
 * Maximisation for one comparison in one class: shares out of the pairs that
 * have it, with the pseudo-counts.  Returns the largest change.
 */
static double
maximise(double *share, const Sum *counts, const double *start, int n, double prior_count)
{
	double all = prior_count * n;
	double change = 0;

	for (int l = 0; l < n; l++)
		all += total_of(counts[l]);
	if (!(all > 0)) /* nobody has it: there is nothing to learn */
		return 0;
	for (int l = 0; l < n; l++)
	{
		double now = (total_of(counts[l]) + prior_count * n * start[l]) / all;

		change = fmax(change, fabs(now - share[l]));
		share[l] = now;
	}
	return change;
}

static double
maximise_lambda(double *lambda, double now)
{
	double change = fabs(now - *lambda) / fmin(fmax(now, LEAST_LAMBDA), 1);

	*lambda = now;
	return change;
}

/* How much further from agreement matches are than others, 0 to 1 for each comparison. */
static double
disagreement(const FsModel *model)
{
	double sum = 0;

	for (int k = 0; k < model->ncomparisons; k++)
		for (int l = 1; l < model->nlevels[k]; l++)
			sum += (model->m[k][l] - model->u[k][l]) * l / (model->nlevels[k] - 1);
	return sum;
}

/* The fit cannot distinguish the two classes; the one that agrees more is taken as the matches. */
static void
exchange_classes(FsModel *model)
{
	FsModel other = *model;

	memcpy(model->m, other.u, sizeof(model->m));
	memcpy(model->u, other.m, sizeof(model->u));
	model->lambda = 1 - other.lambda;
}

/* Levels of a comparison that some pair shows, as bits. */
static unsigned
levels_seen(const FsModel *model, int comparison, const FsPattern *patterns, size_t npatterns)
{
	unsigned seen = 0;

	for (size_t i = 0; i < npatterns; i++)
		if (patterns[i].n > 0 && has_level(model, comparison, patterns[i].level[comparison]))
			seen |= 1u << patterns[i].level[comparison];
	return seen;
}

/*
 * fs_tells_nothing
 *		Do matches and others show the levels of a comparison equally often?
 */
bool
fs_tells_nothing(const FsModel *model, int comparison)
{
	double bits = 0;

	for (int l = 0; l < model->nlevels[comparison]; l++)
		bits += (model->m[comparison][l] - model->u[comparison][l]) * fs_level_weight(model, comparison, l);
	return bits < FEWEST_BITS;
}

/*
 * fs_fit
 *		Improve the model until it no longer changes.
 *
 *		Start from fs_start() or from a known model.  The log-likelihood (with
 *		the pseudo-counts) never falls from one iteration to the next.
 */
FsResult
fs_fit(FsModel *model, const FsPattern *patterns, size_t npatterns, const FsOptions *options,
	   FsInterrupted interrupted, void *arg)
{
	FsResult result = {0};
	FsModel start = *model;
	Counts counts;
	double pairs = pairs_of(patterns, npatterns);
	double total = fmax(pairs, options->total_pairs);

	result.largest_change = INFINITY;
	while (total > 0 && result.iterations < options->max_iterations && !result.converged)
	{
		double change = 0;

		if (!expect(&counts, model, patterns, npatterns, interrupted, arg))
			break;
		for (int k = 0; k < model->ncomparisons; k++)
		{
			int n = model->nlevels[k];

			if (!options->fix_m)
				change = fmax(change, maximise(model->m[k], counts.m[k], start.m[k], n, options->prior_count));
			if (!options->fix_u)
				change = fmax(change, maximise(model->u[k], counts.u[k], start.u[k], n, options->prior_count));
		}
		if (!options->fix_lambda)
			change = fmax(change, maximise_lambda(&model->lambda, fmin(total_of(counts.matches) / total, 1)));
		result.iterations++;
		result.largest_change = change;
		result.converged = change < options->tolerance;
	}
	for (int k = 0; k < model->ncomparisons; k++)
	{
		unsigned all = (1u << model->nlevels[k]) - 1;

		result.degenerate[k] = levels_seen(model, k, patterns, npatterns) != all || fs_tells_nothing(model, k);
	}
	if (disagreement(model) > 0)
	{
		result.reversed = options->fix_m || options->fix_u || options->fix_lambda || total > pairs;
		if (!result.reversed)
			exchange_classes(model);
	}
	result.log_likelihood = fs_log_likelihood(model, patterns, npatterns, options->total_pairs);
	return result;
}
