/*-------------------------------------------------------------------------
 * suppression.c
 *	  Which counts of a table with totals to leave out, so that small ones stay
 *	  hidden.
 *
 * A table with its totals is a circulation: from each row to the columns go
 * the counts, from each column its total to the row of totals, from there the
 * grand total to the column of totals, and from there the totals to the rows.
 * As much flows out of a node as into it.  All tables that agree with what is
 * published differ by flows through the counts left out, so the lowest and the
 * highest value that a count can have are two maximum flows, and every whole
 * number between them is possible.
 *
 * Zeros are published, except within a small total, so every count left out
 * elsewhere is known to be at least 1.  The guarantees:
 *
 *		a small count can still be anything from there to minimum;
 *		any other left out can still be one of minimum values or more;
 *		to an adversary who also knows which of the counts left out are
 *		small, these can still be anything from there to minimum - 1, or as
 *		much of that as if all of the table had been left out.
 *
 * Counts are taken one by one.  If the flow is too low, the cheapest path
 * through counts still published makes it larger, and these are left out too.
 * That widens the ranges of those before, so one pass is enough.  The cost of
 * a path must not reveal what it hides: it is made from public weights, or
 * from the counts that the totals would lead anyone to expect.
 *-------------------------------------------------------------------------
 */
#include "core/stats/suppression.h"

#include <string.h>

#define MAX_WEIGHT (UINT64_C(1) << 32)
#define MARGIN_COST (UINT64_C(1) << 44) /* more than a path of counts */
#define GRAND_COST (UINT64_C(1) << 56) /* more than a path of totals */
#define UNREACHED UINT64_MAX

/* One count or total. */
typedef struct Cell
{
	int64_t value;
	int64_t low; /* its range for the adversary, if it is left out */
	int64_t high;
	int64_t now; /* value in the table that is being tried */
	uint64_t cost; /* of leaving it out */
	bool suppressed;
	bool settled; /* it stays hidden */
} Cell;

/* A node of the search: rows first, with that of the totals, then columns. */
typedef struct Node
{
	uint64_t distance;
	size_t before; /* on the path */
	bool done;
} Node;

typedef struct Suppression
{
	const Host *host;
	int64_t minimum;
	size_t rows; /* with the totals */
	size_t columns;
	bool told; /* whether the adversary knows which are small */
	Cell *cells;
	Node *nodes;
} Suppression;

static Cell *
cell_at(const Suppression *s, size_t row, size_t column)
{
	return &s->cells[row * s->columns + column];
}

static bool
is_small(const Suppression *s, int64_t value)
{
	return value >= 1 && value < s->minimum;
}

/* ------------------------------------------------------------- the table */

static void
set_values(Suppression *s, const int64_t *counts)
{
	size_t last_row = s->rows - 1;
	size_t last_column = s->columns - 1;

	memset(s->cells, 0, s->rows * s->columns * sizeof(Cell));
	for (size_t i = 0; i < last_row; i++)
		for (size_t j = 0; j < last_column; j++)
		{
			int64_t count = counts[i * last_column + j];

			cell_at(s, i, j)->value = count;
			cell_at(s, i, last_column)->value += count;
			cell_at(s, last_row, j)->value += count;
			cell_at(s, last_row, last_column)->value += count;
		}
}

/* From published totals alone, or from weights. */
static uint64_t
count_cost(const Suppression *s, const SuppressionTable *table, size_t row, size_t column)
{
	double grand = (double) cell_at(s, s->rows - 1, s->columns - 1)->value;
	double weight = 0;

	if (table->weights != NULL)
		weight = (double) table->weights[row * table->columns + column];
	else if (table->rows > 1 && table->columns > 1 && grand > 0)
		weight = (double) cell_at(s, row, s->columns - 1)->value *
				 (double) cell_at(s, s->rows - 1, column)->value / grand;
	if (weight >= (double) MAX_WEIGHT)
		return MAX_WEIGHT;
	return weight < 0 ? 1 : 1 + (uint64_t) weight;
}

static void
set_costs(Suppression *s, const SuppressionTable *table)
{
	for (size_t i = 0; i < s->rows; i++)
		for (size_t j = 0; j < s->columns; j++)
		{
			Cell *cell = cell_at(s, i, j);

			if (i < s->rows - 1 && j < s->columns - 1)
				cell->cost = count_cost(s, table, i, j);
			else if (i < s->rows - 1 || j < s->columns - 1)
				cell->cost = MARGIN_COST;
			else
				cell->cost = GRAND_COST;
		}
}

/* Is it part of a small total?  Then it is left out even if it is 0. */
static bool
in_small_total(const Suppression *s, size_t row, size_t column)
{
	size_t last_row = s->rows - 1;
	size_t last_column = s->columns - 1;
	int64_t row_total = cell_at(s, row, last_column)->value;
	int64_t column_total = cell_at(s, last_row, column)->value;

	if (row == last_row && column == last_column)
		return false;
	if (is_small(s, cell_at(s, last_row, last_column)->value))
		return true;
	if (row == last_row || column == last_column || row_total == 0 || column_total == 0)
		return false;
	return (last_column > 1 && is_small(s, row_total)) || (last_row > 1 && is_small(s, column_total));
}

