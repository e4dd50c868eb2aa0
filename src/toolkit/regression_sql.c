/*-------------------------------------------------------------------------
 * regression_sql.c
 *	  The aggregates logistic_agg(), prediction_quality(), reliability() and
 *	  top_share() over outcomes, logistic_probability(), and the aggregate
 *	  interrupted_time_series().
 *
 * A state of the first four is a table of distinct rows with counts, that of
 * the last a table of periods.  A result is computed from it in an order of the
 * rows' values, so neither order nor split of the input changes a bit.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "aggregate.h"
#include "core/stats/outcomes.h"
#include "core/stats/prediction.h"
#include "core/stats/regression.h"
#include "engage.h"
#include "host_sql.h"

#define STATE_VERSION 1
#define MAX_MEASURES (REGRESSION_MAX_COLUMNS - 1)
#define MAX_BINS 10000

/* A trend from fewer periods on a side is a guess (Penfold and Zhang 2013). */
#define ENOUGH_PERIODS 8

/* The third argument is the same for all rows; a float8 is kept by its bits. */
typedef struct OutcomesState
{
	int64 option;
	Outcomes outcomes;
} OutcomesState;

typedef struct PeriodEntry
{
	int64 contacts;
	int32 period;
	char status;
} PeriodEntry;

#define SH_PREFIX period_table
#define SH_ELEMENT_TYPE PeriodEntry
#define SH_KEY_TYPE int32
#define SH_KEY period
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct SeriesState
{
	int32 change; /* the same for all rows */
	period_table_hash *periods;
} SeriesState;

static OutcomesState *
state_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : (OutcomesState *) PG_GETARG_POINTER(n);
}

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

/* Count a row into the state, which is made for the first one. */
static OutcomesState *
add_outcome(FunctionCallInfo fcinfo, int ncolumns, const double *values, bool happened, int64 option)
{
	MemoryContext context = aggregate_context(fcinfo);
	OutcomesState *state = state_argument(fcinfo, 0);
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

#define RETURN_STATE(state) \
	do \
	{ \
		void *state_ = (state); \
		if (state_ == NULL) \
			PG_RETURN_NULL(); \
		PG_RETURN_POINTER(state_); \
	} while (0)

/*
 * outcomes_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_outcomes_combinefn);
Datum
engage_outcomes_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	OutcomesState *state = state_argument(fcinfo, 0);
	OutcomesState *other = state_argument(fcinfo, 1);
	MemoryContext old;

	if (other == NULL)
		RETURN_STATE(state);
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
	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, outcomes->nrows * (outcomes->ncolumns + 2) * sizeof(double) + 64);
	pq_sendbyte(&buf, STATE_VERSION);
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
	bytea *serialized = PG_GETARG_BYTEA_PP(0);
	StringInfoData buf = {.data = VARDATA_ANY(serialized), .len = VARSIZE_ANY_EXHDR(serialized)};
	double values[REGRESSION_MAX_COLUMNS];
	OutcomesState *state;
	int ncolumns;

	aggregate_context(fcinfo);
	if (pq_getmsgbyte(&buf) != STATE_VERSION)
		elog(ERROR, "partial state of outcomes is of another version");
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

/* ------------------------------------------------------------------ logistic */

/*
 * The numbers of an array, or NULL if one of them is not known.  What they are
 * called is for errors.
 */
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
		RETURN_STATE(state_argument(fcinfo, 0));
	given = read_floats(PG_GETARG_ARRAYTYPE_P(2), "measures", &n);
	if (n > MAX_MEASURES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a row has %d measures", n),
				 errhint("Give at most %d.", MAX_MEASURES)));
	if (given == NULL)
		RETURN_STATE(state_argument(fcinfo, 0));
	for (int j = 0; j < n; j++)
		measures[j] = given[j] + 0.0; /* -0 is 0 */
	PG_RETURN_POINTER(add_outcome(fcinfo, n, measures, PG_GETARG_BOOL(1), float_option(read_penalty(fcinfo, 3))));
}

