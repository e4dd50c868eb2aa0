/*-------------------------------------------------------------------------
 * filler_list.h
 *	  The shipped words and phrases that stand for "not known", and what the
 *	  files that judge values share.
 *-------------------------------------------------------------------------
 */
#ifndef FILLER_LIST_H
#define FILLER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/identity/filler.h"

#include "core/text.h"

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* The kinds of value in which an entry means "not known" */
#define FILLER_IN_NAME 0x0001
#define FILLER_IN_ADDRESS 0x0002
#define FILLER_IN_POSTCODE 0x0004
#define FILLER_IN_EMAIL 0x0008
#define FILLER_IN_IDENTIFIER 0x0010
#define FILLER_IN_ALL 0x0020 /* in every kind */

/* More about a word */
#define FILLER_JOINS 0x0100 /* means "not known" together with other words: "not", "of" */
#define FILLER_TITLE 0x0200 /* stands before a name */
#define FILLER_SURNAME 0x0400 /* is a family name too */
#define FILLER_FORENAME 0x0800 /* is a given name too */

typedef struct FillerEntry
{
	const char *text;
	unsigned mask;
} FillerEntry;

/* A value is a filler if all its words are in this list */
extern const FillerEntry filler_words[];
extern const size_t filler_words_count;

/* Whole values */
extern const FillerEntry filler_phrases[];
extern const size_t filler_phrases_count;

/* Part of a folded value */
typedef struct FillerText
{
	const char *p;
	size_t len;
} FillerText;

static inline bool
same(FillerText text, const char *other)
{
	return text.len > 0 && other[0] == text.p[0] && strncmp(text.p, other, text.len) == 0 && other[text.len] == '\0';
}

static inline bool
starts_with(FillerText text, const char *start)
{
	return strlen(start) <= text.len && memcmp(text.p, start, strlen(start)) == 0;
}

static inline bool
has_only(FillerText text, bool (*is_such)(char))
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_such(text.p[i]))
			return false;
	return text.len > 0;
}

/* One character repeated, blanks left out: "xxx", "z z z". */
static inline bool
is_repeated(FillerText text, size_t least)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
	{
		if (text.p[i] == ' ')
			continue;
		if (text.p[i] != text.p[0])
			return false;
		n++;
	}
	return n >= least;
}

/* No letter of any script. */
static inline bool
has_no_letter(FillerText text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] != ' ' && !is_digit(text.p[i]))
			return false;
	return true;
}

/* filler.c */
extern FillerText filler_fold_into(FillerKind kind, const char *raw, size_t len, char *room);
extern FillerVerdict filler_judge_words(FillerText text, unsigned mask);

/* filler_values.c */
extern size_t filler_fold_date_text(char *text, size_t len);
extern FillerVerdict filler_judge_date_text(FillerText text);
extern FillerVerdict filler_judge_postcode(FillerText text);
extern FillerVerdict filler_judge_identifier(FillerText text, const char *raw, size_t len);
extern FillerVerdict filler_judge_imei(FillerText text, const char *raw, size_t len);
extern FillerVerdict filler_judge_email(FillerText text, const char *raw, size_t len);
extern void filler_list_values(FillerPut put, void *arg);

#endif /* FILLER_LIST_H */
