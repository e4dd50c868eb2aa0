/*-------------------------------------------------------------------------
 * row.h
 *	  Rows that functions return.
 *
 * A row is put together column by column, in the order of its type:
 *
 *		row_begin(&row, 0);
 *		row_add(&row, Int64GetDatum(counts.contacts));
 *		row_add_number(&row, counts.mean);
 *		return row_return(fcinfo, &row);
 *
 * or, if an enum names the columns, with row_set(), all others being NULL.
 *-------------------------------------------------------------------------
 */
#ifndef ROW_H
#define ROW_H

#include <math.h>

#include "access/htup.h"
#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/builtins.h"

/* More than any type of ours has. */
#define ROW_MAX_COLUMNS 32

typedef struct Row
{
	int n;
	Datum values[ROW_MAX_COLUMNS];
	bool nulls[ROW_MAX_COLUMNS];
} Row;

/* An array of rows, as it is put together. */
typedef struct RowArray
{
	TupleDesc type;
	Oid element_type;
	Datum *rows;
	size_t n;
	size_t capacity;
	size_t bytes;
} RowArray;

/* Start with so many columns, all NULL. */
static inline void
row_begin(Row *row, int columns)
{
	row->n = columns;
	memset(row->nulls, true, sizeof(row->nulls));
}

static inline void
row_set(Row *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

/* A number, NULL if it is NaN. */
static inline void
row_set_number(Row *row, int column, double number)
{
	if (!isnan(number))
		row_set(row, column, Float8GetDatum(number));
}

static inline void
row_add(Row *row, Datum value)
{
	Assert(row->n < ROW_MAX_COLUMNS);
	row_set(row, row->n++, value);
}

static inline void
row_add_null(Row *row)
{
	Assert(row->n < ROW_MAX_COLUMNS);
	row->n++;
}

/* A number, NULL if it is NaN. */
static inline void
row_add_number(Row *row, double number)
{
	if (isnan(number))
		row_add_null(row);
	else
		row_add(row, Float8GetDatum(number));
}

/* A text, NULL if there is none or it is empty. */
static inline void
row_add_text(Row *row, const char *text)
{
	if (text == NULL || text[0] == '\0')
		row_add_null(row);
	else
		row_add(row, CStringGetTextDatum(text));
}

extern TupleDesc row_type(FunctionCallInfo fcinfo);
extern TupleDesc row_type_of_query(FunctionCallInfo fcinfo);
extern Datum row_form(TupleDesc type, Row *row);
extern Datum row_return(FunctionCallInfo fcinfo, Row *row);
extern Datum row_return_numbers(FunctionCallInfo fcinfo, const double *numbers, int n);
extern void row_put(FunctionCallInfo fcinfo, Row *row);
extern void row_read(HeapTupleHeader header, int columns, Row *row);
extern Datum row_numbers(const double *numbers, int n);

extern void row_array_begin(FunctionCallInfo fcinfo, RowArray *array);
extern bool row_array_add(RowArray *array, Row *row);
extern Datum row_array_end(RowArray *array);

#endif /* ROW_H */
