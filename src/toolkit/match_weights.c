/*-------------------------------------------------------------------------
 * match_weights.c
 *	  The aggregate match_weights_agg(pattern, n), which learns what agreement
 *	  is worth, and functions that weigh a pattern by what was learnt.
 *
 * The state is a table of distinct patterns and how many pairs show each: its
 * size follows the number of patterns, not of pairs.  The fit sees them sorted,
 * so the order in which they came changes no bit of the result.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/identity/fellegi_sunter.h"
#include "engage.h"
#include "toolkit/aggregate.h"
#include "toolkit/row.h"

/* Of the partial state. */
#define STATE_VERSION 1

/* Distinct patterns that a state may hold: 40 megabytes of them. */
#define MAX_PATTERNS 1000000

/* How the aggregate fits. */
#define MAX_ITERATIONS 5000
#define TOLERANCE 1e-9
#define PRIOR_COUNT 0.5

/* Fewer comparisons cannot distinguish two classes from one. */
#define FEWEST_COMPARISONS 3

typedef struct Levels
{
	signed char level[FS_MAX_COMPARISONS]; /* comparisons that do not exist are missing */
} Levels;

typedef struct PatternEntry
{
	Levels levels;
	int64 n; /* pairs that show it */
	char status;
} PatternEntry;

#define SH_PREFIX pattern_table
#define SH_ELEMENT_TYPE PatternEntry
#define SH_KEY_TYPE Levels
#define SH_KEY levels
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key).level, sizeof(Levels))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(Levels)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct WeightsState
{
	int ncomparisons;
	pattern_table_hash *table;
} WeightsState;

/* The columns of the type match_weights. */
enum
{
	COLUMN_LAMBDA,
	COLUMN_M,
	COLUMN_U,
	COLUMN_LEVELS,
	COLUMN_PATTERNS,
	COLUMN_PAIRS,
	COLUMN_ITERATIONS,
	COLUMN_CONVERGED,
	COLUMN_LOG_LIKELIHOOD,
	COLUMN_WARNINGS,
	NUM_COLUMNS
};

/* The levels of an array; returns the number of comparisons. */
static int
read_pattern(ArrayType *array, Levels *levels)
{
	Datum *values;
	bool *nulls;
	int n;

	if (ARR_NDIM(array) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg(ARR_NDIM(array) == 0 ? "a pattern is empty" : "a pattern has more than one dimension"),
				 errhint("Give an array with the level of each comparison.")));
	if (ARR_DIMS(array)[0] > FS_MAX_COMPARISONS)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a pattern has %d comparisons", ARR_DIMS(array)[0]),
				 errhint("Give at most %d.", FS_MAX_COMPARISONS)));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &values, &nulls, &n);
	memset(levels, FS_MISSING, sizeof(*levels));
	for (int k = 0; k < n; k++)
	{
		int32 level = nulls[k] ? FS_MISSING : DatumGetInt32(values[k]);

		if (level < FS_MISSING || level >= FS_MAX_LEVELS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a pattern has the level %d", level),
					 errhint("Levels are 0 (best agreement) to %d; -1 or NULL is missing.", FS_MAX_LEVELS - 1)));
		levels->level[k] = (signed char) level;
	}
	return n;
}

static WeightsState *
make_state(MemoryContext context, int ncomparisons, uint32 patterns)
{
	WeightsState *state = MemoryContextAlloc(context, sizeof(WeightsState));

	state->ncomparisons = ncomparisons;
	state->table = pattern_table_create(context, Max(patterns, 64), NULL);
	return state;
}

static void
check_comparisons(int a, int b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("patterns have %d and %d comparisons", Min(a, b), Max(a, b)),
				 errhint("Give every pattern all comparisons, in the same order; what is missing is NULL.")));
}

static void
add_pairs(WeightsState *state, const Levels *levels, int64 n)
{
	bool found;
	PatternEntry *entry = pattern_table_insert(state->table, *levels, &found);

	if (!found)
		entry->n = 0;
	if (pg_add_s64_overflow(entry->n, n, &entry->n))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the pairs of a pattern are out of range for bigint")));
	if (state->table->members > MAX_PATTERNS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there are more than %d distinct patterns", MAX_PATTERNS),
				 errhint("Compare in fewer ways, or by fewer levels.")));
}

