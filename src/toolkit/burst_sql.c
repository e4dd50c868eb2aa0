/*-------------------------------------------------------------------------
 * burst_sql.c
 *	  Bursts and contacts that trigger contacts: accessors of timelines.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#include "core/time/burst.h"
#include "core/time/hawkes.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/arguments.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* A timeline's contacts, and the state at each gap between them. */
typedef struct Path
{
	int64 *times;
	int64 contacts;
	uint8 *states;
} Path;

static void
refuse_number(const char *name, double value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s cannot be %g", name, value),
			 errhint("%s", hint)));
}

/*
 * The path for the arguments (timeline, scale, gamma, resolution).  The unit
 * of gaps only adds a constant to the costs, so it is microseconds.
 */
static void
find_path(FunctionCallInfo fcinfo, Path *path)
{
	double scale = PG_GETARG_FLOAT8(1);
	double gamma = PG_GETARG_FLOAT8(2);
	uint64 resolution = (uint64) interval_width(PG_GETARG_INTERVAL_P(3), "resolution");
	double *gaps;
	size_t n;

	if (!(scale > 1) || isinf(scale))
		refuse_number("scale", scale, "Give a number above 1: how many times more frequent contacts are from level to level.");
	if (!(gamma >= 0) || isinf(gamma))
		refuse_number("gamma", gamma, "Give a number from 0: the higher, the fewer bursts.");
	path->times = timeline_times(PG_GETARG_VARLENA_PP(0), &path->contacts);
	n = (size_t) Max(path->contacts - 1, 0);
	gaps = engage_host_alloc(Max(n, 1) * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		uint64 gap = (uint64) path->times[i + 1] - (uint64) path->times[i];

		gaps[i] = (double) Max(gap, resolution);
	}
	path->states = engage_host_alloc(Max(n, 1));
	burst_path(&engage_host, gaps, n, scale, gamma, path->states);
	pfree(gaps);
}

/*
 * burst_states(t timeline, scale double precision, gamma double precision,
 *			resolution interval) RETURNS SETOF record
 *		One row per gap: the contacts around it, and its state.
 */
