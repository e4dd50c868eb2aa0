/*-------------------------------------------------------------------------
 * test_regression.c
 *	  Regressions against closed forms, the equations that a maximum fulfils,
 *	  matrices inverted in long double, and statsmodels.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <setjmp.h>

#include "core/stats/regression.h"
#include "core/stats/specfun.h"
#include "unit_host.h"

#define MAX_ROWS 3000
#define MAX_COLUMNS REGRESSION_MAX_COLUMNS

/* What a fit is given, and what it is given keeps when it has standardised x. */
static double x[MAX_ROWS * MAX_COLUMNS];
static double given[MAX_ROWS * MAX_COLUMNS];
static double counts[MAX_ROWS];
static double trials[MAX_ROWS];
static double offset[MAX_ROWS];

static double
uniform(void)
{
	return (double) (unit_random() >> 11) / 9007199254740992.0;
}

static bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * (1 + fabs(b));
}

static RegressionFit
fit_of(RegressionData *data, double penalty)
{
	RegressionFit fit;

	data->x = x;
	data->counts = counts;
	memcpy(given, x, data->nrows * (size_t) data->ncolumns * sizeof(double));
	regression_fit(&host, data, penalty, &fit);
	MUST(in_use == 0);
	return fit;
}

/* A yes-or-no measure: all is in the table of four. */
static void
test_two_by_two(void)
{
	RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 2, .ncolumns = 2, .trials = trials};
	RegressionFit fit;

	memcpy(x, (double[]){1, 0, 1, 1}, 4 * sizeof(double));
	counts[0] = 30, trials[0] = 100, counts[1] = 45, trials[1] = 60;
	fit = fit_of(&data, 0);
	MUST(fit.exists && fit.converged);
	MUST(near(fit.weights[0], log(30.0 / 70), 1e-14));
	MUST(near(fit.weights[1], log(45.0 / 15 * 70 / 30), 1e-14));
	MUST(near(fit.standard_errors[0], sqrt(1.0 / 30 + 1.0 / 70), 1e-14));
	MUST(near(fit.standard_errors[1], sqrt(1.0 / 30 + 1.0 / 70 + 1.0 / 45 + 1.0 / 15), 1e-14));
	MUST(near(fit.log_likelihood, 30 * log(0.3) + 70 * log(0.7) + 45 * log(0.75) + 15 * log(0.25), 1e-14));

	/* no measure */
	data.ncolumns = 1;
	x[1] = 1;
	fit = fit_of(&data, 7);
	MUST(fit.converged && near(fit.weights[0], log(75.0 / 85), 1e-14));
	MUST(near(fit.standard_errors[0], sqrt(1.0 / 75 + 1.0 / 85), 1e-14));

	/* rates: 30 in 100 days and 45 in 60 */
	data = (RegressionData){.family = REGRESSION_POISSON, .nrows = 2, .ncolumns = 2, .offset = offset};
	memcpy(x, (double[]){1, 0, 1, 1}, 4 * sizeof(double));
	offset[0] = log(100), offset[1] = log(60);
	fit = fit_of(&data, 0);
	MUST(fit.converged && near(fit.weights[0], log(0.3), 1e-14) && near(fit.weights[1], log(2.5), 1e-13));
	MUST(near(fit.standard_errors[0], sqrt(1.0 / 30), 1e-13));
	MUST(near(fit.standard_errors[1], sqrt(1.0 / 30 + 1.0 / 45), 1e-13));
	data.offset = NULL;
	memcpy(x, (double[]){1, 0, 1, 1}, 4 * sizeof(double));
	fit = fit_of(&data, 0);
	MUST(fit.converged && near(fit.weights[0], log(30), 1e-14) && near(fit.weights[1], log(1.5), 1e-13));
}

/* The root of the n-th diagonal element of the inverse, by Gauss and Jordan. */
static double
error_of(const long double *matrix, int n, int element)
{
	static long double work[MAX_COLUMNS][MAX_COLUMNS + 1];

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
			work[i][j] = matrix[i * n + j];
		work[i][n] = i == element;
	}
	for (int p = 0; p < n; p++)
		for (int i = 0; i < n; i++)
			if (i != p)
			{
				long double factor = work[i][p] / work[p][p];

				for (int j = p; j <= n; j++)
					work[i][j] -= factor * work[p][j];
			}
	return (double) sqrtl(work[element][n] / work[element][element]);
}

