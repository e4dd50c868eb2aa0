/*-------------------------------------------------------------------------
 * suppression_sql.c
 *	  suppress_table(row_numbers, column_numbers, counts, minimum, weights): a table with
 *	  its totals, without small counts and others that would reveal them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"

#include "core/stats/suppression.h"
#include "engage.h"
#include "host_sql.h"
#include "toolkit/row.h"

#define MAX_SIDE 1000
#define MAX_CELLS 100000

/* The distinct numbers of rows, or of columns. */
typedef struct Side
{
	int n;
	int32 *number; /* ascending */
} Side;

static void
refuse_null(bool null, const char *name)
{
	if (null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s has a null in it", name),
				 errhint("Give a row, a column and a count for each cell; one without a count is 0.")));
}

static Datum *
elements(ArrayType *array, const char *name, Oid type, int *n)
{
	bool big = type == INT8OID;
	Datum *values;
	bool *nulls;

	deconstruct_array(array, type, big ? sizeof(int64) : sizeof(int32), big ? FLOAT8PASSBYVAL : true,
					  big ? TYPALIGN_DOUBLE : TYPALIGN_INT, &values, &nulls, n);
	for (int i = 0; i < *n; i++)
		refuse_null(nulls[i], name);
	return values;
}

static void
same_length(int n, int cells, const char *name)
{
	if (n != cells)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has %d elements, where row_numbers has %d", name, n, cells),
				 errhint("The arrays describe the cells of the table, so they are equally long.")));
}

static int
compare_int32(const void *a, const void *b)
{
	int32 x = *(const int32 *) a;
	int32 y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

static Side
distinct_numbers(const Datum *values, int n)
{
	Side side = {0, palloc(Max(n, 1) * sizeof(int32))};

	for (int i = 0; i < n; i++)
		side.number[i] = DatumGetInt32(values[i]);
	qsort(side.number, n, sizeof(int32), compare_int32);
	for (int i = 0; i < n; i++)
		if (side.n == 0 || side.number[side.n - 1] != side.number[i])
			side.number[side.n++] = side.number[i];
	return side;
}

static size_t
place(const Side *side, Datum value)
{
	int32 number = DatumGetInt32(value);

	return (int32 *) bsearch(&number, side->number, side->n, sizeof(int32), compare_int32) - side->number;
}

static void
check_size(const Side *rows, const Side *columns)
{
	if (rows->n > MAX_SIDE || columns->n > MAX_SIDE || rows->n * columns->n > MAX_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a table of %d rows and %d columns is too large", rows->n, columns->n),
				 errhint("It can have %d rows, %d columns, and %d cells.", MAX_SIDE, MAX_SIDE, MAX_CELLS)));
}

static void
check_count(int64 count, int64 *total)
{
	if (count < 0 || count > SUPPRESSION_MAX_TOTAL - *total)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a count is negative, or the total is larger than " INT64_FORMAT, SUPPRESSION_MAX_TOTAL),
				 errhint("Only counts can be suppressed: whole numbers from 0.")));
	*total += count;
}

/* Fill the table from the arrays; what is not in them is 0. */
static void
fill(int64 *cells, const Datum *values, const size_t *places, int n)
{
	for (int i = 0; i < n; i++)
		cells[places[i]] = DatumGetInt64(values[i]);
}

static size_t *
distinct_places(const Side *rows, const Side *columns, const Datum *row_no, const Datum *column_no, int n)
{
	size_t *places = palloc(Max(n, 1) * sizeof(size_t));
	bool *taken = palloc0(Max(rows->n * columns->n, 1) * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		places[i] = place(rows, row_no[i]) * columns->n + place(columns, column_no[i]);
		if (taken[places[i]])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("row %d, column %d is given twice", DatumGetInt32(row_no[i]), DatumGetInt32(column_no[i])),
					 errhint("Add the counts up first, with GROUP BY.")));
		taken[places[i]] = true;
	}
	return places;
}

