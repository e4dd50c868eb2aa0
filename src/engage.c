/*-------------------------------------------------------------------------
 * engage.c
 *	  The module itself: its magic block and its version.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engage.h"

PG_MODULE_MAGIC;

ENGAGE_FUNCTION(engage_library_version);

/*
 * engage.library_version() returns text
 *	  Version of the shared library, to compare with the installed script's.
 */
Datum
engage_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(ENGAGE_VERSION));
}
