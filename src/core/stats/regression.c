/*-------------------------------------------------------------------------
 * regression.c
 *	  Logistic and Poisson regression with a ridge penalty, by Newton's method.
 *
 * The penalised log likelihood is concave, so every step that raises it leads
 * to the only maximum; a step that does not is halved.  If there is no maximum
 * (a measure separates the outcomes), weights grow without limit and the fit
 * reports that it did not converge.
 *-------------------------------------------------------------------------
 */
#include "core/stats/regression.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/stats/specfun.h"

#define MAX_ITERATIONS 30
#define MAX_HALVINGS 30
#define TOLERANCE 1e-8 /* of a step, beside the weight; the next would be its square */
#define ROUNDING 1e-11 /* of a log likelihood */
#define SINGULAR 1e-11 /* the share of a column that earlier columns may leave before it counts as repeating them */
#define MIN_EXPONENT (-1000) /* of 2, so that its inverse is finite */
#define BLOCK 256 /* rows that are summed before they are added to all */

typedef double Vector[REGRESSION_MAX_COLUMNS];
typedef double Matrix[REGRESSION_MAX_COLUMNS][REGRESSION_MAX_COLUMNS];

/* The log likelihood at some weights, and its derivatives. */
typedef struct Slope
{
	double log_likelihood; /* without the penalty */
	Vector gradient; /* with it */
	Matrix information; /* with it; the lower triangle */
} Slope;

/* A fit in progress, of columns with mean 0 and standard deviation 1. */
typedef struct Newton
{
	const Host *host;
	const RegressionData *data;
	double penalty;
	Vector mean; /* of each column before standardising */
	Vector deviation; /* its standard deviation */
	bool used[REGRESSION_MAX_COLUMNS]; /* not the columns that repeat others */
	Vector weights;
	Slope slope; /* at these */
	Matrix root; /* Cholesky's, of the information */
} Newton;

double
regression_probability(double log_odds)
{
	double e = exp(-fabs(log_odds));

	return (log_odds >= 0 ? 1 : e) / (1 + e);
}

/* How many observations a row stands for. */
static double
row_trials(const RegressionData *data, size_t row)
{
	return data->trials == NULL ? 1 : data->trials[row];
}

/* The power of 2 that scales a column to about 1 without losing a bit; 0 if it is constant. */
static void
find_scales(Newton *newton, double *scale)
{
	const RegressionData *data = newton->data;
	Vector lowest;
	Vector highest;

	memcpy(lowest, data->x, (size_t) data->ncolumns * sizeof(double));
	memcpy(highest, data->x, (size_t) data->ncolumns * sizeof(double));
	for (size_t row = 1; row < data->nrows; row++)
		for (int j = 1; j < data->ncolumns; j++)
		{
			double value = data->x[row * (size_t) data->ncolumns + (size_t) j];

			lowest[j] = value < lowest[j] ? value : lowest[j];
			highest[j] = value > highest[j] ? value : highest[j];
		}
	for (int j = 1; j < data->ncolumns; j++)
	{
		int exponent;

		newton->used[j] = lowest[j] < highest[j];
		frexp(fmax(-lowest[j], highest[j]), &exponent);
		scale[j] = newton->used[j] ? ldexp(1, exponent < MIN_EXPONENT ? -MIN_EXPONENT : -exponent) : 0;
	}
}

/*
 * Give all columns except the intercept mean 0 and standard deviation 1.  The
 * outer loops are over rows, in the order of memory.
 */
static void
standardise(Newton *newton)
{
	const RegressionData *data = newton->data;
	size_t ncolumns = (size_t) data->ncolumns;
	double trials = 0;
	Vector scale;

	find_scales(newton, scale);
	for (size_t row = 0; row < data->nrows; row++)
	{
		trials += row_trials(data, row);
		for (size_t j = 1; j < ncolumns; j++)
		{
			data->x[row * ncolumns + j] *= scale[j];
			newton->mean[j] += row_trials(data, row) * data->x[row * ncolumns + j];
		}
	}
	newton->host->pause();
	for (size_t j = 1; j < ncolumns; j++)
		newton->mean[j] /= trials;
	for (size_t row = 0; row < data->nrows; row++)
		for (size_t j = 1; j < ncolumns; j++)
		{
			double x = data->x[row * ncolumns + j] - newton->mean[j];

			data->x[row * ncolumns + j] = x;
			newton->deviation[j] += row_trials(data, row) * x * x;
		}
	newton->host->pause();
	for (size_t j = 1; j < ncolumns; j++)
		newton->deviation[j] = newton->used[j] ? sqrt(newton->deviation[j] / trials) : 1;
	for (size_t row = 0; row < data->nrows; row++)
		for (size_t j = 1; j < ncolumns; j++)
			data->x[row * ncolumns + j] /= newton->deviation[j];
	for (size_t j = 1; j < ncolumns; j++)
		if (newton->used[j])
		{
			newton->mean[j] /= scale[j];
			newton->deviation[j] /= scale[j];
		}
}