static int64
sum_of(const SuppressionTable *table, size_t row, size_t column)
{
	int64 sum = 0;

	for (size_t i = row < table->rows ? row : 0; i < (row < table->rows ? row + 1 : table->rows); i++)
		for (size_t j = column < table->columns ? column : 0; j < (column < table->columns ? column + 1 : table->columns); j++)
			sum += table->counts[i * table->columns + j];
	return sum;
}

/* The columns of suppress_table(). */
enum
{
	SUPPRESSED_ROW,
	SUPPRESSED_COLUMN,
	SUPPRESSED_COUNT,
	SUPPRESSED_IS,
	SUPPRESSED_COLUMNS
};

static void
return_table(FunctionCallInfo fcinfo, const SuppressionTable *table, const Side *rows, const Side *columns,
			 const bool *suppressed)
{
	for (size_t i = 0; i <= table->rows; i++)
		for (size_t j = 0; j <= table->columns; j++)
		{
			bool hidden = suppressed[i * (table->columns + 1) + j];
			Row row;

			row_begin(&row, SUPPRESSED_COLUMNS);
			if (i < table->rows)
				row_set(&row, SUPPRESSED_ROW, Int32GetDatum(rows->number[i]));
			if (j < table->columns)
				row_set(&row, SUPPRESSED_COLUMN, Int32GetDatum(columns->number[j]));
			if (!hidden)
				row_set(&row, SUPPRESSED_COUNT, Int64GetDatum(sum_of(table, i, j)));
			row_set(&row, SUPPRESSED_IS, BoolGetDatum(hidden));
			row_put(fcinfo, &row);
		}
}

/*
 * suppress_table(row_numbers integer[], column_numbers integer[], counts bigint[],
 *			minimum integer, weights bigint[]) RETURNS SETOF record
 */
ENGAGE_FUNCTION(engage_suppress_table);
Datum
engage_suppress_table(PG_FUNCTION_ARGS)
{
	SuppressionTable table = {.minimum = 0};
	int n;
	int length;
	int64 total = 0;
	Datum *row_no;
	Datum *column_no;
	Datum *counts;
	Side rows;
	Side columns;
	size_t *places;
	int64 *cells;
	bool *suppressed;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return (Datum) 0;
	table.minimum = PG_GETARG_INT32(3);
	if (table.minimum < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the minimum is " INT64_FORMAT ", and must be at least 2", table.minimum),
				 errhint("Counts from 1 to minimum - 1 are left out; 5 is usual.")));
	row_no = elements(PG_GETARG_ARRAYTYPE_P(0), "row_numbers", INT4OID, &n);
	column_no = elements(PG_GETARG_ARRAYTYPE_P(1), "column_numbers", INT4OID, &length);
	same_length(length, n, "column_numbers");
	counts = elements(PG_GETARG_ARRAYTYPE_P(2), "counts", INT8OID, &length);
	same_length(length, n, "counts");
	if (n == 0)
		return (Datum) 0;
	for (int i = 0; i < n; i++)
		check_count(DatumGetInt64(counts[i]), &total);

	rows = distinct_numbers(row_no, n);
	columns = distinct_numbers(column_no, n);
	check_size(&rows, &columns);
	places = distinct_places(&rows, &columns, row_no, column_no, n);
	table.rows = rows.n;
	table.columns = columns.n;
	cells = palloc0(table.rows * table.columns * sizeof(int64));
	fill(cells, counts, places, n);
	table.counts = cells;
	if (!PG_ARGISNULL(4))
	{
		Datum *weights = elements(PG_GETARG_ARRAYTYPE_P(4), "weights", INT8OID, &length);

		same_length(length, n, "weights");
		cells = palloc0(table.rows * table.columns * sizeof(int64));
		fill(cells, weights, places, n);
		table.weights = cells;
	}
	suppressed = palloc((table.rows + 1) * (table.columns + 1) * sizeof(bool));
	suppress_counts(&engage_host, &table, suppressed);
	return_table(fcinfo, &table, &rows, &columns, suppressed);
	return (Datum) 0;
}
