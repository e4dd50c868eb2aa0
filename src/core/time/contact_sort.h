/*-------------------------------------------------------------------------
 * contact_sort.h
 *	  Sorting contacts by caller and time.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef CONTACT_SORT_H
#define CONTACT_SORT_H

#include <stddef.h>
#include <stdint.h>

/* A contact: a key with evenly spread bits that stands for its caller. */
typedef struct SortContact
{
	uint64_t key;
	int64_t at;
} SortContact;

/* Called every few thousand contacts; it may leave the sort for good. */
typedef void (*SortPause)(void);

extern void contact_sort(SortContact *contacts, SortContact *scratch, size_t n,
						 SortPause pause);

/*
 * Spread the bits of a number evenly, and back again: each step can be undone,
 * so no two numbers get the same key.  The steps are those of the finisher of
 * MurmurHash3 (Austin Appleby, public domain).
 */
static inline uint64_t
spread_bits(uint64_t value)
{
	value ^= value >> 33;
	value *= UINT64_C(0xff51afd7ed558ccd);
	value ^= value >> 33;
	value *= UINT64_C(0xc4ceb9fe1a85ec53);
	value ^= value >> 33;
	return value;
}

/* The factors here are the inverses of those above modulo 2^64. */
static inline uint64_t
unspread_bits(uint64_t key)
{
	key ^= key >> 33;
	key *= UINT64_C(0x9cb4b2f8129337db);
	key ^= key >> 33;
	key *= UINT64_C(0x4f74430c22a54005);
	key ^= key >> 33;
	return key;
}

#endif /* CONTACT_SORT_H */
