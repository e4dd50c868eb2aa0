/*-------------------------------------------------------------------------
 * demand_model_sql.c
 *	  The aggregates demand_model_agg, and what follows from their models.
 *
 * A state holds 24 bytes per caller, in any order; they are sorted before they
 * are sent or fitted.  Contacts per occasion are summed up in whole numbers.
 * So the result depends neither on the order nor on the split of the callers.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/stats/demand_model.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/arguments.h"
#include "toolkit/demand_model_sql.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

/* Of the partial state. */
#define STATE_VERSION 1

#define FIRST_CAPACITY 64

/* Histories read or written between two checks for interrupts. */
#define BLOCK 4096

/* The columns of the type demand_model. */
enum
{
	COLUMN_R,
	COLUMN_ALPHA,
	COLUMN_A,
	COLUMN_B,
	COLUMN_OCCASION,
	COLUMN_CONTACTS_AN_OCCASION,
	COLUMN_OCCASION_WEIGHT,
	COLUMN_CALLERS,
	COLUMN_LOG_LIKELIHOOD,
	COLUMN_ITERATIONS,
	COLUMN_CONVERGED,
	NUM_COLUMNS
};

typedef struct DemandState
{
	DemandHistory *histories;
	size_t n;
	size_t capacity;
	int64 occasion; /* microseconds; 0 if callers come as summaries */
	DemandContacts contacts;
} DemandState;

#define ST_SORT sort_histories
#define ST_ELEMENT_TYPE DemandHistory
#define ST_COMPARE(a, b) demand_compare(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static DemandState *
make_state(MemoryContext context, int64 occasion, size_t capacity)
{
	DemandState *state = MemoryContextAllocZero(context, sizeof(DemandState));

	state->occasion = occasion;
	state->capacity = Max(capacity, FIRST_CAPACITY);
	state->histories = MemoryContextAllocHuge(context, state->capacity * sizeof(DemandHistory));
	return state;
}

static void
reserve(DemandState *state, size_t more)
{
	if (state->capacity - state->n >= more)
		return;
	state->capacity = Max(state->capacity * 2, state->n + more);
	state->histories = repalloc_huge(state->histories, state->capacity * sizeof(DemandHistory));
}

static void
check_occasion(const DemandState *state, int64 occasion)
{
	if (state->occasion != occasion)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the length of an occasion is not the same for every caller"),
				 errhint("Give the same interval in every row, such as '1 day'.")));
}

static void
check_sums(bool fit)
{
	if (!fit)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("there are too many contacts for a demand model"),
				 errhint("Fit it to fewer callers, or to a shorter time.")));
}

static void
add_caller(DemandState *state, const DemandSummary *summary)
{
	reserve(state, 1);
	state->histories[state->n++] = (DemandHistory){
		.recency = summary->recency,
		.age = summary->age,
		.frequency = (uint32) summary->frequency,
		.callers = 1,
	};
}

/* A summary as a user gives it. */
static DemandSummary
make_summary(int64 frequency, double recency, double age)
{
	if (frequency < 0 || frequency > DEMAND_MAX_FREQUENCY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a caller cannot have " INT64_FORMAT " repeats", frequency),
				 errhint("Give how many occasions came after the first: from 0 to %d.", DEMAND_MAX_FREQUENCY)));
	if (!(age == 0 || (age >= DEMAND_MIN_AGE && age <= DEMAND_MAX_AGE)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an age must be zero or a number from 1e-100 to 1e100"),
				 errhint("Give the time from the first occasion to now.")));
	if (!(recency >= 0 && recency <= age))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a recency must be from zero to the age"),
				 errhint("Give the time from the first occasion to the last.")));
	if (frequency == 0 && recency > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a caller without a repeat must have a recency of zero"),
				 errhint("Recency runs from the first occasion, not from the start of the data.")));
	/* no negative zeros: they would be other bytes */
	return (DemandSummary){.frequency = frequency, .recency = recency + 0.0, .age = age + 0.0};
}

