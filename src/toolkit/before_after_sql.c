/*-------------------------------------------------------------------------
 * before_after_sql.c
 *	  The SQL surface of before_after.c and gamma_prior.c.
 *
 * The states of both aggregates are tables of equal rows, with how many there
 * are or their sums, all in whole numbers: their size follows the number of
 * different rows, not of callers.  Sorted, they go to the core, so the order in
 * which rows came changes no bit of the result.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/stats/before_after.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/aggregate.h"
#include "toolkit/arguments.h"
#include "toolkit/row.h"

/* Of the partial states. */
#define STATE_VERSION 1

static int64
count_argument(FunctionCallInfo fcinfo, int n)
{
	int64 count = PG_GETARG_INT64(n);

	if (count < 0 || count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a caller cannot have " INT64_FORMAT " contacts", count),
				 errhint("Give one count per caller, from 0 to %d.", PG_INT32_MAX)));
	return count;
}

/* ----------------------------------- gamma_prior_agg(contacts, exposure) */

typedef struct CountKey
{
	int64 contacts;
	float8 exposure;
} CountKey;

typedef struct CountEntry
{
	CountKey key;
	int64 callers;
	char status;
} CountEntry;

#define SH_PREFIX count_table
#define SH_ELEMENT_TYPE CountEntry
#define SH_KEY_TYPE CountKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) &(key), sizeof(CountKey))
#define SH_EQUAL(table, a, b) ((a).contacts == (b).contacts && (a).exposure == (b).exposure)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void
add_callers(count_table_hash *table, CountKey key, int64 callers)
{
	bool found;
	CountEntry *entry = count_table_insert(table, key, &found);

	if (!found)
		entry->callers = 0;
	entry->callers += callers;
}

/* gamma_prior_transfn(internal, bigint, double precision) RETURNS internal */
ENGAGE_FUNCTION(engage_gamma_prior_transfn);
Datum
engage_gamma_prior_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	count_table_hash *table = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		CountKey key = {.contacts = count_argument(fcinfo, 1), .exposure = PG_GETARG_FLOAT8(2)};

		if (!(key.exposure > 0) || isinf(key.exposure))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("an exposure cannot be %g", key.exposure),
					 errhint("Give for how long the caller's contacts were counted, above zero, in the same unit for all.")));
		if (table == NULL)
			table = count_table_create(context, 64, NULL);
		add_callers(table, key, 1);
	}
	return aggregate_return(fcinfo, table);
}

/* gamma_prior_combinefn(internal, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_gamma_prior_combinefn);
Datum
engage_gamma_prior_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	count_table_hash *table = aggregate_state(fcinfo, 0);
	count_table_hash *other = aggregate_state(fcinfo, 1);
	count_table_iterator iterator;
	CountEntry *entry;

	if (other != NULL)
	{
		if (table == NULL)
			table = count_table_create(context, other->members, NULL);
		count_table_start_iterate(other, &iterator);
		while ((entry = count_table_iterate(other, &iterator)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			add_callers(table, entry->key, entry->callers);
		}
	}
	return aggregate_return(fcinfo, table);
}

/* gamma_prior_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_gamma_prior_serialfn);
Datum
engage_gamma_prior_serialfn(PG_FUNCTION_ARGS)
{
	count_table_hash *table = (count_table_hash *) PG_GETARG_POINTER(0);
	count_table_iterator iterator;
	CountEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	count_table_start_iterate(table, &iterator);
	while ((entry = count_table_iterate(table, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&buf, entry->key.contacts);
		pq_sendfloat8(&buf, entry->key.exposure);
		pq_sendint64(&buf, entry->callers);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* gamma_prior_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_gamma_prior_deserialfn);
Datum
engage_gamma_prior_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	count_table_hash *table;

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	table = count_table_create(CurrentMemoryContext, Max(buf.len / 24, 64), NULL);
	while (buf.cursor < buf.len)
	{
		CountKey key;

		CHECK_FOR_INTERRUPTS();
		key.contacts = pq_getmsgint64(&buf);
		key.exposure = pq_getmsgfloat8(&buf);
		add_callers(table, key, pq_getmsgint64(&buf));
	}
	PG_RETURN_POINTER(table);
}

static inline int
compare_counts(const GammaPriorGroup *a, const GammaPriorGroup *b)
{
	if (a->contacts != b->contacts)
		return a->contacts < b->contacts ? -1 : 1;
	return (a->exposure > b->exposure) - (a->exposure < b->exposure);
}

#define ST_SORT sort_counts
#define ST_ELEMENT_TYPE GammaPriorGroup
#define ST_COMPARE(a, b) compare_counts(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* gamma_prior_finalfn(internal) RETURNS gamma_prior */
ENGAGE_FUNCTION(engage_gamma_prior_finalfn);
Datum
engage_gamma_prior_finalfn(PG_FUNCTION_ARGS)
{
	count_table_hash *table = aggregate_state(fcinfo, 0);
	count_table_iterator iterator;
	CountEntry *entry;
	GammaPriorGroup *groups;
	GammaPrior prior;
	size_t n = 0;
	int64 callers = 0;
	Row row;

	aggregate_context(fcinfo);
	if (table == NULL)
		PG_RETURN_NULL();
	groups = engage_host.alloc(table->members * sizeof(GammaPriorGroup));
	count_table_start_iterate(table, &iterator);
	while ((entry = count_table_iterate(table, &iterator)) != NULL)
	{
		groups[n].contacts = entry->key.contacts;
		groups[n].exposure = entry->key.exposure;
		groups[n++].callers = (double) entry->callers;
		callers += entry->callers;
	}
	sort_counts(groups, n);
	gamma_prior_fit(&prior, groups, n, &engage_host);
	row_begin(&row, 0);
	row_add_number(&row, prior.mean);
	row_add_number(&row, prior.shape);
	row_add(&row, Int64GetDatum(callers));
	row_add_number(&row, prior.log_likelihood);
	row_add(&row, Int32GetDatum(prior.iterations));
	row_add(&row, BoolGetDatum(prior.converged));
	return row_return(fcinfo, &row);
}

