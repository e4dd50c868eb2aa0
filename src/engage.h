/*-------------------------------------------------------------------------
 * engage.h
 *	  What every SQL-callable file of engage needs.
 *-------------------------------------------------------------------------
 */
#ifndef ENGAGE_H
#define ENGAGE_H

/*
 * The library is built with hidden symbols, so that none of ours can capture
 * another library's.  Before version 16, PostgreSQL's own macros do not export
 * symbols, so this does.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* The parts of a varlena are no longer in postgres.h from 16 on. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#define ENGAGE_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/*
 * Report bad input from a type's input function: as a soft error if the server
 * can (16 and later), otherwise as an ordinary one.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define engage_soft_error(fcinfo, ...) \
	ereturn((fcinfo)->context, (Datum) 0, (__VA_ARGS__))
#else
#define engage_soft_error(fcinfo, ...) \
	do \
	{ \
		ereport(ERROR, (__VA_ARGS__)); \
		return (Datum) 0; \
	} while (0)
#endif

/* The formatter would lay out the following macros as code. */
/* clang-format off */

/* One operator's function, from a function that compares both arguments. */
#define ENGAGE_COMPARISON_OPERATOR(name, compare, op) \
	ENGAGE_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(compare(fcinfo) op 0); \
	} \
	extern int	engage_comparison_end

/*
 * The functions behind =, <>, <, <=, >, >= and a btree operator class of a
 * type, from one function that compares the two arguments of a call.
 */
#define ENGAGE_COMPARISON_FUNCTIONS(type, compare) \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_eq, compare, ==); \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_ne, compare, !=); \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_lt, compare, <); \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_le, compare, <=); \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_gt, compare, >); \
	ENGAGE_COMPARISON_OPERATOR(engage_##type##_ge, compare, >=); \
	ENGAGE_FUNCTION(engage_##type##_cmp); \
	Datum \
	engage_##type##_cmp(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_INT32(compare(fcinfo)); \
	} \
	extern int	engage_comparison_end

/*
 * The functions behind a hash operator class of a type whose equality is that
 * of its bytes.
 */
#define ENGAGE_HASH_FUNCTIONS(type) \
	ENGAGE_FUNCTION(engage_##type##_hash); \
	Datum \
	engage_##type##_hash(PG_FUNCTION_ARGS) \
	{ \
		struct varlena *stored = PG_GETARG_VARLENA_PP(0); \
		PG_RETURN_DATUM(hash_any((unsigned char *) VARDATA_ANY(stored), \
								 VARSIZE_ANY_EXHDR(stored))); \
	} \
	ENGAGE_FUNCTION(engage_##type##_hash_extended); \
	Datum \
	engage_##type##_hash_extended(PG_FUNCTION_ARGS) \
	{ \
		struct varlena *stored = PG_GETARG_VARLENA_PP(0); \
		PG_RETURN_DATUM(hash_any_extended((unsigned char *) VARDATA_ANY(stored), \
										  VARSIZE_ANY_EXHDR(stored), \
										  PG_GETARG_INT64(1))); \
	} \
	extern int	engage_comparison_end

/* clang-format on */

#endif /* ENGAGE_H */
