/*-------------------------------------------------------------------------
 * test_place.c
 *	  What of a postcode or an address a text tells, and what two of them have
 *	  in common.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/linkage.h"
#include "core/identity/place.h"
#include "unit.h"

static size_t
key_of(LinkKind kind, const char *raw, char *out)
{
	char again[LINK_MAX_VALUE];
	size_t len = link_normalise(kind, raw, strlen(raw), out);

	/* a normal form is its own */
	MUST(link_normalise(kind, out, len, again) == len && memcmp(again, out, len) == 0);
	return len;
}

static void
test_postcodes(void)
{
	static const struct
	{
		const char *raw;
		const char *key;
		PlacePostcode part;
	} known[] = {
		{"ME14 1XX", "ME141XX", PLACE_UNIT},
		{"me141xx", "ME141XX", PLACE_UNIT},
		{"M1 1AA", "M11AA", PLACE_UNIT},
		{"SW1A 1AA", "SW1A1AA", PLACE_UNIT},
		{"GIR 0AA", "GIR0AA", PLACE_UNIT},
		{"ME14 1CK", "ME141CK", PLACE_UNIT}, /* a slip: no unit has C or K */
		{"ZZ6 9ASS", "ZZ69ASS", PLACE_UNIT}, /* and a letter too many */
		{"ZZ5 4So", "ZZ54SO", PLACE_UNIT},
		{"2913", "2913", PLACE_UNIT}, /* of other countries */
		{"12345-6789", "123456789", PLACE_UNIT},
		{"1234 AB", "1234AB", PLACE_UNIT},
		{"D02 AF30", "D02AF30", PLACE_UNIT},
		{"FIN-00100", "FIN00100", PLACE_UNIT},
		{"BFPO 12", "BFPO12", PLACE_UNIT},
		{"Maidstone ME14 1XX", "ME141XX", PLACE_UNIT},
		{"ME14 1", "ME14 1", PLACE_SECTOR},
		{"ME14-1", "ME14 1", PLACE_SECTOR},
		{"ME141", "ME14 1", PLACE_SECTOR},
		{"me14 1x", "ME14 1", PLACE_SECTOR},
		{"ME14 1**", "ME14 1", PLACE_SECTOR},
		{"SW1 1", "SW1 1", PLACE_SECTOR},
		{"M1 1", "M1 1", PLACE_SECTOR},
		{"W1A 1", "W1A 1", PLACE_SECTOR},
		{"E1 1A", "E1 1", PLACE_SECTOR},
		{"ME14", "ME14", PLACE_DISTRICT},
		{" me 14 ", "ME14", PLACE_DISTRICT},
		{"ME14 ?", "ME14", PLACE_DISTRICT},
		{"ME14 XXX", "ME14", PLACE_DISTRICT},
		{"ME14 XX", "ME14", PLACE_DISTRICT},
		{"ME14XXX", "ME14", PLACE_DISTRICT},
		{"ME14 Kent", "ME14", PLACE_DISTRICT},
		{"Maidstone ME14", "ME14", PLACE_DISTRICT},
		{"SW11", "SW11", PLACE_DISTRICT},
		{"SW1A", "SW1A", PLACE_DISTRICT},
		{"E11 A", "E11", PLACE_DISTRICT},
		{"M1", "M1", PLACE_DISTRICT},
		{"ME", "ME", PLACE_AREA},
		{"m", "M", PLACE_AREA},
		{"M.E.", "ME", PLACE_AREA},
		{"", "", PLACE_NO_POSTCODE},
		{"Kent", "", PLACE_NO_POSTCODE},
		{"unknown", "", PLACE_NO_POSTCODE},
		{"no postcode", "", PLACE_NO_POSTCODE},
		{"12 High Street", "", PLACE_NO_POSTCODE},
		{"0", "", PLACE_NO_POSTCODE},
		{"00", "", PLACE_NO_POSTCODE},
		{"?", "", PLACE_NO_POSTCODE},
	};

	for (size_t i = 0; i < lengthof(known); i++)
	{
		char key[LINK_MAX_VALUE];
		size_t len = key_of(LINK_POSTCODE, known[i].raw, key);

		if (len != strlen(known[i].key) || memcmp(key, known[i].key, len) != 0 || place_postcode(key, len) != known[i].part)
			fprintf(stderr, "\"%s\" became \"%.*s\", %d\n", known[i].raw, (int) len, key, place_postcode(key, len));
		MUST(len == strlen(known[i].key) && memcmp(key, known[i].key, len) == 0);
		MUST(place_postcode(key, len) == known[i].part);
	}
}

