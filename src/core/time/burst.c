/*-------------------------------------------------------------------------
 * burst.c
 *	  Bursts of contacts, one within the other: Kleinberg's automaton.
 *
 * Kleinberg 2003, Bursty and hierarchical structure in streams, Data Mining
 * and Knowledge Discovery 7, doi 10.1023/A:1024940629314.
 *
 * His automaton has infinitely many states.  Here the last one is the first
 * whose rate is at least 1 / the shortest gap: a gap x costs rate x - ln rate,
 * which only grows beyond the rate 1 / x, and staying below needs no more
 * changes of state.  So the path is that of the infinite automaton.
 *
 * The path is found by dynamic programming in time gaps x states.  Only the
 * costs at the start of each block of gaps are kept; on the way back, the
 * steps of a block are repeated.  So little memory is needed, however many
 * gaps there are.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/time/burst.h"

#define BLOCK 1024 /* gaps between two points where costs are kept */

typedef struct Automaton
{
	int num_states;
	double step; /* the cost of going up one state */
	double rate[BURST_MAX_STATES];
	double log_rate[BURST_MAX_STATES];
} Automaton;

static void
make_automaton(Automaton *automaton, const double *gaps, size_t n, double scale, double gamma)
{
	double sum = 0;
	double shortest = gaps[0];
	int state = 0;

	for (size_t i = 0; i < n; i++)
	{
		sum += gaps[i];
		shortest = fmin(shortest, gaps[i]);
	}
	do
	{
		automaton->log_rate[state] = state * log(scale) - log(sum / (double) n);
		automaton->rate[state] = exp(automaton->log_rate[state]);
	} while (automaton->rate[state++] < 1 / shortest && state < BURST_MAX_STATES);
	automaton->num_states = state;
	automaton->step = gamma * log((double) n);
}

/*
 * The cost of each state after one more gap, and the cheapest state to come
 * from: the lowest if several are as cheap.
 */
static void
pass_gap(const Automaton *automaton, double gap, double *cost, uint8_t *from)
{
	double before[BURST_MAX_STATES];
	int above = automaton->num_states - 1; /* cheapest state from this one up */
	int below = 0; /* the cheapest to come up from */

	memcpy(before, cost, (size_t) automaton->num_states * sizeof(double));
	for (int state = automaton->num_states - 1; state >= 0; state--)
	{
		if (before[state] <= before[above])
			above = state;
		from[state] = (uint8_t) above;
		cost[state] = before[above];
	}
	for (int state = 1; state < automaton->num_states; state++)
	{
		double up;

		if (before[state - 1] + automaton->step < before[below] + (state - below) * automaton->step)
			below = state - 1;
		up = before[below] + (state - below) * automaton->step;
		if (up <= cost[state])
		{
			from[state] = (uint8_t) below;
			cost[state] = up;
		}
	}
	for (int state = 0; state < automaton->num_states; state++)
		cost[state] += automaton->rate[state] * gap - automaton->log_rate[state];
}

/* Pass all gaps; kept gets the costs at the start of each block. */
static void
pass_forward(const Host *host, const Automaton *automaton, const double *gaps, size_t n, double *cost, double *kept)
{
	uint8_t from[BURST_MAX_STATES];

	cost[0] = 0;
	for (int state = 1; state < automaton->num_states; state++)
		cost[state] = INFINITY;
	for (size_t i = 0; i < n; i++)
	{
		if (i % BLOCK == 0)
		{
			host->pause();
			memcpy(kept, cost, (size_t) automaton->num_states * sizeof(double));
			kept += automaton->num_states;
		}
		pass_gap(automaton, gaps[i], cost, from);
	}
}

/* Find the states of the gaps backwards, from the state after the last gap. */
static void
trace_back(const Host *host, const Automaton *automaton, const double *gaps, size_t n, double *kept, uint8_t state, uint8_t *states)
{
	size_t num_states = (size_t) automaton->num_states;
	uint8_t *from = host->alloc(BLOCK * num_states);

	for (size_t end = n; end > 0;)
	{
		size_t block = (end - 1) / BLOCK;
		size_t begin = block * BLOCK;

		host->pause();
		for (size_t i = begin; i < end; i++)
			pass_gap(automaton, gaps[i], kept + block * num_states, from + (i - begin) * num_states);
		for (; end > begin; end--)
		{
			states[end - 1] = state;
			state = from[(end - 1 - begin) * num_states + state];
		}
	}
	host->release(from);
}

/*
 * burst_path
 *		The state at each of n gaps, all above 0, on the path that costs least;
 *		returns what it costs.  scale must be above 1, gamma 0 or more.
 */
double
burst_path(const Host *host, const double *gaps, size_t n, double scale, double gamma, uint8_t *states)
{
	Automaton automaton;
	double cost[BURST_MAX_STATES];
	double *kept;
	int last = 0;

	if (n == 0)
		return 0;
	make_automaton(&automaton, gaps, n, scale, gamma);
	kept = host->alloc((n + BLOCK - 1) / BLOCK * (size_t) automaton.num_states * sizeof(double));
	pass_forward(host, &automaton, gaps, n, cost, kept);
	for (int state = 1; state < automaton.num_states; state++)
		if (cost[state] < cost[last])
			last = state;
	trace_back(host, &automaton, gaps, n, kept, (uint8_t) last, states);
	host->release(kept);
	return cost[last];
}

/*
 * burst_list
 *		The bursts in the states of n gaps, in the order in which they begin,
 *		outer ones first: for each level, the longest runs of gaps in that state
 *		or a higher one.  Level 0 is the whole.
 */
size_t
burst_list(const Host *host, const uint8_t *states, size_t n, Burst **bursts)
{
	size_t open[BURST_MAX_STATES]; /* bursts that go on, by level */
	int depth = 0;
	size_t found = 0;
	size_t capacity = 16;

	*bursts = host->alloc(capacity * sizeof(Burst));
	for (size_t i = 0; i < n || i == 0; i++)
	{
		int level = n > 0 ? states[i] : 0;

		if (i % BLOCK == 0)
			host->pause();
		while (depth > level + 1)
			(*bursts)[open[--depth]].last = i;
		for (; depth <= level; depth++)
		{
			if (found == capacity)
				*bursts = host->resize(*bursts, (capacity *= 2) * sizeof(Burst));
			open[depth] = found;
			(*bursts)[found++] = (Burst){.first = i, .level = depth};
		}
	}
	while (depth > 0)
		(*bursts)[open[--depth]].last = n;
	return found;
}