/* match_weights_transfn(internal, integer[], bigint) RETURNS internal */
ENGAGE_FUNCTION(engage_match_weights_transfn);
Datum
engage_match_weights_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	WeightsState *state = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		Levels levels;
		int ncomparisons = read_pattern(PG_GETARG_ARRAYTYPE_P(1), &levels);
		int64 n = PG_GETARG_INT64(2);

		if (n < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a pattern cannot have " INT64_FORMAT " pairs", n),
					 errhint("Give how many pairs show the pattern, zero or more.")));
		if (n > 0)
		{
			if (state == NULL)
				state = make_state(context, ncomparisons, 0);
			check_comparisons(state->ncomparisons, ncomparisons);
			add_pairs(state, &levels, n);
		}
	}
	return aggregate_return(fcinfo, state);
}

/*
 * match_weights_combinefn(internal, internal) RETURNS internal
 *		The second state may live in another context, so it is always copied.
 */
ENGAGE_FUNCTION(engage_match_weights_combinefn);
Datum
engage_match_weights_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	WeightsState *state = aggregate_state(fcinfo, 0);
	WeightsState *other = aggregate_state(fcinfo, 1);
	pattern_table_iterator iterator;
	PatternEntry *entry;

	if (other != NULL)
	{
		if (state == NULL)
			state = make_state(context, other->ncomparisons, other->table->members);
		check_comparisons(state->ncomparisons, other->ncomparisons);
		pattern_table_start_iterate(other->table, &iterator);
		while ((entry = pattern_table_iterate(other->table, &iterator)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_pairs(state, &entry->levels, entry->n);
		}
	}
	return aggregate_return(fcinfo, state);
}

/* match_weights_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_match_weights_serialfn);
Datum
engage_match_weights_serialfn(PG_FUNCTION_ARGS)
{
	WeightsState *state = (WeightsState *) PG_GETARG_POINTER(0);
	pattern_table_iterator iterator;
	PatternEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	pq_sendint32(&buf, state->ncomparisons);
	pq_sendint32(&buf, state->table->members);
	pattern_table_start_iterate(state->table, &iterator);
	while ((entry = pattern_table_iterate(state->table, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		pq_sendbytes(&buf, (const char *) entry->levels.level, state->ncomparisons);
		pq_sendint64(&buf, entry->n);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* match_weights_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_match_weights_deserialfn);
Datum
engage_match_weights_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	WeightsState *state;
	int ncomparisons;
	uint32 patterns;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	ncomparisons = pq_getmsgint(&buf, 4);
	patterns = pq_getmsgint(&buf, 4);
	state = make_state(CurrentMemoryContext, ncomparisons, patterns);
	while (buf.cursor < buf.len)
	{
		Levels levels;

		CHECK_FOR_INTERRUPTS();
		memset(&levels, FS_MISSING, sizeof(levels));
		memcpy(levels.level, pq_getmsgbytes(&buf, ncomparisons), ncomparisons);
		add_pairs(state, &levels, pq_getmsgint64(&buf));
	}
	PG_RETURN_POINTER(state);
}

static inline int
compare_patterns(const FsPattern *a, const FsPattern *b)
{
	return memcmp(a->level, b->level, sizeof(a->level));
}

#define ST_SORT sort_patterns
#define ST_ELEMENT_TYPE FsPattern
#define ST_COMPARE(a, b) compare_patterns(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* All patterns in an order that does not depend on the input. */
static FsPattern *
sorted_patterns(pattern_table_hash *table)
{
	FsPattern *patterns = palloc(table->members * sizeof(FsPattern));
	pattern_table_iterator iterator;
	PatternEntry *entry;
	size_t n = 0;

	pattern_table_start_iterate(table, &iterator);
	while ((entry = pattern_table_iterate(table, &iterator)) != NULL)
	{
		memcpy(patterns[n].level, entry->levels.level, sizeof(patterns[n].level));
		patterns[n++].n = (double) entry->n;
	}
	sort_patterns(patterns, n);
	return patterns;
}