/* Sum up a detoasted timeline; false if it has no contact up to as_of. */
static bool
sum_up_timeline(struct varlena *stored, int64 as_of, int64 occasion, DemandSummary *summary)
{
	int64 n;
	int64 *times;
	bool any;

	timeline_check_finite(as_of);
	times = timeline_times(stored, &n);
	any = demand_summarise(times, n, as_of, occasion, summary);
	pfree(times);
	return any;
}

/* demand_model_transfn(internal, timeline, timestamptz, interval) RETURNS internal */
ENGAGE_FUNCTION(engage_demand_model_transfn);
Datum
engage_demand_model_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DemandState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		int64 occasion = interval_width(PG_GETARG_INTERVAL_P(3), "width of an occasion");
		DemandSummary summary;

		if (state != NULL)
			check_occasion(state, occasion);
		if (sum_up_timeline(PG_GETARG_VARLENA_PP(1), PG_GETARG_TIMESTAMPTZ(2), occasion, &summary))
		{
			if (state == NULL)
				state = make_state(context, occasion, 0);
			add_caller(state, &summary);
			check_sums(demand_add_contacts(&state->contacts, &summary));
		}
	}
	return aggregate_return(fcinfo, state);
}

/*
 * demand_model_summary_transfn(internal, bigint, double precision,
 *			double precision) RETURNS internal
 */
ENGAGE_FUNCTION(engage_demand_model_summary_transfn);
Datum
engage_demand_model_summary_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DemandState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		DemandSummary summary = make_summary(PG_GETARG_INT64(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));

		if (state == NULL)
			state = make_state(context, 0, 0);
		add_caller(state, &summary);
	}
	return aggregate_return(fcinfo, state);
}

/*
 * demand_model_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_demand_model_combinefn);
Datum
engage_demand_model_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	DemandState *state = aggregate_state(fcinfo, 0);
	DemandState *other = aggregate_state(fcinfo, 1);

	if (other != NULL)
	{
		if (state == NULL)
			state = make_state(context, other->occasion, other->n);
		check_occasion(state, other->occasion);
		reserve(state, other->n);
		memcpy(state->histories + state->n, other->histories, other->n * sizeof(DemandHistory));
		state->n += other->n;
		check_sums(demand_join_contacts(&state->contacts, &other->contacts));
	}
	return aggregate_return(fcinfo, state);
}

/* In an order that does not depend on the input, equal ones together. */
static void
sort_and_group(DemandState *state)
{
	sort_histories(state->histories, state->n);
	state->n = demand_group(state->histories, state->n);
}

static void
send_varint(StringInfo buf, uint32 value)
{
	uint8 bytes[TIMELINE_VARINT_MAX];

	pq_sendbytes(buf, (const char *) bytes, timeline_put_varint(bytes, value) - bytes);
}

static uint32
read_varint(StringInfo buf)
{
	const uint8 *next = (const uint8 *) buf->data + buf->cursor;
	uint64 value;

	if (!timeline_get_varint(&next, (const uint8 *) buf->data + buf->len, &value))
		aggregate_refuse_state();
	buf->cursor = (int) (next - (const uint8 *) buf->data);
	return (uint32) value;
}