/*
 * The likelihood is concave, so weights at which its slope is nothing are the
 * best there are.  How far off they are, in standard errors; and how far the
 * standard errors are off.
 */
static double
distance(const RegressionData *data, const RegressionFit *fit, double penalty)
{
	static long double information[MAX_COLUMNS * MAX_COLUMNS];
	long double gradient[MAX_COLUMNS] = {0};
	double worst = 0;
	int n = data->ncolumns;

	memset(information, 0, sizeof(information));
	for (size_t i = 0; i < data->nrows; i++)
	{
		long double predictor = data->offset == NULL ? 0 : data->offset[i];
		long double mean;
		long double variance;

		for (int j = 0; j < n; j++)
			predictor += (long double) fit->weights[j] * given[i * (size_t) n + (size_t) j];
		mean = data->family == REGRESSION_POISSON ? expl(predictor) : data->trials[i] / (1 + expl(-predictor));
		variance = data->family == REGRESSION_POISSON ? mean : mean / (1 + expl(predictor));
		for (int j = 0; j < n; j++)
		{
			gradient[j] += (data->counts[i] - mean) * given[i * (size_t) n + (size_t) j];
			for (int k = 0; k < n; k++)
				information[j * n + k] += variance * given[i * (size_t) n + (size_t) j] * given[i * (size_t) n + (size_t) k];
		}
	}
	for (int j = 1; j < n; j++)
	{
		long double sum = 0;
		long double squares = 0;
		long double all = 0;

		for (size_t i = 0; i < data->nrows; i++)
		{
			long double w = data->trials == NULL ? 1 : data->trials[i];

			all += w;
			sum += w * given[i * (size_t) n + (size_t) j];
			squares += w * given[i * (size_t) n + (size_t) j] * given[i * (size_t) n + (size_t) j];
		}
		squares = penalty * (squares / all - sum / all * (sum / all));
		gradient[j] -= squares * fit->weights[j];
		information[j * n + j] += squares;
	}
	for (int j = 0; j < n; j++)
	{
		double error = error_of(information, n, j);

		worst = fmax(worst, fabs((double) gradient[j]) * error);
		worst = fmax(worst, fabs(error / fit->standard_errors[j] - 1));
	}
	return worst;
}

/* Rows with measures of any kind and scale, and outcomes that follow a model. */
static void
draw(RegressionData *data)
{
	double scale[MAX_COLUMNS];
	double shift[MAX_COLUMNS];
	double weight[MAX_COLUMNS];

	for (int j = 0; j < data->ncolumns; j++)
	{
		scale[j] = exp(12 * (uniform() - 0.5));
		shift[j] = 10 * (uniform() - 0.5);
		weight[j] = (uniform() - 0.5) / sqrt(data->ncolumns);
	}
	for (size_t i = 0; i < data->nrows; i++)
	{
		double predictor = weight[0] * 4;

		x[i * (size_t) data->ncolumns] = 1;
		for (int j = 1; j < data->ncolumns; j++)
		{
			double z = j % 3 == 0 ? (double) unit_below(3) : j % 3 == 1 ? uniform() * 4 :
																		  -log(1 - uniform());

			predictor += 2 * weight[j] * z;
			x[i * (size_t) data->ncolumns + (size_t) j] = scale[j] * (z + shift[j]);
		}
		trials[i] = 1 + (double) unit_below(3);
		offset[i] = uniform();
		counts[i] = 0;
		if (data->family == REGRESSION_LOGISTIC)
			for (int t = 0; t < trials[i]; t++)
				counts[i] += uniform() < 1 / (1 + exp(-predictor));
		else
			for (double left = exp(predictor + offset[i]); (left += log(1 - uniform())) > 0;)
				counts[i]++;
	}
	data->trials = data->family == REGRESSION_LOGISTIC ? trials : NULL;
	data->offset = data->family == REGRESSION_POISSON && unit_below(2) ? offset : NULL;
}