/* ---------------------------------- before_after(before, after, managed) */

typedef struct ChangeEntry
{
	int64 before;
	BeforeAfterGroup group;
	char status;
} ChangeEntry;

#define SH_PREFIX change_table
#define SH_ELEMENT_TYPE ChangeEntry
#define SH_KEY_TYPE int64
#define SH_KEY before
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) &(key), sizeof(int64))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Counts are below 2^31, so that only their squares can be too large in sum. */
static void
add_side(BeforeAfterSide *side, const BeforeAfterSide *other)
{
	side->callers += other->callers;
	side->after += other->after;
	if (pg_add_s64_overflow(side->after_squares, other->after_squares, &side->after_squares))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of squared contacts is out of range for bigint"),
				 errhint("Give one count per caller, not one for all.")));
}

static BeforeAfterGroup *
group_of(change_table_hash *table, int64 before)
{
	bool found;
	ChangeEntry *entry = change_table_insert(table, before, &found);

	if (!found)
		entry->group = (BeforeAfterGroup){.before = before};
	return &entry->group;
}

/* before_after_transfn(internal, bigint, bigint, boolean) RETURNS internal */
ENGAGE_FUNCTION(engage_before_after_transfn);
Datum
engage_before_after_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	change_table_hash *table = aggregate_state(fcinfo, 0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		int64 before = count_argument(fcinfo, 1);
		int64 after = count_argument(fcinfo, 2);
		BeforeAfterSide one = {.callers = 1, .after = after, .after_squares = after * after};
		BeforeAfterGroup *group;

		if (table == NULL)
			table = change_table_create(context, 64, NULL);
		group = group_of(table, before);
		add_side(PG_GETARG_BOOL(3) ? &group->managed : &group->unmanaged, &one);
	}
	return aggregate_return(fcinfo, table);
}

