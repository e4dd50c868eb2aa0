/*-------------------------------------------------------------------------
 * similarity.h
 *	  How alike two names, dates of birth or postcodes are.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * Text is UTF-8 and compared character by character; a byte that is not UTF-8
 * is a character of its own, like no other.  Nothing here allocates memory or
 * needs its input to end with a zero byte: what is longer than the limits below
 * is cut there.
 *-------------------------------------------------------------------------
 */
#ifndef SIMILARITY_H
#define SIMILARITY_H

#include <stdbool.h>
#include <stddef.h>

/* Characters that similarity_jaro_winkler looks at */
#define SIMILARITY_MAX_JARO 256

/* Characters that similarity_damerau_levenshtein looks at */
#define SIMILARITY_MAX_EDIT 1000

/* Room for any similarity_sound: four characters, each of up to four bytes */
#define SIMILARITY_SOUND_SIZE 17

/*
 * What two dates have in common, from most to least.  A level applies only if
 * none before it does.
 */
typedef enum SimilarityDateLevel
{
	SIMILARITY_DATE_SAME,
	SIMILARITY_DATE_ONE_DIGIT, /* one wrong digit, or two neighbours swapped */
	SIMILARITY_DATE_DAY_MONTH, /* day and month swapped */
	SIMILARITY_DATE_TWO_PARTS, /* two of year, month and day */
	SIMILARITY_DATE_YEAR,
	SIMILARITY_DATE_NEAR, /* years next to each other */
	SIMILARITY_DATE_DIFFERENT
} SimilarityDateLevel;

/* The parts of a postcode, each with those before it; empty where not given */
typedef struct PostcodeParts
{
	char area[3]; /* SW */
	char district[5]; /* SW1A */
	char sector[7]; /* SW1A 1 */
	char unit[9]; /* SW1A 1AA */
} PostcodeParts;

extern double similarity_jaro_winkler(const char *a, size_t alen,
									  const char *b, size_t blen);
extern int similarity_damerau_levenshtein(const char *a, size_t alen,
										  const char *b, size_t blen, int limit);
extern size_t similarity_name_key(const char *raw, size_t len,
								  char *out, size_t outsize);
extern size_t similarity_sound(const char *key, size_t len,
							   char *out, size_t outsize);
extern bool similarity_postcode_parts(const char *raw, size_t len,
									  PostcodeParts *parts);
extern int similarity_date_level(int year_a, int month_a, int day_a,
								 int year_b, int month_b, int day_b);

#endif /* SIMILARITY_H */
