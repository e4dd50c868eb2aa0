/*-------------------------------------------------------------------------
 * persona_key.h
 *	  Where the keys of a number's personas lie.
 *-------------------------------------------------------------------------
 */
#ifndef PERSONA_KEY_H
#define PERSONA_KEY_H

#include "utils/uuid.h"

typedef struct PersonaRange
{
	pg_uuid_t low;
	pg_uuid_t high;
} PersonaRange;

/* One, and two more for each of three possible country codes of a short number */
#define PERSONA_MAX_RANGES 7

extern int persona_ranges(const char *e164, bool is_home, PersonaRange *ranges, bool *is_exact);

#endif /* PERSONA_KEY_H */
