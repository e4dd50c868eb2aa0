/*-------------------------------------------------------------------------
 * aggregate.c
 *	  Partial states of aggregates, as they travel between processes.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"

#include "engage.h"
#include "toolkit/aggregate.h"

/*
 * aggregate_refuse_state
 *		Reports a partial state that cannot be read.  A session keeps the library
 *		that it has loaded; its parallel workers load the one that is installed.
 */
void
aggregate_refuse_state(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("a partial state of an aggregate cannot be read"),
			 errdetail("It is damaged, or of another version of engage."),
			 errhint("Reconnect, so that this session and its parallel workers have the same version.")));
}

/*
 * aggregate_send
 *		Starts a serialized state, whose first byte is its version.
 */
void
aggregate_send(StringInfo buf, uint8 version)
{
	pq_begintypsend(buf);
	pq_sendint8(buf, version);
}

/*
 * aggregate_receive
 *		Reads a serialized state up to its version, which must be this one.
 */
void
aggregate_receive(StringInfo buf, bytea *serialized, uint8 version)
{
	*buf = (StringInfoData){.data = VARDATA_ANY(serialized), .len = VARSIZE_ANY_EXHDR(serialized)};
	if (buf->len == 0 || pq_getmsgbyte(buf) != version)
		aggregate_refuse_state();
}
