/*-------------------------------------------------------------------------
 * test_suppression.c
 *	  What an adversary finds out who goes through every table of whole numbers
 *	  that agrees with what is published: no count more narrowly than promised.
 *	  The same adversary breaks tables whose small counts alone are left out.
 *-------------------------------------------------------------------------
 */
#include <time.h>

#include "core/stats/suppression.h"
#include "unit.h"
#include "unit_host.h"

#define MAX_SIDE 4 /* with the totals */
#define MAX_CELLS (MAX_SIDE * MAX_SIDE)
#define MAX_TABLES 100000 /* that one attack goes through */

typedef struct Case
{
	size_t rows; /* without totals */
	size_t columns;
	int64_t minimum;
	int64_t counts[MAX_CELLS];
	int64_t weights[MAX_CELLS];
	int64_t value[MAX_SIDE][MAX_SIDE]; /* with totals */
	bool hidden[MAX_SIDE][MAX_SIDE];
} Case;

typedef struct Attack
{
	const Case *c;
	bool told; /* which of the hidden are small */
	int64_t guess[MAX_SIDE][MAX_SIDE];
	int64_t lowest[MAX_SIDE][MAX_SIDE];
	int64_t highest[MAX_SIDE][MAX_SIDE];
	size_t tables;
} Attack;

static void
add_totals(const Case *c, int64_t value[MAX_SIDE][MAX_SIDE])
{
	for (size_t i = 0; i <= c->rows; i++)
		value[i][c->columns] = 0;
	for (size_t j = 0; j <= c->columns; j++)
		value[c->rows][j] = 0;
	for (size_t i = 0; i < c->rows; i++)
		for (size_t j = 0; j < c->columns; j++)
		{
			value[i][c->columns] += value[i][j];
			value[c->rows][j] += value[i][j];
			value[c->rows][c->columns] += value[i][j];
		}
}

static bool
is_small(const Case *c, int64_t value)
{
	return value > 0 && value < c->minimum;
}

/* Is it within a total that is small? */
static bool
in_small_total(const Case *c, size_t i, size_t j)
{
	int64_t grand = c->value[c->rows][c->columns];

	if (i == c->rows && j == c->columns)
		return false;
	if (is_small(c, grand))
		return true;
	if (i == c->rows || j == c->columns || c->value[i][c->columns] == 0 || c->value[c->rows][j] == 0)
		return false;
	return (c->columns > 1 && is_small(c, c->value[i][c->columns])) ||
		   (c->rows > 1 && is_small(c, c->value[c->rows][j]));
}

/* What the adversary knows of a hidden count beforehand. */
static int64_t
known_low(const Attack *a, size_t i, size_t j)
{
	const Case *c = a->c;

	if (in_small_total(c, i, j))
		return 0;
	return !a->told || is_small(c, c->value[i][j]) ? 1 : c->minimum;
}

static int64_t
known_high(const Attack *a, size_t i, size_t j)
{
	const Case *c = a->c;
	bool small = is_small(c, c->value[i][j]) || in_small_total(c, i, j);

	return a->told && small ? c->minimum - 1 : INT64_MAX;
}

/* Does a sum agree with what is published of a total, or known of it? */
static bool
agrees(const Attack *a, size_t i, size_t j)
{
	int64_t guess = a->guess[i][j];

	if (!a->c->hidden[i][j])
		return guess == a->c->value[i][j];
	return guess >= known_low(a, i, j) && guess <= known_high(a, i, j);
}

static void
note_table(Attack *a)
{
	const Case *c = a->c;

	add_totals(c, a->guess);
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
			if (!agrees(a, i, j))
				return;
	a->tables++;
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
		{
			if (a->guess[i][j] < a->lowest[i][j])
				a->lowest[i][j] = a->guess[i][j];
			if (a->guess[i][j] > a->highest[i][j])
				a->highest[i][j] = a->guess[i][j];
		}
}

/* No table that differs by more is needed for what is promised. */
static int64_t
first_guess(const Attack *a, size_t i, size_t j)
{
	int64_t low = known_low(a, i, j);
	int64_t near = a->c->value[i][j] - a->c->minimum;

	return near > low ? near : low;
}

static int64_t
last_guess(const Attack *a, size_t i, size_t j)
{
	int64_t high = known_high(a, i, j);
	int64_t near = a->c->value[i][j] + a->c->minimum;

	return near < high ? near : high;
}

