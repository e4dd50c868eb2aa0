/*-------------------------------------------------------------------------
 * run_file.h
 *	  Runs of callers and their contacts, in memory or in temporary files.
 *-------------------------------------------------------------------------
 */
#ifndef RUN_FILE_H
#define RUN_FILE_H

#include "storage/buffile.h"

/* The writer of a run: a growing buffer, which is emptied into a file if there is one. */
typedef struct RunWriter
{
	char *data;
	size_t len;
	size_t size;
	BufFile *file;
	size_t total;
} RunWriter;

/* The reader of a run, and the caller at which it is. */
typedef struct RunReader
{
	BufFile *file;
	char *data;
	size_t record; /* start of the current caller */
	size_t next; /* first byte not yet taken */
	size_t end; /* first byte not yet read */
	size_t size; /* of data, if it is a buffer for a file */
	const char *name;
	size_t name_len;
	const uint8 *timeline;
	size_t timeline_len;
	uint64 contacts;
} RunReader;

extern void run_write_caller(RunWriter *writer, bool named, uint64 key, const char *name, size_t name_len);
extern void run_write_timeline(RunWriter *writer, const uint8 *timeline, size_t len);
extern void run_write_times(RunWriter *writer, const int64 *times, size_t n);
extern void run_writer_drain(RunWriter *writer);
extern void run_reader_begin(RunReader *reader, BufFile *file, char *memory, size_t len);
extern bool run_reader_next(RunReader *reader, bool named, uint64 *key);

#endif /* RUN_FILE_H */
