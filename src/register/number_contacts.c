/*-------------------------------------------------------------------------
 * number_contacts.c
 *	  The contacts of a number, counted while a call handler waits.
 *
 * The index contact_counted has all that is needed: the key of each counted
 * contact's persona, in which the number comes first, and the time.  It is read
 * here directly, for three reasons:
 *
 *	- contacts older than the last weeks need not be looked up in the table
 *	- the scan can skip a persona's old contacts, however many
 *	- of the old contacts only the newest matters, if there is no new one
 *
 * So the cost follows the number's personas and its contacts of the last weeks,
 * and not its history; with 50,000 of either it is a few milliseconds.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/identity/phone.h"
#include "engage.h"
#include "register/persona_key.h"
#include "toolkit/phone_sql.h"
#include "toolkit/row.h"

#define KEY_COLUMN 1
#define TIME_COLUMN 2

/*
 * After this many old contacts of one persona it is cheaper to search for the
 * next persona than to continue.  It is also the number of newest contacts
 * that are kept, so no persona can have more of them.
 */
#define OLD_RUN 32

/* A contact to look up in the table */
typedef struct FoundContact
{
	TimestampTz at;
	ItemPointerData tid;
} FoundContact;

/* This many are looked up together, in the order of the table */
#define RECENT_AT_ONCE 16384

typedef enum KeyState
{
	KEY_NOT_SEEN, /* no visible contact yet to decide by */
	KEY_OF_NUMBER,
	KEY_OF_OTHER
} KeyState;

typedef struct Walk
{
	Relation contact;
	Relation index;
	IndexScanDesc scan;
	Snapshot snapshot;
	TupleTableSlot *slot;
	Buffer map; /* of visibility */

	/* what to search for */
	const char *e164;
	text *region;
	bool is_exact;
	AttrNumber number_raw;
	TimestampTz as_of;
	FoundContact before; /* only older ones than this, once it is set */
	bool is_first; /* the first walk counts; later ones look for old ones */

	/* the result */
	int64 in_24_hours;
	int64 in_7_days;
	int64 in_28_days;
	TimestampTz last_at;
	FoundContact old[OLD_RUN]; /* the newest */
	int nold;
	FoundContact *recent; /* of the last 28 days, not known to be visible */
	int nrecent;
} Walk;

/* Whether the index exists, is complete, and has the form that this file expects. */
static bool
index_is_usable(Relation contact, Relation index)
{
	Form_pg_index form = index->rd_index;
	TupleDesc desc = RelationGetDescr(index);

	if (contact->rd_rel->relkind != RELKIND_RELATION || contact->rd_rel->relhassubclass ||
		form->indrelid != RelationGetRelid(contact) || !form->indisvalid || index->rd_rel->relam != BTREE_AM_OID ||
		form->indnkeyatts < TIME_COLUMN || index->rd_indoption[0] != 0 || index->rd_indoption[1] != 0 ||
		TupleDescAttr(desc, 0)->atttypid != UUIDOID || TupleDescAttr(desc, 1)->atttypid != TIMESTAMPTZOID)
		return false;
	/* not for snapshots older than the rows from which it was built */
	return !form->indcheckxmin ||
		   TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
}

static bool
open_relations(Walk *walk)
{
	Oid schema = get_namespace_oid("engage", false);
	Oid table = get_relname_relid("contact", schema);
	Oid index = get_relname_relid("contact_counted", schema);

	if (!OidIsValid(table) || !OidIsValid(index) || get_rel_relkind(index) != RELKIND_INDEX)
		return false;
	walk->contact = table_open(table, AccessShareLock);
	walk->index = index_open(index, AccessShareLock);
	walk->number_raw = get_attnum(table, "number_raw");
	if (index_is_usable(walk->contact, walk->index))
		return true;
	index_close(walk->index, AccessShareLock);
	table_close(walk->contact, AccessShareLock);
	return false;
}