/* Numbers as float8[], NULL for NaN. */
static Datum
float_array(const double *values, int n)
{
	Datum datums[REGRESSION_MAX_COLUMNS];
	bool nulls[REGRESSION_MAX_COLUMNS];
	int lower = 1;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = isnan(values[i]);
		datums[i] = Float8GetDatum(nulls[i] ? 0 : values[i]);
	}
	return PointerGetDatum(construct_md_array(datums, nulls, 1, &n, &lower, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* A value of the row type that the function returns; float8 that are NaN are NULL. */
static Datum
form_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "aggregate does not return a row");
	for (int i = 0; i < desc->natts; i++)
		if (!nulls[i] && TupleDescAttr(desc, i)->atttypid == FLOAT8OID && isnan(DatumGetFloat8(values[i])))
			nulls[i] = true;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* logistic_finalfn(internal) RETURNS logistic_model */
ENGAGE_FUNCTION(engage_logistic_finalfn);
Datum
engage_logistic_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = state_argument(fcinfo, 0);
	RegressionFit fit;
	int64 observations = 0;
	int64 events = 0;
	int ncolumns;
	Datum values[7];
	bool nulls[7] = {false};

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	ncolumns = state->outcomes.ncolumns + 1;
	for (size_t row = 0; row < state->outcomes.nrows; row++)
	{
		observations += state->outcomes.counts[row].observations;
		events += state->outcomes.counts[row].events;
	}
	regression_of_outcomes(&engage_host, &state->outcomes, option_float(state->option), &fit);
	nulls[0] = nulls[1] = nulls[4] = !fit.exists;
	values[0] = float_array(fit.weights, ncolumns);
	values[1] = float_array(fit.standard_errors, ncolumns);
	values[2] = Int64GetDatum(observations);
	values[3] = Int64GetDatum(events);
	values[4] = Float8GetDatum(fit.log_likelihood);
	values[5] = Int32GetDatum(fit.iterations);
	values[6] = BoolGetDatum(fit.converged);
	PG_RETURN_DATUM(form_row(fcinfo, values, nulls));
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

/* --------------------------------------------------------------- predictions */

/* A prediction, or false where the row has none or no outcome. */
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
		RETURN_STATE(state_argument(fcinfo, 0));
	PG_RETURN_POINTER(add_outcome(fcinfo, 1, &predicted, PG_GETARG_BOOL(2), 0));
}

/* prediction_quality_finalfn(internal) RETURNS prediction_quality */
ENGAGE_FUNCTION(engage_prediction_quality_finalfn);
Datum
engage_prediction_quality_finalfn(PG_FUNCTION_ARGS)
{
	OutcomesState *state = state_argument(fcinfo, 0);
	PredictionQuality quality;
	Datum values[8];
	bool nulls[8] = {false};

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	prediction_quality(&engage_host, &state->outcomes, &quality);
	values[0] = Int64GetDatum(quality.predictions);
	values[1] = Int64GetDatum(quality.events);
	values[2] = Float8GetDatum(quality.mean_predicted);
	values[3] = Float8GetDatum(quality.brier);
	values[4] = Float8GetDatum(quality.brier_reference);
	values[5] = Float8GetDatum(quality.skill);
	values[6] = Float8GetDatum(quality.auc);
	values[7] = Float8GetDatum(quality.log_loss);
	PG_RETURN_DATUM(form_row(fcinfo, values, nulls));
}

/* A whole number that is the same for all rows, of a certain range. */
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
		RETURN_STATE(state_argument(fcinfo, 0));
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
	OutcomesState *state = state_argument(fcinfo, 0);
	Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	ReliabilityBin *bins;
	TupleDesc desc;
	Datum *rows;
	int n;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	if (!OidIsValid(type))
		elog(ERROR, "aggregate does not return an array");
	desc = lookup_rowtype_tupdesc_copy(type, -1);
	bins = palloc(state->option * sizeof(ReliabilityBin));
	rows = palloc(state->option * sizeof(Datum));
	n = prediction_reliability(&engage_host, &state->outcomes, (int) state->option, bins);
	for (int i = 0; i < n; i++)
	{
		Datum values[8] = {
			Int32GetDatum(i + 1),
			Int64GetDatum(bins[i].predictions),
			Float8GetDatum(bins[i].mean_predicted),
			Int64GetDatum(bins[i].events),
			Float8GetDatum(bins[i].share),
			Float8GetDatum(bins[i].lower),
			Float8GetDatum(bins[i].upper),
			BoolGetDatum(bins[i].within),
		};
		bool nulls[8] = {false};

		rows[i] = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, n, type, -1, false, TYPALIGN_DOUBLE));
}

