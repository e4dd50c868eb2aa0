/*-------------------------------------------------------------------------
 * outcomes_sql.c
 *	  The aggregates logistic_agg(), prediction_quality(), reliability() and
 *	  top_share() over outcomes, and logistic_probability().
 *
 * A state is a table of distinct rows with counts, from which a result is
 * computed in an order of the rows' values, so neither order nor split of the
 * input changes a bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"

#include "core/stats/outcomes.h"
#include "core/stats/prediction.h"
#include "core/stats/regression.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/row.h"

/* Of the partial state. */
#define STATE_VERSION 1
#define MAX_MEASURES (REGRESSION_MAX_COLUMNS - 1)
#define MAX_BINS 10000

/* The third argument is the same for all rows; a float8 is kept by its bits. */
typedef struct OutcomesState
{
	int64 option;
	Outcomes outcomes;
} OutcomesState;

static OutcomesState *
make_state(MemoryContext context, int ncolumns, int64 option)
{
	OutcomesState *state = MemoryContextAllocZero(context, sizeof(OutcomesState));

	state->option = option;
	state->outcomes.ncolumns = ncolumns;
	return state;
}

static void
check_option(int64 a, int64 b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the third argument is not the same for all rows"),
				 errhint("Give a constant, or group by it.")));
}

static void
check_alike(const OutcomesState *state, int ncolumns, int64 option)
{
	if (state->outcomes.ncolumns != ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows have %d and %d measures", Min(state->outcomes.ncolumns, ncolumns), Max(state->outcomes.ncolumns, ncolumns)),
				 errhint("Give every row all measures, in the same order.")));
	check_option(state->option, option);
}

/* Count a row in the state, which is made for the first row. */
static OutcomesState *
add_outcome(FunctionCallInfo fcinfo, int ncolumns, const double *values, bool happened, int64 option)
{
	MemoryContext context = aggregate_context(fcinfo);
	OutcomesState *state = aggregate_state(fcinfo, 0);
	OutcomeCounts counts = {1, happened ? 1 : 0};
	MemoryContext old;

	if (state == NULL)
		state = make_state(context, ncolumns, option);
	check_alike(state, ncolumns, option);
	old = MemoryContextSwitchTo(context);
	outcomes_add(&engage_host, &state->outcomes, values, &counts);
	MemoryContextSwitchTo(old);
	return state;
}

/*
 * outcomes_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_outcomes_combinefn);
Datum
engage_outcomes_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	OutcomesState *state = aggregate_state(fcinfo, 0);
	OutcomesState *other = aggregate_state(fcinfo, 1);
	MemoryContext old;

	if (other == NULL)
		return aggregate_return(fcinfo, state);
	if (state == NULL)
		state = make_state(context, other->outcomes.ncolumns, other->option);
	check_alike(state, other->outcomes.ncolumns, other->option);
	old = MemoryContextSwitchTo(context);
	for (size_t row = 0; row < other->outcomes.nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		outcomes_add(&engage_host, &state->outcomes, other->outcomes.values + row * other->outcomes.ncolumns, &other->outcomes.counts[row]);
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* outcomes_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_outcomes_serialfn);
Datum
engage_outcomes_serialfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = (OutcomesState *) PG_GETARG_POINTER(0);
	const Outcomes *outcomes = &state->outcomes;
	StringInfoData buf;

	aggregate_context(fcinfo);
	if (outcomes->nrows > (MaxAllocSize - 1024) / ((outcomes->ncolumns + 2) * sizeof(double)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("distinct rows take more than 1 GB in a parallel worker"),
				 errhint("Round what is given, so that more rows are equal, or set max_parallel_workers_per_gather to 0.")));
	aggregate_send(&buf, STATE_VERSION);
	enlargeStringInfo(&buf, outcomes->nrows * (outcomes->ncolumns + 2) * sizeof(double) + 64);
	pq_sendbyte(&buf, outcomes->ncolumns);
	pq_sendint64(&buf, state->option);
	for (size_t row = 0; row < outcomes->nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < outcomes->ncolumns; j++)
			pq_sendfloat8(&buf, outcomes->values[row * outcomes->ncolumns + j]);
		pq_sendint64(&buf, outcomes->counts[row].observations);
		pq_sendint64(&buf, outcomes->counts[row].events);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* outcomes_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_outcomes_deserialfn);
Datum
engage_outcomes_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	double values[REGRESSION_MAX_COLUMNS];
	OutcomesState *state;
	int ncolumns;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	ncolumns = pq_getmsgbyte(&buf);
	state = make_state(CurrentMemoryContext, ncolumns, pq_getmsgint64(&buf));
	while (buf.cursor < buf.len)
	{
		OutcomeCounts counts;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < ncolumns; j++)
			values[j] = pq_getmsgfloat8(&buf);
		counts.observations = pq_getmsgint64(&buf);
		counts.events = pq_getmsgint64(&buf);
		outcomes_add(&engage_host, &state->outcomes, values, &counts);
	}
	PG_RETURN_POINTER(state);
}

static int64
float_option(double value)
{
	int64 bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double
option_float(int64 bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* -------------------------------------------------------------- logistic */

