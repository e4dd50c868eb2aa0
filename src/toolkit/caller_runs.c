/*-------------------------------------------------------------------------
 * caller_runs.c
 *	  Contacts of many callers, gathered in any order, read back by caller.
 *
 * An external merge sort.  Contacts collect in memory; when work_mem is full
 * they are sorted and written out as a run.  Runs of the same level are merged
 * into one of the next level as soon as there are FAN_IN of them, so few are
 * ever open.  Runs need not agree on anything but the order of callers, so states
 * from any split of the input merge to the same result, and a partial state of a
 * parallel plan is simply one run.
 *
 * Memory: work_mem, plus the contacts of one caller at a time, plus a buffer
 * for each open run.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "host_sql.h"
#include "toolkit/caller_runs.h"
#include "toolkit/name_pool.h"
#include "toolkit/run_file.h"
#include "toolkit/timeline_sql.h"

#define FAN_IN 16
#define FIRST_CAPACITY 1024

/* The memory of a contact: its place, and one in the sort's scratch space. */
#define CONTACT_COST (2 * sizeof(SortContact))

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
	runs->pool.context = context;
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

		runs->runs = engage_grow_array(runs->context, runs->runs, &capacity, 2 * FAN_IN, sizeof(Run));
		runs->max_runs = (int) capacity;
	}
	run = &runs->runs[runs->num_runs++];
	run->level = level;
	Assert(writer->file != NULL || writer->len == writer->total);
	run->len = writer->total;
	run->file = writer->file;
	run->memory = NULL;
	if (writer->file != NULL)
	{
		run_writer_drain(writer);
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

/*
 * Replace indexes of names in the contacts with ranks, in the upper bits, as the
 * sort needs its keys.  Returns the indexes in order of rank.
 */
static uint32 *
rank_contacts(CallerRuns *runs, int *shift)
{
	NamePool *pool = &runs->pool;
	uint32 *order = name_pool_rank(pool);

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
				times = engage_grow_array(CurrentMemoryContext, times, &max_times, 0, sizeof(int64));
			times[n++] = contacts[start].at;
		}
		if (runs->named)
		{
			CallerName *name = &runs->pool.names[order[key >> shift]];

			run_write_caller(writer, true, name->hash, runs->pool.bytes + name->offset, name->len);
		}
		else
			run_write_caller(writer, false, key, NULL, 0);
		run_write_times(writer, times, n);
		CHECK_FOR_INTERRUPTS();
	}
	pfree(times);
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
		order = rank_contacts(runs, &shift);
	scratch = palloc_extended(runs->n * sizeof(SortContact), MCXT_ALLOC_HUGE);
	contact_sort(runs->contacts, scratch, runs->n, engage_host.pause);
	pfree(scratch);
	write_contacts(runs, writer, order, shift);
	if (order != NULL)
		pfree(order);
	name_pool_forget(&runs->pool);
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
		run_write_caller(writer, runs->named, caller.key, caller.name, caller.name_len);
		if (merge->num_taken == 1)
			for (int r = 0; r < merge->num_readers; r++)
			{
				if (merge->taken[r])
					run_write_timeline(writer, merge->readers[r].timeline, merge->readers[r].timeline_len);
			}
		else
			run_write_times(writer, caller_merge_times(merge), caller.contacts);
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
	return contacts * CONTACT_COST + name_pool_memory(&runs->pool) + runs->in_memory;
}

static pg_noinline void
make_room(CallerRuns *runs)
{
	if (runs->n > 0 && memory_with(runs, runs->capacity == 0 ? 0 : runs->capacity * 2) > runs->budget)
	{
		spill(runs);
		return;
	}
	runs->contacts = engage_grow_array(runs->context, runs->contacts, &runs->capacity, FIRST_CAPACITY, sizeof(SortContact));
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
	Assert(runs->n < runs->capacity);
	contact = &runs->contacts[runs->n++];
	contact->key = key;
	contact->at = at;
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
	runs->contacts[runs->n - 1].key = name_pool_find(&runs->pool, name, len);
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

		run_reader_begin(reader, runs[r].file, runs[r].memory, runs[r].len);
		merge->live[r] = run_reader_next(reader, named, &merge->keys[r]);
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
		merge->live[r] = run_reader_next(&merge->readers[r], merge->named, &merge->keys[r]);
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
		Assert(!merge->live[r] || !earlier(merge, r, first));
		if (!merge->live[r] || merge->keys[r] != merge->keys[first] || earlier(merge, first, r))
			continue;
		merge->taken[r] = true;
		merge->num_taken++;
		merge->contacts += merge->readers[r].contacts;
	}
	Assert(merge->taken[first] && merge->contacts > 0);
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
	Assert(n == merge->contacts);
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