/* The levels of each comparison that occur, as bits, and so how many it has. */
static void
find_levels(FsModel *model, uint32 *seen, const FsPattern *patterns, size_t n)
{
	memset(seen, 0, FS_MAX_COMPARISONS * sizeof(uint32));
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < model->ncomparisons; k++)
			if (patterns[i].level[k] != FS_MISSING)
				seen[k] |= 1u << patterns[i].level[k];
	for (int k = 0; k < model->ncomparisons; k++)
		for (model->nlevels[k] = 1; seen[k] >> model->nlevels[k] != 0;)
			model->nlevels[k]++;
}

static bool
on_pause(void *arg)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

typedef struct Warnings
{
	int n;
	Datum texts[FS_MAX_COMPARISONS * FS_MAX_LEVELS + 8];
} Warnings;

static void
warn(Warnings *warnings, const char *text)
{
	warnings->texts[warnings->n++] = CStringGetTextDatum(text);
}

/* Reasons against using a comparison. */
static void
warn_of_comparison(Warnings *warnings, const FsModel *model, int k, uint32 seen)
{
	if (seen == 0)
	{
		warn(warnings, psprintf("comparison %d: no pair has a value", k + 1));
		return;
	}
	for (int l = 0; l < model->nlevels[k]; l++)
		if ((seen & (1u << l)) == 0)
			warn(warnings, psprintf("comparison %d: no pair shows level %d", k + 1, l));
	if (fs_tells_nothing(model, k))
		warn(warnings, psprintf("comparison %d has no effect: matches and others show its levels equally often", k + 1));
}

/* Reasons against using the model. */
static void
warn_of_model(Warnings *warnings, const FsModel *model, const FsPattern *patterns, size_t n, double pairs,
			  double log_likelihood)
{
	FsModel one = *model;
	int telling = 0;
	int more = 1; /* unknowns than one class has */

	fs_one_class(&one, patterns, n);
	for (int k = 0; k < model->ncomparisons; k++)
	{
		int seen = 0;

		for (int l = 0; l < model->nlevels[k]; l++)
			seen += one.u[k][l] > 0;
		more += seen - 1;
		telling += !fs_tells_nothing(model, k);
	}
	if (telling < FEWEST_COMPARISONS)
		warn(warnings, psprintf("comparisons that tell something: %d; with fewer than %d many models fit as well", telling, FEWEST_COMPARISONS));
	else if (n < (size_t) (2 * more))
		warn(warnings, psprintf("distinct patterns: " UINT64_FORMAT "; with fewer than %d many models fit as well", (uint64) n, 2 * more));

	/* by Akaike's criterion: each further unknown must improve the fit enough */
	if (log_likelihood - fs_log_likelihood(&one, patterns, n, 0) < more)
		warn(warnings, "two classes explain the pairs no better than one");
	if (model->lambda * pairs < 1)
		warn(warnings, "there is less than one match");
	if ((1 - model->lambda) * pairs < 1)
		warn(warnings, "there is less than one pair that is no match");
}