ENGAGE_FUNCTION(engage_burst_states);
Datum
engage_burst_states(PG_FUNCTION_ARGS)
{
	Path path;

	InitMaterializedSRF(fcinfo, 0);
	find_path(fcinfo, &path);
	for (int64 i = 0; i + 1 < path.contacts; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, TimestampTzGetDatum(path.times[i]));
		row_add(&row, TimestampTzGetDatum(path.times[i + 1]));
		row_add(&row, Int32GetDatum(path.states[i]));
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * bursts(t timeline, scale double precision, gamma double precision,
 *			resolution interval) RETURNS SETOF record
 *		One row per burst.
 */
ENGAGE_FUNCTION(engage_bursts);
Datum
engage_bursts(PG_FUNCTION_ARGS)
{
	Path path;
	Burst *bursts;
	size_t n;

	InitMaterializedSRF(fcinfo, 0);
	find_path(fcinfo, &path);
	if (path.contacts == 0)
		return (Datum) 0;
	n = burst_list(&engage_host, path.states, (size_t) path.contacts - 1, &bursts);
	for (size_t i = 0; i < n; i++)
	{
		Burst *burst = &bursts[i];
		Row row;

		row_begin(&row, 0);
		row_add(&row, Int32GetDatum(burst->level));
		row_add(&row, TimestampTzGetDatum(path.times[burst->first]));
		row_add(&row, TimestampTzGetDatum(path.times[burst->last]));
		row_add(&row, Int64GetDatum((int64) (burst->last - burst->first + 1)));
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* mu, alpha and beta, three arguments from the n-th on. */
static HawkesModel
model_arguments(FunctionCallInfo fcinfo, int n)
{
	HawkesModel model = {.mu = PG_GETARG_FLOAT8(n), .alpha = PG_GETARG_FLOAT8(n + 1), .beta = PG_GETARG_FLOAT8(n + 2)};

	if (!(model.mu > 0) || isinf(model.mu))
		refuse_number("mu", model.mu, "Give the base rate, contacts a day, above 0.");
	if (!(model.alpha >= 0) || isinf(model.alpha))
		refuse_number("alpha", model.alpha, "Give what a contact adds to the rate, contacts a day, from 0.");
	if (!(model.beta > 0) || isinf(model.beta))
		refuse_number("beta", model.beta, "Give how fast that dies away, a day, above 0.");
	if (isinf(model.alpha / model.beta))
		refuse_number("alpha / beta", model.alpha / model.beta, "Give how many contacts one sets off, a small number.");
	return model;
}

/*
 * The contacts up to until.  Without from_at, time begins at the first
 * contact.  The model does not explain that one, because without it there
 * would be nothing to model.  False if that leaves no time.
 */
static bool
read_data(HawkesData *data, struct varlena *stored, TimestampTz from_at, TimestampTz until)
{
	int64 contacts;

	if (TIMESTAMP_NOT_FINITE(until) || TIMESTAMP_IS_NOEND(from_at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("until must be finite"),
				 errhint("Give the time up to which contacts are known, such as now().")));
	if (from_at >= until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_at is not before until"),
				 errhint("Give a from_at before until.")));
	data->times = timeline_times(stored, &contacts);
	data->n = (size_t) contacts;
	data->from_at = data->until = until;
	data->n = hawkes_history(data);
	if (!TIMESTAMP_IS_NOBEGIN(from_at))
		data->from_at = from_at;
	else if (data->n > 0)
		data->from_at = data->times[0];
	return data->from_at < data->until;
}

/* The columns of hawkes(). */
enum
{
	HAWKES_CONTACTS,
	HAWKES_MU,
	HAWKES_ALPHA,
	HAWKES_BETA,
	HAWKES_BRANCHING,
	HAWKES_LOG_LIKELIHOOD,
	HAWKES_POISSON_LOG_LIKELIHOOD,
	HAWKES_CONVERGED,
	HAWKES_COLUMNS
};

/* hawkes(t timeline, until timestamptz, from_at timestamptz, resolution interval) RETURNS record */
ENGAGE_FUNCTION(engage_hawkes);
Datum
engage_hawkes(PG_FUNCTION_ARGS)
{
	double resolution = (double) interval_width(PG_GETARG_INTERVAL_P(3), "resolution");
	HawkesData data;
	HawkesFit fit;
	Row row;
	bool is_fit;

	is_fit = read_data(&data, PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_TIMESTAMPTZ(1)) &&
			 hawkes_fit(&engage_host, &data, resolution / HAWKES_DAY, &fit);
	row_begin(&row, HAWKES_COLUMNS);
	row_set(&row, HAWKES_CONTACTS, Int64GetDatum((int64) (data.n - hawkes_history(&data))));
	if (is_fit)
	{
		row_set_number(&row, HAWKES_MU, fit.model.mu);
		row_set_number(&row, HAWKES_ALPHA, fit.model.alpha);
		row_set_number(&row, HAWKES_BETA, fit.model.beta);
		row_set_number(&row, HAWKES_BRANCHING, isnan(fit.model.beta) ? 0 : fit.model.alpha / fit.model.beta);
		row_set_number(&row, HAWKES_LOG_LIKELIHOOD, fit.log_likelihood);
		row_set_number(&row, HAWKES_POISSON_LOG_LIKELIHOOD, fit.poisson_log_likelihood);
		row_set(&row, HAWKES_CONVERGED, BoolGetDatum(fit.converged));
	}
	return row_return(fcinfo, &row);
}

/*
 * hawkes_log_likelihood(t timeline, from_at timestamptz, until timestamptz, mu double precision,
 *			alpha double precision, beta double precision) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_hawkes_log_likelihood);
Datum
engage_hawkes_log_likelihood(PG_FUNCTION_ARGS)
{
	HawkesModel model = model_arguments(fcinfo, 3);
	HawkesLikelihood likelihood;
	HawkesData data;

	if (!read_data(&data, PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2)))
		PG_RETURN_NULL();
	hawkes_likelihood(&engage_host, &data, &model, &likelihood);
	PG_RETURN_FLOAT8(likelihood.value);
}

/*
 * hawkes_intensity(t timeline, from_at timestamptz, mu double precision, alpha double precision,
 *			beta double precision) RETURNS SETOF record
 *		One row per contact.
 */
ENGAGE_FUNCTION(engage_hawkes_intensity);
Datum
engage_hawkes_intensity(PG_FUNCTION_ARGS)
{
	HawkesModel model = model_arguments(fcinfo, 2);
	HawkesData data = {.from_at = PG_GETARG_TIMESTAMPTZ(1)};
	int64 contacts;
	size_t history;
	double *intensities;

	InitMaterializedSRF(fcinfo, 0);
	data.times = timeline_times(PG_GETARG_VARLENA_PP(0), &contacts);
	data.n = (size_t) contacts;
	history = hawkes_history(&data);
	intensities = engage_host_alloc(Max(data.n - history, 1) * sizeof(double));
	hawkes_intensities(&engage_host, &data, &model, intensities);
	for (size_t i = history; i < data.n; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, TimestampTzGetDatum(data.times[i]));
		row_add_number(&row, intensities[i - history]);
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}