/*
 * Leave out small counts.  Zeros are published, except in a small total: they
 * would show how few counts it is made of.
 */
static void
suppress_small(Suppression *s)
{
	for (size_t i = 0; i < s->rows; i++)
		for (size_t j = 0; j < s->columns; j++)
		{
			Cell *cell = cell_at(s, i, j);
			bool within = in_small_total(s, i, j);

			cell->suppressed = within || is_small(s, cell->value);
			cell->settled = !cell->suppressed;
			if (cell->suppressed)
			{
				cell->low = within ? 0 : 1;
				cell->high = s->minimum - 1;
			}
			else
			{
				cell->low = s->minimum;
				cell->high = INT64_MAX;
			}
		}
}

/* A total of one count repeats it, so it costs nothing and needs no protection of its own. */
static void
set_free(Cell *cell)
{
	cell->suppressed = true;
	cell->settled = true;
	cell->low = 0;
	cell->high = INT64_MAX;
}

static void
free_repeated_totals(Suppression *s)
{
	size_t last_row = s->rows - 1;
	size_t last_column = s->columns - 1;

	if (last_row > 1 && last_column > 1)
		return;
	for (size_t i = 0; i < last_row; i++)
		set_free(cell_at(s, i, last_column));
	for (size_t j = 0; j < last_column; j++)
		set_free(cell_at(s, last_row, j));
	if (last_row == 1 && last_column == 1)
		set_free(cell_at(s, last_row, last_column));
}

/* Give repeated totals the decision on the count that they repeat. */
static void
copy_repeated_totals(Suppression *s)
{
	size_t last_row = s->rows - 1;
	size_t last_column = s->columns - 1;

	if (last_row == 1 && last_column == 1)
		cell_at(s, 1, 1)->suppressed = cell_at(s, 0, 0)->suppressed;
	if (last_column == 1)
	{
		for (size_t i = 0; i < last_row; i++)
			cell_at(s, i, 1)->suppressed = cell_at(s, i, 0)->suppressed;
		cell_at(s, last_row, 0)->suppressed = cell_at(s, last_row, 1)->suppressed;
	}
	if (last_row == 1)
	{
		for (size_t j = 0; j < last_column; j++)
			cell_at(s, 1, j)->suppressed = cell_at(s, 0, j)->suppressed;
		cell_at(s, 0, last_column)->suppressed = cell_at(s, 1, last_column)->suppressed;
	}
}

/* ----------------------------------------------------------------- flows */

/* Counts and the grand total go from rows to columns, the others back. */
static bool
goes_to_column(const Suppression *s, size_t row, size_t column)
{
	return (row == s->rows - 1) == (column == s->columns - 1);
}

/* How low can it be, if left out? */
static int64_t
lowest(const Suppression *s, const Cell *cell)
{
	return cell->low > 1 && !s->told ? 1 : cell->low;
}

/* How much more can flow from a row to a column through their cell, or back? */
static int64_t
room(const Suppression *s, size_t row, size_t column, bool to_column)
{
	const Cell *cell = cell_at(s, row, column);

	if (cell->value == 0 && !cell->suppressed)
		return 0;
	if (goes_to_column(s, row, column) != to_column)
		return cell->now - lowest(s, cell);
	return s->told && cell->high != INT64_MAX ? cell->high - cell->now : INT64_MAX;
}

static void
push(const Suppression *s, size_t row, size_t column, bool to_column, int64_t amount)
{
	Cell *cell = cell_at(s, row, column);

	cell->now += goes_to_column(s, row, column) == to_column ? amount : -amount;
}

/* The cell between two nodes. */
static Cell *
cell_between(const Suppression *s, size_t from, size_t to, size_t *row, size_t *column)
{
	*row = from < s->rows ? from : to;
	*column = (from < s->rows ? to : from) - s->rows;
	return cell_at(s, *row, *column);
}

static int64_t
room_between(const Suppression *s, size_t from, size_t to)
{
	size_t row;
	size_t column;

	cell_between(s, from, to, &row, &column);
	return room(s, row, column, from < s->rows);
}

/* The nearest node that the search has not visited; the number of nodes if there is none. */
static size_t
nearest(const Suppression *s)
{
	size_t n = s->rows + s->columns;
	size_t found = n;
	uint64_t distance = UNREACHED;

	for (size_t i = 0; i < n; i++)
		if (!s->nodes[i].done && s->nodes[i].distance < distance)
		{
			found = i;
			distance = s->nodes[i].distance;
		}
	return found;
}