/* demand_model_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_demand_model_serialfn);
Datum
engage_demand_model_serialfn(PG_FUNCTION_ARGS)
{
	DemandState *state = (DemandState *) PG_GETARG_POINTER(0);
	const DemandContacts *sums = &state->contacts;
	StringInfoData buf;

	aggregate_context(fcinfo);
	sort_and_group(state);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint64(&buf, state->occasion);
	pq_sendint64(&buf, sums->callers);
	pq_sendint64(&buf, sums->occasions);
	pq_sendint64(&buf, sums->contacts);
	pq_sendint64(&buf, sums->squares);
	pq_sendint64(&buf, sums->occasions_squared);
	pq_sendint64(&buf, sums->mean_squares);
	pq_sendint64(&buf, sums->mean_squares_rest);
	pq_sendint64(&buf, (int64) state->n);
	for (size_t i = 0; i < state->n; i++)
	{
		const DemandHistory *h = &state->histories[i];

		if (i % BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		send_varint(&buf, h->callers);
		send_varint(&buf, h->frequency);
		pq_sendfloat8(&buf, h->age);
		if (h->frequency > 0)
			pq_sendfloat8(&buf, h->recency);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* demand_model_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_demand_model_deserialfn);
Datum
engage_demand_model_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	DemandState *state;
	DemandContacts sums;
	int64 occasion;
	size_t n;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	occasion = pq_getmsgint64(&buf);
	sums.callers = pq_getmsgint64(&buf);
	sums.occasions = pq_getmsgint64(&buf);
	sums.contacts = pq_getmsgint64(&buf);
	sums.squares = pq_getmsgint64(&buf);
	sums.occasions_squared = pq_getmsgint64(&buf);
	sums.mean_squares = pq_getmsgint64(&buf);
	sums.mean_squares_rest = pq_getmsgint64(&buf);
	n = (size_t) pq_getmsgint64(&buf);
	state = make_state(CurrentMemoryContext, occasion, n);
	state->contacts = sums;
	for (; state->n < n; state->n++)
	{
		DemandHistory *h = &state->histories[state->n];

		if (state->n % BLOCK == 0)
			CHECK_FOR_INTERRUPTS();
		h->callers = read_varint(&buf);
		h->frequency = read_varint(&buf);
		h->age = pq_getmsgfloat8(&buf);
		h->recency = h->frequency > 0 ? pq_getmsgfloat8(&buf) : 0;
	}
	PG_RETURN_POINTER(state);
}

/* demand_model_finalfn(internal) RETURNS demand_model */
ENGAGE_FUNCTION(engage_demand_model_finalfn);
Datum
engage_demand_model_finalfn(PG_FUNCTION_ARGS)
{
	DemandState *state = aggregate_state(fcinfo, 0);
	DemandModel model = {0};
	Row row;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	sort_and_group(state);
	demand_fit(&model, state->histories, state->n, &engage_host);
	row_begin(&row, NUM_COLUMNS);
	row_set_number(&row, COLUMN_R, model.r);
	row_set_number(&row, COLUMN_ALPHA, model.alpha);
	row_set_number(&row, COLUMN_A, model.a);
	row_set_number(&row, COLUMN_B, model.b);
	if (state->occasion > 0)
	{
		demand_weigh_contacts(&model, &state->contacts);
		row_set(&row, COLUMN_OCCASION, interval_datum((uint64) state->occasion));
		row_set_number(&row, COLUMN_CONTACTS_AN_OCCASION, model.contacts_per_occasion);
		row_set_number(&row, COLUMN_OCCASION_WEIGHT, model.occasion_weight);
	}
	row_set(&row, COLUMN_CALLERS, Int64GetDatum(model.callers));
	row_set_number(&row, COLUMN_LOG_LIKELIHOOD, model.log_likelihood);
	row_set(&row, COLUMN_ITERATIONS, Int32GetDatum(model.iterations));
	row_set(&row, COLUMN_CONVERGED, BoolGetDatum(model.converged));
	return row_return(fcinfo, &row);
}

static void
refuse_model(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid demand model"),
			 errdetail("%s", detail),
			 errhint("Give what demand_model_agg() returned.")));
}

static double
read_parameter(const Row *row, int column, double least, double most)
{
	double value = row->nulls[column] ? 0 : DatumGetFloat8(row->values[column]);

	if (!(value >= least && value <= most))
		refuse_model("r, a and b must be numbers from 1e-9 to 1e9, and alpha from 1e-120 to 1e120.");
	return value;
}

