/*-------------------------------------------------------------------------
 * escalation_sql.c
 *	  escalation() and the aggregate escalation_prior() in SQL.
 *
 * The aggregate's state is a table of how many callers show each pattern of
 * windows: whole numbers, which are sorted before anything is computed from
 * them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "core/stats/escalation.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/arguments.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

#define STATE_VERSION 1
#define DEFAULT_WIDTH (7 * USECS_PER_DAY)
#define BLOCK 4096
#define DAY ((double) USECS_PER_DAY)

/* Places of the columns of engage.escalation_prior. */
enum
{
	PRIOR_CALLERS,
	PRIOR_OCCASIONS,
	PRIOR_RECENT,
	PRIOR_MEAN,
	PRIOR_SHAPE,
	PRIOR_DISPERSION,
	PRIOR_DISPERSIONS,
	PRIOR_WEIGHTS,
	PRIOR_COLUMNS
};

typedef struct PatternEntry
{
	EscalationPattern pattern;
	char status;
} PatternEntry;

#define PATTERN_KEY_BYTES offsetof(EscalationPattern, callers)

static inline uint32
hash_pattern(const EscalationPattern *pattern)
{
	return hash_bytes((const unsigned char *) pattern, PATTERN_KEY_BYTES);
}

#define SH_PREFIX pattern_table
#define SH_ELEMENT_TYPE PatternEntry
#define SH_KEY_TYPE EscalationPattern
#define SH_KEY pattern
#define SH_HASH_KEY(table, key) hash_pattern(&(key))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), PATTERN_KEY_BYTES) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct PriorState
{
	int64 as_of;
	int64 width;
	pattern_table_hash *patterns;
} PriorState;

static PriorState *
make_state(MemoryContext context, int64 as_of, int64 width)
{
	PriorState *state = MemoryContextAlloc(context, sizeof(PriorState));

	state->as_of = as_of;
	state->width = width;
	state->patterns = pattern_table_create(context, 256, NULL);
	return state;
}

static void
add_pattern(PriorState *state, const EscalationPattern *pattern)
{
	bool found;
	PatternEntry *entry = pattern_table_insert(state->patterns, *pattern, &found);

	if (found)
		entry->pattern.callers += pattern->callers;
}

static void
check_same(const PriorState *state, int64 as_of, int64 width)
{
	if (state->as_of != as_of || state->width != width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of or recent is not the same for every caller"),
				 errhint("Give both as constants, such as the time of the last load and interval '7 days'.")));
}

static int64
recent_width(const Interval *recent)
{
	int64 width = interval_width(recent, "recent window");

	if (width < USECS_PER_HOUR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a recent window must be an hour or longer"),
				 errhint("Give for example interval '7 days'.")));
	return width;
}

static void
count_timeline(EscalationCounts *counts, struct varlena *stored, int64 as_of, int64 width)
{
	TimelineReader reader;
	int64 times[BLOCK];
	size_t got;

	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("escalation cannot be computed as of an infinite time"),
				 errhint("Give the time up to which contacts are known.")));
	escalation_count_begin(counts, as_of, width);
	timeline_begin(&reader, stored);
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		escalation_count(counts, times, got);
	}
	timeline_report(reader.status);
}

/*
 * escalation_prior_transfn(internal, timeline, timestamptz) RETURNS internal
 * escalation_prior_transfn(internal, timeline, timestamptz, interval) RETURNS internal
 */
ENGAGE_FUNCTION(engage_escalation_prior_transfn);
Datum
engage_escalation_prior_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	PriorState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !(PG_NARGS() > 3 && PG_ARGISNULL(3)))
	{
		int64 as_of = PG_GETARG_TIMESTAMPTZ(2);
		int64 width = PG_NARGS() > 3 ? recent_width(PG_GETARG_INTERVAL_P(3)) : DEFAULT_WIDTH;
		EscalationPattern pattern;
		EscalationCounts counts;

		count_timeline(&counts, PG_GETARG_VARLENA_PP(1), as_of, width);
		escalation_pattern(&counts, &pattern);
		if (state == NULL)
			state = make_state(context, as_of, width);
		check_same(state, as_of, width);
		add_pattern(state, &pattern);
	}
	return aggregate_return(fcinfo, state);
}

/* escalation_prior_combinefn(internal, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_escalation_prior_combinefn);
Datum
engage_escalation_prior_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	PriorState *state = aggregate_state(fcinfo, 0);
	PriorState *other = aggregate_state(fcinfo, 1);
	pattern_table_iterator iterator;
	PatternEntry *entry;

	if (other != NULL)
	{
		if (state == NULL)
			state = make_state(context, other->as_of, other->width);
		check_same(state, other->as_of, other->width);
		pattern_table_start_iterate(other->patterns, &iterator);
		while ((entry = pattern_table_iterate(other->patterns, &iterator)) != NULL)
			add_pattern(state, &entry->pattern);
	}
	return aggregate_return(fcinfo, state);
}

/* All patterns in their order. */
static EscalationPattern *
sorted_patterns(PriorState *state)
{
	size_t n = 0;
	EscalationPattern *patterns = palloc_extended(state->patterns->members * sizeof(EscalationPattern), MCXT_ALLOC_HUGE);
	pattern_table_iterator iterator;
	PatternEntry *entry;

	pattern_table_start_iterate(state->patterns, &iterator);
	while ((entry = pattern_table_iterate(state->patterns, &iterator)) != NULL)
		patterns[n++] = entry->pattern;
	qsort(patterns, n, sizeof(EscalationPattern), escalation_compare_patterns);
	return patterns;
}