/* The log likelihood, residual and weight of an observation. */
typedef struct Score
{
	double log_likelihood;
	double residual; /* the derivative by the linear predictor */
	double weight; /* the second one, turned positive */
} Score;

static inline Score
logistic_score(double log_odds, double events, double trials)
{
	double e = exp(-fabs(log_odds));
	double likely = 1 / (1 + e);
	double unlikely = e / (1 + e);
	double others = trials - events;
	double up = log_odds >= 0 ? likely : unlikely;
	double down = log_odds >= 0 ? unlikely : likely;

	return (Score){
		.log_likelihood = events * fmin(log_odds, 0) - others * fmax(log_odds, 0) - trials * log1p(e),
		.residual = events * down - others * up,
		.weight = trials * likely * unlikely,
	};
}

static inline Score
poisson_score(double log_mean, double count)
{
	double mean = exp(log_mean);

	return (Score){count * log_mean - mean, count - mean, mean};
}

static inline Score
row_score(const RegressionData *data, size_t row, double predictor)
{
	if (data->family == REGRESSION_LOGISTIC)
		return logistic_score(predictor, data->counts[row], data->trials[row]);
	return poisson_score(predictor + (data->offset == NULL ? 0 : data->offset[row]), data->counts[row]);
}

/* Add some rows, few at a time, so that small numbers are added to small ones. */
static void
add_rows(const RegressionData *data, const double *weights, size_t from, size_t to, Slope *slope)
{
	int ncolumns = data->ncolumns;

	for (size_t row = from; row < to; row++)
	{
		const double *x = data->x + row * (size_t) ncolumns;
		double predictor = 0;
		Score score;

		for (int j = 0; j < ncolumns; j++)
			predictor += weights[j] * x[j];
		score = row_score(data, row, predictor);
		slope->log_likelihood += score.log_likelihood;
		for (int j = 0; j < ncolumns; j++)
		{
			double weighted = score.weight * x[j];

			slope->gradient[j] += score.residual * x[j];
			for (int k = 0; k <= j; k++)
				slope->information[j][k] += weighted * x[k];
		}
	}
}

static void
clear_slope(Slope *slope, int ncolumns)
{
	slope->log_likelihood = 0;
	memset(slope->gradient, 0, (size_t) ncolumns * sizeof(double));
	for (int j = 0; j < ncolumns; j++)
		memset(slope->information[j], 0, (size_t) ncolumns * sizeof(double));
}

static void
add_slope(Slope *slope, const Slope *part, int ncolumns)
{
	slope->log_likelihood += part->log_likelihood;
	for (int j = 0; j < ncolumns; j++)
	{
		slope->gradient[j] += part->gradient[j];
		for (int k = 0; k <= j; k++)
			slope->information[j][k] += part->information[j][k];
	}
}

static void
find_slope(const Newton *newton, const double *weights, Slope *slope)
{
	const RegressionData *data = newton->data;
	Slope part;

	clear_slope(slope, data->ncolumns);
	for (size_t row = 0; row < data->nrows; row += BLOCK)
	{
		size_t end = row + BLOCK < data->nrows ? row + BLOCK : data->nrows;

		if (row / BLOCK % 16 == 0)
			newton->host->pause();
		clear_slope(&part, data->ncolumns);
		add_rows(data, weights, row, end, &part);
		add_slope(slope, &part, data->ncolumns);
	}
	for (int j = 1; j < data->ncolumns; j++)
	{
		slope->gradient[j] -= newton->penalty * weights[j];
		slope->information[j][j] += newton->penalty;
	}
}

/* The value to maximise. */
static double
objective(const Newton *newton, const double *weights, const Slope *slope)
{
	double squares = 0;

	for (int j = 1; j < newton->data->ncolumns; j++)
		squares += weights[j] * weights[j];
	return slope->log_likelihood - newton->penalty / 2 * squares;
}

