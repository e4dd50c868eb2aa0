/*-------------------------------------------------------------------------
 * filler_sql.h
 *	  Fillers among the details of a contact, as the server has them.
 *-------------------------------------------------------------------------
 */
#ifndef FILLER_SQL_H
#define FILLER_SQL_H

#include "fmgr.h"
#include "utils/date.h"

#include "core/identity/filler.h"

/* A name among the arguments of a call; without bytes if there is none */
typedef struct FillerName
{
	const char *bytes;
	size_t len;
} FillerName;

static inline FillerName
filler_name_argument(FunctionCallInfo fcinfo, int argument)
{
	FillerName name = {"", 0};

	if (!PG_ARGISNULL(argument))
	{
		text *value = PG_GETARG_TEXT_PP(argument);

		name.bytes = VARDATA_ANY(value);
		name.len = VARSIZE_ANY_EXHDR(value);
	}
	return name;
}

extern FillerVerdict filler_judge_dateadt(DateADT date);

#endif /* FILLER_SQL_H */
