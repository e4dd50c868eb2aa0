/*-------------------------------------------------------------------------
 * gaps.h
 *	  The gaps between contacts: how long, how uneven, in what order.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef GAPS_H
#define GAPS_H

#include <stddef.h>
#include <stdint.h>

#include "core/host.h"

/* A measure that is not defined for the gaps is NaN. */
typedef struct GapProfile
{
	size_t gaps;
	uint64_t mean; /* in microseconds, rounded; 0 if there is no gap */
	uint64_t longest; /* the same */
	double variation; /* standard deviation of the population over the mean */
	double burstiness; /* Goh and Barabasi's B */
	double corrected; /* the same for few gaps: Kim and Jo's B_n */
	double memory; /* correlation of a gap with the next */
} GapProfile;

extern void gap_profile(const Host *host, const int64_t *times, size_t n, GapProfile *out);

#endif /* GAPS_H */
