/*-------------------------------------------------------------------------
 * engage.c
 *	  The module itself: its magic block, its version and its build.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "engage.h"
#include "engage_build.h"

PG_MODULE_MAGIC;

/*
 * library_version() RETURNS text
 *		Version of the shared library, to compare with the installed script's.
 */
ENGAGE_FUNCTION(engage_library_version);
Datum
engage_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(ENGAGE_VERSION));
}

/*
 * library_build() RETURNS text
 *		What the shared library was built from, to compare with the script's.
 */
ENGAGE_FUNCTION(engage_library_build);
Datum
engage_library_build(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(ENGAGE_BUILD));
}

/*
 * refuse_transaction_block(verb text) RETURNS void
 *		An error inside a transaction block, where a procedure cannot commit.
 *		Called from a function it could not either; there the server says so.
 */
ENGAGE_FUNCTION(engage_refuse_transaction_block);
Datum
engage_refuse_transaction_block(PG_FUNCTION_ARGS)
{
	char *verb = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a transaction block", verb),
				 errdetail("It commits as it goes."),
				 errhint("End the block with COMMIT or ROLLBACK, then CALL engage.%s by itself; in psql, with AUTOCOMMIT on.", verb)));
	PG_RETURN_VOID();
}
