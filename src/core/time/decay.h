/*-------------------------------------------------------------------------
 * decay.h
 *	  Sums of 2 ^ -(age / half-life) that do not depend on the order.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * A sum is a whole number of 256 bits, in units of 2 ^ -DECAY_SCALE.  A
 * contact adds a whole number of units, so additions are exact, and the same
 * contacts give the same bits in any order and split.
 *-------------------------------------------------------------------------
 */
#ifndef DECAY_H
#define DECAY_H

#include <stdint.h>

#define DECAY_WORDS 4
#define DECAY_FRACTION 53 /* bits of 2 ^ -x for 0 <= x < 1: all that a double has */
#define DECAY_HALVINGS 160 /* after more of them a contact adds nothing */
#define DECAY_SCALE (DECAY_FRACTION + DECAY_HALVINGS)

/* The lowest word first.  There is room for 2 ^ 42 contacts. */
typedef struct DecaySum
{
	uint64_t words[DECAY_WORDS];
} DecaySum;

extern void decay_add(DecaySum *sum, uint64_t age, uint64_t half_life);
extern void decay_merge(DecaySum *sum, const DecaySum *other);
extern double decay_value(const DecaySum *sum);
extern double decay_aged(double value, uint64_t age, uint64_t half_life);

#endif /* DECAY_H */