/*
 * Whether all contacts on the scan's present page of the table are visible.
 * The scan holds its page of the index, so the visibility map is right.
 */
static bool
is_known_visible(Walk *walk)
{
	BlockNumber block = ItemPointerGetBlockNumber(&walk->scan->xs_heaptid);

	if (!VM_ALL_VISIBLE(walk->contact, block, &walk->map))
		return false;
	PredicateLockPage(walk->contact, block, walk->snapshot);
	return true;
}

static bool
is_visible(Walk *walk, FoundContact *contact)
{
	bool again = false;

	return table_index_fetch_tuple(walk->scan->xs_heapfetch, &contact->tid, walk->snapshot, walk->slot, &again, NULL);
}

/* Which number the key belongs to, from the number of a visible contact. */
static KeyState
state_of_key(Walk *walk)
{
	char e164[PHONE_E164_SIZE];
	bool is_home;
	bool isnull;
	Datum raw;
	bool is_it;

	if (!index_fetch_heap(walk->scan, walk->slot))
		return KEY_NOT_SEEN;
	raw = slot_getattr(walk->slot, walk->number_raw, &isnull);
	is_it = !isnull && phone_read(raw, walk->region, e164, &is_home) && strcmp(e164, walk->e164) == 0;
	ExecClearTuple(walk->slot);
	return is_it ? KEY_OF_NUMBER : KEY_OF_OTHER;
}

static int
compare_old(const void *a, const void *b)
{
	const FoundContact *left = a;
	const FoundContact *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return ItemPointerCompare(unconstify(ItemPointerData *, &left->tid), unconstify(ItemPointerData *, &right->tid));
}

/* Keep an old contact if it is among the newest. */
static void
keep_old(Walk *walk, const FoundContact *contact)
{
	int oldest = 0;

	if (walk->nold < OLD_RUN)
	{
		walk->old[walk->nold++] = *contact;
		return;
	}
	for (int i = 1; i < OLD_RUN; i++)
		if (compare_old(&walk->old[i], &walk->old[oldest]) < 0)
			oldest = i;
	if (compare_old(contact, &walk->old[oldest]) > 0)
		walk->old[oldest] = *contact;
}

static void
count_contact(Walk *walk, TimestampTz at)
{
	walk->in_28_days++;
	if (at > walk->as_of - 7 * USECS_PER_DAY)
		walk->in_7_days++;
	if (at > walk->as_of - USECS_PER_DAY)
		walk->in_24_hours++;
	walk->last_at = Max(walk->last_at, at);
}

/* Where a contact lies in the table, as a number */
static inline uint64
place_of(const FoundContact *contact)
{
	return (uint64) ItemPointerGetBlockNumberNoCheck(&contact->tid) << 16 | ItemPointerGetOffsetNumberNoCheck(&contact->tid);
}

#define ST_SORT sort_by_place
#define ST_ELEMENT_TYPE FoundContact
#define ST_COMPARE(a, b) (place_of(a) < place_of(b) ? -1 : place_of(a) > place_of(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Count the visible contacts among those recent ones, from the first on, that
 * are on one page of the table; returns how many are on it.  The page is
 * locked once for all of them, because locking is most of the work.
 */
static int
count_page(Walk *walk, int first)
{
	BlockNumber block = ItemPointerGetBlockNumber(&walk->recent[first].tid);
	Buffer page = ReadBuffer(walk->contact, block);
	int i = first;

	LockBuffer(page, BUFFER_LOCK_SHARE);
	for (; i < walk->nrecent && ItemPointerGetBlockNumber(&walk->recent[i].tid) == block; i++)
	{
		HeapTupleData tuple;

		if (heap_hot_search_buffer(&walk->recent[i].tid, walk->contact, page, walk->snapshot, &tuple, NULL, true))
			count_contact(walk, walk->recent[i].at);
	}
	UnlockReleaseBuffer(page);
	return i - first;
}

