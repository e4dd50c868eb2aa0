/*-------------------------------------------------------------------------
 * host.h
 *	  What the core needs from the program around it: memory and pauses.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef HOST_H
#define HOST_H

#include <stddef.h>

/*
 * alloc and resize never return NULL: if there is no memory left, they leave
 * the core for good, and the host frees what was allocated. pause is called
 * every few thousand steps, and may leave for good too.
 */
typedef struct Host
{
	void *(*alloc)(size_t size);
	void *(*resize)(void *memory, size_t size);
	void (*release)(void *memory);
	void (*pause)(void);
} Host;

/*
 * INVARIANT(condition) is what must hold if the core is right, whatever it was
 * given.  It is checked in tests and fuzzers, and in a server that was built to
 * check its own (--enable-cassert); elsewhere it costs nothing.
 */
#if defined(Assert)
#define INVARIANT(condition) Assert(condition)
#elif defined(ENGAGE_ASSERTS)
#include <assert.h>
#define INVARIANT(condition) assert(condition)
#else
#define INVARIANT(condition) ((void) 0)
#endif

#endif /* HOST_H */