/* The numbers of an array, or NULL if one of them is not known.  The name is for errors. */
static const double *
read_floats(ArrayType *array, const char *name, int *n)
{
	const double *values = (const double *) ARR_DATA_PTR(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s have more than one dimension", name),
				 errhint("Give a plain array, one number for each measure.")));
	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (array_contains_nulls(array))
		return NULL;
	for (int i = 0; i < *n; i++)
		if (!isfinite(values[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s contain %s", name, isnan(values[i]) ? "NaN" : "an infinity"),
					 errhint("Give finite numbers; what is not known is NULL.")));
	return values;
}

static double
read_penalty(FunctionCallInfo fcinfo, int n)
{
	double penalty;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the penalty is NULL"),
				 errhint("Give 0 for plain maximum likelihood.")));
	penalty = PG_GETARG_FLOAT8(n);
	if (!(penalty >= 0 && isfinite(penalty)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the penalty cannot be %g", penalty),
				 errhint("Give a finite number, 0 or more; 0 is plain maximum likelihood.")));
	return penalty + 0.0; /* -0 is 0 */
}

/* logistic_transfn(internal, boolean, double precision[], double precision) RETURNS internal */
ENGAGE_FUNCTION(engage_logistic_transfn);
Datum
engage_logistic_transfn(PG_FUNCTION_ARGS)
{
	double measures[MAX_MEASURES];
	const double *given;
	int n;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return aggregate_return(fcinfo, aggregate_state(fcinfo, 0));
	given = read_floats(PG_GETARG_ARRAYTYPE_P(2), "measures", &n);
	if (n > MAX_MEASURES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a row has %d measures", n),
				 errhint("Give at most %d.", MAX_MEASURES)));
	if (given == NULL)
		return aggregate_return(fcinfo, aggregate_state(fcinfo, 0));
	for (int j = 0; j < n; j++)
		measures[j] = given[j] + 0.0; /* -0 is 0 */
	PG_RETURN_POINTER(add_outcome(fcinfo, n, measures, PG_GETARG_BOOL(1), float_option(read_penalty(fcinfo, 3))));
}

/* The columns of the type logistic_model. */
enum
{
	LOGISTIC_WEIGHTS,
	LOGISTIC_STANDARD_ERRORS,
	LOGISTIC_OBSERVATIONS,
	LOGISTIC_EVENTS,
	LOGISTIC_LOG_LIKELIHOOD,
	LOGISTIC_ITERATIONS,
	LOGISTIC_CONVERGED,
	LOGISTIC_COLUMNS
};