/* escalation_prior_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_escalation_prior_serialfn);
Datum
engage_escalation_prior_serialfn(PG_FUNCTION_ARGS)
{
	PriorState *state = (PriorState *) PG_GETARG_POINTER(0);
	EscalationPattern *patterns;
	StringInfoData buf;

	aggregate_context(fcinfo);
	patterns = sorted_patterns(state);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint64(&buf, state->as_of);
	pq_sendint64(&buf, state->width);
	for (uint32 i = 0; i < state->patterns->members; i++)
	{
		pq_sendbyte(&buf, (uint8) patterns[i].clustering);
		for (int w = 0; w < ESCALATION_WINDOWS; w++)
			pq_sendint64(&buf, patterns[i].windows[w]);
		pq_sendint64(&buf, patterns[i].callers);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* escalation_prior_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_escalation_prior_deserialfn);
Datum
engage_escalation_prior_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	PriorState *state;
	int64 as_of;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	as_of = pq_getmsgint64(&buf);
	state = make_state(CurrentMemoryContext, as_of, pq_getmsgint64(&buf));
	while (buf.cursor < buf.len)
	{
		EscalationPattern pattern;

		memset(&pattern, 0, sizeof(pattern));
		pattern.clustering = pq_getmsgbyte(&buf);
		for (int w = 0; w < ESCALATION_WINDOWS; w++)
			pattern.windows[w] = pq_getmsgint64(&buf);
		pattern.callers = pq_getmsgint64(&buf);
		add_pattern(state, &pattern);
	}
	PG_RETURN_POINTER(state);
}

/* Doubles as an array of rows. */
static Datum
doubles_array(const double *values, int rows, int columns)
{
	Datum *elements = palloc(sizeof(Datum) * rows * columns);
	int dims[2] = {rows, columns};
	int lower_bounds[2] = {1, 1};

	for (int i = 0; i < rows * columns; i++)
		elements[i] = Float8GetDatum(values[i]);
	return PointerGetDatum(construct_md_array(elements, NULL, rows > 1 ? 2 : 1, rows > 1 ? dims : dims + 1, lower_bounds,
											  FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* escalation_prior_finalfn(internal) RETURNS escalation_prior */
ENGAGE_FUNCTION(engage_escalation_prior_finalfn);
Datum
engage_escalation_prior_finalfn(PG_FUNCTION_ARGS)
{
	PriorState *state = aggregate_state(fcinfo, 0);
	Row row;
	EscalationPrior prior;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	escalation_fit(sorted_patterns(state), state->patterns->members, &engage_host, &prior);
	row_begin(&row, PRIOR_COLUMNS);
	row_set(&row, PRIOR_CALLERS, Int64GetDatum(prior.callers));
	row_set(&row, PRIOR_OCCASIONS, Int64GetDatum(prior.occasions));
	row_set(&row, PRIOR_RECENT, interval_datum((uint64) state->width));
	row_set_number(&row, PRIOR_MEAN, prior.mean / ((double) state->width / DAY));
	if (prior.mean > 0)
		row_set_number(&row, PRIOR_SHAPE, prior.shape);
	row_set_number(&row, PRIOR_DISPERSION, prior.dispersion);
	row_set(&row, PRIOR_DISPERSIONS, doubles_array(escalation_dispersions, 1, ESCALATION_DISPERSIONS));
	row_set(&row, PRIOR_WEIGHTS, doubles_array(&prior.weights[0][0], ESCALATION_CLASSES, ESCALATION_DISPERSIONS));
	return row_return(fcinfo, &row);
}

static void
refuse_prior(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid prior for escalation"),
			 errdetail("%s", detail),
			 errhint("Use what escalation_prior() gives.")));
}

/* Read this many doubles, none of them below the least. */
static void
read_doubles(Datum array, int n, double least, double *out)
{
	ArrayType *stored = DatumGetArrayTypeP(array);
	Datum *values;
	bool *nulls;
	int found;

	deconstruct_array(stored, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &found);
	if (found != n)
		refuse_prior("It has more or fewer dispersions or weights than this version.");
	for (int i = 0; i < n; i++)
	{
		out[i] = nulls[i] ? NAN : DatumGetFloat8(values[i]);
		if (!(out[i] >= least && isfinite(out[i])))
			refuse_prior("A dispersion or a weight is NULL, infinite or too small.");
	}
}

static void
read_weights(EscalationPrior *prior, const Datum *values)
{
	double dispersions[ESCALATION_DISPERSIONS];

	read_doubles(values[PRIOR_DISPERSIONS], ESCALATION_DISPERSIONS, 1, dispersions);
	if (memcmp(dispersions, escalation_dispersions, sizeof(dispersions)) != 0)
		refuse_prior("It has other dispersions than this version.");
	read_doubles(values[PRIOR_WEIGHTS], ESCALATION_CLASSES * ESCALATION_DISPERSIONS, 0, &prior->weights[0][0]);
	for (int c = 0; c < ESCALATION_CLASSES; c++)
	{
		double sum = 0;

		for (int k = 0; k < ESCALATION_DISPERSIONS; k++)
			sum += prior->weights[c][k];
		if (fabs(sum - 1) > 1e-6)
			refuse_prior("The weights of a class do not add up to 1.");
	}
}

/* Read a prior that a user gives, and may have made by hand; returns its window. */
static int64
read_prior(EscalationPrior *prior, HeapTupleHeader header)
{
	Row row;
	int64 width;

	row_read(header, PRIOR_COLUMNS, &row);
	if (row.nulls[PRIOR_RECENT] || row.nulls[PRIOR_MEAN] || row.nulls[PRIOR_DISPERSIONS] || row.nulls[PRIOR_WEIGHTS])
		refuse_prior("recent, mean, dispersions and weights must not be NULL.");
	width = recent_width(DatumGetIntervalP(row.values[PRIOR_RECENT]));
	memset(prior, 0, sizeof(*prior));
	prior->mean = DatumGetFloat8(row.values[PRIOR_MEAN]) * ((double) width / DAY);
	if (!(prior->mean >= 0 && isfinite(prior->mean)))
		refuse_prior("The mean must be a number of zero or more.");
	prior->shape = row.nulls[PRIOR_SHAPE] ? NAN : DatumGetFloat8(row.values[PRIOR_SHAPE]);
	if (prior->mean > 0 && !(prior->shape > 0))
		refuse_prior("The shape must be above zero.");
	read_weights(prior, row.values);
	return width;
}

/* The prior and the window of a call, which must fit each other. */
static int64
prior_argument(FunctionCallInfo fcinfo, EscalationPrior *prior)
{
	int64 width = PG_ARGISNULL(4) ? DEFAULT_WIDTH : recent_width(PG_GETARG_INTERVAL_P(4));
	int64 of_prior;

	if (PG_ARGISNULL(2))
	{
		escalation_default_prior(prior);
		return width;
	}
	of_prior = read_prior(prior, PG_GETARG_HEAPTUPLEHEADER(2));
	if (!PG_ARGISNULL(4) && of_prior != width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the prior is for another recent window"),
				 errhint("Leave recent out, or give escalation_prior() the same.")));
	return of_prior;
}