/* before_after_combinefn(internal, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_before_after_combinefn);
Datum
engage_before_after_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	change_table_hash *table = aggregate_state(fcinfo, 0);
	change_table_hash *other = aggregate_state(fcinfo, 1);
	change_table_iterator iterator;
	ChangeEntry *entry;

	if (other != NULL)
	{
		if (table == NULL)
			table = change_table_create(context, 64, NULL);
		change_table_start_iterate(other, &iterator);
		while ((entry = change_table_iterate(other, &iterator)) != NULL)
		{
			BeforeAfterGroup *group = group_of(table, entry->before);

			CHECK_FOR_INTERRUPTS();
			add_side(&group->managed, &entry->group.managed);
			add_side(&group->unmanaged, &entry->group.unmanaged);
		}
	}
	return aggregate_return(fcinfo, table);
}

static void
send_side(StringInfo buf, const BeforeAfterSide *side)
{
	pq_sendint64(buf, side->callers);
	pq_sendint64(buf, side->after);
	pq_sendint64(buf, side->after_squares);
}

static BeforeAfterSide
receive_side(StringInfo buf)
{
	BeforeAfterSide side;

	side.callers = pq_getmsgint64(buf);
	side.after = pq_getmsgint64(buf);
	side.after_squares = pq_getmsgint64(buf);
	return side;
}

/* before_after_serialfn(internal) RETURNS bytea */
ENGAGE_FUNCTION(engage_before_after_serialfn);
Datum
engage_before_after_serialfn(PG_FUNCTION_ARGS)
{
	change_table_hash *table = (change_table_hash *) PG_GETARG_POINTER(0);
	change_table_iterator iterator;
	ChangeEntry *entry;
	StringInfoData buf;

	aggregate_context(fcinfo);
	aggregate_send(&buf, STATE_VERSION);
	change_table_start_iterate(table, &iterator);
	while ((entry = change_table_iterate(table, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&buf, entry->before);
		send_side(&buf, &entry->group.unmanaged);
		send_side(&buf, &entry->group.managed);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* before_after_deserialfn(bytea, internal) RETURNS internal */
ENGAGE_FUNCTION(engage_before_after_deserialfn);
Datum
engage_before_after_deserialfn(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	change_table_hash *table = change_table_create(CurrentMemoryContext, 64, NULL);

	aggregate_context(fcinfo);
	aggregate_receive(&buf, PG_GETARG_BYTEA_PP(0), STATE_VERSION);
	while (buf.cursor < buf.len)
	{
		BeforeAfterGroup *group = group_of(table, pq_getmsgint64(&buf));

		CHECK_FOR_INTERRUPTS();
		group->unmanaged = receive_side(&buf);
		group->managed = receive_side(&buf);
	}
	PG_RETURN_POINTER(table);
}

static inline int
compare_changes(const BeforeAfterGroup *a, const BeforeAfterGroup *b)
{
	return (a->before > b->before) - (a->before < b->before);
}

#define ST_SORT sort_changes
#define ST_ELEMENT_TYPE BeforeAfterGroup
#define ST_COMPARE(a, b) compare_changes(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/* All groups, in ascending order of the count before. */
static BeforeAfterGroup *
sorted_changes(change_table_hash *table)
{
	BeforeAfterGroup *groups = engage_host.alloc(table->members * sizeof(BeforeAfterGroup));
	change_table_iterator iterator;
	ChangeEntry *entry;
	size_t n = 0;

	change_table_start_iterate(table, &iterator);
	while ((entry = change_table_iterate(table, &iterator)) != NULL)
		groups[n++] = entry->group;
	sort_changes(groups, n);
	return groups;
}

static char *
warning_text(const BeforeAfter *result, int warning)
{
	switch (warning)
	{
		case BEFORE_AFTER_NO_MANAGED:
			return "no caller is managed";
		case BEFORE_AFTER_FEW_MANAGED:
			return psprintf("few managed callers: " INT64_FORMAT, result->managed);
		case BEFORE_AFTER_NO_UNMANAGED:
			return "no unmanaged callers: season, and how rates move, are not taken out";
		case BEFORE_AFTER_NOTHING_EXPECTED:
			return "no contacts are expected of the managed, so there is nothing to compare with";
		case BEFORE_AFTER_NOT_CONVERGED:
			return "the prior did not converge";
		case BEFORE_AFTER_ALIKE:
			return "counts before vary no more than by chance: give all callers, not the chosen alone";
		case BEFORE_AFTER_RATES_MOVE:
			return psprintf("rates move: unmanaged callers vary %.1f times as much as expected", result->dispersion);
		case BEFORE_AFTER_CALIBRATION:
			return psprintf("rates move: unmanaged callers keep to %.2f of what sets them apart, where 1 is expected", result->calibration);
		case BEFORE_AFTER_NONE_COMPARABLE:
			return "no unmanaged callers with comparable counts: what is expected is extrapolated";
		case BEFORE_AFTER_SPREAD:
			return "the prior does not fit callers with as many contacts as the managed";
		default:
			return psprintf("without comparable unmanaged callers: " INT64_FORMAT " of " INT64_FORMAT " managed",
							result->managed - result->comparable_managed, result->managed);
	}
}

static Datum
warnings_array(const BeforeAfter *result)
{
	Datum texts[16];
	int n = 0;

	for (int warning = 1; warning <= BEFORE_AFTER_SPREAD; warning *= 2)
		if (result->warnings & warning)
			texts[n++] = CStringGetTextDatum(warning_text(result, warning));
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
add_effect(Row *row, const EffectSize *effect)
{
	row_add_number(row, effect->effect);
	row_add_number(row, effect->lower);
	row_add_number(row, effect->upper);
	row_add_number(row, effect->p_value);
}

/* before_after_finalfn(internal) RETURNS before_after_result */
ENGAGE_FUNCTION(engage_before_after_finalfn);
Datum
engage_before_after_finalfn(PG_FUNCTION_ARGS)
{
	change_table_hash *table = aggregate_state(fcinfo, 0);
	BeforeAfter result;
	Row row;

	aggregate_context(fcinfo);
	if (table == NULL)
		PG_RETURN_NULL();
	before_after_compute(&result, sorted_changes(table), table->members, &engage_host);
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(result.callers));
	row_add(&row, Int64GetDatum(result.managed));
	row_add(&row, Int64GetDatum(result.before));
	row_add(&row, Int64GetDatum(result.after));
	row_add_number(&row, result.naive_ratio);
	row_add_number(&row, result.prior.mean);
	row_add_number(&row, result.prior.shape);
	row_add_number(&row, result.expected_before);
	row_add_number(&row, result.comparison_ratio);
	row_add_number(&row, result.calibration);
	row_add_number(&row, result.expected_after);
	row_add_number(&row, result.expected_sd);
	add_effect(&row, &result.effect);
	row_add_number(&row, result.power);
	row_add_number(&row, result.detectable);
	row_add_number(&row, result.dispersion);
	row_add(&row, Int64GetDatum(result.comparable));
	row_add(&row, Int64GetDatum(result.comparable_managed));
	add_effect(&row, &result.comparable_effect);
	row_add(&row, warnings_array(&result));
	return row_return(fcinfo, &row);
}

/* ------------------------------------------------ One number from others */

/* An argument that must be a finite number, zero or more; or above zero. */
static double
number_argument(FunctionCallInfo fcinfo, int n, const char *name, bool zero)
{
	double number = PG_GETARG_FLOAT8(n);

	if (!(zero ? number >= 0 : number > 0) || isinf(number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be %g", name, number),
				 errhint(zero ? "Give a number that is zero or more." : "Give a number above zero.")));
	return number;
}

/*
 * empirical_bayes(observed double precision, exposure double precision,
 *			prior_mean double precision, prior_shape double precision) RETURNS record
 */
ENGAGE_FUNCTION(engage_empirical_bayes);
Datum
engage_empirical_bayes(PG_FUNCTION_ARGS)
{
	double observed = number_argument(fcinfo, 0, "observed", true);
	double exposure = number_argument(fcinfo, 1, "exposure", false);
	double mean = number_argument(fcinfo, 2, "prior_mean", true);
	double shape = PG_GETARG_FLOAT8(3);
	EmpiricalBayes result;

	/* an infinite shape means that all callers are alike */
	if (!isinf(shape) || shape < 0)
		shape = number_argument(fcinfo, 3, "prior_shape", false);
	result = empirical_bayes(observed, exposure, mean, shape);
	return row_return_numbers(fcinfo, (double[]){result.weight, result.expected, result.sd}, 3);
}

/*
 * effect_size(observed double precision, expected double precision, variance double precision,
 *			level double precision) RETURNS record
 */
ENGAGE_FUNCTION(engage_effect_size);
Datum
engage_effect_size(PG_FUNCTION_ARGS)
{
	double observed = number_argument(fcinfo, 0, "observed", true);
	double expected = number_argument(fcinfo, 1, "expected", false);
	double variance = number_argument(fcinfo, 2, "variance", true);
	double level = level_argument(fcinfo, 3);
	EffectSize result = effect_size(observed, expected, variance, level);

	return row_return_numbers(fcinfo, (double[]){result.effect, result.sd, result.lower, result.upper, result.p_value}, 5);
}

/*
 * hours_saved(observed double precision, expected double precision, variance double precision,
 *			handling_seconds double precision, months double precision, handling_error double precision,
 *			level double precision) RETURNS record
 */
ENGAGE_FUNCTION(engage_hours_saved);
Datum
engage_hours_saved(PG_FUNCTION_ARGS)
{
	double observed = number_argument(fcinfo, 0, "observed", true);
	double expected = number_argument(fcinfo, 1, "expected", true);
	double variance = number_argument(fcinfo, 2, "variance", true);
	double seconds = number_argument(fcinfo, 3, "handling_seconds", true);
	double months = number_argument(fcinfo, 4, "months", false);
	double sd = number_argument(fcinfo, 5, "handling_error", true);
	double level = level_argument(fcinfo, 6);
	HoursSaved result = hours_saved(observed, expected, variance, seconds, sd, months, level);
	bool none = result.lower <= 0 && result.upper >= 0;
	Row row;

	row_begin(&row, 0);
	row_add_number(&row, result.contacts_fewer);
	row_add_number(&row, result.hours);
	row_add_number(&row, result.lower);
	row_add_number(&row, result.upper);
	row_add(&row, CStringGetTextDatum(psprintf(
					  "(%.1f contacts expected - %.10g observed) x %.10g seconds / 3600 / %.10g month%s = %.1f hours a month; %.10g %% interval %.1f to %.1f%s",
					  expected, observed, seconds, months, months == 1 ? "" : "s", result.hours, 100 * level, result.lower,
					  result.upper, none ? ", so it may be none" : "")));
	return row_return(fcinfo, &row);
}