static void
test_addresses(void)
{
	static const char *const none[] = {
		"Kent",
		"UK",
		"United Kingdom",
		"High Street",
		"Flat",
		"Tesco",
		"A229",
		"Maidstone",
		"Maidstone, Kent",
		"England",
		"Northern Ireland",
		"Isle of Wight",
		"London",
		"Tesco, Maidstone",
		"Sainsbury's",
		"McDonald's",
		"Co-op",
		"Flat 3",
		"Flat B",
		"3rd floor",
		"12",
		"12 Kent",
		"Maidstone 12",
		"0 High Street",
		"Road",
		"The Street",
		"Mill Lane",
		"Station Road",
		"London Road",
		"North Street",
		"Station Approach",
		"M20",
		"M20 J8",
		"Junction 7 M20",
		"B2010",
		"town centre",
		"car park",
		"bus stop",
		"Bus stop 12",
		"industrial estate",
		"police station",
		"Town Hall",
		"Town Hall, High Street",
		"Maidstone hospital",
		"Ward 3, Maidstone hospital",
		"Room 12 Travelodge Maidstone",
		"Premier Inn",
		"24 hour Tesco",
		"Tesco 24 hours High Street",
		"2 miles from Maidstone",
		"PO Box 123",
		"07700 900123",
		"home",
		"same",
		"outside Tesco",
		"shop",
		"pub",
		"school",
		"No Fixed Abode",
		"NFA",
		"Unit 4 Tesco",
		"?",
		"",
	};
	static const char *const street[] = {
		"Acorn Lane",
		"Bearsted",
		"Rose Cottage",
		"Police Station, Palace Avenue",
		"A229 Bluebell Hill",
		"Mote Park",
		"Acorn Lane, Maidstone, Kent",
		"Bearsted Green",
		"ME14 1XX",
		"Maidstone ME14 1XX",
	};
	static const char *const house[] = {
		"12 High Street",
		"12a High St",
		"High Street 12",
		"1 The Street",
		"12 Maidstone Road",
		"1 Example Street",
		"12 Example Row, Maidstone",
		"12-14 Acorn Lane",
		"Flat 3, 12 Acorn Road",
		"Flat 3 Mill Court",
		"Flat 2, Example House",
		"Rose Cottage, Mill Lane",
		"Rose Cottage, Acorn Lane, Bearsted",
		"Rose Cottage, Bearsted",
		"The White House, Church Lane",
		"Unit 5 Parkwood Industrial Estate",
		"Hauptstr. 12",
		"улица Ленина 5",
		"12, ME14 1XX",
		"Caravan 4, Riverside Park",
	};
	static const struct
	{
		const char *const *text;
		size_t n;
		PlaceAddress part;
	} lists[] = {{none, lengthof(none), PLACE_NO_ADDRESS}, {street, lengthof(street), PLACE_STREET}, {house, lengthof(house), PLACE_HOUSE}};

	MUST(place_words_are_sorted());
	for (size_t l = 0; l < lengthof(lists); l++)
		for (size_t i = 0; i < lists[l].n; i++)
		{
			char key[LINK_MAX_VALUE];
			size_t len = key_of(LINK_ADDRESS, lists[l].text[i], key);

			if (place_address(key, len) != lists[l].part)
				fprintf(stderr, "\"%s\" is %d\n", lists[l].text[i], place_address(key, len));
			MUST(place_address(key, len) == lists[l].part && (len == 0) == (lists[l].part == PLACE_NO_ADDRESS));
		}
}