/* NaN if it is to be estimated. */
static double
dispersion_argument(FunctionCallInfo fcinfo)
{
	double dispersion = PG_ARGISNULL(3) ? NAN : PG_GETARG_FLOAT8(3);

	if (!PG_ARGISNULL(3) && !(dispersion >= 1 && isfinite(dispersion)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a dispersion must be 1 or more"),
				 errhint("1 is random, more is in bursts; leave it out to have it estimated.")));
	return dispersion;
}

/*
 * escalation(t timeline, as_of timestamptz, prior escalation_prior, dispersion double precision,
 *			recent interval, level double precision) RETURNS record
 */
ENGAGE_FUNCTION(engage_escalation);
Datum
engage_escalation(PG_FUNCTION_ARGS)
{
	Row row;
	EscalationPrior prior;
	EscalationCounts counts;
	EscalationLimits limits;
	Escalation tested;
	double dispersion;
	double days;
	double level;
	int64 width;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(5))
		PG_RETURN_NULL();
	width = prior_argument(fcinfo, &prior);
	dispersion = dispersion_argument(fcinfo);
	level = level_argument(fcinfo, 5);
	count_timeline(&counts, PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(1), width);
	escalation_test(&counts, &prior, dispersion, &engage_host, &tested);
	limits = escalation_limits(&counts, &tested, level, &engage_host);
	days = (double) width / DAY;
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(counts.recent_contacts));
	row_add(&row, Int64GetDatum(counts.baseline_contacts));
	row_add(&row, Int64GetDatum(counts.recent));
	row_add(&row, Int64GetDatum(counts.baseline));
	row_add_number(&row, (double) counts.recent / days);
	row_add_number(&row, tested.baseline / days);
	row_add_number(&row, (double) counts.recent / tested.baseline);
	row_add_number(&row, limits.lower);
	row_add_number(&row, limits.upper);
	row_add_number(&row, tested.p);
	row_add_number(&row, tested.dispersion);
	return row_return(fcinfo, &row);
}