static void
guess_from(Attack *a, size_t place)
{
	const Case *c = a->c;
	size_t i = place / c->columns;
	size_t j = place % c->columns;

	if (i > 0 && j == 0 && !c->hidden[i - 1][c->columns])
	{
		int64_t sum = 0;

		for (size_t k = 0; k < c->columns; k++)
			sum += a->guess[i - 1][k];
		if (sum != c->value[i - 1][c->columns])
			return;
	}
	if (i == c->rows)
	{
		note_table(a);
		return;
	}
	a->guess[i][j] = c->value[i][j];
	if (!c->hidden[i][j])
		guess_from(a, place + 1);
	else
		for (int64_t guess = first_guess(a, i, j); guess <= last_guess(a, i, j); guess++)
		{
			a->guess[i][j] = guess;
			guess_from(a, place + 1);
		}
}

/* False if there are too many tables to go through. */
static bool
attack(Attack *a, const Case *c, bool told)
{
	double tables = 1;

	memset(a, 0, sizeof(Attack));
	a->c = c;
	a->told = told;
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
		{
			a->lowest[i][j] = INT64_MAX;
			a->highest[i][j] = -1;
			if (i < c->rows && j < c->columns && c->hidden[i][j])
				tables *= (double) (last_guess(a, i, j) - first_guess(a, i, j) + 1);
		}
	if (tables > MAX_TABLES)
		return false;
	guess_from(a, 0);
	MUST(a->tables > 0);
	return true;
}

/* ------------------------------------------------------------- the cases */

static void
random_case(Case *c)
{
	static const int64_t spread[] = {3, 6, 10, 40};
	int64_t most = spread[unit_below(lengthof(spread))];

	memset(c, 0, sizeof(Case));
	c->rows = 1 + unit_below(MAX_SIDE - 1);
	c->columns = 1 + unit_below(MAX_SIDE - 1);
	c->minimum = 2 + (int64_t) unit_below(4);
	for (size_t i = 0; i < c->rows; i++)
		for (size_t j = 0; j < c->columns; j++)
		{
			c->value[i][j] = unit_below(4) == 0 ? 0 : (int64_t) unit_below((uint64_t) most);
			c->counts[i * c->columns + j] = c->value[i][j];
			c->weights[i * c->columns + j] = (int64_t) unit_below(100);
		}
	add_totals(c, c->value);
}

static void
suppress(Case *c)
{
	SuppressionTable table = {c->rows, c->columns, c->counts, unit_below(2) == 0 ? NULL : c->weights, c->minimum};
	bool suppressed[MAX_CELLS];

	suppress_counts(&host, &table, suppressed);
	MUST(in_use == 0);
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
			c->hidden[i][j] = suppressed[i * (c->columns + 1) + j];
}

static void
suppress_small_alone(Case *c)
{
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
			c->hidden[i][j] = is_small(c, c->value[i][j]);
}

/* Of all that is not nothing, and of nothing within small totals. */
static void
suppress_everything(Case *c)
{
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
			c->hidden[i][j] = c->value[i][j] > 0 || in_small_total(c, i, j);
}

static bool
hidden_for_itself(const Case *c, size_t i, size_t j)
{
	return is_small(c, c->value[i][j]) || in_small_total(c, i, j);
}

/* To one who is told which are small: what a small count can be. */
static bool
all_of_small(const Attack *a, size_t i, size_t j)
{
	return a->lowest[i][j] == known_low(a, i, j) && a->highest[i][j] == a->c->minimum - 1;
}

/* As much as with everything left out? */
static bool
as_wide(const Attack *a, const Attack *all, size_t i, size_t j)
{
	return a->lowest[i][j] <= all->lowest[i][j] && a->highest[i][j] >= all->highest[i][j];
}

/* To one who is not told: how many values a hidden count can have. */
static bool
is_hidden(const Attack *a, size_t i, size_t j)
{
	const Case *c = a->c;

	if (hidden_for_itself(c, i, j) && i < c->rows && j < c->columns && a->lowest[i][j] > 1)
		return false;
	if (hidden_for_itself(c, i, j) && a->highest[i][j] < c->minimum)
		return false;
	return a->highest[i][j] - a->lowest[i][j] >= c->minimum - 1;
}

typedef struct Tally
{
	size_t attacked; /* by one who is not told */
	size_t told; /* by one who is */
	size_t unavoidable; /* small counts that no choice could hide better from the latter */
	size_t beyond; /* tables, where that could not be gone through */
} Tally;

