/*-------------------------------------------------------------------------
 * gamma_prior.h
 *	  How the rates of a population of callers are spread: a gamma distribution,
 *	  by maximum likelihood from one count a caller.
 *
 * Plain C without PostgreSQL.
 *-------------------------------------------------------------------------
 */
#ifndef GAMMA_PRIOR_H
#define GAMMA_PRIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* Callers with the same number of contacts in the same exposure. */
typedef struct GammaPriorGroup
{
	int64_t contacts; /* not negative */
	double exposure; /* positive and finite */
	double callers; /* how many, at least one */
} GammaPriorGroup;

typedef struct GammaPrior
{
	double mean; /* contacts expected of a caller in one unit of exposure */
	double shape; /* the variance of rates is mean ^ 2 / shape; infinite: all alike */
	double log_likelihood; /* natural, of the counts */
	int iterations;
	bool converged;

	/* variances and covariance of ln mean and ln shape; 0 if shape is infinite */
	double var_log_mean;
	double var_log_shape;
	double covariance;
} GammaPrior;

/* The groups ascend by contacts; their order is that of the sums. */
extern void gamma_prior_fit(GammaPrior *prior, const GammaPriorGroup *groups, size_t n, const Host *host);

#endif /* GAMMA_PRIOR_H */
