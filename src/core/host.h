/*-------------------------------------------------------------------------
 * host.h
 *	  What the core asks of the program around it: memory and pauses.
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

#endif /* HOST_H */