/*
 * Cholesky's root of the information.  If it is singular, a column repeats
 * those before it: before the first step, that column is no longer used;
 * later, there is no root.  A column that is not used has a unit row.
 */
static bool
find_root(Newton *newton, bool first)
{
	int ncolumns = newton->data->ncolumns;

	for (int j = 0; j < ncolumns; j++)
	{
		double *root = newton->root[j];
		double left = newton->slope.information[j][j];

		for (int k = 0; newton->used[j] && k < j; k++)
		{
			double sum = newton->slope.information[j][k];

			for (int l = 0; l < k; l++)
				sum -= root[l] * newton->root[k][l];
			root[k] = newton->used[k] ? sum / newton->root[k][k] : 0;
			left -= root[k] * root[k];
		}
		if (newton->used[j] && !(left > SINGULAR * newton->slope.information[j][j] && left <= DBL_MAX))
		{
			if (!first)
				return false;
			newton->used[j] = false;
		}
		if (!newton->used[j])
			memset(root, 0, sizeof(Vector));
		root[j] = newton->used[j] ? sqrt(left) : 1;
	}
	return true;
}

/* Divide by the information: forwards by its root, backwards by the transpose. */
static void
solve(const Newton *newton, double *vector)
{
	int ncolumns = newton->data->ncolumns;

	for (int j = 0; j < ncolumns; j++)
	{
		for (int k = 0; k < j; k++)
			vector[j] -= newton->root[j][k] * vector[k];
		vector[j] = newton->used[j] ? vector[j] / newton->root[j][j] : 0;
	}
	for (int j = ncolumns - 1; j >= 0; j--)
	{
		for (int k = j + 1; k < ncolumns; k++)
			vector[j] -= newton->root[k][j] * vector[k];
		vector[j] /= newton->root[j][j];
	}
}

/*
 * Take a step, or the part of it that leads upwards.  False if no part of it
 * does, or if the information matrix is singular there.
 */
static bool
take_step(Newton *newton, const double *step)
{
	double before = objective(newton, newton->weights, &newton->slope);
	double part = 1;
	Vector weights;

	for (int halvings = 0; halvings <= MAX_HALVINGS; halvings++, part /= 2)
	{
		Slope slope;

		for (int j = 0; j < newton->data->ncolumns; j++)
			weights[j] = newton->weights[j] + part * step[j];
		find_slope(newton, weights, &slope);
		if (objective(newton, weights, &slope) >= before - ROUNDING * (1 + fabs(before)))
		{
			memcpy(newton->weights, weights, sizeof(Vector));
			newton->slope = slope;
			return find_root(newton, false);
		}
	}
	return false;
}

/* The weight of the intercept by itself; false if it is infinite. */
static bool
find_start(Newton *newton)
{
	const RegressionData *data = newton->data;
	double counts = 0;
	double base = 0;

	for (size_t row = 0; row < data->nrows; row++)
	{
		counts += data->counts[row];
		base += data->offset == NULL ? row_trials(data, row) : exp(data->offset[row]);
	}
	newton->weights[0] = data->family == REGRESSION_LOGISTIC ? log(counts / (base - counts)) : log(counts / base);
	return isfinite(newton->weights[0]);
}

/* Variances of the weights of the columns as they were before standardising. */
static void
find_standard_errors(const Newton *newton, double *errors)
{
	int ncolumns = newton->data->ncolumns;
	Vector intercept = {1};
	double variance = 0;
	Vector column;

	for (int j = 1; j < ncolumns; j++)
		if (newton->used[j])
		{
			memset(column, 0, sizeof(column));
			column[j] = 1;
			solve(newton, column);
			errors[j] = sqrt(column[j]) / newton->deviation[j];
			intercept[j] = -newton->mean[j] / newton->deviation[j];
		}
	memcpy(column, intercept, sizeof(column));
	solve(newton, column);
	for (int j = 0; j < ncolumns; j++)
		variance += intercept[j] * column[j];
	errors[0] = sqrt(variance);
}

