/*
 * Small counts left out of tables that are published.
 */

CREATE FUNCTION engage.suppress_table(row_numbers integer[], column_numbers integer[], counts bigint[], minimum integer DEFAULT 5,
		weights bigint[] DEFAULT NULL, OUT row_no integer, OUT column_no integer, OUT count bigint, OUT is_suppressed boolean)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_suppress_table' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100 COST 1000;
COMMENT ON FUNCTION engage.suppress_table(integer[], integer[], bigint[], integer, bigint[]) IS
	'A table of counts with its totals (row_no NULL: of the column, column_no NULL: of the row, both: of all). Counts from 1 to minimum - 1 are left out (NULL), with as many others as it takes so that none can be worked out from the rest. Cells not given are 0. weights, which must be public knowledge, decide which others are left out: those of little weight first. Errors: 22023 for invalid arguments, 22004 for a NULL in an array, 54000 for more than 1000 rows, 1000 columns or 100000 cells.';