/* Count the recent contacts that are visible. */
static void
count_recent(Walk *walk)
{
	bool is_heap = walk->contact->rd_rel->relam == HEAP_TABLE_AM_OID;

	sort_by_place(walk->recent, walk->nrecent);
	for (int i = 0; i < walk->nrecent;)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_heap)
			i += count_page(walk, i);
		else if (is_visible(walk, &walk->recent[i++]))
			count_contact(walk, walk->recent[i - 1].at);
	}
	ExecClearTuple(walk->slot);
	walk->nrecent = 0;
}

static void
keep_recent(Walk *walk, const FoundContact *contact)
{
	if (walk->recent == NULL)
		walk->recent = palloc(sizeof(FoundContact) * RECENT_AT_ONCE);
	walk->recent[walk->nrecent++] = *contact;
	if (walk->nrecent == RECENT_AT_ONCE)
		count_recent(walk);
}

/* Place the scan at the end of the keys from low on and below, or up to, high. */
static void
place_scan(Walk *walk, const pg_uuid_t *low, const pg_uuid_t *high, bool with_high)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], KEY_COLUMN, BTGreaterEqualStrategyNumber, F_UUID_GE, UUIDPGetDatum(low));
	if (with_high)
		ScanKeyInit(&keys[1], KEY_COLUMN, BTLessEqualStrategyNumber, F_UUID_LE, UUIDPGetDatum(high));
	else
		ScanKeyInit(&keys[1], KEY_COLUMN, BTLessStrategyNumber, F_UUID_LT, UUIDPGetDatum(high));
	index_rescan(walk->scan, keys, 2, NULL, 0);
}

/*
 * One entry of the index, of a persona with the number.  Returns whether it is
 * an old one.
 */
static bool
visit_entry(Walk *walk, TimestampTz at, const ItemPointerData *tid)
{
	FoundContact contact = {at, *tid};

	if (at > walk->as_of)
		return false;
	if (at > walk->as_of - 28 * USECS_PER_DAY)
	{
		if (walk->is_first && is_known_visible(walk))
			count_contact(walk, at);
		else if (walk->is_first)
			keep_recent(walk, &contact);
		return false;
	}
	if (!walk->is_first && compare_old(&contact, &walk->before) >= 0)
		return false;
	if (walk->in_28_days == 0)
		keep_old(walk, &contact);
	return true;
}

/* All personas in a range of keys, from the last to the first. */
static void
walk_range(Walk *walk, const PersonaRange *range)
{
	pg_uuid_t key; /* of the present entries */
	pg_uuid_t end; /* of the scan, which refers to it */
	bool has_key = false;
	KeyState state = KEY_OF_NUMBER;
	int old = 0; /* entries of it */

	place_scan(walk, &range->low, &range->high, true);
	while (index_getnext_tid(walk->scan, BackwardScanDirection) != NULL)
	{
		IndexTuple entry = walk->scan->xs_itup;
		bool isnull;
		pg_uuid_t *entry_key = DatumGetUUIDP(index_getattr(entry, KEY_COLUMN, walk->scan->xs_itupdesc, &isnull));
		TimestampTz at = DatumGetTimestampTz(index_getattr(entry, TIME_COLUMN, walk->scan->xs_itupdesc, &isnull));
		ItemPointerData tid = walk->scan->xs_heaptid; /* which reading the table changes */

		CHECK_FOR_INTERRUPTS();
		if (!has_key || memcmp(&key, entry_key, UUID_LEN) != 0)
		{
			key = *entry_key;
			has_key = true;
			state = walk->is_exact ? KEY_OF_NUMBER : KEY_NOT_SEEN;
			old = 0;
		}
		if (state == KEY_NOT_SEEN)
			state = state_of_key(walk);
		if (state == KEY_OF_NUMBER)
			old += visit_entry(walk, at, &tid);
		if (state == KEY_OF_OTHER || old == OLD_RUN)
		{
			end = key;
			place_scan(walk, &range->low, &end, false);
			has_key = false;
		}
	}
}

