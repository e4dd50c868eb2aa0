/*-------------------------------------------------------------------------
 * arguments.h
 *	  Arguments that many functions take, checked; and intervals as results.
 *-------------------------------------------------------------------------
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "datatype/timestamp.h"
#include "fmgr.h"

extern int64 interval_width(const Interval *width, const char *what);
extern int64 interval_span(const Interval *span, const char *what);
extern Datum interval_datum(uint64 microseconds);
extern double level_argument(FunctionCallInfo fcinfo, int n);

#endif /* ARGUMENTS_H */
