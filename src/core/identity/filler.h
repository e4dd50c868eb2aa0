/*-------------------------------------------------------------------------
 * filler.h
 *	  Values that stand for "not known".
 *
 * Control rooms, web forms and imports enter something if nothing is known: a
 * zero, a title, 1 January 1900, "N/K".  Such a value is not evidence: it shows
 * neither that two people are the same nor that they differ.  Here is the
 * shipped list and how values are compared with it.
 *
 * Plain C without PostgreSQL.  Nothing allocates memory, nothing is kept.
 *-------------------------------------------------------------------------
 */
#ifndef FILLER_H
#define FILLER_H

#include <stdbool.h>
#include <stddef.h>

/* Values of more bytes are never fillers */
#define FILLER_MAX_VALUE 120

/* Room for any folded value */
#define FILLER_FOLD_SIZE 512

typedef enum FillerKind
{
	FILLER_NAME, /* a given or a family name, or a whole one */
	FILLER_GIVEN_NAME,
	FILLER_FAMILY_NAME,
	FILLER_DATE,
	FILLER_ADDRESS,
	FILLER_POSTCODE,
	FILLER_EMAIL,
	FILLER_IDENTIFIER,
	FILLER_IMEI,
	FILLER_NUMBER,
	FILLER_TEXT,
	FILLER_CATEGORY
} FillerKind;

#define FILLER_KINDS (FILLER_CATEGORY + 1)

typedef enum FillerVerdict
{
	FILLER_NOT,
	FILLER_LIKELY, /* may be true: some people were born on 1 January 1970 */
	FILLER_CERTAIN
} FillerVerdict;

/* Called with each entry of the shipped list */
typedef void (*FillerPut)(void *arg, const char *kind, const char *value, const char *meaning);

extern const char *filler_kind_name(FillerKind kind);
extern bool filler_kind_of(const char *name, size_t len, FillerKind *kind);
extern size_t filler_fold(FillerKind kind, const char *raw, size_t len, char *out);
extern size_t filler_fold_date(int year, int month, int day, char *out);
extern FillerVerdict filler_judge(FillerKind kind, const char *raw, size_t len);
extern FillerVerdict filler_judge_date(int year, int month, int day);
extern void filler_judge_names(const char *given, size_t given_len, const char *family, size_t family_len,
							   FillerVerdict *given_verdict, FillerVerdict *family_verdict);
extern void filler_list(FillerPut put, void *arg);

#endif /* FILLER_H */
