/*-------------------------------------------------------------------------
 * fuzz_criterion.c
 *	  libFuzzer target of criteria as text and as stored bytes.
 *
 *	make build/fuzz_criterion
 *	build/fuzz_criterion NEW_DIRECTORY corpus/criterion
 *
 * The bytes are taken as text and as a stored criterion.  Besides what the
 * sanitizers see: what is accepted is within its limits, is printed and read
 * again the same, and has one stored form.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/time/criterion.h"
#include "unit.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_criterion(const Criterion *criterion)
{
	char text[CRITERION_MAX_TEXT];
	char printed_again[CRITERION_MAX_TEXT];
	uint8_t stored[CRITERION_MAX_BYTES];
	Criterion again;
	size_t len;

	MUST(criterion->threshold >= 1 && criterion->kind <= CRITERION_MONTH);
	MUST((criterion->kind == CRITERION_ROLLING) == (criterion->zone[0] == '\0'));
	MUST((criterion->kind == CRITERION_ROLLING) == (criterion->width > 0));
	MUST(criterion->width <= CRITERION_MAX_WIDTH && criterion->width % CRITERION_SECOND == 0);

	criterion_format(criterion, text);
	MUST(strlen(text) < CRITERION_MAX_TEXT - 1);
	MUST(criterion_parse(text, &again) == CRITERION_OK);
	MUST(criterion_compare(criterion, &again) == 0);
	criterion_format(&again, printed_again);
	MUST(strcmp(text, printed_again) == 0);

	len = criterion_encode(criterion, stored);
	MUST(len <= CRITERION_MAX_BYTES);
	MUST(criterion_decode(stored, len, &again) == CRITERION_OK);
	MUST(criterion_compare(criterion, &again) == 0);
}

static void
read_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	Criterion criterion;

	memcpy(text, data, size);
	text[size] = '\0';
	if (criterion_parse(text, &criterion) == CRITERION_OK)
		check_criterion(&criterion);
	free(text);
}

static void
read_stored(const uint8_t *data, size_t size)
{
	uint8_t stored[CRITERION_MAX_BYTES];
	Criterion criterion;

	if (criterion_decode(data, size, &criterion) != CRITERION_OK)
		return;
	check_criterion(&criterion);
	MUST(criterion_encode(&criterion, stored) == size);
	MUST(memcmp(stored, data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_text(data, size);
	read_stored(data, size);
	return 0;
}
