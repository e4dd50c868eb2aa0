/*-------------------------------------------------------------------------
 * test_burst.c
 *	  Bursts: known cases, every path there is, and the plain algorithm with as
 *	  many states as Kleinberg's bound asks for.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdbool.h>

#include "core/time/burst.h"
#include "unit_host.h"

#define MAX_GAPS 3000
#define MAX_STATES 64

/* Gaps between offsets, which must ascend. */
static size_t
gaps_of(const int *offsets, size_t contacts, double *gaps)
{
	for (size_t i = 0; i + 1 < contacts; i++)
		gaps[i] = offsets[i + 1] - offsets[i];
	return contacts - 1;
}

/* Check bursts against rows of level, start and end. */
static void
check_bursts(const int *offsets, const uint8_t *states, size_t n, const int (*rows)[3], size_t num_rows)
{
	Burst *bursts;
	size_t found = burst_list(&host, states, n, &bursts);

	MUST(found == num_rows);
	for (size_t i = 0; i < found; i++)
		MUST(bursts[i].level == rows[i][0] && offsets[bursts[i].first] == rows[i][1] && offsets[bursts[i].last] == rows[i][2]);
	host.release(bursts);
}

/* The example of the package pybursts. */
static void
test_small_example(void)
{
	static const int offsets[] = {4, 17, 23, 27, 33, 35, 37, 76, 77, 82, 84, 88, 90, 92};
	static const uint8_t expected[] = {0, 0, 0, 0, 1, 1, 0, 2, 1, 1, 1, 1, 1};
	static const int rows[][3] = {{0, 4, 92}, {1, 33, 37}, {1, 76, 92}, {2, 76, 77}};
	double gaps[lengthof(offsets)];
	uint8_t states[lengthof(offsets)];
	size_t n = gaps_of(offsets, lengthof(offsets), gaps);

	MUST(fabs(burst_path(&host, gaps, n, 2, 0.1, states) - 35.64219712341566) < 1e-12);
	MUST(memcmp(states, expected, n) == 0);
	check_bursts(offsets, states, n, rows, lengthof(rows));
	MUST(fabs(burst_path(&host, gaps, n, 2, 1, states) - 37.86103694121671) < 1e-12);
	check_bursts(offsets, states, n, rows, 1);
}

/* The example of R's package bursts. */
static void
test_long_example(void)
{
	static const int steps[][3] = {{0, 400, 100}, {410, 450, 5}, {451, 469, 2}, {480, 600, 5}, {700, 700, 1}, {710, 800, 5}, {900, 1000, 100}};
	static const int rows[][3] = {{0, 0, 1000}, {1, 410, 600}, {2, 450, 469}, {1, 710, 800}};
	int offsets[200];
	double gaps[200];
	uint8_t states[200];
	size_t contacts = 0;
	size_t n;

	for (size_t i = 0; i < lengthof(steps); i++)
		for (int at = steps[i][0]; at <= steps[i][1]; at += steps[i][2])
			offsets[contacts++] = at;
	n = gaps_of(offsets, contacts, gaps);
	MUST(fabs(burst_path(&host, gaps, n, 2, 1, states) - 241.94023849168605) < 1e-11);
	check_bursts(offsets, states, n, rows, lengthof(rows));
}

static double
sum_of(const double *gaps, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += gaps[i];
	return sum;
}

/* What a path costs, by definition. */
static double
path_cost(const double *gaps, size_t n, double scale, double gamma, const uint8_t *states)
{
	double mean = sum_of(gaps, n) / (double) n;
	double cost = 0;
	int before = 0;

	for (size_t i = 0; i < n; i++)
	{
		double rate = pow(scale, states[i]) / mean;

		cost += rate * gaps[i] - log(rate);
		if (states[i] > before)
			cost += (states[i] - before) * gamma * log((double) n);
		before = states[i];
	}
	return cost;
}