static void
report(const Newton *newton, RegressionFit *fit)
{
	fit->weights[0] = newton->weights[0];
	for (int j = 1; j < newton->data->ncolumns; j++)
		if (newton->used[j])
		{
			fit->weights[j] = newton->weights[j] / newton->deviation[j];
			fit->weights[0] -= newton->weights[j] * newton->mean[j] / newton->deviation[j];
		}
	fit->log_likelihood = newton->slope.log_likelihood;
	if (fit->converged)
		find_standard_errors(newton, fit->standard_errors);
	for (int j = 0; j < newton->data->ncolumns; j++)
		if (!isfinite(fit->weights[j]))
			fit->exists = fit->converged = false;
}

/*
 * regression_fit
 *		The weights that maximise the log likelihood minus penalty / 2 times the
 *		sum of their squares, for standardised columns and without the
 *		intercept.
 */
void
regression_fit(const Host *host, RegressionData *data, double penalty, RegressionFit *fit)
{
	Newton newton = {.host = host, .data = data, .penalty = penalty, .used = {true}};
	Vector step;

	*fit = (RegressionFit){0};
	for (int j = 0; j < REGRESSION_MAX_COLUMNS; j++)
		fit->standard_errors[j] = NAN;
	standardise(&newton);
	fit->exists = find_start(&newton);
	if (!fit->exists)
		return;
	find_slope(&newton, newton.weights, &newton.slope);
	find_root(&newton, true);
	while (!fit->converged && fit->iterations < MAX_ITERATIONS)
	{
		double largest = 0;

		memcpy(step, newton.slope.gradient, sizeof(step));
		solve(&newton, step);
		for (int j = 0; j < data->ncolumns; j++)
			largest = fmax(largest, fabs(step[j]) / (1 + fabs(newton.weights[j])));
		fit->iterations++;
		if (!take_step(&newton, step))
			break;
		fit->converged = largest <= TOLERANCE;
	}
	report(&newton, fit);
}

/*
 * regression_of_outcomes
 *		Rows in canonical order, equal ones once.
 */
void
regression_of_outcomes(const Host *host, const Outcomes *outcomes, double penalty, RegressionFit *fit)
{
	size_t nrows = outcomes->nrows;
	RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = nrows, .ncolumns = outcomes->ncolumns + 1};
	SortContact *order = outcomes_canonical(host, outcomes);
	double *trials = host->alloc(nrows * sizeof(double));
	double *events = host->alloc(nrows * sizeof(double));

	data.x = host->alloc(nrows * (size_t) data.ncolumns * sizeof(double));
	data.trials = trials;
	data.counts = events;
	for (size_t i = 0; i < nrows; i++)
	{
		size_t row = (size_t) order[i].at;
		double *x = data.x + i * (size_t) data.ncolumns;

		x[0] = 1;
		for (int j = 0; j < outcomes->ncolumns; j++)
			x[j + 1] = outcomes->values[row * (size_t) outcomes->ncolumns + (size_t) j];
		trials[i] = (double) outcomes->counts[row].observations;
		events[i] = (double) outcomes->counts[row].events;
	}
	host->release(order);
	regression_fit(host, &data, penalty, fit);
	host->release(data.x);
	host->release(trials);
	host->release(events);
}

/* ----------------------------------------------- interrupted time series */

/* The columns of its design. */
enum
{
	SERIES_INTERCEPT,
	SERIES_TREND, /* periods since the change */
	SERIES_LEVEL, /* 1 from the change on */
	SERIES_SLOPE, /* both multiplied */
	SERIES_COLUMNS
};

#define SIGNIFICANT 0.05 /* of 95 % intervals */
#define MAX_AUTOCORRELATION 0.95 /* at which the calculation is limited */

static void
series_columns(int64_t since, double *x)
{
	x[SERIES_INTERCEPT] = 1;
	x[SERIES_TREND] = (double) since;
	x[SERIES_LEVEL] = since >= 0;
	x[SERIES_SLOPE] = since >= 0 ? (double) since : 0;
}

static int64_t
since_change(const SeriesPeriod *period, int32_t change)
{
	return (int64_t) period->period - change;
}

/* Periods of each side, and missing ones. */
static void
count_periods(const SeriesPeriod *series, size_t n, int32_t change, SeriesChange *result)
{
	for (size_t i = 0; i < n; i++)
		if (since_change(&series[i], change) < 0)
			result->periods_before++;
		else
			result->periods_after++;
	result->gaps = (int64_t) series[n - 1].period - series[0].period + 1 - (int64_t) n;
}