/* top_share_transfn(internal, double precision, boolean, bigint) RETURNS internal */
ENGAGE_FUNCTION(engage_top_share_transfn);
Datum
engage_top_share_transfn(PG_FUNCTION_ARGS)
{
	double score;
	int64 n;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		RETURN_STATE(state_argument(fcinfo, 0));
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
	OutcomesState *state = state_argument(fcinfo, 0);

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(prediction_top_share(&engage_host, &state->outcomes, state->option));
}

/* -------------------------------------------------- interrupted time series */

static SeriesState *
series_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : (SeriesState *) PG_GETARG_POINTER(n);
}

static SeriesState *
make_series(MemoryContext context, int32 change)
{
	SeriesState *state = MemoryContextAlloc(context, sizeof(SeriesState));

	state->change = change;
	state->periods = period_table_create(context, 128, NULL);
	return state;
}

static void
add_contacts(SeriesState *state, int32 period, int64 contacts)
{
	bool found;
	PeriodEntry *entry = period_table_insert(state->periods, period, &found);

	if (!found)
		entry->contacts = 0;
	if (pg_add_s64_overflow(entry->contacts, contacts, &entry->contacts))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the contacts of a period are out of range for bigint")));
}

/* series_transfn(internal, bigint, integer, integer) RETURNS internal */
ENGAGE_FUNCTION(engage_series_transfn);
Datum
engage_series_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SeriesState *state = series_argument(fcinfo, 0);
	int64 contacts;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		RETURN_STATE(state);
	contacts = PG_GETARG_INT64(1);
	if (contacts < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a period cannot have " INT64_FORMAT " contacts", contacts),
				 errhint("Give how many there were, zero or more.")));
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the period of the change is NULL"),
				 errhint("Give the number of the first period after the change.")));
	if (state == NULL)
		state = make_series(context, PG_GETARG_INT32(3));
	check_option(state->change, PG_GETARG_INT32(3));
	add_contacts(state, PG_GETARG_INT32(2), contacts);
	PG_RETURN_POINTER(state);
}