static void
test_maxima(void)
{
	double worst = 0;
	int most = 0;

	for (int round = 0; round < 300; round++)
	{
		RegressionData data = {.family = round % 2 ? REGRESSION_LOGISTIC : REGRESSION_POISSON};
		double penalty = round % 3 == 0 ? 0 : exp(10 * (uniform() - 0.5));
		RegressionFit fit;

		data.ncolumns = round % 50 == 0 ? MAX_COLUMNS : 1 + (int) unit_below(9);
		data.nrows = 100 + 40 * (size_t) data.ncolumns + unit_below(500);
		draw(&data);
		fit = fit_of(&data, penalty);
		MUST(fit.exists && fit.converged);
		worst = fmax(worst, distance(&data, &fit, penalty));
		most = fit.iterations > most ? fit.iterations : most;
	}
	printf("300 fits; furthest off %.1e, most steps %d\n", worst, most);
	MUST(worst < 1e-9);
	MUST(most < 15);
}

/* A measure that repeats others has no weight, and changes none. */
static void
test_repeated_columns(void)
{
	for (int round = 0; round < 40; round++)
	{
		RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 400, .ncolumns = 4};
		RegressionFit plain;
		RegressionFit fit;

		draw(&data);
		plain = fit_of(&data, 0);
		for (size_t i = data.nrows; i-- > 0;)
		{
			double a = given[i * 4 + 1];
			double b = given[i * 4 + 2];
			double c = given[i * 4 + 3];

			memcpy(x + i * 7, (double[]){1, a, round % 2 ? 7 : 2 * a - 3, b, a + b, c, 0}, 7 * sizeof(double));
		}
		data.ncolumns = 7;
		fit = fit_of(&data, 0);
		MUST(plain.converged && fit.converged);
		MUST(fit.weights[2] == 0 && fit.weights[4] == 0 && fit.weights[6] == 0);
		MUST(isnan(fit.standard_errors[2]) && isnan(fit.standard_errors[4]) && isnan(fit.standard_errors[6]));
		for (int j = 0; j < 4; j++)
		{
			int column = (int[]){0, 1, 3, 5}[j];

			MUST(near(fit.weights[column], plain.weights[j], 1e-9));
			MUST(near(fit.standard_errors[column], plain.standard_errors[j], 1e-6));
		}
		/* a penalty shares the weight out */
		memcpy(x, given, data.nrows * 7 * sizeof(double));
		fit = fit_of(&data, 1);
		MUST(fit.converged && fit.weights[4] != 0 && fit.weights[6] == 0 && isnan(fit.standard_errors[6]));
	}
}

/* Where a measure separates the outcomes, no weight is large enough. */
static void
test_separation(void)
{
	RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 20, .ncolumns = 2, .trials = trials};
	RegressionFit fit;

	for (int kind = 0; kind < 4; kind++)
	{
		for (size_t i = 0; i < 20; i++)
		{
			x[2 * i] = 1;
			x[2 * i + 1] = kind == 3 ? 1e6 + (double) i : (double) i;
			trials[i] = 1;
			/* complete; with both outcomes at the boundary; only one value tells */
			counts[i] = kind == 1 && i == 10 ? 0.5 : kind == 2 ? i == 0 :
																 i >= 10;
		}
		fit = fit_of(&data, 0);
		MUST(fit.exists && !fit.converged && isnan(fit.standard_errors[0]) && isnan(fit.standard_errors[1]));
		memcpy(x, given, sizeof(x));
		fit = fit_of(&data, 0.01);
		MUST(fit.converged && fit.standard_errors[1] > 0);
	}
	/* only events, none at all */
	for (int all = 0; all < 2; all++)
	{
		for (size_t i = 0; i < 20; i++)
			counts[i] = all;
		memcpy(x, given, sizeof(x));
		fit = fit_of(&data, 1);
		MUST(!fit.exists && !fit.converged && fit.iterations == 0);
	}
	data.family = REGRESSION_POISSON;
	data.trials = NULL;
	memset(counts, 0, sizeof(counts));
	fit = fit_of(&data, 0);
	MUST(!fit.exists && !fit.converged);
	/* contacts at one end only */
	counts[19] = 5;
	memcpy(x, given, sizeof(x));
	fit = fit_of(&data, 0);
	MUST(!fit.converged);
}

