/*-------------------------------------------------------------------------
 * regression.h
 *	  Logistic and Poisson regression, and interrupted time series.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef REGRESSION_H
#define REGRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"
#include "core/stats/outcomes.h"

#define REGRESSION_MAX_COLUMNS 32 /* with the intercept */

typedef enum RegressionFamily
{
	REGRESSION_LOGISTIC, /* log odds of the event are linear */
	REGRESSION_POISSON /* the log of the expected count is linear */
} RegressionFamily;

typedef struct RegressionData
{
	RegressionFamily family;
	size_t nrows;
	int ncolumns; /* with the intercept */
	double *x; /* a row's columns beside each other, the first 1; a fit standardises them */
	const double *counts; /* events (logistic), or counts */
	const double *trials; /* logistic: observations that a row stands for */
	const double *offset; /* Poisson: added to the linear predictor; or NULL */
} RegressionData;

/* Weights are of the columns as they were given, before standardising. */
typedef struct RegressionFit
{
	bool exists; /* if not, no finite weights fit best, and there are none here */
	bool converged;
	int iterations;
	double log_likelihood; /* without the penalty; for counts, without the part that no weight changes */
	double weights[REGRESSION_MAX_COLUMNS]; /* 0 of a column that repeats others */
	double standard_errors[REGRESSION_MAX_COLUMNS]; /* NaN if there is none */
} RegressionFit;

extern void regression_fit(const Host *host, RegressionData *data, double penalty, RegressionFit *fit);

/* The logistic regression of outcomes on all their columns. */
extern void regression_of_outcomes(const Host *host, const Outcomes *outcomes, double penalty,
								   RegressionFit *fit);

/* The contacts of one period. */
typedef struct SeriesPeriod
{
	int64_t contacts;
	int32_t period;
} SeriesPeriod;

/* A ratio of rates with its 95 % interval and p-value; NaN where it is not known. */
typedef struct SeriesRatio
{
	double ratio;
	double lower;
	double upper;
	double p;
} SeriesRatio;

/* How a series changed; NaN where it is not known. */
typedef struct SeriesChange
{
	bool converged; /* if not, no ratio is known */
	SeriesRatio level; /* in the first period of the change */
	SeriesRatio slope; /* of the growth per period after to that before */
	double trend_ratio; /* growth per period before */
	double dispersion; /* Pearson's chi-square over its degrees of freedom */
	double autocorrelation; /* of residuals of neighbouring periods */
	int64_t periods_before;
	int64_t periods_after;
	int64_t gaps; /* missing periods between the first and the last */
} SeriesChange;

/* Fewer periods than this on a side show no trend there. */
#define SERIES_FEWEST_PERIODS 2

/* Periods in ascending order, each once; change is the first that is after. */
extern void regression_of_series(const Host *host, const SeriesPeriod *series, size_t n, int32_t change,
								 SeriesChange *result);

/* 1 / (1 + exp(-x)) */
extern double regression_probability(double log_odds);

#endif /* REGRESSION_H */