/*
 * series_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_series_combinefn);
Datum
engage_series_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SeriesState *state = series_argument(fcinfo, 0);
	SeriesState *other = series_argument(fcinfo, 1);
	period_table_iterator iterator;
	PeriodEntry *entry;

	if (other == NULL)
		RETURN_STATE(state);
	if (state == NULL)
		state = make_series(context, other->change);
	check_option(state->change, other->change);
	period_table_start_iterate(other->periods, &iterator);
	while ((entry = period_table_iterate(other->periods, &iterator)) != NULL)
		add_contacts(state, entry->period, entry->contacts);
	PG_RETURN_POINTER(state);
}

/* series_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_series_serialfn);
Datum
engage_series_serialfn(PG_FUNCTION_ARGS)
{
	SeriesState *state = (SeriesState *) PG_GETARG_POINTER(0);
	period_table_iterator iterator;
	PeriodEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, STATE_VERSION);
	pq_sendint32(&buf, state->change);
	period_table_start_iterate(state->periods, &iterator);
	while ((entry = period_table_iterate(state->periods, &iterator)) != NULL)
	{
		pq_sendint32(&buf, entry->period);
		pq_sendint64(&buf, entry->contacts);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* series_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_series_deserialfn);
Datum
engage_series_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *serialized = PG_GETARG_BYTEA_PP(0);
	StringInfoData buf = {.data = VARDATA_ANY(serialized), .len = VARSIZE_ANY_EXHDR(serialized)};
	SeriesState *state;

	aggregate_context(fcinfo);
	if (pq_getmsgbyte(&buf) != STATE_VERSION)
		elog(ERROR, "partial state of interrupted_time_series is of another version");
	state = make_series(CurrentMemoryContext, pq_getmsgint(&buf, 4));
	while (buf.cursor < buf.len)
	{
		int32 period = pq_getmsgint(&buf, 4);

		add_contacts(state, period, pq_getmsgint64(&buf));
	}
	PG_RETURN_POINTER(state);
}

static inline int
compare_periods(const SeriesPeriod *a, const SeriesPeriod *b)
{
	return (a->period > b->period) - (a->period < b->period);
}

#define ST_SORT sort_periods
#define ST_ELEMENT_TYPE SeriesPeriod
#define ST_COMPARE(a, b) compare_periods(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static SeriesPeriod *
sorted_series(const SeriesState *state, size_t *n)
{
	SeriesPeriod *series = palloc_extended(state->periods->members * sizeof(SeriesPeriod), MCXT_ALLOC_HUGE);
	period_table_iterator iterator;
	PeriodEntry *entry;

	*n = 0;
	period_table_start_iterate(state->periods, &iterator);
	while ((entry = period_table_iterate(state->periods, &iterator)) != NULL)
		series[(*n)++] = (SeriesPeriod){entry->contacts, entry->period};
	sort_periods(series, *n);
	return series;
}

/* What speaks against the use of the result. */
static Datum
series_warnings(const SeriesChange *change)
{
	Datum texts[4];
	int n = 0;
	double periods = (double) (change->periods_before + change->periods_after);

	if (Min(change->periods_before, change->periods_after) < ENOUGH_PERIODS)
		texts[n++] = CStringGetTextDatum(psprintf("few periods: " INT64_FORMAT " before and " INT64_FORMAT " after; have %d of each, or more",
												  change->periods_before, change->periods_after, ENOUGH_PERIODS));
	if (change->gaps > 0)
		texts[n++] = CStringGetTextDatum(psprintf("gaps: " INT64_FORMAT " periods between the first and the last are missing; one without contacts is a 0", change->gaps));
	if (change->autocorrelation > 2 / sqrt(periods))
		texts[n++] = CStringGetTextDatum(psprintf("autocorrelation: neighbouring periods are alike (%.2f); the widened intervals may still be too narrow", change->autocorrelation));
	if (!change->converged)
		texts[n++] = CStringGetTextDatum("not converged: one side has too few contacts or periods to tell its trend");
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* series_finalfn(internal) RETURNS interrupted_time_series */
ENGAGE_FUNCTION(engage_series_finalfn);
Datum
engage_series_finalfn(PG_FUNCTION_ARGS)
{
	SeriesState *state = series_argument(fcinfo, 0);
	SeriesPeriod *series;
	SeriesChange change;
	size_t n;
	Datum values[14];
	bool nulls[14] = {false};

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	series = sorted_series(state, &n);
	regression_of_series(&engage_host, series, n, state->change, &change);
	values[0] = Float8GetDatum(change.level.ratio);
	values[1] = Float8GetDatum(change.level.lower);
	values[2] = Float8GetDatum(change.level.upper);
	values[3] = Float8GetDatum(change.slope.ratio);
	values[4] = Float8GetDatum(change.slope.lower);
	values[5] = Float8GetDatum(change.slope.upper);
	values[6] = Float8GetDatum(change.trend_ratio);
	values[7] = Float8GetDatum(change.dispersion);
	values[8] = Float8GetDatum(change.autocorrelation);
	values[9] = Int64GetDatum(change.periods_before);
	values[10] = Int64GetDatum(change.periods_after);
	values[11] = Float8GetDatum(change.level.p);
	values[12] = Float8GetDatum(change.slope.p);
	values[13] = series_warnings(&change);
	PG_RETURN_DATUM(form_row(fcinfo, values, nulls));
}
