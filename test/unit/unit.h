/*-------------------------------------------------------------------------
 * unit.h
 *	  What the tests of the core share: a check and a generator of numbers.
 *-------------------------------------------------------------------------
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

#define MUST(condition) \
	do \
	{ \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static uint64_t unit_seed = 1;

/* The next of a fixed sequence of numbers that look random (splitmix64). */
static inline uint64_t
unit_random(void)
{
	uint64_t z = (unit_seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* One of 0 to n - 1. */
static inline uint64_t
unit_below(uint64_t n)
{
	return unit_random() % n;
}

/* For qsort(). */
static inline int
unit_compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

#endif /* UNIT_H */
