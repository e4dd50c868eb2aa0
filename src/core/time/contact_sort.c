/*-------------------------------------------------------------------------
 * contact_sort.c
 *	  Sort contacts by caller and time, several times faster than comparing.
 *
 * Keys have evenly spread bits.  One pass scatters the contacts by their top
 * bits into buckets that fit a processor's cache; two stable passes order each
 * bucket by the next sixteen bits.  That leaves short runs of equal leading
 * bits: almost always one caller's contacts, almost always in order of time
 * already, because tables are mostly written in that order.  Only other runs
 * are sorted by comparison: short ones by insertion, long ones by merges that
 * skip what is in order.
 *-------------------------------------------------------------------------
 */
#include "core/time/contact_sort.h"

#include <stdbool.h>
#include <string.h>

#define BUCKET_CONTACTS 4096 /* 64 kB of contacts to a bucket */
#define MAX_BUCKET_BITS 12
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)
#define SMALL 48 /* contacts that insertion sorts best */
#define PAUSE_CONTACTS 65536 /* contacts from one pause to the next */

#define pause_at(i) \
	do \
	{ \
		if ((i) % PAUSE_CONTACTS == 0) \
			pause(); \
	} while (0)

static inline bool
in_order(const SortContact *a, const SortContact *b)
{
	return a->key < b->key || (a->key == b->key && a->at <= b->at);
}

static void
insertion_sort(SortContact *contacts, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		SortContact moving = contacts[i];
		size_t j = i;

		for (; j > 0 && !in_order(&contacts[j - 1], &moving); j--)
			contacts[j] = contacts[j - 1];
		contacts[j] = moving;
	}
}

/* Merge what is before mid with what is from there on. */
static void
merge(const SortContact *from, SortContact *to, size_t mid, size_t n, SortPause pause)
{
	size_t left = 0;
	size_t right = mid;

	if (mid >= n || in_order(&from[mid - 1], &from[mid]))
	{
		memcpy(to, from, n * sizeof(SortContact));
		return;
	}
	for (size_t i = 0; i < n; i++)
	{
		bool take_left = left < mid && (right >= n || in_order(&from[left], &from[right]));

		to[i] = take_left ? from[left++] : from[right++];
		pause_at(i + 1);
	}
}

static size_t
at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Sort small blocks, then merge blocks twice as large each time. */
static void
merge_sort(SortContact *contacts, SortContact *scratch, size_t n, SortPause pause)
{
	SortContact *from = contacts;
	SortContact *to = scratch;

	for (size_t i = 0; i < n; i += SMALL)
	{
		insertion_sort(contacts + i, at_most(SMALL, n - i));
		pause_at(i / SMALL);
	}
	for (size_t width = SMALL; width < n; width *= 2)
	{
		SortContact *merged = to;

		for (size_t i = 0; i < n; i += 2 * width)
			merge(from + i, to + i, at_most(width, n - i), at_most(2 * width, n - i), pause);
		pause();
		to = from;
		from = merged;
	}
	if (from != contacts)
		memcpy(contacts, from, n * sizeof(SortContact));
}

static void
sort_run(SortContact *contacts, SortContact *scratch, size_t n, SortPause pause)
{
	size_t i = 1;

	while (i < n && in_order(&contacts[i - 1], &contacts[i]))
		i++;
	if (i >= n)
		return;
	if (n <= SMALL)
		insertion_sort(contacts, n);
	else
		merge_sort(contacts, scratch, n, pause);
}

/* Sort the runs of contacts whose keys agree above the given bit. */
static void
sort_runs(SortContact *contacts, SortContact *scratch, size_t n, int shift, SortPause pause)
{
	size_t start = 0;

	for (size_t i = 1; i <= n; i++)
		if (i == n || contacts[i].key >> shift != contacts[start].key >> shift)
		{
			if (i - start > 1)
				sort_run(contacts + start, scratch + start, i - start, pause);
			start = i;
		}
}

/* A stable pass by the digit at the given bit. */
static void
digit_pass(const SortContact *from, SortContact *to, size_t n, int shift, SortPause pause)
{
	uint32_t starts[DIGITS] = {0};
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		starts[from[i].key >> shift & (DIGITS - 1)]++;
		pause_at(i + 1);
	}
	for (int d = 0; d < DIGITS; d++)
	{
		uint32_t count = starts[d];

		starts[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
	{
		to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
		pause_at(i + 1);
	}
}

/* Sort a bucket that lies in scratch into its place; high bits are equal. */
static void
sort_bucket(SortContact *contacts, SortContact *scratch, size_t n, int high_bits, SortPause pause)
{
	int shift = 64 - high_bits - 2 * DIGIT_BITS;

	pause();
	if (n <= SMALL || n > UINT32_MAX)
	{
		memcpy(contacts, scratch, n * sizeof(SortContact));
		sort_run(contacts, scratch, n, pause);
		return;
	}
	digit_pass(scratch, contacts, n, shift, pause);
	digit_pass(contacts, scratch, n, shift + DIGIT_BITS, pause);
	memcpy(contacts, scratch, n * sizeof(SortContact));
	sort_runs(contacts, scratch, n, shift, pause);
}

/*
 * contact_sort
 *		Sort by key and, within a key, by time.  scratch holds as many.
 */
void
contact_sort(SortContact *contacts, SortContact *scratch, size_t n, SortPause pause)
{
	size_t ends[1 << MAX_BUCKET_BITS] = {0};
	int bits = 1;
	size_t sum = 0;

	if (n <= SMALL)
	{
		insertion_sort(contacts, n);
		return;
	}
	while (bits < MAX_BUCKET_BITS && n >> bits > BUCKET_CONTACTS)
		bits++;
	for (size_t i = 0; i < n; i++)
	{
		ends[contacts[i].key >> (64 - bits)]++;
		pause_at(i);
	}
	for (int b = 0; b < 1 << bits; b++)
	{
		size_t count = ends[b];

		ends[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
	{
		scratch[ends[contacts[i].key >> (64 - bits)]++] = contacts[i];
		pause_at(i);
	}
	for (int b = 0; b < 1 << bits; b++)
	{
		size_t start = b == 0 ? 0 : ends[b - 1];

		sort_bucket(contacts + start, scratch + start, ends[b] - start, bits, pause);
	}
}
