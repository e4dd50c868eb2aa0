/*-------------------------------------------------------------------------
 * fuzz_similarity.c
 *	  libFuzzer target of the comparisons of names and postcodes.
 *
 *	make build/fuzz_similarity
 *	build/fuzz_similarity NEW_DIRECTORY corpus/similarity
 *
 * The first zero byte of the input parts one text from the other.  Besides what
 * the sanitizers see: comparisons are symmetric and within bounds, a limit
 * changes no distance within it, a key is the key of itself, and a postcode is
 * taken apart the same from its own unit.
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <string.h>

#include "core/identity/similarity.h"
#include "unit.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_pair(const char *a, size_t alen, const char *b, size_t blen)
{
	double alike = similarity_jaro_winkler(a, alen, b, blen);
	int distance = similarity_damerau_levenshtein(a, alen, b, blen, -1);

	MUST(alike >= 0.0 && alike <= 1.0);
	MUST(alike == similarity_jaro_winkler(b, blen, a, alen));
	MUST(similarity_jaro_winkler(a, alen, a, alen) == 1.0);
	MUST(distance >= 0 && distance <= SIMILARITY_MAX_EDIT);
	MUST(distance == similarity_damerau_levenshtein(b, blen, a, alen, -1));
	for (int limit = 0; limit < 4; limit++)
		MUST(similarity_damerau_levenshtein(a, alen, b, blen, limit) ==
			 (distance > limit ? limit + 1 : distance));
}

/* In a buffer of just the size that is promised to do */
static void
check_name(const char *raw, size_t len)
{
	char *key = malloc(len + 1);
	char *again = malloc(len + 1);
	char cut[8];
	char code[SIMILARITY_SOUND_SIZE];
	size_t key_len = similarity_name_key(raw, len, key, len + 1);
	size_t again_len;

	MUST(key_len <= len && key[key_len] == '\0' && strlen(key) == key_len);
	MUST(key_len == 0 || (key[0] != ' ' && key[key_len - 1] != ' '));
	MUST(strstr(key, "  ") == NULL);
	again_len = similarity_name_key(key, key_len, again, len + 1);
	MUST(again_len == key_len && memcmp(key, again, key_len) == 0);
	again_len = similarity_name_key(raw, len, cut, sizeof(cut));
	MUST(again_len < sizeof(cut) && memcmp(key, cut, again_len) == 0);

	again_len = similarity_sound(key, key_len, code, sizeof(code));
	MUST(strlen(code) == again_len && (again_len > 0) == (key_len > 0));
	(void) similarity_sound(raw, len, code, sizeof(code));
	(void) similarity_sound(raw, len, code, 3);
	free(key);
	free(again);
}

static void
check_postcode(const char *raw, size_t len)
{
	PostcodeParts parts;
	PostcodeParts again;
	bool found = similarity_postcode_parts(raw, len, &parts);
	const char *shortest = parts.unit[0] != '\0' ? parts.unit : parts.district;

	MUST(found == (parts.area[0] != '\0') && found == (parts.district[0] != '\0'));
	MUST((parts.sector[0] != '\0') == (parts.unit[0] != '\0'));
	MUST(strncmp(parts.district, parts.area, strlen(parts.area)) == 0);
	if (!found)
		return;
	MUST(similarity_postcode_parts(shortest, strlen(shortest), &again));
	MUST(memcmp(&parts, &again, sizeof(parts)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	const char *zero = size > 0 ? memchr(text, '\0', size) : NULL;
	size_t alen = zero != NULL ? (size_t) (zero - text) : size;
	size_t blen = zero != NULL ? size - alen - 1 : 0;

	check_pair(text, alen, text + size - blen, blen);
	check_name(text, size);
	check_postcode(text, alen);
	return 0;
}