/* The newest visible old contact, if there is one. */
static bool
newest_old(Walk *walk)
{
	qsort(walk->old, walk->nold, sizeof(FoundContact), compare_old);
	for (int i = walk->nold - 1; i >= 0; i--)
	{
		if (is_visible(walk, &walk->old[i]))
		{
			walk->last_at = walk->old[i].at;
			ExecClearTuple(walk->slot);
			return true;
		}
	}
	return false;
}

static void
walk_ranges(Walk *walk, const PersonaRange *ranges, int n)
{
	int found;

	walk->is_first = true;
	do
	{
		walk->nold = 0;
		for (int i = 0; i < n; i++)
			walk_range(walk, &ranges[i]);
		count_recent(walk);
		found = walk->nold;
		if (walk->in_28_days > 0 || newest_old(walk))
			break;

		/* all of these were deleted: look further back */
		walk->is_first = false;
		walk->before = walk->old[0];
	} while (found == OLD_RUN);
}

static void
start_scan(Walk *walk)
{
	walk->snapshot = GetActiveSnapshot();
	walk->slot = table_slot_create(walk->contact, NULL);
	walk->map = InvalidBuffer;
#if PG_VERSION_NUM >= 180000
	walk->scan = index_beginscan(walk->contact, walk->index, walk->snapshot, NULL, 2, 0);
#else
	walk->scan = index_beginscan(walk->contact, walk->index, walk->snapshot, 2, 0);
#endif
	walk->scan->xs_want_itup = true;
}

static void
end_scan(Walk *walk)
{
	if (BufferIsValid(walk->map))
		ReleaseBuffer(walk->map);
	index_endscan(walk->scan);
	ExecDropSingleTupleTableSlot(walk->slot);
	index_close(walk->index, AccessShareLock);
	table_close(walk->contact, AccessShareLock);
}

/* The columns of number_contacts(). */
enum
{
	COLUMN_24_HOURS,
	COLUMN_7_DAYS,
	COLUMN_28_DAYS,
	COLUMN_LAST_AT,
	NUM_COLUMNS
};

/*
 * number_contacts(number text, region text, as_of timestamptz) RETURNS record
 *		Counted contacts of a number in E.164, refreshed or not, up to as_of.
 *		NULLs if the index cannot be used.
 */
ENGAGE_FUNCTION(engage_number_contacts);
Datum
engage_number_contacts(PG_FUNCTION_ARGS)
{
	PersonaRange ranges[PERSONA_MAX_RANGES];
	char e164[PHONE_E164_SIZE] = "";
	Walk walk = {0};
	bool is_home;
	int n = 0;
	Row row;

	walk.region = PG_GETARG_TEXT_PP(1);
	walk.as_of = PG_GETARG_TIMESTAMPTZ(2);
	walk.last_at = DT_NOBEGIN;
	walk.e164 = e164;
	if (phone_read(PG_GETARG_DATUM(0), walk.region, e164, &is_home))
		n = persona_ranges(e164, is_home, ranges, &walk.is_exact);
	row_begin(&row, NUM_COLUMNS);
	if (!TIMESTAMP_NOT_FINITE(walk.as_of) && open_relations(&walk))
	{
		start_scan(&walk);
		walk_ranges(&walk, ranges, n);
		end_scan(&walk);
		row_set(&row, COLUMN_24_HOURS, Int64GetDatum(walk.in_24_hours));
		row_set(&row, COLUMN_7_DAYS, Int64GetDatum(walk.in_7_days));
		row_set(&row, COLUMN_28_DAYS, Int64GetDatum(walk.in_28_days));
		if (walk.last_at != DT_NOBEGIN)
			row_set(&row, COLUMN_LAST_AT, TimestampTzGetDatum(walk.last_at));
	}
	return row_return(fcinfo, &row);
}