/* The unit of a measure changes its weight and nothing else, however odd. */
static void
test_scales(void)
{
	RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 300, .ncolumns = 3};
	const double scales[] = {1, 1e-300, 1e300, -1, 0x1p-1022, 0x1p1000, 4.9406564584124654e-324 * 0x1p60};
	RegressionFit plain;
	RegressionFit fit;

	draw(&data);
	for (size_t i = 0; i < data.nrows; i++)
		x[3 * i + 1] = (double) unit_below(10) - 4, x[3 * i + 2] = (double) unit_below(5);
	for (size_t s = 0; s < lengthof(scales); s++)
	{
		for (size_t i = 0; s > 0 && i < data.nrows; i++)
			memcpy(x + 3 * i, (double[]){1, (given[3 * i + 1]) / (s > 1 ? scales[s - 1] : 1) * scales[s], given[3 * i + 2]}, 3 * sizeof(double));
		fit = fit_of(&data, 2);
		if (s == 0)
			plain = fit;
		if (fabs(scales[s]) > 1e-305)
		{
			MUST(fit.converged);
			MUST(near(fit.weights[1] * scales[s], plain.weights[1], 1e-9) && near(fit.weights[2], plain.weights[2], 1e-9));
			MUST(near(fit.standard_errors[1] * fabs(scales[s]), plain.standard_errors[1], 1e-9));
		}
		else
			MUST(!fit.converged == !(isfinite(fit.weights[1])));
	}
}

/* However rows come, apart or together, the result has the same bits. */
static void
test_order(void)
{
	for (int round = 0; round < 30; round++)
	{
		RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 500, .ncolumns = 1 + (int) unit_below(5)};
		RegressionFit first;

		draw(&data);
		for (size_t i = 0; i < data.nrows; i++)
			for (int j = 1; j < data.ncolumns; j++)
				x[i * (size_t) data.ncolumns + (size_t) j] = (double) unit_below(round % 2 ? 4 : 4000) / 10 + 0.0;
		for (int pass = 0; pass < 3; pass++)
		{
			Outcomes outcomes = {.ncolumns = data.ncolumns - 1};
			RegressionFit fit;

			for (size_t i = 0; i < data.nrows; i++)
			{
				size_t row = pass == 0 ? i : pass == 1 ? data.nrows - 1 - i :
														 i * 7 % data.nrows;
				const double *values = x + row * (size_t) data.ncolumns + 1;

				for (int t = 0; t < trials[row]; t++)
					outcomes_add(&host, &outcomes, values, &(OutcomeCounts){1, t < counts[row]});
			}
			regression_of_outcomes(&host, &outcomes, 0.5, &fit);
			host.release(outcomes.values);
			host.release(outcomes.counts);
			host.release(outcomes.slots);
			MUST(in_use == 0 && fit.converged);
			if (pass == 0)
				first = fit;
			MUST(memcmp(&fit.weights, &first.weights, sizeof(fit.weights)) == 0);
			MUST(fit.log_likelihood == first.log_likelihood);
			for (int j = 0; j < data.ncolumns; j++)
				MUST(fit.standard_errors[j] == first.standard_errors[j] || isnan(first.standard_errors[j]));
		}
		/* what one row stands for might be many */
		data.x = x;
		{
			RegressionFit fit = fit_of(&data, 0.5);

			for (int j = 0; j < data.ncolumns; j++)
				MUST(near(fit.weights[j], first.weights[j], 1e-11));
		}
	}
}

static void
test_probability(void)
{
	MUST(regression_probability(0) == 0.5);
	MUST(regression_probability(INFINITY) == 1 && regression_probability(-INFINITY) == 0);
	MUST(regression_probability(-700) > 0 && near(log(regression_probability(-700)), -700, 1e-15));
	for (double odds = -30; odds < 30; odds += 0.37)
		MUST(near(regression_probability(odds), (double) (1 / (1 + expl(-(long double) odds))), 1e-15));
}

