/*-------------------------------------------------------------------------
 * burst.h
 *	  Bursts of contacts, one within the other: Kleinberg's automaton.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * The automaton is in a state 0, 1, 2 ... at each gap between contacts.  In
 * state i gaps are exponential with the rate scale ^ i / mean gap.  Going up
 * costs gamma ln n per state, where n is the number of gaps; going down is
 * free.  The path that costs least gives the bursts.
 *-------------------------------------------------------------------------
 */
#ifndef BURST_H
#define BURST_H

#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* A state is a byte.  With a scale of 1.2 or more no timeline needs so many. */
#define BURST_MAX_STATES 255

/* Contacts first to last, counted from 0. */
typedef struct Burst
{
	size_t first;
	size_t last;
	int level;
} Burst;

extern double burst_path(const Host *host, const double *gaps, size_t n,
						 double scale, double gamma, uint8_t *states);
extern size_t burst_list(const Host *host, const uint8_t *states, size_t n, Burst **bursts);

#endif /* BURST_H */
