/*-------------------------------------------------------------------------
 * run_file.c
 *	  Runs of callers and their contacts, in memory or in temporary files.
 *
 * A run has every caller once:
 *
 *		key			8 bytes; a number with its bits spread, or a name's hash
 *		name		varint length and bytes, where callers are named
 *		timeline	varint length and bytes
 *
 * in ascending order of key and name.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "toolkit/run_file.h"
#include "toolkit/timeline_sql.h"

#define BUFFER_SIZE 32768
#define KEY_SIZE sizeof(uint64)

/* --------------------------------------------------------------- writing */

/* Make room for this many more bytes and return their place. */
static char *
writer_reserve(RunWriter *writer, size_t bytes)
{
	if (writer->file != NULL && writer->len + bytes > BUFFER_SIZE && writer->len > 0)
	{
		BufFileWrite(writer->file, writer->data, writer->len);
		writer->len = 0;
	}
	if (writer->len + bytes > writer->size)
	{
		size_t size = Max(writer->size * 2, writer->len + bytes);

		size = Max(size, BUFFER_SIZE);
		writer->data = writer->data == NULL ? palloc_extended(size, MCXT_ALLOC_HUGE) : repalloc_huge(writer->data, size);
		writer->size = size;
	}
	return writer->data + writer->len;
}

static void
writer_advance(RunWriter *writer, const char *end)
{
	size_t bytes = end - (writer->data + writer->len);

	writer->len += bytes;
	writer->total += bytes;
}

/*
 * run_write_caller
 *		A caller's key and name.
 */
void
run_write_caller(RunWriter *writer, bool named, uint64 key, const char *name, size_t name_len)
{
	char *p = writer_reserve(writer, KEY_SIZE + TIMELINE_VARINT_MAX + (named ? name_len : 0));

	memcpy(p, &key, KEY_SIZE);
	p += KEY_SIZE;
	if (named)
	{
		p = (char *) timeline_put_varint((uint8 *) p, name_len);
		memcpy(p, name, name_len);
		p += name_len;
	}
	writer_advance(writer, p);
}

/*
 * run_write_timeline
 *		A caller's contacts that are encoded already.
 */
void
run_write_timeline(RunWriter *writer, const uint8 *timeline, size_t len)
{
	char *p = writer_reserve(writer, TIMELINE_VARINT_MAX + len);

	p = (char *) timeline_put_varint((uint8 *) p, len);
	memcpy(p, timeline, len);
	writer_advance(writer, p + len);
}

/*
 * run_write_times
 *		A caller's contacts.  They are encoded after one byte for their
 *		length, which is enough for most, and moved if the length needs more.
 */
void
run_write_times(RunWriter *writer, const int64 *times, size_t n)
{
	char *p = writer_reserve(writer, TIMELINE_VARINT_MAX + timeline_max_bytes(n));
	size_t len = timeline_encode(times, n, (uint8 *) p + 1);
	uint8 length[TIMELINE_VARINT_MAX];
	size_t length_size = timeline_put_varint(length, len) - length;

	if (length_size > 1)
		memmove(p + length_size, p + 1, len);
	memcpy(p, length, length_size);
	writer_advance(writer, p + length_size + len);
}

/*
 * run_writer_drain
 *		Writes what is left to the file, and gives up the buffer.
 */
void
run_writer_drain(RunWriter *writer)
{
	if (writer->len > 0)
		BufFileWrite(writer->file, writer->data, writer->len);
	if (writer->data != NULL)
		pfree(writer->data);
}

/* --------------------------------------------------------------- reading */

/*
 * run_reader_begin
 *		Reads a file, or if there is none what is in memory, from the start.
 */
void
run_reader_begin(RunReader *reader, BufFile *file, char *memory, size_t len)
{
	reader->file = file;
	if (file == NULL)
	{
		reader->data = memory;
		reader->end = len;
		return;
	}
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		elog(ERROR, "could not rewind a run of sorted contacts");
	reader->size = BUFFER_SIZE;
	reader->data = palloc(BUFFER_SIZE);
}

/*
 * Make this many bytes after those taken available, or as many as there are.
 * In memory they all are; for a file, the current record is moved to the front
 * of the buffer, which is enlarged and filled.
 */
static size_t
reader_need(RunReader *reader, size_t bytes)
{
	size_t kept = reader->end - reader->record;

	if (reader->end - reader->next >= bytes || reader->file == NULL)
		return reader->end - reader->next;
	memmove(reader->data, reader->data + reader->record, kept);
	reader->next -= reader->record;
	reader->record = 0;
	if (reader->next + bytes > reader->size)
	{
		reader->size = Max(reader->next + bytes, reader->size * 2);
		reader->data = repalloc_huge(reader->data, reader->size);
	}
	reader->end = kept + BufFileRead(reader->file, reader->data + kept, reader->size - kept);
	return reader->end - reader->next;
}

static void
corrupt_run(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a run of sorted contacts is malformed")));
}

/* Read a length and make that many bytes after it available. */
static size_t
reader_length(RunReader *reader)
{
	const uint8 *start;
	const uint8 *p;
	uint64 len;

	reader_need(reader, TIMELINE_VARINT_MAX);
	start = p = (const uint8 *) reader->data + reader->next;
	if (!timeline_get_varint(&p, (const uint8 *) reader->data + reader->end, &len))
		corrupt_run();
	reader->next += p - start;
	if (len > MaxAllocHugeSize / 2 || reader_need(reader, len) < len)
		corrupt_run();
	return len;
}

/*
 * run_reader_next
 *		Step to the next caller; false at the end.
 */
bool
run_reader_next(RunReader *reader, bool named, uint64 *key)
{
	TimelineReader times;
	size_t name_offset;

	reader->record = reader->next;
	if (reader_need(reader, KEY_SIZE) == 0)
		return false;
	if (reader->end - reader->next < KEY_SIZE)
		corrupt_run();
	memcpy(key, reader->data + reader->next, KEY_SIZE);
	reader->next += KEY_SIZE;
	reader->name_len = named ? reader_length(reader) : 0;
	name_offset = reader->next - reader->record;
	reader->next += reader->name_len;
	reader->timeline_len = reader_length(reader);
	reader->timeline = (const uint8 *) reader->data + reader->next;
	reader->name = named ? reader->data + reader->record + name_offset : NULL;
	if (!timeline_open(&times, reader->timeline, reader->timeline_len) || times.count == 0)
		corrupt_run();
	reader->contacts = times.count;
	reader->next += reader->timeline_len;
	return true;
}