static SeriesChange
change_of(const int64_t *contacts, size_t n, const int32_t *periods, int32_t change)
{
	SeriesPeriod series[64];
	SeriesChange result;

	for (size_t i = 0; i < n; i++)
		series[i] = (SeriesPeriod){contacts[i], periods == NULL ? (int32_t) i : periods[i]};
	regression_of_series(&host, series, n, change, &result);
	MUST(in_use == 0);
	return result;
}

static void
must_be(SeriesRatio ratio, double value, double lower, double upper, double p)
{
	MUST(near(ratio.ratio, value, 1e-12) && near(ratio.lower, lower, 1e-11));
	MUST(near(ratio.upper, upper, 1e-11) && near(ratio.p, p, 1e-11));
}

/*
 * Series whose figures were computed with Python 3.11, statsmodels 0.15.0
 * (GLM, family Poisson, tol 1e-14) and SciPy (stats.t), residuals and widening
 * with NumPy.
 */
static void
test_published_series(void)
{
	const int64_t steady[] = {52, 47, 61, 55, 49, 58, 66, 60, 57, 71, 63, 59, 68, 75, 70, 64, 78, 72, 69, 80,
							  61, 50, 58, 47, 55, 44, 49, 52, 40, 46, 38, 45, 41, 36, 42, 33};
	const int64_t waves[] = {14, 11, 12, 19, 25, 28, 24, 20, 15, 12, 9, 8, 13, 18,
							 22, 21, 26, 30, 35, 31, 27, 19, 16, 13, 11, 15, 17, 24};
	const int64_t few[] = {3, 0, 2, 5, 1, 4, 2, 6, 3, 5};
	int32_t periods[28];
	SeriesChange change;

	change = change_of(steady, 36, NULL, 20);
	MUST(change.converged && change.periods_before == 20 && change.periods_after == 16 && change.gaps == 0);
	must_be(change.level, 0.72809633806842, 0.610512657054881, 0.86832643251979, 0.000876971938154496);
	must_be(change.slope, 0.950465960707714, 0.93243539914907, 0.96884518036151, 6.14841456827148e-06);
	MUST(near(change.trend_ratio, 1.02085833168756, 1e-13) && near(change.dispersion, 0.433767757574943, 1e-12));
	MUST(near(change.autocorrelation, -0.452298150591948, 1e-12));

	/* periods 6 and 22 of 1 to 30 are not there */
	for (int i = 0; i < 28; i++)
		periods[i] = i + 1 + (i >= 5) + (i >= 20);
	change = change_of(waves, 28, periods, 17);
	MUST(change.converged && change.periods_before == 15 && change.periods_after == 13 && change.gaps == 2);
	must_be(change.level, 1.85272245100566, 0.599390693592235, 5.72678307680834, 0.270554920508308);
	must_be(change.slope, 0.957354057749389, 0.837046303646272, 1.09495351439547, 0.50938466435944);
	MUST(near(change.trend_ratio, 0.99503739175011, 1e-13) && near(change.dispersion, 2.15016362987553, 1e-12));
	MUST(near(change.autocorrelation, 0.464102347609907, 1e-12));

	change = change_of(few, 10, NULL, 5);
	must_be(change.level, 1.35989468122193, 0.124208457686544, 14.8887892053428, 0.763930209281975);
	must_be(change.slope, 1.03013332805496, 0.465705752118375, 2.27863767785253, 0.930070243361442);
	MUST(near(change.dispersion, 1.48761238854602, 1e-12) && near(change.autocorrelation, -0.545264038566359, 1e-12));
}