/* From the residuals: how much contacts vary, and whether neighbours vary alike. */
static void
examine_residuals(const SeriesPeriod *series, size_t n, int32_t change, const double *weights, SeriesChange *result)
{
	double squares = 0;
	double products = 0;
	double last = 0;

	for (size_t i = 0; i < n; i++)
	{
		double x[SERIES_COLUMNS];
		double log_mean = 0;
		double residual;

		series_columns(since_change(&series[i], change), x);
		for (int j = 0; j < SERIES_COLUMNS; j++)
			log_mean += weights[j] * x[j];
		residual = ((double) series[i].contacts - exp(log_mean)) / exp(log_mean / 2);
		squares += residual * residual;
		if (i > 0 && (int64_t) series[i].period - series[i - 1].period == 1)
			products += last * residual;
		last = residual;
	}
	if (n > SERIES_COLUMNS)
	{
		result->dispersion = squares / (double) (n - SERIES_COLUMNS);
		result->autocorrelation = squares > 0 ? products / squares : 0;
	}
}

/* A ratio whose logarithm is a weight, by the t distribution. */
static void
find_ratio(double weight, double error, double freedom, SeriesRatio *ratio)
{
	double square = weight / error * (weight / error);
	double share = specfun_beta_upper_inverse(0.5, freedom / 2, SIGNIFICANT);
	double quantile = sqrt(freedom * share / (1 - share));

	ratio->ratio = exp(weight);
	if (isnan(error))
		return;
	ratio->lower = exp(weight - quantile * error);
	ratio->upper = exp(weight + quantile * error);
	ratio->p = specfun_beta_upper(0.5, freedom / 2, square / (freedom + square));
}

/*
 * The factor for a Poisson distribution's standard errors: contacts vary more
 * than it assumes, and neighbours vary alike, so that n periods are worth
 * n (1 - r) / (1 + r) independent ones.  Fitting four weights lowers r by about
 * 4 (1 + r) / n (after Kendall 1954, Biometrika 41, 403).  NaN if it is not
 * known.
 */
static double
widening(const SeriesChange *result, size_t n)
{
	double r = result->autocorrelation;

	if (isnan(r))
		return NAN;
	r += SERIES_COLUMNS * (1 + r) / (double) n;
	r = fmin(fmax(r, 0), MAX_AUTOCORRELATION);
	return sqrt(fmax(result->dispersion, 1) * (1 + r) / (1 - r));
}

/*
 * regression_of_series
 *		Segmented Poisson regression: log E = b0 + b1 T + b2 X + b3 T X, with T
 *		periods since the change and X 1 from then on.
 */
void
regression_of_series(const Host *host, const SeriesPeriod *series, size_t n, int32_t change, SeriesChange *result)
{
	RegressionData data = {.family = REGRESSION_POISSON, .nrows = n, .ncolumns = SERIES_COLUMNS};
	const SeriesRatio unknown = {NAN, NAN, NAN, NAN};
	double *contacts = host->alloc(n * sizeof(double));
	RegressionFit fit;

	*result = (SeriesChange){.level = unknown, .slope = unknown, .trend_ratio = NAN, .dispersion = NAN, .autocorrelation = NAN};
	count_periods(series, n, change, result);
	data.x = host->alloc(n * SERIES_COLUMNS * sizeof(double));
	data.counts = contacts;
	for (size_t i = 0; i < n; i++)
	{
		series_columns(since_change(&series[i], change), data.x + i * SERIES_COLUMNS);
		contacts[i] = (double) series[i].contacts;
	}
	if (result->periods_before >= SERIES_FEWEST_PERIODS && result->periods_after >= SERIES_FEWEST_PERIODS)
	{
		regression_fit(host, &data, 0, &fit);
		/* two periods far from all others do not show a trend */
		result->converged = fit.converged && !isnan(fit.standard_errors[SERIES_LEVEL]) && !isnan(fit.standard_errors[SERIES_SLOPE]);
	}
	if (result->converged)
	{
		double freedom = (double) n - SERIES_COLUMNS;
		double factor;

		examine_residuals(series, n, change, fit.weights, result);
		factor = widening(result, n);
		find_ratio(fit.weights[SERIES_LEVEL], factor * fit.standard_errors[SERIES_LEVEL], freedom, &result->level);
		find_ratio(fit.weights[SERIES_SLOPE], factor * fit.standard_errors[SERIES_SLOPE], freedom, &result->slope);
		result->trend_ratio = exp(fit.weights[SERIES_TREND]);
	}
	host->release(data.x);
	host->release(contacts);
}
