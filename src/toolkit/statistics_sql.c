/*-------------------------------------------------------------------------
 * statistics_sql.c
 *	  Counts and rates in SQL: intervals, comparisons, dispersion, false
 *	  discoveries.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/stats/statistics.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/arguments.h"
#include "toolkit/row.h"
#include "toolkit/timeline_sql.h"

#define BLOCK 4096

static double
count_argument(FunctionCallInfo fcinfo, int n)
{
	int64 count = PG_GETARG_INT64(n);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a count cannot be " INT64_FORMAT, count),
				 errhint("Give a number of events, zero or more.")));
	return (double) count;
}

static double
exposure_argument(FunctionCallInfo fcinfo, int n)
{
	double exposure = PG_GETARG_FLOAT8(n);

	if (!(exposure > 0 && isfinite(exposure)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an exposure must be finite and above zero"),
				 errhint("Give how long, or how much, was watched: days for example.")));
	return exposure;
}

/* poisson_interval(n bigint, level double precision) RETURNS record */
ENGAGE_FUNCTION(engage_poisson_interval);
Datum
engage_poisson_interval(PG_FUNCTION_ARGS)
{
	StatisticsInterval interval = poisson_interval(count_argument(fcinfo, 0), level_argument(fcinfo, 1));

	return row_return_numbers(fcinfo, (double[]){interval.lower, interval.upper}, 2);
}

/*
 * rate_ratio(n1 bigint, t1 double precision, n2 bigint, t2 double precision,
 *			level double precision) RETURNS record
 */
ENGAGE_FUNCTION(engage_rate_ratio);
Datum
engage_rate_ratio(PG_FUNCTION_ARGS)
{
	double n1 = count_argument(fcinfo, 0);
	double t1 = exposure_argument(fcinfo, 1);
	double n2 = count_argument(fcinfo, 2);
	double t2 = exposure_argument(fcinfo, 3);
	RateRatio result = rate_ratio(n1, t1, n2, t2, level_argument(fcinfo, 4));

	return row_return_numbers(
		fcinfo, (double[]){result.ratio, result.lower, result.upper, result.p_central, result.p_minlike, result.p_mid}, 6);
}

static ETestAlternative
alternative_argument(FunctionCallInfo fcinfo, int n)
{
	char *alternative = text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (strcmp(alternative, "two-sided") == 0)
		return E_TEST_TWO_SIDED;
	if (strcmp(alternative, "greater") == 0)
		return E_TEST_GREATER;
	if (strcmp(alternative, "less") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid alternative for an E-test"),
				 errhint("Alternatives are two-sided, greater and less: the first rate differs, is greater, or is less.")));
	return E_TEST_LESS;
}

/*
 * e_test(n1 bigint, t1 double precision, n2 bigint, t2 double precision,
 *			difference double precision, alternative text) RETURNS double precision
 */
ENGAGE_FUNCTION(engage_e_test);
Datum
engage_e_test(PG_FUNCTION_ARGS)
{
	double n1 = count_argument(fcinfo, 0);
	double t1 = exposure_argument(fcinfo, 1);
	double n2 = count_argument(fcinfo, 2);
	double t2 = exposure_argument(fcinfo, 3);
	double difference = PG_GETARG_FLOAT8(4);

	if (!(difference >= 0 && isfinite(difference)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the difference must be finite, and zero or more"),
				 errhint("Swap the two rates to test the other way round.")));
	PG_RETURN_FLOAT8(e_test(n1, t1, n2, t2, difference, alternative_argument(fcinfo, 5), &engage_host));
}

/* The p-values that are not NULL, at the front of an array of n. */
static size_t
read_p_values(const Datum *elements, const bool *nulls, int n, double *p)
{
	size_t found = 0;

	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		p[found] = DatumGetFloat8(elements[i]);
		if (!(p[found] >= 0 && p[found] <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a p-value must be from 0 to 1"),
					 errhint("Filter out values that are not probabilities; NULLs may stay.")));
		found++;
	}
	return found;
}

/*
 * benjamini_hochberg(p double precision[]) RETURNS double precision[]
 *		An array of the same shape.
 */