/* logistic_finalfn(internal) RETURNS logistic_model */
ENGAGE_FUNCTION(engage_logistic_finalfn);
Datum
engage_logistic_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = aggregate_state(fcinfo, 0);
	RegressionFit fit;
	int64 observations = 0;
	int64 events = 0;
	int ncolumns;
	Row row;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	ncolumns = state->outcomes.ncolumns + 1;
	for (size_t i = 0; i < state->outcomes.nrows; i++)
	{
		observations += state->outcomes.counts[i].observations;
		events += state->outcomes.counts[i].events;
	}
	regression_of_outcomes(&engage_host, &state->outcomes, option_float(state->option), &fit);
	row_begin(&row, LOGISTIC_COLUMNS);
	if (fit.exists)
	{
		row_set(&row, LOGISTIC_WEIGHTS, row_numbers(fit.weights, ncolumns));
		row_set(&row, LOGISTIC_STANDARD_ERRORS, row_numbers(fit.standard_errors, ncolumns));
		row_set_number(&row, LOGISTIC_LOG_LIKELIHOOD, fit.log_likelihood);
	}
	row_set(&row, LOGISTIC_OBSERVATIONS, Int64GetDatum(observations));
	row_set(&row, LOGISTIC_EVENTS, Int64GetDatum(events));
	row_set(&row, LOGISTIC_ITERATIONS, Int32GetDatum(fit.iterations));
	row_set(&row, LOGISTIC_CONVERGED, BoolGetDatum(fit.converged));
	return row_return(fcinfo, &row);
}

/*
 * logistic_probability(weights double precision[],
 *			measures double precision[]) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_logistic_probability);
Datum
engage_logistic_probability(PG_FUNCTION_ARGS)
{
	int nweights;
	int nmeasures;
	const double *weights = read_floats(PG_GETARG_ARRAYTYPE_P(0), "weights", &nweights);
	const double *measures = read_floats(PG_GETARG_ARRAYTYPE_P(1), "measures", &nmeasures);
	double log_odds;

	if (nweights != nmeasures + 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are %d weights for %d measures", nweights, nmeasures),
				 errhint("Give the weight of the intercept first, then one for each measure.")));
	if (weights == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a weight is NULL"),
				 errhint("Give 0 for a measure that does not count.")));
	if (measures == NULL)
		PG_RETURN_NULL();
	log_odds = weights[0];
	for (int j = 0; j < nmeasures; j++)
		log_odds += weights[j + 1] * measures[j];
	if (isnan(log_odds))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the log odds are out of range for double precision"),
				 errhint("Give smaller weights and measures.")));
	PG_RETURN_FLOAT8(regression_probability(log_odds));
}

/* ----------------------------------------------------------- predictions */

/* A prediction, or false if the row has no prediction or no outcome. */
static bool
read_prediction(FunctionCallInfo fcinfo, double *predicted)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return false;
	*predicted = PG_GETARG_FLOAT8(1) + 0.0; /* -0 is 0 */
	if (!(*predicted >= 0 && *predicted <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a predicted probability cannot be %g", *predicted),
				 errhint("Give probabilities, from 0 to 1.")));
	return true;
}

/* prediction_quality_transfn(internal, double precision, boolean) RETURNS internal */
ENGAGE_FUNCTION(engage_prediction_quality_transfn);
Datum
engage_prediction_quality_transfn(PG_FUNCTION_ARGS)
{
	double predicted;

	if (!read_prediction(fcinfo, &predicted))
		return aggregate_return(fcinfo, aggregate_state(fcinfo, 0));
	PG_RETURN_POINTER(add_outcome(fcinfo, 1, &predicted, PG_GETARG_BOOL(2), 0));
}