/* How many states Kleinberg's bound asks for. */
static int
states_needed(const double *gaps, size_t n, double scale)
{
	double shortest = gaps[0];

	for (size_t i = 0; i < n; i++)
		shortest = fmin(shortest, gaps[i]);
	return (int) ceil(1 + log(sum_of(gaps, n) / shortest) / log(scale));
}

static void
random_gaps(double *gaps, size_t n)
{
	uint64_t range = 1 + unit_below(1000);

	for (size_t i = 0; i < n; i++)
	{
		if (unit_below(10) == 0)
			range = UINT64_C(1) << unit_below(16);
		gaps[i] = 1 + (double) unit_below(range);
	}
}

/* The cheapest of all paths, each of which is tried. */
static double
cheapest(const double *gaps, size_t n, double scale, double gamma, int num_states)
{
	uint8_t states[8] = {0};
	double best = INFINITY;

	for (;;)
	{
		size_t i = 0;

		best = fmin(best, path_cost(gaps, n, scale, gamma, states));
		while (i < n && ++states[i] == num_states)
			states[i++] = 0;
		if (i == n)
			return best;
	}
}

static void
test_every_path(void)
{
	for (int round = 0; round < 300; round++)
	{
		double gaps[5];
		uint8_t states[5];
		size_t n = 1 + unit_below(5);
		double scale = 1.5 + (double) unit_below(20) / 10;
		double gamma = (double) unit_below(20) / 10;
		double cost;

		for (size_t i = 0; i < n; i++)
			gaps[i] = 1 + (double) unit_below(1 + unit_below(20));
		cost = burst_path(&host, gaps, n, scale, gamma, states);
		MUST(fabs(cost - path_cost(gaps, n, scale, gamma, states)) < 1e-9);
		MUST(fabs(cost - cheapest(gaps, n, scale, gamma, states_needed(gaps, n, scale))) < 1e-9);
	}
}

/* As R does it: for each gap and state, every state before, all paths kept. */
static double
plain_path(const double *gaps, size_t n, double scale, double gamma, int num_states, uint8_t *states)
{
	static uint8_t from[MAX_GAPS][MAX_STATES];
	double mean = sum_of(gaps, n) / (double) n;
	double cost[MAX_STATES];
	int state = 0;

	MUST(num_states <= MAX_STATES);
	for (int j = 0; j < num_states; j++)
		cost[j] = j == 0 ? 0 : INFINITY;
	for (size_t i = 0; i < n; i++)
	{
		double next[MAX_STATES];

		for (int j = 0; j < num_states; j++)
		{
			double rate = pow(scale, j) / mean;

			next[j] = INFINITY;
			for (int l = 0; l < num_states; l++)
			{
				double c = cost[l] + (l < j ? (j - l) * gamma * log((double) n) : 0);

				if (c < next[j])
				{
					next[j] = c;
					from[i][j] = (uint8_t) l;
				}
			}
			next[j] += rate * gaps[i] - log(rate);
		}
		memcpy(cost, next, sizeof(cost));
	}
	for (int j = 1; j < num_states; j++)
		state = cost[j] < cost[state] ? j : state;
	for (size_t i = n; i > 0; i--)
	{
		states[i - 1] = (uint8_t) state;
		state = from[i - 1][state];
	}
	return path_cost(gaps, n, scale, gamma, states);
}

static void
test_plain_algorithm(void)
{
	size_t same = 0;

	for (int round = 0; round < 400; round++)
	{
		static double gaps[MAX_GAPS];
		static uint8_t states[MAX_GAPS];
		static uint8_t plain[MAX_GAPS];
		size_t n = 1 + unit_below(round < 390 ? 200 : MAX_GAPS);
		double scale = 1.7 + (double) unit_below(30) / 10;
		double gamma = (double) unit_below(20) / 10;
		double cost;
		double expected;

		random_gaps(gaps, n);
		cost = burst_path(&host, gaps, n, scale, gamma, states);
		expected = plain_path(gaps, n, scale, gamma, states_needed(gaps, n, scale), plain);
		MUST(fabs(cost - expected) < 1e-9 * (1 + fabs(expected)));
		MUST(fabs(cost - path_cost(gaps, n, scale, gamma, states)) < 1e-9 * (1 + fabs(cost)));
		same += memcmp(states, plain, n) == 0;
	}
	/* two paths can cost the same to the last bits */
	MUST(same >= 395);
	MUST(in_use == 0);
}