/* The part of a model about contacts and occasions, if it was made from timelines. */
static void
read_occasions(DemandModel *model, const Row *row)
{
	if (row->nulls[COLUMN_OCCASION])
		return;
	model->occasion = interval_width(DatumGetIntervalP(row->values[COLUMN_OCCASION]), "width of an occasion");
	if (row->nulls[COLUMN_CONTACTS_AN_OCCASION] || row->nulls[COLUMN_OCCASION_WEIGHT])
		refuse_model("An occasion needs its contacts and its weight.");
	model->contacts_per_occasion = DatumGetFloat8(row->values[COLUMN_CONTACTS_AN_OCCASION]);
	model->occasion_weight = DatumGetFloat8(row->values[COLUMN_OCCASION_WEIGHT]);
	if (!(model->contacts_per_occasion >= 1 && !isinf(model->contacts_per_occasion)))
		refuse_model("There must be at least one contact an occasion.");
	if (!(model->occasion_weight >= 0))
		refuse_model("The weight of the occasions must be zero or more.");
}

/*
 * demand_model_from_datum
 *		Read a model that a user gives, and may have made by hand.
 */
void
demand_model_from_datum(HeapTupleHeader header, DemandModel *model)
{
	Row row;

	row_read(header, NUM_COLUMNS, &row);
	memset(model, 0, sizeof(*model));
	model->r = read_parameter(&row, COLUMN_R, DEMAND_MIN_SHAPE, DEMAND_MAX_SHAPE);
	model->alpha = read_parameter(&row, COLUMN_ALPHA, DEMAND_MIN_ALPHA, DEMAND_MAX_ALPHA);
	model->a = read_parameter(&row, COLUMN_A, DEMAND_MIN_SHAPE, DEMAND_MAX_SHAPE);
	model->b = read_parameter(&row, COLUMN_B, DEMAND_MIN_SHAPE, DEMAND_MAX_SHAPE);
	read_occasions(model, &row);
	model->callers = row.nulls[COLUMN_CALLERS] ? 0 : DatumGetInt64(row.values[COLUMN_CALLERS]);
	model->log_likelihood = row.nulls[COLUMN_LOG_LIKELIHOOD] ? 0 : DatumGetFloat8(row.values[COLUMN_LOG_LIKELIHOOD]);
	model->iterations = row.nulls[COLUMN_ITERATIONS] ? 0 : DatumGetInt32(row.values[COLUMN_ITERATIONS]);
	model->converged = !row.nulls[COLUMN_CONVERGED] && DatumGetBool(row.values[COLUMN_CONVERGED]);
}

/* The model of the last call, with its bytes. */
typedef struct ModelCache
{
	DemandModel model;
	uint32 size;
	char bytes[FLEXIBLE_ARRAY_MEMBER];
} ModelCache;

/* A model that is an argument, read again only if it is not the one of the last call. */
static const DemandModel *
model_argument(FunctionCallInfo fcinfo, int n)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(n);
	ModelCache *cache = fcinfo->flinfo->fn_extra;
	uint32 size = HeapTupleHeaderGetDatumLength(header);

	if (cache == NULL || cache->size != size || memcmp(cache->bytes, header, size) != 0)
	{
		DemandModel model;

		demand_model_from_datum(header, &model);
		if (cache != NULL && cache->size != size)
		{
			fcinfo->flinfo->fn_extra = NULL;
			pfree(cache);
			cache = NULL;
		}
		if (cache == NULL)
			cache = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, offsetof(ModelCache, bytes) + size);
		cache->model = model;
		cache->size = size;
		memcpy(cache->bytes, header, size);
		fcinfo->flinfo->fn_extra = cache;
	}
	return &cache->model;
}

/* The same, for use with timelines. */
static const DemandModel *
timeline_model_argument(FunctionCallInfo fcinfo, int n)
{
	const DemandModel *model = model_argument(fcinfo, n);

	if (model->occasion == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this demand model was made from summaries, and does not define an occasion"),
				 errhint("Make it from timelines, or ask it about a frequency, recency and age.")));
	return model;
}

