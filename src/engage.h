/*-------------------------------------------------------------------------
 * engage.h
 *	  What every SQL-callable file of engage needs.
 *-------------------------------------------------------------------------
 */
#ifndef ENGAGE_H
#define ENGAGE_H

/*
 * The library is built with hidden symbols, so that none of ours can capture
 * another library's.  PG_FUNCTION_INFO_V1 exports the function itself only
 * since PostgreSQL 16, hence this macro.
 */
#define ENGAGE_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

#endif							/* ENGAGE_H */