ENGAGE_FUNCTION(engage_benjamini_hochberg);
Datum
engage_benjamini_hochberg(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum *elements;
	bool *nulls;
	double *p;
	int n;
	size_t next = 0;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, &n);
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(array);
	p = palloc_extended(n * sizeof(double), MCXT_ALLOC_HUGE);
	benjamini_hochberg(p, read_p_values(elements, nulls, n, p), &engage_host);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			elements[i] = Float8GetDatum(p[next++]);
	PG_RETURN_ARRAYTYPE_P(construct_md_array(elements, nulls, ARR_NDIM(array), ARR_DIMS(array), ARR_LBOUND(array),
											 FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The contacts of a timeline in bins of [from, to). */
static void
count_bins(BinCounts *counts, struct varlena *stored, int64 from_at, int64 to_at, const Interval *bin)
{
	TimelineReader reader;
	int64 times[BLOCK];
	int64 span;
	size_t got;

	if (TIMESTAMP_NOT_FINITE(from_at) || TIMESTAMP_NOT_FINITE(to_at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the stretch of time is not finite"),
				 errhint("Give the times between which contacts would be known.")));
	if (to_at <= from_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the stretch of time does not end after it starts"),
				 errhint("Swap from_at and to_at.")));
	if (pg_sub_s64_overflow(to_at, from_at, &span))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("the stretch of time is too long"),
				 errhint("Give the times between which contacts would be known.")));
	bin_counts_begin(counts, from_at, to_at, interval_width(bin, "bin"));
	timeline_begin(&reader, stored);
	while ((got = timeline_read(&reader, times, BLOCK)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		bin_counts_add(counts, times, got);
	}
	timeline_report(reader.status);
}

/* The columns of dispersion(). */
enum
{
	DISPERSION_CHI_SQUARED,
	DISPERSION_DF,
	DISPERSION_RATIO,
	DISPERSION_COLUMNS
};

/* dispersion(t timeline, from_at timestamptz, to_at timestamptz, bin interval) RETURNS record */
ENGAGE_FUNCTION(engage_dispersion);
Datum
engage_dispersion(PG_FUNCTION_ARGS)
{
	BinCounts counts;
	double chi_squared = 0;
	double df = 1;
	Row row;

	count_bins(&counts, PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_INTERVAL_P(3));
	row_begin(&row, DISPERSION_COLUMNS);
	if (bin_counts_chi_squared(&counts, &chi_squared, &df))
	{
		row_set_number(&row, DISPERSION_CHI_SQUARED, chi_squared);
		row_set(&row, DISPERSION_DF, Int64GetDatum((int64) df));
		row_set_number(&row, DISPERSION_RATIO, chi_squared / df);
	}
	return row_return(fcinfo, &row);
}

/*
 * contact_rate(t timeline, from_at timestamptz, to_at timestamptz, level double precision,
 *			bin interval) RETURNS record
 */
ENGAGE_FUNCTION(engage_contact_rate);
Datum
engage_contact_rate(PG_FUNCTION_ARGS)
{
	double level = level_argument(fcinfo, 3);
	StatisticsInterval plain;
	StatisticsInterval adjusted;
	BinCounts counts;
	double chi_squared = 1;
	double df = 1;
	double days;
	double contacts;
	double scale;
	bool known;
	Row row;

	count_bins(&counts, PG_GETARG_VARLENA_PP(0), PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_INTERVAL_P(4));
	known = bin_counts_chi_squared(&counts, &chi_squared, &df);
	days = (double) counts.span / (double) USECS_PER_DAY;
	contacts = (double) counts.all_contacts;
	scale = fmax(1, chi_squared / df);
	plain = poisson_interval(contacts, level);
	adjusted = poisson_interval(contacts / scale, level);
	row_begin(&row, 0);
	row_add(&row, Int64GetDatum(counts.all_contacts));
	row_add_number(&row, contacts / days);
	row_add_number(&row, plain.lower / days);
	row_add_number(&row, plain.upper / days);
	row_add_number(&row, known ? chi_squared / df : NAN);
	row_add_number(&row, known ? adjusted.lower * scale / days : NAN);
	row_add_number(&row, known ? adjusted.upper * scale / days : NAN);
	return row_return(fcinfo, &row);
}
