/*-------------------------------------------------------------------------
 * hawkes.h
 *	  Contacts that trigger contacts: the Hawkes process.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * The intensity at t is mu + alpha sum exp(-beta (t - t_i)) over all contacts
 * before t: a base rate, and what each earlier contact adds, which decays.
 * Rates are per day.  Contacts up to from_at add to the intensity; the model
 * explains those in (from_at, until].
 *-------------------------------------------------------------------------
 */
#ifndef HAWKES_H
#define HAWKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

#define HAWKES_DAY 86400e6 /* microseconds */

/* Fewer contacts cannot determine three numbers. */
#define HAWKES_FEWEST 3

/* Contacts in order of time, none after until. */
typedef struct HawkesData
{
	const int64_t *times;
	size_t n;
	int64_t from_at;
	int64_t until;
} HawkesData;

/* alpha / beta, the branching ratio, is how many contacts one contact triggers. */
typedef struct HawkesModel
{
	double mu;
	double alpha;
	double beta;
} HawkesModel;

/* The log likelihood, with derivatives by ln mu, ln (alpha / beta), ln beta. */
typedef struct HawkesLikelihood
{
	double value;
	double gradient[3];
	double hessian[3][3];
} HawkesLikelihood;

typedef struct HawkesFit
{
	HawkesModel model; /* beta is NaN where alpha is 0 */
	double log_likelihood;
	double poisson_log_likelihood; /* that of the best constant rate */
	bool converged;
} HawkesFit;

extern size_t hawkes_history(const HawkesData *data);
extern void hawkes_likelihood(const Host *host, const HawkesData *data, const HawkesModel *model, HawkesLikelihood *out);
extern void hawkes_intensities(const Host *host, const HawkesData *data, const HawkesModel *model, double *intensities);
extern bool hawkes_fit(const Host *host, const HawkesData *data, double shortest, HawkesFit *fit);

#endif /* HAWKES_H */
