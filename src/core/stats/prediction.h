/*-------------------------------------------------------------------------
 * prediction.h
 *	  How good predictions were, from what was predicted and what happened.
 *
 * Outcomes here have one column, the prediction or score.  Plain C without
 * PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef PREDICTION_H
#define PREDICTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/host.h"
#include "core/stats/outcomes.h"

typedef struct PredictionQuality
{
	int64_t predictions;
	int64_t events;
	double mean_predicted;
	double brier; /* mean square of prediction minus outcome */
	double brier_reference; /* of predicting the share of events each time */
	double skill; /* 1 - brier / brier_reference; NaN if that is 0 */
	double auc; /* NaN if there are only events, or none */
	double log_loss; /* mean of -log of the probability of what happened */
} PredictionQuality;

extern void prediction_quality(const Host *host, const Outcomes *outcomes, PredictionQuality *quality);

/* Neighbouring predictions, and how many of them came true. */
typedef struct ReliabilityBin
{
	int64_t predictions;
	int64_t events;
	double mean_predicted;
	double share; /* of events */
	double lower; /* bounds of its 95 % interval, Clopper and Pearson's */
	double upper;
	bool within; /* the mean prediction is not outside them */
} ReliabilityBin;

/* Bins there is room for: at most as many as asked for, or as distinct predictions. */
extern int prediction_reliability(const Host *host, const Outcomes *outcomes, int nbins, ReliabilityBin *bins);

/* The share of events among the n highest scores, or all if there are fewer. */
extern double prediction_top_share(const Host *host, const Outcomes *outcomes, int64_t n);

#endif /* PREDICTION_H */
