/*
 * Small counts left out of tables that are published.
 */

CREATE FUNCTION engage.suppress_table(row_numbers integer[], column_numbers integer[], counts bigint[], minimum integer DEFAULT 5,
		weights bigint[] DEFAULT NULL, OUT row_no integer, OUT column_no integer, OUT count bigint, OUT is_suppressed boolean)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_suppress_table' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100 COST 1000;
COMMENT ON FUNCTION engage.suppress_table(integer[], integer[], bigint[], integer, bigint[]) IS
	'A table of counts with its totals (row_no NULL: of the column, column_no NULL: of the row, both: of all), of which counts from 1 to minimum - 1 are left out (NULL), and as many others as it takes so that none of them can be told from the rest: each could, by all that is published, be anything from 1 to minimum. Every row and column that occurs makes a row of the table; cells not given are 0. Which others are left out is chosen by weights, which must be public knowledge: those of little weight first; without them, by what the totals let one expect. NULL or empty arrays give no row. Errors: 22023 for arrays of different lengths, a cell given twice, negative counts, a minimum below 2; 22004 for a NULL in an array; 54000 for more than 1000 rows, 1000 columns or 100000 cells.';
