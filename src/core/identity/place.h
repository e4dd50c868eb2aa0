/*-------------------------------------------------------------------------
 * place.h
 *	  How much of a place a text gives: a whole one, or a part.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* How much of a postcode there is, from least to most. */
typedef enum PlacePostcode
{
	PLACE_NO_POSTCODE,
	PLACE_AREA, /* ME */
	PLACE_DISTRICT, /* ME14 */
	PLACE_SECTOR, /* ME14 1 */
	PLACE_UNIT /* ME14 1XX, or a postcode of another form */
} PlacePostcode;

/* How much of an address there is. */
typedef enum PlaceAddress
{
	PLACE_NO_ADDRESS, /* Kent; High Street; Flat; a shop; a road number */
	PLACE_STREET, /* the name of a street, a village or a house alone */
	PLACE_HOUSE /* a house by number or name, and its place */
} PlaceAddress;

extern size_t place_postcode_key(const char *raw, size_t len, char *out, size_t outsize);
extern PlacePostcode place_postcode(const char *key, size_t len);
extern PlacePostcode place_postcode_in_common(const char *a, size_t alen, const char *b, size_t blen);
extern PlaceAddress place_address(const char *key, size_t len);
extern bool place_addresses_share_name(const char *a, size_t alen, const char *b, size_t blen);
extern bool place_names_street(const char *key, size_t len);
extern bool place_words_are_sorted(void);

#endif /* PLACE_H */