static void
test_levels(void)
{
	static const struct
	{
		LinkKind kind;
		const char *a;
		const char *b;
		int level;
	} known[] = {
		{LINK_POSTCODE, "ME14 1XX", "me141xx", 0},
		{LINK_POSTCODE, "ME14 1XX", "ME14 1XY", 1},
		{LINK_POSTCODE, "ME14 1", "ME14 1", 2},
		{LINK_POSTCODE, "ME14 1", "ME14 1XX", 2},
		{LINK_POSTCODE, "ME14 1X", "ME14 1XX", 2},
		{LINK_POSTCODE, "ME14", "ME14", 3},
		{LINK_POSTCODE, "ME14", "ME14 1", 3},
		{LINK_POSTCODE, "ME14", "ME14 1XX", 3},
		{LINK_POSTCODE, "ME14", "ME14 1CK", 3},
		{LINK_POSTCODE, "ME14 1", "ME14 2XX", 3},
		{LINK_POSTCODE, "SW1 1", "SW1 2AA", 3},
		{LINK_POSTCODE, "ME", "ME", 4},
		{LINK_POSTCODE, "ME", "ME14", 4},
		{LINK_POSTCODE, "ME", "ME14 1XX", 4},
		{LINK_POSTCODE, "ME14", "ME15", 4},
		{LINK_POSTCODE, "ME14", "ME15 1XX", 4},
		{LINK_POSTCODE, "ME14 1", "ME15 1", 4},
		{LINK_POSTCODE, "SW1 1", "SW11 1AA", 4},
		{LINK_POSTCODE, "ME", "M1 1AA", 5},
		{LINK_POSTCODE, "ME14", "CT1", 5},
		{LINK_POSTCODE, "M1", "ME14 1XX", 5},
		{LINK_POSTCODE, "ME14", "2913", 5},
		{LINK_POSTCODE, "2913", "2913", 0},
		{LINK_ADDRESS, "12 Acorn Lane", "12 ACORN LANE", 0},
		{LINK_ADDRESS, "12 Acorn Lane", "12 Acorn Lane, Maidstone", 2},
		{LINK_ADDRESS, "Acorn Lane", "Acorn Lane", 3},
		{LINK_ADDRESS, "Acorn Lane", "12 Acorn Lane", 3},
		{LINK_ADDRESS, "Bearsted", "7 Acorn Lane, Bearsted", 3},
		{LINK_ADDRESS, "Bearsted", "Bearstead", 3},
		{LINK_ADDRESS, "Rose Cottage", "Rose Cottage, Acorn Lane", 3},
		{LINK_ADDRESS, "Bearsted", "12 High Street, Maidstone", 4},
		{LINK_ADDRESS, "Acorn Lane", "12 High Street", 5},
		{LINK_ADDRESS, "Acorn Lane", "Willow Close", 5},
		{LINK_TEXT, "Maidstone", "Maidstone", 0}, /* a place of birth is a town */
	};

	for (size_t i = 0; i < lengthof(known); i++)
	{
		char a[LINK_MAX_VALUE];
		char b[LINK_MAX_VALUE];
		size_t alen = key_of(known[i].kind, known[i].a, a);
		size_t blen = key_of(known[i].kind, known[i].b, b);
		int level = link_compare(known[i].kind, a, alen, b, blen);

		if (level != known[i].level)
			fprintf(stderr, "\"%s\" and \"%s\" are at %d\n", known[i].a, known[i].b, level);
		MUST(level == known[i].level && level == link_compare(known[i].kind, b, blen, a, alen));
	}
}

int
main(void)
{
	test_postcodes();
	test_addresses();
	test_levels();
	return 0;
}
