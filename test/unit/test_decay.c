/*-------------------------------------------------------------------------
 * test_decay.c
 *	  Decayed counts: what they come to, and that order and split change no bit.
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "core/time/decay.h"
#include "unit.h"

#define MAX_CONTACTS 200

static DecaySum
sum_of(const uint64_t *ages, size_t n, uint64_t half_life)
{
	DecaySum sum = {{0}};

	for (size_t i = 0; i < n; i++)
		decay_add(&sum, ages[i], half_life);
	return sum;
}

/* Against the definition, in long double, from the smallest to the largest. */
static void
test_value(void)
{
	for (int round = 0; round < 5000; round++)
	{
		uint64_t ages[MAX_CONTACTS];
		size_t n = 1 + unit_below(MAX_CONTACTS);
		uint64_t half_life = 1 + unit_below(UINT64_C(1) << (1 + unit_below(50)));
		long double expected = 0;
		DecaySum sum;

		for (size_t i = 0; i < n; i++)
		{
			ages[i] = unit_below(half_life * (1 + unit_below(100)));
			expected += exp2l(-(long double) ages[i] / half_life);
		}
		sum = sum_of(ages, n, half_life);
		MUST(fabsl(decay_value(&sum) - expected) <= 4e-16L * expected);
	}
}

static void
test_order_and_split(void)
{
	for (int round = 0; round < 5000; round++)
	{
		uint64_t ages[MAX_CONTACTS];
		size_t n = unit_below(MAX_CONTACTS);
		size_t split = n > 0 ? unit_below(n) : 0;
		uint64_t half_life = 1 + unit_below(1000000);
		DecaySum whole;
		DecaySum first;
		DecaySum second;

		for (size_t i = 0; i < n; i++)
			ages[i] = unit_below(half_life * 170);
		whole = sum_of(ages, n, half_life);
		for (size_t i = n; i > 1; i--)
		{
			size_t j = unit_below(i);
			uint64_t age = ages[j];

			ages[j] = ages[i - 1];
			ages[i - 1] = age;
		}
		first = sum_of(ages, split, half_life);
		second = sum_of(ages + split, n - split, half_life);
		decay_merge(&first, &second);
		MUST(memcmp(&whole, &first, sizeof(whole)) == 0);
	}
}

/* Sums that are known exactly: carries, rounding, and what is too old. */
static void
test_exact(void)
{
	const uint64_t halvings[] = {0, 1, 2, 63, 64, 65, 127, 128, 159, 160};
	const uint64_t half_way[] = {0, 53}; /* 1 + 2^-53: to the even one */
	const uint64_t beyond[] = {0, 53, 160}; /* and a little more: up */
	DecaySum sum = {{0}};

	MUST(decay_value(&sum) == 0);
	for (size_t i = 0; i < lengthof(halvings); i++)
	{
		sum = sum_of(&halvings[i], 1, 1);
		MUST(decay_value(&sum) == ldexp(1, -(int) halvings[i]));
	}
	sum = sum_of(half_way, 2, 1);
	MUST(decay_value(&sum) == 1);
	sum = sum_of(beyond, 3, 1);
	MUST(decay_value(&sum) == 1 + 0x1p-52);
	sum = (DecaySum){{0}};
	decay_add(&sum, 161, 1);
	decay_add(&sum, UINT64_MAX, 1);
	MUST(decay_value(&sum) == 0);

	/* 2^41 contacts of age 0, by doubling */
	decay_add(&sum, 0, 7);
	for (int i = 0; i < 41; i++)
	{
		DecaySum same = sum;

		decay_merge(&sum, &same);
		MUST(decay_value(&sum) == ldexp(1, i + 1));
	}
	decay_add(&sum, UINT64_MAX / 2, UINT64_MAX);
	MUST(decay_value(&sum) > 0x1p41 && decay_value(&sum) < 0x1p41 + 1);
}

/* Aged in steps, and to the ends of what a double holds. */
static void
test_aged(void)
{
	MUST(decay_aged(8, 0, 5) == 8 && decay_aged(8, 10, 5) == 2);
	MUST(decay_aged(1, 1074, 1) == 0x1p-1074 && decay_aged(1, 1076, 1) == 0);
	MUST(decay_aged(1e308, UINT64_MAX, 1) == 0 && decay_aged(0, 3, 7) == 0);
	for (int round = 0; round < 5000; round++)
	{
		uint64_t half_life = 1 + unit_below(1000000);
		uint64_t age = unit_below(half_life * 50);
		uint64_t more = unit_below(half_life * 50);
		double at_once = decay_aged(3.25, age + more, half_life);

		MUST(fabs(decay_aged(decay_aged(3.25, age, half_life), more, half_life) - at_once) <= 1e-15 * at_once);
	}
}

int
main(void)
{
	test_value();
	test_order_and_split();
	test_exact();
	test_aged();
	return 0;
}
