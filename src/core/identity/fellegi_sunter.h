/*-------------------------------------------------------------------------
 * fellegi_sunter.h
 *	  What agreement between two records is worth, and how to learn it from
 *	  pairs without known matches.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * Two records are compared in a few ways.  Each comparison gives a level: 0 is
 * the best agreement, higher numbers agree less, -1 is missing and counts for
 * nothing.  The levels of all comparisons of a pair are its pattern.  A model
 * has for each level m, its share among matches, and u, its share among other
 * pairs, each out of the pairs that have the comparison; and lambda, the share
 * of matches among all pairs.  A weight is in bits: log2(m / u).
 *-------------------------------------------------------------------------
 */
#ifndef FELLEGI_SUNTER_H
#define FELLEGI_SUNTER_H

#include <stdbool.h>
#include <stddef.h>

#define FS_MAX_COMPARISONS 24
#define FS_MAX_LEVELS 8
#define FS_MISSING (-1)

typedef struct FsModel
{
	int ncomparisons;
	int nlevels[FS_MAX_COMPARISONS]; /* 1 to FS_MAX_LEVELS */
	double m[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	double u[FS_MAX_COMPARISONS][FS_MAX_LEVELS];
	double lambda;
} FsModel;

/* Pairs that compare alike.  A level that the model does not have is missing. */
typedef struct FsPattern
{
	signed char level[FS_MAX_COMPARISONS];
	double n; /* how many; may be a fraction, not negative */
} FsPattern;

typedef struct FsOptions
{
	bool fix_u;
	bool fix_lambda;
	bool fix_m;

	/*
	 * Pairs of the population; those not among the patterns are taken as
	 * non-matches.  They count for lambda alone, so u should then be known and
	 * fixed.  0, or less than the patterns have: the patterns' sum.
	 */
	double total_pairs;
	int max_iterations;

	/* Of any m or u, and of lambda as a share of lambda. */
	double tolerance;

	/*
	 * Pairs added to each class in each comparison, this many per level and
	 * spread like the start values, so that zeros do not stay zero.
	 */
	double prior_count;
} FsOptions;

typedef struct FsResult
{
	int iterations;
	bool converged; /* the last change was within the tolerance */
	double log_likelihood; /* natural, of the model as returned */
	double largest_change; /* in the last iteration */

	/* a level was never seen, or matches and others show the same levels */
	bool degenerate[FS_MAX_COMPARISONS];

	/* matches agree less than others, and fixed values prevent an exchange */
	bool reversed;
} FsResult;

/*
 * Called every few thousand patterns.  It may leave the fit for good, for
 * example by longjmp; if it returns true the fit ends with what it has.
 */
typedef bool (*FsInterrupted)(void *arg);

extern void fs_start(FsModel *model);
extern double fs_level_weight(const FsModel *model, int comparison, int level);
extern double fs_prior_weight(const FsModel *model);
extern double fs_weight(const FsModel *model, const signed char *level);
extern double fs_probability(const FsModel *model, const signed char *level);
extern bool fs_tells_nothing(const FsModel *model, int comparison);
extern double fs_log_likelihood(const FsModel *model, const FsPattern *patterns, size_t npatterns, double total_pairs);
extern void fs_one_class(FsModel *model, const FsPattern *patterns, size_t npatterns);
extern FsResult fs_fit(FsModel *model, const FsPattern *patterns, size_t npatterns, const FsOptions *options,
					   FsInterrupted interrupted, void *arg);

#endif /* FELLEGI_SUNTER_H */
