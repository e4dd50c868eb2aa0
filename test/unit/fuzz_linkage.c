/*-------------------------------------------------------------------------
 * fuzz_linkage.c
 *	  libFuzzer target of what makes details comparable and compares them.
 *
 * The first byte says where the others are divided into two values; both are
 * read as every kind.  A normal form must be its own, levels must be among the
 * kind's and the same both ways, and forms of values must make blocks.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/linkage.h"
#include "unit_host.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of their own, so that the sanitizer sees where values end. */
static char *
normal_form(LinkKind kind, const uint8_t *raw, size_t size, size_t *len)
{
	char out[LINK_MAX_VALUE];
	char again[LINK_MAX_VALUE];
	char *value;

	*len = link_normalise(kind, (const char *) raw, size, out);
	MUST(*len <= LINK_MAX_VALUE);
	value = malloc(*len + (*len == 0));
	memcpy(value, out, *len);
	MUST(link_normalise(kind, value, *len, again) == *len && memcmp(again, value, *len) == 0);
	return value;
}

static void
check_levels(LinkKind kind, const char *a, size_t alen, const char *b, size_t blen)
{
	int level = link_compare(kind, a, alen, b, blen);

	MUST(level >= 0 && level < link_levels(kind));
	MUST(level == link_compare(kind, b, blen, a, alen));
	if (link_own_level(kind, a, alen) == 0 && link_own_level(kind, b, blen) == 0)
		MUST((level == 0) == (alen == blen && memcmp(a, b, alen) == 0));
	else
		MUST(level > 0);
}

/* A store of both, with a rule for every form: the same values, the same keys. */
static void
check_keys(LinkKind kind, const uint8_t *data, size_t divide, size_t size)
{
	LinkModel model = {.fs.ncomparisons = 1, .comparison[0].kind = kind, .block = 10};
	LinkText first = {(const char *) data, divide};
	LinkText second = {(const char *) data + divide, size - divide};
	LinkStore *store;

	model.fs.nlevels[0] = link_levels(kind);
	for (int form = 0; form < LINK_FORMS; form++)
		if (link_form_fits(form, kind))
		{
			model.rule[model.nrules].parts = 1;
			model.rule[model.nrules].part[0].form = form;
			link_prepare_rule(&model, &model.rule[model.nrules++]);
		}
	store = link_store_create(&host, &model);
	link_store_add(store, &first, 0, false);
	link_store_add(store, &second, 1, false);
	link_store_add(store, &first, 2, false);
	for (int r = 0; r < model.nrules; r++)
	{
		uint64_t key = link_key(store, &model.rule[r], 0);

		MUST(key == link_key(store, &model.rule[r], 2) && (key == 0 || link_has(store, 0, 0)));
	}
	MUST(link_has(store, 0, 0) == (link_level(store, 0, 0, 2) == 0 || (link_has(store, 0, 0) && link_is_part(store, 0, 0))));
	link_store_free(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t divide;

	if (size == 0 || size > 2000)
		return 0;
	divide = data[0] % size;
	data++;
	size--;
	for (int kind = 0; kind < LINK_KINDS; kind++)
	{
		size_t alen;
		size_t blen;
		char *a = normal_form(kind, data, divide, &alen);
		char *b = normal_form(kind, data + divide, size - divide, &blen);

		if (alen > 0 && blen > 0)
			check_levels(kind, a, alen, b, blen);
		free(a);
		free(b);
		check_keys(kind, data, divide, size);
	}
	return 0;
}
