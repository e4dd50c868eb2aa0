/*-------------------------------------------------------------------------
 * decay.c
 *	  Sums of 2 ^ -(age / half-life) that do not depend on the order.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/time/decay.h"

/* 2 ^ -(age / half_life) for an age below the half-life: above 0.5, at most 1. */
static double
within_one(uint64_t age, uint64_t half_life)
{
	return exp2(-((double) age / (double) half_life));
}

/* Add a word at a place, and carry. */
static void
add_word(DecaySum *sum, int place, uint64_t word)
{
	for (; word != 0 && place < DECAY_WORDS; place++)
	{
		sum->words[place] += word;
		word = sum->words[place] < word;
	}
}

/*
 * decay_add
 *		Add a contact of the given age.  Its weight, a double of 53 bits, is a
 *		whole number of units once it is shifted left by DECAY_FRACTION; each
 *		halving shifts it right by one bit.
 */
void
decay_add(DecaySum *sum, uint64_t age, uint64_t half_life)
{
	uint64_t halvings = age / half_life;
	uint64_t units;
	int shift;

	if (halvings > DECAY_HALVINGS)
		return;
	units = (uint64_t) (within_one(age % half_life, half_life) * (double) (UINT64_C(1) << DECAY_FRACTION));
	shift = DECAY_HALVINGS - (int) halvings;
	add_word(sum, shift / 64, units << shift % 64);
	if (shift % 64 != 0)
		add_word(sum, shift / 64 + 1, units >> (64 - shift % 64));
}

/*
 * decay_merge
 *		Add another sum of the same half-life and time.
 */
void
decay_merge(DecaySum *sum, const DecaySum *other)
{
	for (int place = 0; place < DECAY_WORDS; place++)
		add_word(sum, place, other->words[place]);
}

/*
 * decay_value
 *		The double next to a sum.
 */
double
decay_value(const DecaySum *sum)
{
	int top = DECAY_WORDS - 1;
	int shift;
	uint64_t leading;
	uint64_t rest;

	while (top > 0 && sum->words[top] == 0)
		top--;
	if (sum->words[top] == 0)
		return 0;
	shift = __builtin_clzll(sum->words[top]);
	leading = sum->words[top] << shift;
	rest = 0;
	if (top > 0)
	{
		leading |= shift > 0 ? sum->words[top - 1] >> (64 - shift) : 0;
		rest = sum->words[top - 1] << shift;
	}
	for (int place = 0; place + 1 < top; place++)
		rest |= sum->words[place];
	/* 64 bits, and whether more follow, round as all bits would */
	return ldexp((double) (leading | (rest != 0)), 64 * top - shift - DECAY_SCALE);
}

/*
 * decay_aged
 *		The value of a decayed count after some more time.
 */
double
decay_aged(double value, uint64_t age, uint64_t half_life)
{
	uint64_t halvings = age / half_life;

	/* no double is halved so often without becoming 0 */
	if (halvings > 4096)
		return 0;
	return ldexp(value * within_one(age % half_life, half_life), -(int) halvings);
}