/* Counts that double each period up to the change, then stand at half of what was to come. */
static void
test_exact_series(void)
{
	const int64_t doubling[] = {64, 128, 256, 512, 1024, 1024, 1024, 1024};
	const int64_t least[] = {10, 20, 30, 20};
	const int64_t nobody[] = {5, 6, 7, 0, 0, 0};
	const int64_t one_end[] = {0, 0, 7, 3, 4, 5};
	const int32_t far[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX - 1, INT32_MAX};
	SeriesChange change = change_of(doubling, 8, NULL, 5);

	MUST(change.converged && near(change.level.ratio, 0.5, 1e-9) && near(change.slope.ratio, 0.5, 1e-9));
	MUST(near(change.trend_ratio, 2, 1e-9) && change.dispersion < 1e-9);

	/* four periods are fitted without a rest: ratios, but no interval */
	change = change_of(least, 4, NULL, 2);
	MUST(change.converged && near(change.trend_ratio, 2, 1e-12));
	MUST(near(change.level.ratio, 30.0 / 40, 1e-12) && near(change.slope.ratio, 2.0 / 3 / 2, 1e-12));
	MUST(isnan(change.level.lower) && isnan(change.level.p) && isnan(change.dispersion) && isnan(change.autocorrelation));

	/* too few periods on a side, and trends that nothing tells */
	for (int32_t at = -1; at <= 5; at++)
	{
		change = change_of(least, 4, NULL, at);
		MUST(change.converged == (at == 2) && isnan(change.level.ratio) == (at != 2));
		MUST(change.periods_before == (at < 0 ? 0 : at > 4 ? 4 :
															 at));
	}
	MUST(!change_of(nobody, 6, NULL, 3).converged);
	MUST(!change_of(one_end, 6, NULL, 3).converged);
	change = change_of(least, 4, far, 0);
	MUST(change.gaps == INT64_C(4294967292) && (!change.converged || isfinite(change.level.ratio)));
}

static double
normal(void)
{
	return specfun_normal_inverse((unit_random() >> 11 | 1) / 9007199254740992.0);
}

/* By inversion; a mean of up to some hundreds. */
static int64_t
poisson(double mean)
{
	double left = uniform();
	int64_t n = 0;

	for (double p = exp(-mean); left > p && p > 0; p *= mean / (double) ++n)
		left -= p;
	return n;
}

/*
 * How often intervals hold no change at all where there is none: in series whose
 * rate wanders, by a spread and with an autocorrelation from period to period.
 */
static void
test_coverage(void)
{
	const double autocorrelations[] = {0, 0.3, 0.6};
	const double least[] = {0.94, 0.92, 0.87};

	for (size_t a = 0; a < lengthof(autocorrelations); a++)
	{
		double r = autocorrelations[a];
		int level = 0;
		int slope = 0;

		for (int round = 0; round < 4000; round++)
		{
			int64_t contacts[48];
			double z = normal();
			SeriesChange change;

			for (int i = 0; i < 48; i++)
			{
				contacts[i] = poisson(60 * exp(0.2 * z));
				z = r * z + sqrt(1 - r * r) * normal();
			}
			change = change_of(contacts, 48, NULL, 24);
			MUST(change.converged);
			MUST((change.level.lower <= 1 && change.level.upper >= 1) == (change.level.p >= 0.05));
			level += change.level.lower <= 1 && change.level.upper >= 1;
			slope += change.slope.lower <= 1 && change.slope.upper >= 1;
		}
		printf("autocorrelation %.1f: intervals hold 1 in %.3f (level), %.3f (slope) of series\n", r, level / 4000.0, slope / 4000.0);
		MUST(level >= 4000 * least[a] && slope >= 4000 * least[a]);
		MUST(level <= 4000 * 0.98 && slope <= 4000 * 0.98);
	}
}

static jmp_buf left;
static int pauses;

static void
leave(void)
{
	if (++pauses == 5)
		longjmp(left, 1);
}

static void
test_pause(void)
{
	Host impatient = host;
	RegressionData data = {.family = REGRESSION_LOGISTIC, .nrows = 2000, .ncolumns = 4, .x = x, .counts = counts};
	RegressionFit fit;

	impatient.pause = leave;
	draw(&data);
	if (setjmp(left) == 0)
	{
		regression_fit(&impatient, &data, 0, &fit);
		abort();
	}
	MUST(pauses == 5);
}

int
main(void)
{
	test_two_by_two();
	test_maxima();
	test_repeated_columns();
	test_separation();
	test_scales();
	test_order();
	test_probability();
	test_published_series();
	test_exact_series();
	test_coverage();
	test_pause();
	return 0;
}