static void
attack_untold(const Case *c, Tally *tally)
{
	static Attack a;

	if (!attack(&a, c, false))
		return;
	tally->attacked++;
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
			MUST(!c->hidden[i][j] || is_hidden(&a, i, j));
}

static void
attack_told(const Case *c, Tally *tally)
{
	static Attack a;
	static Attack all;
	Case everything = *c;
	bool tried = false;

	if (!attack(&a, c, true))
		return;
	tally->told++;
	suppress_everything(&everything);
	for (size_t i = 0; i <= c->rows; i++)
		for (size_t j = 0; j <= c->columns; j++)
		{
			if (!hidden_for_itself(c, i, j) || all_of_small(&a, i, j))
				continue;
			if (!tried && !attack(&all, &everything, true))
			{
				tally->beyond++;
				return;
			}
			tried = true;
			MUST(as_wide(&a, &all, i, j));
			tally->unavoidable++;
		}
}

static void
test_promise(void)
{
	Tally tally = {0, 0, 0, 0};

	for (int n = 0; n < 8000; n++)
	{
		Case c;

		random_case(&c);
		suppress(&c);
		for (size_t i = 0; i <= c.rows; i++)
			for (size_t j = 0; j <= c.columns; j++)
				MUST(c.hidden[i][j] || !hidden_for_itself(&c, i, j));
		attack_untold(&c, &tally);
		attack_told(&c, &tally);
	}
	printf("%zu tables attacked, %zu by one who is told; %zu counts hidden as well as can be, and %zu tables not known\n",
		   tally.attacked, tally.told, tally.unavoidable, tally.beyond);
	MUST(tally.attacked > 5000 && tally.told > 5000 && tally.beyond < 50);
}

/* Where small counts alone are left out, they are recovered. */
static void
test_naive_is_broken(void)
{
	size_t attacked = 0;
	size_t recovered = 0;

	for (int n = 0; n < 4000; n++)
	{
		static Attack a;
		Case c;

		random_case(&c);
		suppress_small_alone(&c);
		if (c.rows * c.columns == 1 || !attack(&a, &c, false))
			continue;
		attacked++;
		for (size_t i = 0; i < c.rows; i++)
			for (size_t j = 0; j < c.columns; j++)
				recovered += c.hidden[i][j] && a.lowest[i][j] == a.highest[i][j];
	}
	printf("%zu counts recovered in %zu tables where small ones alone are left out\n", recovered, attacked);
	MUST(recovered > 1000);
}

/* --------------------------------------------------------------- by hand */

static void
hides(size_t rows, size_t columns, const int64_t *counts, const char *wanted)
{
	SuppressionTable table = {rows, columns, counts, NULL, 5};
	bool suppressed[100];

	suppress_counts(&host, &table, suppressed);
	for (size_t i = 0; i < (rows + 1) * (columns + 1); i++)
		MUST(suppressed[i] == (wanted[i] == 'x'));
}

static void
test_by_hand(void)
{
	hides(1, 1, (int64_t[]){7}, "....");
	hides(1, 1, (int64_t[]){3}, "xxxx");
	hides(1, 1, (int64_t[]){0}, "....");
	hides(2, 1, (int64_t[]){3, 40}, "xxxx..");
	hides(3, 1, (int64_t[]){20, 30, 40}, "........");
	hides(3, 1, (int64_t[]){0, 3, 40}, "..xxxx..");
	hides(3, 1, (int64_t[]){0, 0, 3}, "xxxxxxxx");
	hides(3, 3, (int64_t[]){3, 90, 90, 90, 20, 90, 90, 90, 90}, "xx..xx..........");
}

/* As large as a force has: 60 districts, 40 columns. */
static void
test_large(void)
{
	for (int64_t most = 4; most <= 4000; most *= 10)
	{
		static int64_t counts[60 * 40];
		static bool suppressed[61 * 41];
		SuppressionTable table = {60, 40, counts, NULL, 5};
		clock_t start = clock();
		size_t hidden = 0;

		for (size_t i = 0; i < lengthof(counts); i++)
			counts[i] = (int64_t) unit_below((uint64_t) most);
		suppress_counts(&host, &table, suppressed);
		for (size_t i = 0; i < lengthof(suppressed); i++)
			hidden += suppressed[i];
		printf("counts below %d: %zu hidden in %.3f s\n", (int) most, hidden,
			   (double) (clock() - start) / CLOCKS_PER_SEC);
	}
}

int
main(void)
{
	test_by_hand();
	test_naive_is_broken();
	test_promise();
	test_large();
	return 0;
}