/* Of each level, the longest runs in that state or a higher one. */
static void
test_list(void)
{
	for (int round = 0; round < 2000; round++)
	{
		uint8_t states[60];
		size_t n = 1 + unit_below(60);
		size_t expected = 0;
		Burst *bursts;
		size_t found;

		for (size_t i = 0; i < n; i++)
			states[i] = (uint8_t) unit_below(1 + unit_below(6));
		found = burst_list(&host, states, n, &bursts);
		for (size_t i = 0; i < n; i++)
			for (int level = i == 0 ? 0 : states[i - 1] + 1; level <= states[i]; level++, expected++)
			{
				size_t last = i;

				while (last < n && states[last] >= level)
					last++;
				MUST(expected < found && bursts[expected].first == i);
				MUST(bursts[expected].last == last && bursts[expected].level == level);
			}
		MUST(expected == found);
		host.release(bursts);
	}
}

/* One contact is a burst of level 0; equal gaps have no other. */
static void
test_edges(void)
{
	const double equal[] = {3, 3, 3, 3};
	const double tiny[] = {1e-6, 1e6};
	double wide[300];
	uint8_t states[300];
	Burst *bursts;

	MUST(burst_list(&host, NULL, 0, &bursts) == 1);
	MUST(bursts[0].level == 0 && bursts[0].first == 0 && bursts[0].last == 0);
	host.release(bursts);
	MUST(burst_path(&host, NULL, 0, 2, 1, NULL) == 0);
	burst_path(&host, equal, 4, 2, 0, states);
	MUST(memcmp(states, "\0\0\0\0", 4) == 0);
	MUST(isfinite(burst_path(&host, tiny, 2, 1e300, 1, states)));

	/* more levels than there are states: the highest is taken */
	for (size_t i = 0; i < lengthof(wide); i++)
		wide[i] = i < 150 ? 1 : 1e6;
	MUST(isfinite(burst_path(&host, wide, lengthof(wide), 1.01, 0, states)));
	MUST(states[0] == BURST_MAX_STATES - 1 && states[299] == 0);
	MUST(in_use == 0);
}

static size_t most_in_use;

static void *
watched_alloc(size_t size)
{
	void *memory = host_alloc(size);

	most_in_use = in_use > most_in_use ? in_use : most_in_use;
	return memory;
}

/* A million gaps: one pass and one back, and less memory than the gaps take. */
static void
test_many(void)
{
	static const size_t n = 1000000;
	const Host watching = {watched_alloc, host_resize, host_release, host_pause};
	double *gaps = malloc(n * sizeof(double));
	uint8_t *states = malloc(n);
	size_t differ = 0;
	double cost;

	for (size_t i = 0; i < n; i++)
		gaps[i] = 1 + (double) unit_below(i / 1000 % 10 == 7 ? 100 : 10000);
	cost = burst_path(&watching, gaps, n, 2, 1, states);
	MUST(fabs(cost - path_cost(gaps, n, 2, 1, states)) < 1e-9 * fabs(cost));
	MUST(most_in_use < n / 2);
	for (size_t i = 0; i < n; i++)
		differ += (states[i] >= 4) != (i / 1000 % 10 == 7);
	/* a gap beside a burst can be as short as those in it */
	MUST(differ < 20);
	free(gaps);
	free(states);
}

int
main(void)
{
	test_small_example();
	test_long_example();
	test_every_path();
	test_plain_algorithm();
	test_list();
	test_edges();
	test_many();
	return 0;
}