/* prediction_quality_finalfn(internal) RETURNS prediction_quality */
ENGAGE_FUNCTION(engage_prediction_quality_finalfn);
Datum
engage_prediction_quality_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = aggregate_state(fcinfo, 0);
	PredictionQuality quality;
	Row row;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	prediction_quality(&engage_host, &state->outcomes, &quality);
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(quality.predictions));
	row_add(&row, Int64GetDatum(quality.events));
	row_add_number(&row, quality.mean_predicted);
	row_add_number(&row, quality.brier);
	row_add_number(&row, quality.brier_reference);
	row_add_number(&row, quality.skill);
	row_add_number(&row, quality.auc);
	row_add_number(&row, quality.log_loss);
	return row_return(fcinfo, &row);
}

/* A whole number within a range, which must be the same for all rows. */
static int64
read_number(bool is_null, int64 value, const char *name, int64 most)
{
	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is NULL", name),
				 errhint("Give a whole number, 1 or more.")));
	if (value < 1 || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be " INT64_FORMAT, name, value),
				 most == PG_INT64_MAX ? errhint("Give a whole number, 1 or more.") : errhint("Give a whole number from 1 to " INT64_FORMAT ".", most)));
	return value;
}

/* reliability_transfn(internal, double precision, boolean, integer) RETURNS internal */
ENGAGE_FUNCTION(engage_reliability_transfn);
Datum
engage_reliability_transfn(PG_FUNCTION_ARGS)
{
	double predicted;
	int64 bins;

	if (!read_prediction(fcinfo, &predicted))
		return aggregate_return(fcinfo, aggregate_state(fcinfo, 0));
	bins = read_number(PG_ARGISNULL(3), PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3), "the number of bins", MAX_BINS);
	PG_RETURN_POINTER(add_outcome(fcinfo, 1, &predicted, PG_GETARG_BOOL(2), bins));
}

/*
 * reliability_finalfn(internal) RETURNS reliability_bin[]
 *		One row per bin, in order.
 */
ENGAGE_FUNCTION(engage_reliability_finalfn);
Datum
engage_reliability_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = aggregate_state(fcinfo, 0);
	ReliabilityBin *bins;
	RowArray rows;
	int n;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	row_array_begin(fcinfo, &rows);
	bins = palloc(state->option * sizeof(ReliabilityBin));
	n = prediction_reliability(&engage_host, &state->outcomes, (int) state->option, bins);
	for (int i = 0; i < n; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, Int32GetDatum(i + 1));
		row_add(&row, Int64GetDatum(bins[i].predictions));
		row_add_number(&row, bins[i].mean_predicted);
		row_add(&row, Int64GetDatum(bins[i].events));
		row_add_number(&row, bins[i].share);
		row_add_number(&row, bins[i].lower);
		row_add_number(&row, bins[i].upper);
		row_add(&row, BoolGetDatum(bins[i].within));
		(void) row_array_add(&rows, &row); /* MAX_BINS are far from too large */
	}
	return row_array_end(&rows);
}

/* top_share_transfn(internal, double precision, boolean, bigint) RETURNS internal */
ENGAGE_FUNCTION(engage_top_share_transfn);
Datum
engage_top_share_transfn(PG_FUNCTION_ARGS)
{
	double score;
	int64 n;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return aggregate_return(fcinfo, aggregate_state(fcinfo, 0));
	score = PG_GETARG_FLOAT8(1) + 0.0; /* -0 is 0 */
	if (!isfinite(score))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a score is %s", isnan(score) ? "NaN" : "infinite"),
				 errhint("Give finite numbers; what has no score is NULL.")));
	n = read_number(PG_ARGISNULL(3), PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3), "the number of highest scores", PG_INT64_MAX);
	PG_RETURN_POINTER(add_outcome(fcinfo, 1, &score, PG_GETARG_BOOL(2), n));
}

/* top_share_finalfn(internal) RETURNS double precision */
ENGAGE_FUNCTION(engage_top_share_finalfn);
Datum
engage_top_share_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = aggregate_state(fcinfo, 0);

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(prediction_top_share(&engage_host, &state->outcomes, state->option));
}
