/*-------------------------------------------------------------------------
 * row.c
 *	  Rows that functions return, and arrays of them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "engage.h"
#include "host_sql.h"
#include "toolkit/row.h"

/*
 * row_type
 *		The row type that a function returns, in the current context.
 */
TupleDesc
row_type(FunctionCallInfo fcinfo)
{
	TupleDesc type;

	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function called where a row cannot be returned");
	return BlessTupleDesc(type);
}

/*
 * row_type_of_query
 *		The same, looked up once per query, for functions that keep nothing else.
 */
TupleDesc
row_type_of_query(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		fcinfo->flinfo->fn_extra = row_type(fcinfo);
		MemoryContextSwitchTo(old);
	}
	return (TupleDesc) fcinfo->flinfo->fn_extra;
}

static void
check_columns(TupleDesc type, int columns)
{
	if (type->natts != columns)
		elog(ERROR, "row type has %d columns, not %d", type->natts, columns);
}

static HeapTuple
form_tuple(TupleDesc type, Row *row)
{
	check_columns(type, row->n);
	return heap_form_tuple(type, row->values, row->nulls);
}

/*
 * row_form
 *		The row as a datum of a type.
 */
Datum
row_form(TupleDesc type, Row *row)
{
	return HeapTupleGetDatum(form_tuple(type, row));
}

/*
 * row_return
 *		The row as what the function returns.
 */
Datum
row_return(FunctionCallInfo fcinfo, Row *row)
{
	return row_form(row_type(fcinfo), row);
}

/*
 * row_return_numbers
 *		A row of numbers as what the function returns, NULL where they are NaN.
 */
Datum
row_return_numbers(FunctionCallInfo fcinfo, const double *numbers, int n)
{
	Row row;

	row_begin(&row, 0);
	for (int i = 0; i < n; i++)
		row_add_number(&row, numbers[i]);
	return row_return(fcinfo, &row);
}

/*
 * row_put
 *		Adds the row to the set that the function returns.
 */
void
row_put(FunctionCallInfo fcinfo, Row *row)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	CHECK_FOR_INTERRUPTS();
	check_columns(result->setDesc, row->n);
	tuplestore_putvalues(result->setResult, result->setDesc, row->values, row->nulls);
}

/*
 * row_read
 *		The columns of a row that is an argument.
 */
void
row_read(HeapTupleHeader header, int columns, Row *row)
{
	TupleDesc type = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	check_columns(type, columns);
	row->n = columns;
	heap_deform_tuple(&tuple, type, row->values, row->nulls);
	ReleaseTupleDesc(type);
}

/*
 * row_numbers
 *		Numbers as float8[], NULL where they are NaN.
 */
Datum
row_numbers(const double *numbers, int n)
{
	Datum *elements = palloc(Max(n, 1) * sizeof(Datum));
	bool *nulls = palloc(Max(n, 1) * sizeof(bool));
	int lower_bound = 1;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = isnan(numbers[i]);
		elements[i] = Float8GetDatum(nulls[i] ? 0 : numbers[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, 1, &n, &lower_bound, FLOAT8OID, sizeof(float8),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * row_array_begin
 *		An empty array of the rows of which the function returns one.
 */
void
row_array_begin(FunctionCallInfo fcinfo, RowArray *array)
{
	memset(array, 0, sizeof(*array));
	array->element_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	if (!OidIsValid(array->element_type))
		elog(ERROR, "function called where an array cannot be returned");
	array->type = lookup_rowtype_tupdesc_copy(array->element_type, -1);
}

/*
 * row_array_add
 *		Adds a row; false if the array would be larger than a value may be.
 */
bool
row_array_add(RowArray *array, Row *row)
{
	HeapTuple tuple = form_tuple(array->type, row);

	CHECK_FOR_INTERRUPTS();
	array->bytes += MAXALIGN(tuple->t_len);
	if (array->bytes > MaxAllocSize - 1024)
		return false;
	if (array->n == array->capacity)
		array->rows = engage_grow_array(CurrentMemoryContext, array->rows, &array->capacity, 256, sizeof(Datum));
	array->rows[array->n++] = HeapTupleGetDatum(tuple);
	return true;
}

/*
 * row_array_end
 *		The array as a datum.
 */
Datum
row_array_end(RowArray *array)
{
	return PointerGetDatum(construct_array(array->rows, (int) array->n, array->element_type, -1, false, TYPALIGN_DOUBLE));
}
