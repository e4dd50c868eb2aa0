/*-------------------------------------------------------------------------
 * demand_model.h
 *	  How often somebody will get in touch: the BG/NBD model of Fader, Hardie
 *	  and Lee (2005), and contacts that come in runs.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * An occasion is a run of contacts: the first contact starts one, and a
 * contact at least a given time after the start of the current one starts the
 * next.  While somebody is active, occasions come at random at a rate of their
 * own; after each they stop for good with a probability of their own.  Rates
 * have a gamma distribution (r, alpha) over the callers, probabilities a beta
 * one (a, b). docs/methods/demand.md has the maths.
 *-------------------------------------------------------------------------
 */
#ifndef DEMAND_MODEL_H
#define DEMAND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* The most repeat occasions that one caller can have. */
#define DEMAND_MAX_FREQUENCY 1000000000

/* Ages are zero or within these bounds, in whatever unit. */
#define DEMAND_MIN_AGE 1e-100
#define DEMAND_MAX_AGE 1e100

/* The range of valid parameters; the fit stays well within it. */
#define DEMAND_MIN_SHAPE 1e-9
#define DEMAND_MAX_SHAPE 1e9
#define DEMAND_MIN_ALPHA 1e-120
#define DEMAND_MAX_ALPHA 1e120

/* A day of the timelines' clock; times of the model are in days. */
#define DEMAND_DAY 86400e6

/* What the model knows of a caller. */
typedef struct DemandSummary
{
	int64_t frequency; /* occasions after the first */
	int64_t contacts; /* of all occasions */
	int64_t squares; /* sum of the squared contacts of each occasion */
	double recency; /* from the first occasion to the last, 0 without a repeat */
	double age; /* from the first occasion to now */
} DemandSummary;

/* Equal summaries of callers, for the fit: in this order, each once. */
typedef struct DemandHistory
{
	double recency;
	double age;
	uint32_t frequency;
	uint32_t callers;
} DemandHistory;

/*
 * Sums of contacts over callers with n occasions and c contacts each.  All are
 * whole numbers, so that the order does not matter; c * c / n is kept as its
 * whole part and 2^32 of the rest, rounded down for each caller.
 */
typedef struct DemandContacts
{
	int64_t callers;
	int64_t occasions; /* n */
	int64_t contacts; /* c */
	int64_t squares; /* squared contacts of each occasion */
	int64_t occasions_squared; /* n * n */
	int64_t mean_squares; /* c * c / n */
	int64_t mean_squares_rest;
} DemandContacts;

typedef struct DemandModel
{
	double r;
	double alpha; /* in the unit of the times */
	double a;
	double b;
	int64_t occasion; /* microseconds; 0 if made of summaries */
	double contacts_per_occasion; /* of the population; 0 if not known */
	double occasion_weight; /* how many occasions the population counts for */
	int64_t callers;
	double log_likelihood;
	int iterations;
	bool converged;
} DemandModel;

extern bool demand_summarise(const int64_t *times, size_t n, int64_t as_of, int64_t occasion, DemandSummary *summary);

extern bool demand_add_contacts(DemandContacts *sums, const DemandSummary *summary);
extern bool demand_join_contacts(DemandContacts *sums, const DemandContacts *other);
extern void demand_weigh_contacts(DemandModel *model, const DemandContacts *sums);

extern size_t demand_group(DemandHistory *histories, size_t n);
extern void demand_fit(DemandModel *model, const DemandHistory *histories, size_t n, const Host *host);
extern double demand_log_likelihood(const DemandModel *model, const DemandHistory *histories, size_t n, double gradient[4], double hessian[4][4], const Host *host);

extern double demand_probability_active(const DemandModel *model, const DemandSummary *summary);
extern double demand_expected_occasions(const DemandModel *model, const DemandSummary *summary, double horizon);
extern double demand_expected_contacts(const DemandModel *model, const DemandSummary *summary, double horizon);

static inline int
demand_compare(const DemandHistory *x, const DemandHistory *y)
{
	if (x->frequency != y->frequency)
		return x->frequency < y->frequency ? -1 : 1;
	if (x->recency != y->recency)
		return x->recency < y->recency ? -1 : 1;
	return (x->age > y->age) - (x->age < y->age);
}

#endif /* DEMAND_MODEL_H */