/* Reach the neighbours of a node, but not through the cell in question. */
static void
reach_from(Suppression *s, size_t from, const Cell *except, bool extend)
{
	size_t first = from < s->rows ? s->rows : 0;
	size_t last = from < s->rows ? s->rows + s->columns : s->rows;

	for (size_t to = first; to < last; to++)
	{
		size_t row;
		size_t column;
		const Cell *cell = cell_between(s, from, to, &row, &column);
		uint64_t distance = s->nodes[from].distance + (cell->suppressed ? 0 : cell->cost);

		if (cell == except || (!cell->suppressed && !extend) ||
			distance >= s->nodes[to].distance || room_between(s, from, to) <= 0)
			continue;
		s->nodes[to].distance = distance;
		s->nodes[to].before = from;
	}
}

/*
 * Find the cheapest path (Dijkstra's algorithm) through cells that are left
 * out and, if extend, others too.
 */
static bool
find_path(Suppression *s, size_t from, size_t to, const Cell *except, bool extend)
{
	size_t n = s->rows + s->columns;

	for (size_t i = 0; i < n; i++)
		s->nodes[i] = (Node){.distance = UNREACHED};
	s->nodes[from].distance = 0;
	while (s->nodes[to].distance > 0)
	{
		size_t node = nearest(s);

		if (node == n || node == to)
			return node == to;
		s->nodes[node].done = true;
		reach_from(s, node, except, extend);
	}
	return true;
}

/* Leave out the cells of the path, and send as much as wanted through it. */
static int64_t
push_path(Suppression *s, size_t from, size_t to, int64_t wanted)
{
	size_t row;
	size_t column;

	for (size_t node = to; node != from; node = s->nodes[node].before)
	{
		int64_t here = room_between(s, s->nodes[node].before, node);

		if (here < wanted)
			wanted = here;
	}
	for (size_t node = to; node != from; node = s->nodes[node].before)
	{
		Cell *cell = cell_between(s, s->nodes[node].before, node, &row, &column);

		if (!cell->suppressed)
		{
			cell->suppressed = true;
			cell->settled = false;
		}
		push(s, row, column, s->nodes[node].before < s->rows, wanted);
	}
	return wanted;
}

static void
start_again(Suppression *s)
{
	for (size_t i = 0; i < s->rows * s->columns; i++)
		s->cells[i].now = s->cells[i].value;
}

/*
 * By how much, up to wanted, can the count be larger, or smaller?
 */
static int64_t
can_differ(Suppression *s, size_t row, size_t column, bool larger, int64_t wanted, bool extend)
{
	bool from_row = goes_to_column(s, row, column) != larger;
	size_t from = from_row ? row : s->rows + column;
	size_t to = from_row ? s->rows + column : row;
	int64_t found = 0;

	if (wanted <= 0)
		return 0;
	start_again(s);
	while (found < wanted && find_path(s, from, to, cell_at(s, row, column), extend))
		found += push_path(s, from, to, wanted - found);
	return found;
}

/* Make a count that is not small have as many possible values as it must. */
static void
widen(Suppression *s, size_t row, size_t column)
{
	const Cell *cell = cell_at(s, row, column);
	int64_t width = s->minimum - 1;
	int64_t least = lowest(s, cell);
	int64_t most = cell->value - least < width ? cell->value - least : width;
	int64_t down = can_differ(s, row, column, false, most, false);
	int64_t up = can_differ(s, row, column, true, width - down, true);

	if (up + down < width)
		can_differ(s, row, column, false, most < width - up ? most : width - up, true);
}

/* Make sure that a count that is left out stays hidden. */
static void
settle(Suppression *s, size_t row, size_t column)
{
	Cell *cell = cell_at(s, row, column);

	s->host->pause();
	cell->settled = true;
	if (cell->high == INT64_MAX)
		widen(s, row, column);
	else
	{
		s->told = true;
		can_differ(s, row, column, false, cell->value - cell->low, true);
		can_differ(s, row, column, true, cell->high - cell->value, true);
		s->told = false;
		can_differ(s, row, column, true, s->minimum - cell->value, true);
	}
}

/* One pass over what is not yet settled; false if there was nothing. */
static bool
settle_all(Suppression *s)
{
	bool found = false;

	for (size_t i = 0; i < s->rows; i++)
		for (size_t j = 0; j < s->columns; j++)
			if (!cell_at(s, i, j)->settled)
			{
				settle(s, i, j);
				found = true;
			}
	return found;
}

/*
 * suppress_counts
 *		Set suppressed for the cells to leave out, totals included.
 */
void
suppress_counts(const Host *host, const SuppressionTable *table, bool *suppressed)
{
	Suppression s = {host, table->minimum, table->rows + 1, table->columns + 1, false, NULL, NULL};
	size_t n = s.rows * s.columns;

	s.cells = host->alloc(n * sizeof(Cell));
	s.nodes = host->alloc((s.rows + s.columns) * sizeof(Node));
	set_values(&s, table->counts);
	set_costs(&s, table);
	suppress_small(&s);
	free_repeated_totals(&s);
	while (settle_all(&s))
		;
	copy_repeated_totals(&s);
	for (size_t i = 0; i < n; i++)
		suppressed[i] = s.cells[i].suppressed;
	host->release(s.nodes);
	host->release(s.cells);
}
