/*-------------------------------------------------------------------------
 * phone.h
 *	  The content of a telephone-number field, and the number in it.
 *
 * Includes no header of PostgreSQL, because phone.cpp includes it together
 * with those of libphonenumber.  Everything except the SQL functions is
 * compiled and tested outside the server.
 *
 *	  phone_text.c	what people and networks write; the plan of +44
 *	  phone_words.c	words and digits that say that there is no number
 *	  phone.cpp		libphonenumber: every other country, and odd forms
 *	  phone_sql.c	the SQL functions
 *-------------------------------------------------------------------------
 */
#ifndef PHONE_H
#define PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field longer than this, without the blanks around it, holds no number */
#define PHONE_MAX_TEXT 128

/* E.164 allows 15 digits; with '+' and the terminator */
#define PHONE_MAX_DIGITS 15
#define PHONE_E164_SIZE (PHONE_MAX_DIGITS + 2)

/* Calling code of the United Kingdom, Jersey, Guernsey and the Isle of Man */
#define PHONE_UK 44

typedef enum PhoneStatus
{
	PHONE_OK,
	PHONE_UNKNOWN_REGION,
	PHONE_NO_MEMORY,
	PHONE_LIBRARY_FAILED
} PhoneStatus;

typedef enum PhoneKind
{
	/* there is a number */
	PHONE_MOBILE,
	PHONE_FIXED,
	PHONE_FIXED_OR_MOBILE,
	PHONE_VOIP,
	PHONE_FREEPHONE,
	PHONE_PREMIUM,
	PHONE_SHARED_COST,
	PHONE_PERSONAL,
	PHONE_PAGER,
	PHONE_UAN,
	PHONE_INTERNATIONAL,
	/* no number that could identify a caller */
	PHONE_PAYPHONE,
	PHONE_WITHHELD,
	PHONE_UNAVAILABLE,
	PHONE_EMERGENCY_ROAMING,
	PHONE_INSERTED_08979,
	PHONE_SHORT_CODE,
	PHONE_MALFORMED
} PhoneKind;

typedef struct PhoneNumber
{
	PhoneKind kind;
	char e164[PHONE_E164_SIZE]; /* empty when the kind has no number */
} PhoneNumber;

/* The answer of libphonenumber about a string of digits */
typedef struct PhoneParsed
{
	bool parsed; /* false: no number at all; the rest is unset */
	bool possible; /* its length occurs in its country */
	bool valid; /* its range is assigned in its country */
	int calling_code;
	PhoneKind kind; /* PHONE_FIXED_OR_MOBILE when it cannot tell */
	char e164[PHONE_E164_SIZE];
} PhoneParsed;

/*
 * Where a number lies among all numbers: by its last digits and, for one of
 * +44, also by the digits before them. head is 0 for all others.
 */
#define PHONE_TAIL_DIGITS 6
#define PHONE_TAIL_LIMIT 1000000

typedef struct PhonePlace
{
	uint32_t tail; /* below PHONE_TAIL_LIMIT */
	uint32_t head; /* below 10,000 */
} PhonePlace;

/* phone_text.c */
extern const char *phone_kind_name(PhoneKind kind);
extern PhoneStatus phone_classify(const char *raw, size_t len,
								  const char *region, PhoneNumber *result);
extern bool phone_is_home(const char *region);
extern bool phone_place(const char *raw, size_t len, PhonePlace *place);

/* phone_words.c */
extern bool phone_kind_of_words(const char *folded, PhoneKind *kind);
extern bool phone_spells_word(const char *digits, PhoneKind *kind);
extern bool phone_is_one_digit(const char *digits);
extern bool phone_is_filler(const char *digits, bool is_uk);

/* phone.cpp */
extern PhoneStatus phone_region_calling_code(const char *region, int *calling_code);
extern PhoneStatus phone_library_parse(const char *digits, const char *region,
									   PhoneParsed *result);

#endif /* PHONE_H */
