/*-------------------------------------------------------------------------
 * risk_score.c
 *	  risk_score(measures, weights): a score that is the sum of what each
 *	  measure contributes to it.
 *
 * Contributions are whole thousandths, so that they add up exactly, in any
 * order, and each depends on its own measure and weight alone.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/numeric.h"

#include "engage.h"
#include "toolkit/row.h"

#define DECIMALS 3
#define THOUSAND 1000

/*
 * The most by which a product of two decimals, read as float8 and multiplied
 * by 1000, can be too small because of four roundings; it is added so that a
 * half stays a half.  Where that is much, the product is too large to have a
 * half.
 */
#define ROUNDINGS (4 * DBL_EPSILON / 2)
#define MAX_TOO_SMALL 0.0625

typedef struct Numbers
{
	Datum *values;
	bool *nulls;
	int n;
} Numbers;

static Numbers
read_numbers(ArrayType *array, const char *name)
{
	Numbers numbers;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s have more than one dimension", name),
				 errhint("Give a plain array, one number for each measure.")));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &numbers.values, &numbers.nulls, &numbers.n);
	for (int i = 0; i < numbers.n; i++)
		if (!numbers.nulls[i] && !isfinite(DatumGetFloat8(numbers.values[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s contain %s", name, isnan(DatumGetFloat8(numbers.values[i])) ? "NaN" : "an infinity"),
					 errhint("Give finite numbers; a measure that is not known is NULL.")));
	return numbers;
}

static void
refuse_out_of_range(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s is out of range", what),
			 errhint("Thousandths are counted in a bigint: stay below 9.2e15.")));
}

/* Measure times weight in whole thousandths, halves away from zero. */
static int64
contribution(double measure, double weight)
{
	double product = fabs(measure * weight * THOUSAND);
	double thousandths = floor(product + 0.5 + fmin(product * ROUNDINGS, MAX_TOO_SMALL));

	if (!(thousandths < -(double) PG_INT64_MIN))
		refuse_out_of_range("a contribution");
	return (measure < 0) != (weight < 0) ? -(int64) thousandths : (int64) thousandths;
}

/*
 * What each measure contributes, in thousandths, into an array of as many, and
 * returns their sum.
 */
static int64
contributions_of(const Numbers *measures, const Numbers *weights, int64 *contributions)
{
	int128 sum = 0;

	for (int i = 0; i < measures->n; i++)
	{
		if (weights->nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("weight %d is NULL", i + 1),
					 errhint("Give 0 for a measure that does not count.")));
		contributions[i] = measures->nulls[i] ? 0 : contribution(DatumGetFloat8(measures->values[i]), DatumGetFloat8(weights->values[i]));
		sum += contributions[i];
	}
	if (sum < PG_INT64_MIN || sum > PG_INT64_MAX)
		refuse_out_of_range("the score");
	return (int64) sum;
}

/* The arguments of a call: its contributions and their sum. */
static int64
score_arguments(FunctionCallInfo fcinfo, int64 **contributions, int *n)
{
	Numbers measures = read_numbers(PG_GETARG_ARRAYTYPE_P(0), "measures");
	Numbers weights = read_numbers(PG_GETARG_ARRAYTYPE_P(1), "weights");

	if (measures.n != weights.n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are %d measures and %d weights", measures.n, weights.n),
				 errhint("Give one weight for each measure, in the same order; a measure that is not known is NULL.")));
	*n = measures.n;
	*contributions = palloc((measures.n + 1) * sizeof(int64));
	return contributions_of(&measures, &weights, *contributions);
}

static Datum
thousandths_datum(int64 thousandths)
{
	return NumericGetDatum(int64_div_fast_to_numeric(thousandths, DECIMALS));
}

/* risk_score(measures double precision[], weights double precision[]) RETURNS record */
ENGAGE_FUNCTION(engage_risk_score);
Datum
engage_risk_score(PG_FUNCTION_ARGS)
{
	int n;
	int64 *thousandths;
	int64 sum = score_arguments(fcinfo, &thousandths, &n);
	Datum *contributions = palloc((n + 1) * sizeof(Datum));
	Row row;

	for (int i = 0; i < n; i++)
		contributions[i] = thousandths_datum(thousandths[i]);
	row_begin(&row, 0);
	row_add(&row, thousandths_datum(sum));
	row_add(&row, PointerGetDatum(construct_array(contributions, n, NUMERICOID, -1, false, TYPALIGN_INT)));
	return row_return(fcinfo, &row);
}

/*
 * total_risk_score(measures double precision[], weights double precision[]) RETURNS numeric
 *		The score alone, for many callers.
 */
ENGAGE_FUNCTION(engage_total_risk_score);
Datum
engage_total_risk_score(PG_FUNCTION_ARGS)
{
	int n;
	int64 *thousandths;

	PG_RETURN_DATUM(thousandths_datum(score_arguments(fcinfo, &thousandths, &n)));
}