/* Shares of levels, a row for each comparison, filled up with NULL. */
static Datum
shares_array(const FsModel *model, double shares[FS_MAX_COMPARISONS][FS_MAX_LEVELS])
{
	Datum values[FS_MAX_COMPARISONS * FS_MAX_LEVELS];
	bool nulls[FS_MAX_COMPARISONS * FS_MAX_LEVELS];
	int dimensions[2] = {model->ncomparisons, 1};
	int lower[2] = {1, 1};
	int n = 0;

	for (int k = 0; k < model->ncomparisons; k++)
		dimensions[1] = Max(dimensions[1], model->nlevels[k]);
	for (int k = 0; k < model->ncomparisons; k++)
		for (int l = 0; l < dimensions[1]; l++, n++)
		{
			nulls[n] = l >= model->nlevels[k];
			values[n] = Float8GetDatum(nulls[n] ? 0 : shares[k][l]);
		}
	return PointerGetDatum(construct_md_array(values, nulls, 2, dimensions, lower, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
levels_array(const FsModel *model)
{
	Datum values[FS_MAX_COMPARISONS];

	for (int k = 0; k < model->ncomparisons; k++)
		values[k] = Int32GetDatum(model->nlevels[k]);
	return PointerGetDatum(construct_array(values, model->ncomparisons, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* match_weights_finalfn(internal) RETURNS match_weights */
ENGAGE_FUNCTION(engage_match_weights_finalfn);
Datum
engage_match_weights_finalfn(PG_FUNCTION_ARGS)
{
	WeightsState *state = aggregate_state(fcinfo, 0);
	FsOptions options = {.max_iterations = MAX_ITERATIONS, .tolerance = TOLERANCE, .prior_count = PRIOR_COUNT};
	FsModel model = {0};
	uint32 seen[FS_MAX_COMPARISONS];
	Warnings warnings = {0};
	FsResult result;
	FsPattern *patterns;
	size_t n;
	double pairs = 0;
	Row row;

	aggregate_context(fcinfo);
	if (state == NULL)
		PG_RETURN_NULL();
	patterns = sorted_patterns(state->table);
	n = state->table->members;
	for (size_t i = 0; i < n; i++)
		pairs += patterns[i].n;
	model.ncomparisons = state->ncomparisons;
	find_levels(&model, seen, patterns, n);
	fs_start(&model);
	result = fs_fit(&model, patterns, n, &options, on_pause, NULL);
	if (!result.converged)
		warn(&warnings, psprintf("not converged: after %d iterations a value still changed by %g or more", result.iterations, TOLERANCE));
	for (int k = 0; k < model.ncomparisons; k++)
		warn_of_comparison(&warnings, &model, k, seen[k]);
	warn_of_model(&warnings, &model, patterns, n, pairs, result.log_likelihood);
	row_begin(&row, NUM_COLUMNS);
	row_set_number(&row, COLUMN_LAMBDA, model.lambda);
	row_set(&row, COLUMN_M, shares_array(&model, model.m));
	row_set(&row, COLUMN_U, shares_array(&model, model.u));
	row_set(&row, COLUMN_LEVELS, levels_array(&model));
	row_set(&row, COLUMN_PATTERNS, Int64GetDatum((int64) n));
	row_set_number(&row, COLUMN_PAIRS, pairs);
	row_set(&row, COLUMN_ITERATIONS, Int32GetDatum(result.iterations));
	row_set(&row, COLUMN_CONVERGED, BoolGetDatum(result.converged));
	row_set_number(&row, COLUMN_LOG_LIKELIHOOD, result.log_likelihood);
	row_set(&row, COLUMN_WARNINGS, PointerGetDatum(construct_array(warnings.texts, warnings.n, TEXTOID, -1, false, TYPALIGN_INT)));
	return row_return(fcinfo, &row);
}

static void
refuse_model(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid model of match weights"),
			 errdetail("%s", detail),
			 errhint("Give what match_weights_agg() returned.")));
}

static void
read_shares(FsModel *model, double shares[FS_MAX_COMPARISONS][FS_MAX_LEVELS], Datum array)
{
	ArrayType *stored = DatumGetArrayTypeP(array);
	Datum *values;
	bool *nulls;
	int n;
	int width;

	if (ARR_NDIM(stored) != 2 || ARR_DIMS(stored)[0] != model->ncomparisons)
		refuse_model("m and u must have a row for each comparison.");
	width = ARR_DIMS(stored)[1];
	deconstruct_array(stored, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	for (int k = 0; k < model->ncomparisons; k++)
		for (int l = 0; l < model->nlevels[k]; l++)
		{
			int place = k * width + l;

			if (l >= width || nulls[place] || !(DatumGetFloat8(values[place]) >= 0 && DatumGetFloat8(values[place]) <= 1))
				refuse_model("m and u must have a number from 0 to 1 for each level.");
			shares[k][l] = DatumGetFloat8(values[place]);
		}
}

static void
read_levels(FsModel *model, Datum array)
{
	ArrayType *stored = DatumGetArrayTypeP(array);
	Datum *values;
	bool *nulls;

	if (ARR_NDIM(stored) != 1 || ARR_DIMS(stored)[0] > FS_MAX_COMPARISONS)
		refuse_model("There are too many comparisons, or none.");
	deconstruct_array(stored, INT4OID, sizeof(int32), true, TYPALIGN_INT, &values, &nulls, &model->ncomparisons);
	for (int k = 0; k < model->ncomparisons; k++)
	{
		model->nlevels[k] = nulls[k] ? 0 : DatumGetInt32(values[k]);
		if (model->nlevels[k] < 1 || model->nlevels[k] > FS_MAX_LEVELS)
			refuse_model("A comparison has too many levels, or none.");
	}
}

/* Read a model that a user gives, and may have made by hand. */
static void
read_model(FsModel *model, HeapTupleHeader header)
{
	Row row;

	row_read(header, NUM_COLUMNS, &row);
	if (row.nulls[COLUMN_LAMBDA] || row.nulls[COLUMN_M] || row.nulls[COLUMN_U] || row.nulls[COLUMN_LEVELS])
		refuse_model("lambda, m, u and levels must not be NULL.");
	memset(model, 0, sizeof(*model));
	model->lambda = DatumGetFloat8(row.values[COLUMN_LAMBDA]);
	if (!(model->lambda >= 0 && model->lambda <= 1))
		refuse_model("lambda must be from 0 to 1.");
	read_levels(model, row.values[COLUMN_LEVELS]);
	read_shares(model, model->m, row.values[COLUMN_M]);
	read_shares(model, model->u, row.values[COLUMN_U]);
}

/* The arguments (pattern, model), which must fit each other. */
static void
read_arguments(FunctionCallInfo fcinfo, Levels *levels, FsModel *model)
{
	int ncomparisons = read_pattern(PG_GETARG_ARRAYTYPE_P(0), levels);

	read_model(model, PG_GETARG_HEAPTUPLEHEADER(1));
	if (ncomparisons != model->ncomparisons)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the pattern has %d comparisons, the model %d", ncomparisons, model->ncomparisons),
				 errhint("Give the comparisons that the model was learnt from, in the same order.")));
	for (int k = 0; k < ncomparisons; k++)
		if (levels->level[k] >= model->nlevels[k])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the model does not know level %d of comparison %d", levels->level[k], k + 1),
					 errhint("It was learnt from pairs with levels up to %d.", model->nlevels[k] - 1)));
}

/*
 * match_weight(pattern integer[], model match_weights) RETURNS double precision
 *		Summed as the waterfall is, to the last bit.
 */
ENGAGE_FUNCTION(engage_match_weight);
Datum
engage_match_weight(PG_FUNCTION_ARGS)
{
	Levels levels;
	FsModel model;
	double weight;

	read_arguments(fcinfo, &levels, &model);
	weight = fs_prior_weight(&model);
	for (int k = 0; k < model.ncomparisons; k++)
		weight += fs_level_weight(&model, k, levels.level[k]);
	PG_RETURN_FLOAT8(weight);
}

/* match_probability(pattern integer[], model match_weights) RETURNS double precision */
ENGAGE_FUNCTION(engage_match_probability);
Datum
engage_match_probability(PG_FUNCTION_ARGS)
{
	Levels levels;
	FsModel model;

	read_arguments(fcinfo, &levels, &model);
	PG_RETURN_FLOAT8(fs_probability(&model, levels.level));
}

/*
 * match_weight_waterfall(pattern integer[], model match_weights) RETURNS SETOF record
 *		The prior, then each comparison.
 */
ENGAGE_FUNCTION(engage_match_weight_waterfall);
Datum
engage_match_weight_waterfall(PG_FUNCTION_ARGS)
{
	double running = 0;
	Levels levels;
	FsModel model;

	InitMaterializedSRF(fcinfo, 0);
	read_arguments(fcinfo, &levels, &model);
	for (int k = -1; k < model.ncomparisons; k++)
	{
		int level = k < 0 ? FS_MISSING : levels.level[k];
		double weight = k < 0 ? fs_prior_weight(&model) : fs_level_weight(&model, k, level);
		Row row;

		running += weight;
		row_begin(&row, 0);
		row_add(&row, Int32GetDatum(k + 1));
		if (level == FS_MISSING)
			row_add_null(&row);
		else
			row_add(&row, Int32GetDatum(level));
		row_add_number(&row, weight);
		row_add_number(&row, running);
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}
