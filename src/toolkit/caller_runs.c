/*-------------------------------------------------------------------------
 * caller_runs.c
 *	  Contacts of many callers, gathered in any order, read back by caller.
 *
 * An external merge sort.  Contacts collect in memory; when work_mem is full
 * they are sorted and written out as a run.  Runs of the same level are merged
 * into one of the next level as soon as there are FAN_IN of them, so few are
 * ever open.  In a run, every caller comes once:
 *
 *		key			8 bytes; a number with its bits spread, or a name's hash
 *		name		varint length and bytes, where callers are named
 *		timeline	varint length and bytes
 *
 * in ascending order of key and name.  Runs need not agree on anything but that
 * order, so states from any split of the input merge to the same result, and a
 * partial state of a parallel plan is simply one run.
 *
 * Memory: work_mem, plus the contacts of one caller at a time, plus a buffer
 * for each open run.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "toolkit/caller_runs.h"
#include "toolkit/timeline_sql.h"

#define FAN_IN 16
#define FIRST_CAPACITY 1024
#define READ_SIZE 32768
#define KEY_SIZE sizeof(uint64)

/* The memory of a contact: its place, and one in the sort's scratch space. */
#define CONTACT_COST (2 * sizeof(SortContact))

/* A caller's name, once for all of its contacts in memory. */
typedef struct CallerName
{
	uint64 hash;
	size_t offset; /* in the pool's bytes */
	uint32 len;
	uint32 rank; /* in order of hash and bytes */
} CallerName;

/* The names of the contacts in memory; contacts hold their indexes. */
typedef struct NamePool
{
	CallerName *names;
	uint32 n;
	uint32 capacity;
	uint32 *slots; /* hash table of index + 1, 0 for free */
	uint32 num_slots; /* a power of two */
	char *bytes;
	size_t used;
	size_t size;
} NamePool;

/* A sorted run, in memory or in a temporary file. */
typedef struct Run
{
	int level;
	char *memory;
	size_t len;
	BufFile *file;
} Run;

struct CallerRuns
{
	MemoryContext context;
	bool named;
	size_t budget; /* bytes, from work_mem */
	SortContact *contacts;
	size_t n;
	size_t capacity;
	NamePool pool;
	Run *runs;
	int num_runs;
	int max_runs;
	size_t in_memory; /* bytes of the runs in memory */
};

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

struct CallerMerge
{
	MemoryContext context; /* of everything here */
	bool named;
	int num_readers;
	RunReader *readers;
	uint64 *keys; /* of the callers at which readers are */
	bool *live; /* readers that are at a caller */
	bool *taken; /* readers that are at the current caller */
	int num_taken;
	uint64 contacts; /* of the current caller */
	int64 *times;
	int64 *scratch;
	size_t max_times;
};

/*
 * caller_runs_create
 *		An empty collection in the given context; named if callers are text.
 */
CallerRuns *
caller_runs_create(MemoryContext context, bool named)
{
	CallerRuns *runs = MemoryContextAllocZero(context, sizeof(CallerRuns));

	runs->context = context;
	runs->named = named;
	runs->budget = (size_t) work_mem * 1024;
	return runs;
}

/*
 * caller_runs_stay_in_memory
 *		Never use temporary files, whatever work_mem is: for a collection that
 *		will soon be added to another.
 */
void
caller_runs_stay_in_memory(CallerRuns *runs)
{
	runs->budget = SIZE_MAX;
}

bool
caller_runs_named(CallerRuns *runs)
{
	return runs->named;
}

/* Room for at least one more element in an array of the given context. */
static void *
grow(MemoryContext context, void *array, size_t *capacity, size_t first, size_t width)
{
	*capacity = *capacity == 0 ? first : *capacity * 2;
	if (array == NULL)
		return MemoryContextAllocHuge(context, *capacity * width);
	return repalloc_huge(array, *capacity * width);
}

