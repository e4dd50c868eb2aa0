/*-------------------------------------------------------------------------
 * test_contact_sort.c
 *	  The sort of contacts against qsort(), and leaving it half-way.
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <string.h>

#include "core/time/contact_sort.h"
#include "unit.h"

#define MAX_CONTACTS 400000

static size_t pauses;
static size_t pauses_allowed = SIZE_MAX;
static jmp_buf left;

static void
on_pause(void)
{
	if (pauses++ == pauses_allowed)
		longjmp(left, 1);
}

static int
compare_contacts(const void *a, const void *b)
{
	const SortContact *x = a;
	const SortContact *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Contacts of the given number of callers, in some order of time. */
static void
fill(SortContact *contacts, size_t n, uint64_t callers, int shape)
{
	for (size_t i = 0; i < n; i++)
	{
		uint64_t caller = unit_below(callers);

		contacts[i].key = shape == 5 ? caller : shape == 6 ? caller << 62 :
															 spread_bits(caller);
		switch (shape)
		{
			case 0: /* as tables are mostly written */
				contacts[i].at = (int64_t) i;
				break;
			case 1: /* backwards */
				contacts[i].at = -(int64_t) i;
				break;
			case 2: /* ties */
				contacts[i].at = (int64_t) unit_below(3);
				break;
			default:
				contacts[i].at = (int64_t) unit_random();
		}
	}
}

static void
check_sort(size_t n, uint64_t callers, int shape)
{
	SortContact *contacts = malloc((n + 1) * sizeof(SortContact));
	SortContact *expected = malloc((n + 1) * sizeof(SortContact));
	SortContact *scratch = malloc(n * sizeof(SortContact)); /* exactly as long, for ASan */

	fill(contacts, n, callers, shape);
	memcpy(expected, contacts, n * sizeof(SortContact));
	qsort(expected, n, sizeof(SortContact), compare_contacts);
	contact_sort(contacts, scratch, n, on_pause);
	MUST(memcmp(contacts, expected, n * sizeof(SortContact)) == 0);
	free(contacts);
	free(expected);
	free(scratch);
}

static void
test_random(void)
{
	static const size_t sizes[] = {4095, 4096, 4097, 10000, 70000, MAX_CONTACTS};
	static const uint64_t callers[] = {1, 2, 3, 1000, UINT64_C(1) << 40};

	for (size_t n = 0; n < 200; n++)
		for (int shape = 0; shape < 7; shape++)
			check_sort(n, 1 + unit_below(n + 1), shape);
	for (size_t s = 0; s < lengthof(sizes); s++)
		for (size_t c = 0; c < lengthof(callers); c++)
			check_sort(sizes[s], callers[c], (int) unit_below(7));
	for (int shape = 0; shape < 7; shape++)
		check_sort(MAX_CONTACTS, 1, shape);
}

/* Leaving at any pause harms nothing: the same memory can be sorted anew. */
static void
test_pauses(void)
{
	static SortContact contacts[MAX_CONTACTS];
	static SortContact scratch[MAX_CONTACTS];
	volatile size_t allowed = 0;
	volatile size_t seen = 0;

	for (;; allowed += 1 + allowed / 4)
	{
		unit_seed = 7;
		fill(contacts, MAX_CONTACTS, 1, 3);
		pauses = 0;
		pauses_allowed = allowed;
		if (setjmp(left) == 0)
		{
			contact_sort(contacts, scratch, MAX_CONTACTS, on_pause);
			break;
		}
		seen++;
	}
	pauses_allowed = SIZE_MAX;
	MUST(seen > 10);
	for (size_t i = 1; i < MAX_CONTACTS; i++)
		MUST(contacts[i - 1].at <= contacts[i].at);
}

static void
test_bits(void)
{
	for (int round = 0; round < 100000; round++)
	{
		uint64_t value = unit_random() >> unit_below(64);

		MUST(unspread_bits(spread_bits(value)) == value);
	}
	MUST(unspread_bits(spread_bits(0)) == 0 && unspread_bits(spread_bits(UINT64_MAX)) == UINT64_MAX);
}

int
main(void)
{
	test_random();
	test_pauses();
	test_bits();
	return 0;
}