/* demand_summary(t timeline, as_of timestamptz, occasion interval) RETURNS record */
ENGAGE_FUNCTION(engage_demand_summary);
Datum
engage_demand_summary(PG_FUNCTION_ARGS)
{
	int64 occasion = interval_width(PG_GETARG_INTERVAL_P(2), "width of an occasion");
	DemandSummary summary;
	Row row;

	if (!sum_up_timeline(PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(1), occasion, &summary))
		PG_RETURN_NULL();
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(summary.frequency));
	row_add_number(&row, summary.recency);
	row_add_number(&row, summary.age);
	row_add(&row, Int64GetDatum(summary.contacts));
	return row_return(fcinfo, &row);
}

/* The arguments (t, model, as_of, ...); false if there is no contact. */
static bool
read_caller(FunctionCallInfo fcinfo, const DemandModel **model, DemandSummary *summary)
{
	*model = timeline_model_argument(fcinfo, 1);
	return sum_up_timeline(PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(2), (*model)->occasion, summary);
}

static double
horizon_in_days(FunctionCallInfo fcinfo, int n)
{
	return (double) interval_span(PG_GETARG_INTERVAL_P(n), "horizon") / DEMAND_DAY;
}

static double
horizon_in_units(FunctionCallInfo fcinfo, int n)
{
	double horizon = PG_GETARG_FLOAT8(n);

	if (!(horizon > 0 && !isinf(horizon)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a horizon must be a number above zero"),
				 errhint("Give it in the unit of the model's times.")));
	return horizon;
}

/*
 * expected_contacts(t timeline, model demand_model, as_of timestamptz,
 *			horizon interval) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_expected_contacts);
Datum
engage_expected_contacts(PG_FUNCTION_ARGS)
{
	double horizon = horizon_in_days(fcinfo, 3);
	const DemandModel *model;
	DemandSummary summary;

	if (!read_caller(fcinfo, &model, &summary))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(demand_expected_contacts(model, &summary, horizon));
}

/*
 * expected_occasions(t timeline, model demand_model, as_of timestamptz,
 *			horizon interval) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_expected_occasions);
Datum
engage_expected_occasions(PG_FUNCTION_ARGS)
{
	double horizon = horizon_in_days(fcinfo, 3);
	const DemandModel *model;
	DemandSummary summary;

	if (!read_caller(fcinfo, &model, &summary))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(demand_expected_occasions(model, &summary, horizon));
}

/* probability_active(t timeline, model demand_model, as_of timestamptz) RETURNS double precision */
ENGAGE_FUNCTION(engage_probability_active);
Datum
engage_probability_active(PG_FUNCTION_ARGS)
{
	const DemandModel *model;
	DemandSummary summary;

	if (!read_caller(fcinfo, &model, &summary))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(demand_probability_active(model, &summary));
}

/*
 * expected_occasions(frequency bigint, recency double precision, age double precision,
 *			model demand_model, horizon double precision) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_expected_occasions_of_summary);
Datum
engage_expected_occasions_of_summary(PG_FUNCTION_ARGS)
{
	DemandSummary summary = make_summary(PG_GETARG_INT64(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));

	PG_RETURN_FLOAT8(demand_expected_occasions(model_argument(fcinfo, 3), &summary, horizon_in_units(fcinfo, 4)));
}

/* expected_occasions(model demand_model, horizon double precision) RETURNS double precision */
ENGAGE_FUNCTION(engage_expected_occasions_of_new);
Datum
engage_expected_occasions_of_new(PG_FUNCTION_ARGS)
{
	DemandSummary summary = {0};

	PG_RETURN_FLOAT8(demand_expected_occasions(model_argument(fcinfo, 0), &summary, horizon_in_units(fcinfo, 1)));
}

/*
 * probability_active(frequency bigint, recency double precision, age double precision,
 *			model demand_model) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_probability_active_of_summary);
Datum
engage_probability_active_of_summary(PG_FUNCTION_ARGS)
{
	DemandSummary summary = make_summary(PG_GETARG_INT64(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));

	PG_RETURN_FLOAT8(demand_probability_active(model_argument(fcinfo, 3), &summary));
}