/* Make room for this many more bytes and return their place. */
static char *
writer_reserve(RunWriter *writer, size_t bytes)
{
	if (writer->file != NULL && writer->len + bytes > READ_SIZE && writer->len > 0)
	{
		BufFileWrite(writer->file, writer->data, writer->len);
		writer->len = 0;
	}
	if (writer->len + bytes > writer->size)
	{
		size_t size = Max(writer->size * 2, writer->len + bytes);

		size = Max(size, READ_SIZE);
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

/* A caller's key and name. */
static void
write_caller(RunWriter *writer, bool named, uint64 key, const char *name, size_t name_len)
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

/* A caller's contacts that are encoded already. */
static void
write_timeline(RunWriter *writer, const uint8 *timeline, size_t len)
{
	char *p = writer_reserve(writer, TIMELINE_VARINT_MAX + len);

	p = (char *) timeline_put_varint((uint8 *) p, len);
	memcpy(p, timeline, len);
	writer_advance(writer, p + len);
}

/*
 * A caller's contacts.  They are encoded after one byte for their length,
 * which is enough for most, and moved if the length needs more.
 */
static void
write_times(RunWriter *writer, const int64 *times, size_t n)
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

/* Start a run in a temporary file. */
static BufFile *
create_file(CallerRuns *runs)
{
	MemoryContext old = MemoryContextSwitchTo(runs->context);
	BufFile *file;

	PrepareTempTablespaces();
	file = BufFileCreateTemp(false);
	MemoryContextSwitchTo(old);
	return file;
}

/* Note a finished run, whose bytes are in the writer or in its file. */
static void
add_run(CallerRuns *runs, RunWriter *writer, int level)
{
	Run *run;

	if (runs->num_runs == runs->max_runs)
	{
		size_t capacity = runs->max_runs;

		runs->runs = grow(runs->context, runs->runs, &capacity, 2 * FAN_IN, sizeof(Run));
		runs->max_runs = (int) capacity;
	}
	run = &runs->runs[runs->num_runs++];
	run->level = level;
	run->len = writer->total;
	run->file = writer->file;
	run->memory = NULL;
	if (writer->file != NULL)
	{
		if (writer->len > 0)
			BufFileWrite(writer->file, writer->data, writer->len);
		if (writer->data != NULL)
			pfree(writer->data);
		return;
	}
	run->memory = writer->data;
	runs->in_memory += run->len;
}

static void
drop_run(CallerRuns *runs, Run *run)
{
	if (run->file != NULL)
		BufFileClose(run->file);
	else
		runs->in_memory -= run->len;
	if (run->memory != NULL)
		pfree(run->memory);
}

static inline int
compare_names(const uint32 *a, const uint32 *b, const NamePool *pool)
{
	const CallerName *x = &pool->names[*a];
	const CallerName *y = &pool->names[*b];
	int result;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	result = memcmp(pool->bytes + x->offset, pool->bytes + y->offset, Min(x->len, y->len));
	if (result != 0)
		return result;
	return x->len < y->len ? -1 : x->len > y->len;
}

#define ST_SORT sort_names
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE_ARG_TYPE const NamePool
#define ST_COMPARE(a, b, pool) compare_names(a, b, pool)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Rank the names, and replace indexes in the contacts with ranks, in the upper
 * bits, as the sort needs its keys.  Returns the indexes in order of rank.
 */
static uint32 *
rank_names(CallerRuns *runs, int *shift)
{
	NamePool *pool = &runs->pool;
	uint32 *order = palloc_extended(Max(pool->n, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < pool->n; i++)
		order[i] = i;
	sort_names(order, pool->n, pool);
	for (uint32 i = 0; i < pool->n; i++)
		pool->names[order[i]].rank = i;
	*shift = 63;
	while ((uint64) pool->n >> (64 - *shift) > 0)
		(*shift)--;
	for (size_t i = 0; i < runs->n; i++)
		runs->contacts[i].key = (uint64) pool->names[runs->contacts[i].key].rank << *shift;
	return order;
}

/* Write the sorted contacts, caller by caller. */
static void
write_contacts(CallerRuns *runs, RunWriter *writer, const uint32 *order, int shift)
{
	SortContact *contacts = runs->contacts;
	size_t max_times = 256;
	int64 *times = palloc(max_times * sizeof(int64));
	size_t start = 0;

	while (start < runs->n)
	{
		uint64 key = contacts[start].key;
		size_t n = 0;

		for (; start < runs->n && contacts[start].key == key; start++)
		{
			if (n == max_times)
				times = grow(CurrentMemoryContext, times, &max_times, 0, sizeof(int64));
			times[n++] = contacts[start].at;
		}
		if (runs->named)
		{
			CallerName *name = &runs->pool.names[order[key >> shift]];

			write_caller(writer, true, name->hash, runs->pool.bytes + name->offset, name->len);
		}
		else
			write_caller(writer, false, key, NULL, 0);
		write_times(writer, times, n);
		CHECK_FOR_INTERRUPTS();
	}
	pfree(times);
}

static void
forget_names(NamePool *pool)
{
	pool->n = 0;
	pool->used = 0;
	if (pool->slots != NULL)
		memset(pool->slots, 0, pool->num_slots * sizeof(uint32));
}

static void
check_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* Sort what is in memory and write it. */
static void
write_memory(CallerRuns *runs, RunWriter *writer)
{
	SortContact *scratch;
	uint32 *order = NULL;
	int shift = 0;

	if (runs->n == 0)
		return;
	if (runs->named)
		order = rank_names(runs, &shift);
	scratch = palloc_extended(runs->n * sizeof(SortContact), MCXT_ALLOC_HUGE);
	contact_sort(runs->contacts, scratch, runs->n, check_for_interrupts);
	pfree(scratch);
	write_contacts(runs, writer, order, shift);
	if (order != NULL)
		pfree(order);
	forget_names(&runs->pool);
	runs->n = 0;
}

static CallerMerge *merge_begin(bool named, Run *runs, int num_runs);

/* Merge runs into a writer. */
static void
merge_runs(CallerRuns *runs, Run *sources, int num_sources, RunWriter *writer)
{
	CallerMerge *merge = merge_begin(runs->named, sources, num_sources);
	MergedCaller caller;

	while (caller_merge_next(merge, &caller))
	{
		write_caller(writer, runs->named, caller.key, caller.name, caller.name_len);
		if (merge->num_taken == 1)
			for (int r = 0; r < merge->num_readers; r++)
			{
				if (merge->taken[r])
					write_timeline(writer, merge->readers[r].timeline, merge->readers[r].timeline_len);
			}
		else
			write_times(writer, caller_merge_times(merge), caller.contacts);
		CHECK_FOR_INTERRUPTS();
	}
	caller_merge_end(merge);
}

/* Merge the latest runs as long as FAN_IN of them share a level. */
static void
merge_full_levels(CallerRuns *runs)
{
	while (runs->num_runs >= FAN_IN &&
		   runs->runs[runs->num_runs - FAN_IN].level == runs->runs[runs->num_runs - 1].level)
	{
		Run *sources = &runs->runs[runs->num_runs - FAN_IN];
		int level = sources->level + 1;
		RunWriter writer = {.file = create_file(runs)};

		merge_runs(runs, sources, FAN_IN, &writer);
		for (int i = 0; i < FAN_IN; i++)
			drop_run(runs, &sources[i]);
		runs->num_runs -= FAN_IN;
		add_run(runs, &writer, level);
	}
}

/* Move what is in memory into a run on disk. */
static void
spill(CallerRuns *runs)
{
	RunWriter writer = {.file = create_file(runs)};

	write_memory(runs, &writer);
	add_run(runs, &writer, 0);
	merge_full_levels(runs);
}

/* Memory in use with this many more contacts. */
static size_t
memory_with(CallerRuns *runs, size_t contacts)
{
	return contacts * CONTACT_COST + runs->pool.n * sizeof(CallerName) + runs->pool.used +
		   runs->pool.num_slots * sizeof(uint32) + runs->in_memory;
}

static pg_noinline void
make_room(CallerRuns *runs)
{
	if (runs->n > 0 && memory_with(runs, runs->capacity == 0 ? 0 : runs->capacity * 2) > runs->budget)
	{
		spill(runs);
		return;
	}
	runs->contacts = grow(runs->context, runs->contacts, &runs->capacity, FIRST_CAPACITY, sizeof(SortContact));
}

/*
 * caller_runs_add
 *		Add a contact of a numbered caller.
 */
void
caller_runs_add(CallerRuns *runs, uint64 key, int64 at)
{
	SortContact *contact;

	if (runs->n == runs->capacity)
		make_room(runs);
	contact = &runs->contacts[runs->n++];
	contact->key = key;
	contact->at = at;
}

static void
enlarge_slots(CallerRuns *runs)
{
	NamePool *pool = &runs->pool;
	uint32 num_slots = Max(pool->num_slots * 2, 1024);

	if (pool->slots != NULL)
		pfree(pool->slots);
	pool->slots = MemoryContextAllocExtended(runs->context, num_slots * sizeof(uint32),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	pool->num_slots = num_slots;
	for (uint32 i = 0; i < pool->n; i++)
	{
		uint32 slot = (uint32) pool->names[i].hash & (num_slots - 1);

		while (pool->slots[slot] != 0)
			slot = (slot + 1) & (num_slots - 1);
		pool->slots[slot] = i + 1;
	}
}

static uint32
add_name(CallerRuns *runs, const char *bytes, size_t len, uint64 hash)
{
	NamePool *pool = &runs->pool;
	CallerName *name;

	if (pool->n == pool->capacity)
	{
		size_t capacity = pool->capacity;

		pool->names = grow(runs->context, pool->names, &capacity, FIRST_CAPACITY, sizeof(CallerName));
		pool->capacity = (uint32) capacity;
	}
	while (pool->used + len > pool->size)
		pool->bytes = grow(runs->context, pool->bytes, &pool->size, Max(len, 8192), 1);
	name = &pool->names[pool->n];
	name->hash = hash;
	name->offset = pool->used;
	name->len = (uint32) len;
	memcpy(pool->bytes + pool->used, bytes, len);
	pool->used += len;
	return pool->n++;
}

/* The index of a name, which is added if it is new. */
static uint32
find_name(CallerRuns *runs, const char *bytes, size_t len)
{
	NamePool *pool = &runs->pool;
	uint64 hash = hash_bytes_extended((const unsigned char *) bytes, (int) len, 0);
	uint32 slot;

	if (pool->n * 2 >= pool->num_slots)
		enlarge_slots(runs);
	slot = (uint32) hash & (pool->num_slots - 1);
	for (; pool->slots[slot] != 0; slot = (slot + 1) & (pool->num_slots - 1))
	{
		CallerName *name = &pool->names[pool->slots[slot] - 1];

		if (name->hash == hash && name->len == len &&
			memcmp(pool->bytes + name->offset, bytes, len) == 0)
			return pool->slots[slot] - 1;
	}
	pool->slots[slot] = add_name(runs, bytes, len, hash) + 1;
	return pool->slots[slot] - 1;
}

/*
 * caller_runs_add_named
 *		Add a contact of a named caller.
 */
void
caller_runs_add_named(CallerRuns *runs, const char *name, size_t len, int64 at)
{
	if (runs->n > 0 && memory_with(runs, runs->n) + len > runs->budget)
		spill(runs);
	caller_runs_add(runs, 0, at);
	/* The name comes second: making room for the contact may forget names. */
	runs->contacts[runs->n - 1].key = find_name(runs, name, len);
}

/*
 * caller_runs_add_encoded
 *		Add all contacts of another collection, as caller_runs_encode wrote
 *		them.
 */
void
caller_runs_add_encoded(CallerRuns *runs, const char *data, size_t len)
{
	RunWriter writer = {0};

	if (len == 0)
		return;
	if (memory_with(runs, runs->n) + len > runs->budget)
		writer.file = create_file(runs);
	if (writer.file != NULL)
	{
		BufFileWrite(writer.file, unconstify(char *, data), len);
		writer.total = len;
	}
	else
	{
		writer.data = MemoryContextAllocHuge(runs->context, len);
		memcpy(writer.data, data, len);
		writer.len = writer.total = len;
	}
	add_run(runs, &writer, 0);
	merge_full_levels(runs);
}

/*
 * caller_runs_encode
 *		Append all contacts as a single run.  Those in memory move there.
 */
void
caller_runs_encode(CallerRuns *runs, StringInfo out)
{
	RunWriter writer = {0};

	if (runs->num_runs == 0)
		write_memory(runs, &writer);
	else
	{
		if (runs->n > 0)
			spill(runs);
		merge_runs(runs, runs->runs, runs->num_runs, &writer);
	}
	if (writer.total > MaxAllocSize - out->len - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("one parallel worker gathered more than 1 GB of contacts"),
				 errhint("SET max_parallel_workers_per_gather = 0 for this query: a serial plan has no such limit.")));
	if (writer.total > 0)
		appendBinaryStringInfo(out, writer.data, (int) writer.total);
	if (writer.data != NULL)
		pfree(writer.data);
}

/*
 * caller_runs_add_all
 *		Add all contacts of another collection, which may be empty afterwards.
 */
void
caller_runs_add_all(CallerRuns *runs, CallerRuns *other)
{
	StringInfoData encoded;

	if (other->n == 0 && other->num_runs == 1 && other->runs[0].memory != NULL)
	{
		caller_runs_add_encoded(runs, other->runs[0].memory, other->runs[0].len);
		return;
	}
	initStringInfo(&encoded);
	caller_runs_encode(other, &encoded);
	caller_runs_add_encoded(runs, encoded.data, encoded.len);
	pfree(encoded.data);
}

/*
 * caller_runs_release
 *		Give up all runs and close their files.
 */
void
caller_runs_release(CallerRuns *runs)
{
	for (int r = 0; r < runs->num_runs; r++)
		drop_run(runs, &runs->runs[r]);
	runs->num_runs = 0;
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

/* Step to the next caller; false at the end. */
static bool
reader_next(RunReader *reader, bool named, uint64 *key)
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

static CallerMerge *
merge_begin(bool named, Run *runs, int num_runs)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caller merge",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	CallerMerge *merge = palloc0(sizeof(CallerMerge));

	merge->context = context;
	merge->named = named;
	merge->num_readers = num_runs;
	merge->readers = palloc0(Max(num_runs, 1) * sizeof(RunReader));
	merge->keys = palloc(Max(num_runs, 1) * sizeof(uint64));
	merge->live = palloc(Max(num_runs, 1) * sizeof(bool));
	merge->taken = palloc0(Max(num_runs, 1) * sizeof(bool));
	for (int r = 0; r < num_runs; r++)
	{
		RunReader *reader = &merge->readers[r];

		reader->file = runs[r].file;
		if (reader->file != NULL)
		{
			if (BufFileSeek(reader->file, 0, 0, SEEK_SET) != 0)
				elog(ERROR, "could not rewind a run of sorted contacts");
			reader->size = READ_SIZE;
			reader->data = palloc(READ_SIZE);
		}
		else
		{
			reader->data = runs[r].memory;
			reader->end = runs[r].len;
		}
		merge->live[r] = reader_next(reader, named, &merge->keys[r]);
	}
	MemoryContextSwitchTo(old);
	return merge;
}

/*
 * caller_merge_begin
 *		Read all callers back, in order of key and name.  Nothing may be added
 *		from here on.
 */
CallerMerge *
caller_merge_begin(CallerRuns *runs)
{
	if (runs->n > 0)
	{
		RunWriter writer = {0};
		MemoryContext old = MemoryContextSwitchTo(runs->context);

		write_memory(runs, &writer);
		add_run(runs, &writer, -1);
		pfree(runs->contacts);
		runs->contacts = NULL;
		runs->capacity = 0;
		MemoryContextSwitchTo(old);
	}
	return merge_begin(runs->named, runs->runs, runs->num_runs);
}

/* Is reader a at an earlier caller than reader b? */
static bool
earlier(CallerMerge *merge, int a, int b)
{
	RunReader *x = &merge->readers[a];
	RunReader *y = &merge->readers[b];
	int result;

	if (merge->keys[a] != merge->keys[b] || !merge->named)
		return merge->keys[a] < merge->keys[b];
	result = memcmp(x->name, y->name, Min(x->name_len, y->name_len));
	return result < 0 || (result == 0 && x->name_len < y->name_len);
}

/*
 * caller_merge_next
 *		Step to the next caller; false after the last.
 */
bool
caller_merge_next(CallerMerge *merge, MergedCaller *caller)
{
	int first = -1;
	MemoryContext old = MemoryContextSwitchTo(merge->context);

	for (int r = 0; r < merge->num_readers && merge->num_taken > 0; r++)
	{
		if (!merge->taken[r])
			continue;
		merge->live[r] = reader_next(&merge->readers[r], merge->named, &merge->keys[r]);
		merge->taken[r] = false;
	}
	MemoryContextSwitchTo(old);
	merge->num_taken = 0;
	merge->contacts = 0;
	for (int r = 0; r < merge->num_readers; r++)
		if (merge->live[r] && (first < 0 || earlier(merge, r, first)))
			first = r;
	if (first < 0)
		return false;
	for (int r = first; r < merge->num_readers; r++)
	{
		if (!merge->live[r] || merge->keys[r] != merge->keys[first] || earlier(merge, first, r))
			continue;
		merge->taken[r] = true;
		merge->num_taken++;
		merge->contacts += merge->readers[r].contacts;
	}
	caller->key = merge->keys[first];
	caller->name = merge->readers[first].name;
	caller->name_len = merge->readers[first].name_len;
	caller->contacts = (int64) merge->contacts;
	return true;
}

/* Make room for this many instants twice: to hold and to merge them. */
static void
reserve_times(CallerMerge *merge, size_t n)
{
	if (n <= merge->max_times)
		return;
	if (merge->times != NULL)
	{
		pfree(merge->times);
		pfree(merge->scratch);
	}
	merge->max_times = Max(n * 2, 1024);
	merge->times = MemoryContextAllocHuge(merge->context, merge->max_times * sizeof(int64));
	merge->scratch = MemoryContextAllocHuge(merge->context, merge->max_times * sizeof(int64));
}

/* Merge n sorted instants with the m sorted ones after them, from the end. */
static void
merge_times(int64 *times, size_t n, size_t m, int64 *scratch)
{
	size_t end = n + m;

	if (n == 0 || m == 0 || times[n - 1] <= times[n])
		return;
	memcpy(scratch, times + n, m * sizeof(int64));
	while (m > 0)
	{
		if (n > 0 && times[n - 1] > scratch[m - 1])
			times[--end] = times[--n];
		else
			times[--end] = scratch[--m];
	}
}

/*
 * caller_merge_times
 *		The current caller's contacts in order of time.
 */
const int64 *
caller_merge_times(CallerMerge *merge)
{
	size_t n = 0;

	reserve_times(merge, merge->contacts);
	for (int r = 0; r < merge->num_readers; r++)
	{
		TimelineReader reader;
		size_t m;

		if (!merge->taken[r])
			continue;
		timeline_open(&reader, merge->readers[r].timeline, merge->readers[r].timeline_len);
		m = timeline_read(&reader, merge->times + n, reader.count);
		timeline_report(reader.status);
		merge_times(merge->times, n, m, merge->scratch);
		n += m;
		CHECK_FOR_INTERRUPTS();
	}
	return merge->times;
}

/*
 * caller_merge_end
 *		Free the merge; the runs stay.
 */
void
caller_merge_end(CallerMerge *merge)
{
	MemoryContextDelete(merge->context);
}
