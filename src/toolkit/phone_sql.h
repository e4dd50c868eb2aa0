/*-------------------------------------------------------------------------
 * phone_sql.h
 *	  Numbers read from SQL text.
 *-------------------------------------------------------------------------
 */
#ifndef PHONE_SQL_H
#define PHONE_SQL_H

#include "fmgr.h"

extern bool phone_read(Datum raw, text *region, char *e164, bool *is_home);

#endif /* PHONE_SQL_H */
