/*-------------------------------------------------------------------------
 * test_node_pairs.c
 *	  Pairs gathered in any order and split are the same bytes; each is what its
 *	  rows add up to; bytes that are cut or changed are refused or make sense.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/node_pairs.h"
#include "unit_host.h"

#define MAX_ROWS 2000
#define MAX_SETS 5

typedef struct Row
{
	int a;
	int b;
	int64_t weight;
} Row;

static Row rows[MAX_ROWS];

static int64_t
draw_weight(void)
{
	switch (unit_below(20))
	{
		case 0:
			return NODE_PAIR_MUST;
		case 1:
			return NODE_PAIR_CANNOT;
		case 2:
			return unit_below(2) == 0 ? NODE_PAIR_MAX_WEIGHT : -NODE_PAIR_MAX_WEIGHT;
		default:
			return (int64_t) unit_below(2001) - 1000;
	}
}

/* Nodes of both signs, and names that start alike, are longer than others, or empty. */
static uint32_t
add_node(NodePairs *set, int node)
{
	char name[64];
	int len;

	if (!set->named)
		return node_pairs_number(set, node % 2 == 0 ? node : -INT64_MAX + node);
	len = snprintf(name, sizeof(name), "%.*s%d", node % 3 * 9, "one name like another", node);
	return node_pairs_name(set, name, node == 0 ? 0 : (size_t) len);
}

static void
add_row(NodePairs *set, Row row)
{
	uint32_t a = add_node(set, row.a);
	uint32_t b = add_node(set, row.b);

	MUST(node_pairs_add(set, a, b, row.weight));
}

static char *
bytes_of(NodePairs *set, size_t *len)
{
	char *bytes;

	*len = node_pairs_size(set);
	bytes = malloc(*len);
	node_pairs_encode(set, bytes);
	return bytes;
}

/* By way of bytes, as a worker's state goes. */
static NodePairs *
send_over(NodePairs *set)
{
	size_t len;
	char *bytes = bytes_of(set, &len);
	NodePairs *received = node_pairs_decode(&host, bytes, len);

	MUST(received != NULL);
	free(bytes);
	node_pairs_free(set);
	return received;
}

static NodePairs *
gather(int n, bool named, bool weighed, int nsets)
{
	NodePairs *sets[MAX_SETS];
	NodePairs *all = node_pairs_create(&host, named, weighed);

	for (int i = 0; i < nsets; i++)
		sets[i] = node_pairs_create(&host, named, weighed);
	for (int i = 0; i < n; i++)
		add_row(sets[unit_below(nsets)], rows[i]);
	for (int i = 0; i < nsets; i++)
	{
		if (unit_below(2) == 0)
			node_pairs_settle(sets[i]);
		sets[i] = send_over(sets[i]);
		MUST(node_pairs_add_all(all, sets[i]));
		node_pairs_free(sets[i]);
	}
	node_pairs_settle(all);
	return all;
}

static void
shuffle_rows(int n)
{
	for (int i = 0; i < n; i++)
	{
		int j = i + (int) unit_below(n - i);
		Row row = rows[j];

		rows[j] = rows[i];
		rows[i] = row;
		if (unit_below(2) == 0)
			rows[i] = (Row){row.b, row.a, row.weight};
	}
}

/* What the rows of one pair say. */
static bool
add_up_rows(int n, int a, int b, int64_t *weight)
{
	bool must = false;
	bool cannot = false;
	bool any = false;

	*weight = 0;
	for (int i = 0; i < n; i++)
	{
		if (!((rows[i].a == a && rows[i].b == b) || (rows[i].a == b && rows[i].b == a)))
			continue;
		any = true;
		must = must || rows[i].weight == NODE_PAIR_MUST;
		cannot = cannot || rows[i].weight == NODE_PAIR_CANNOT;
		if (rows[i].weight != NODE_PAIR_MUST && rows[i].weight != NODE_PAIR_CANNOT)
			*weight += rows[i].weight;
	}
	if (must || cannot)
		*weight = cannot ? NODE_PAIR_CANNOT : NODE_PAIR_MUST;
	return any;
}

static void
check_pairs(NodePairs *set, int n, int nodes)
{
	size_t pairs = 0;

	for (int a = 0; a < nodes; a++)
		for (int b = a + 1; b < nodes; b++)
		{
			int64_t weight;
			uint32_t x;
			uint32_t y;
			size_t i = 0;

			if (!add_up_rows(n, a, b, &weight))
				continue;
			x = add_node(set, a);
			y = add_node(set, b);
			while (i < set->npairs && (set->pairs[i].a != (x < y ? x : y) || set->pairs[i].b != (x < y ? y : x)))
				i++;
			MUST(i < set->npairs && set->pairs[i].weight == weight);
			pairs++;
		}
	MUST(set->npairs == pairs);
	for (size_t i = 1; i < set->npairs; i++)
		MUST(set->pairs[i - 1].a < set->pairs[i].a ||
			 (set->pairs[i - 1].a == set->pairs[i].a && set->pairs[i - 1].b < set->pairs[i].b));
}

static void
check_order(const NodePairs *set)
{
	for (uint32_t i = 1; i < set->nodes; i++)
	{
		size_t alen;
		size_t blen;
		const char *a;
		const char *b;
		int order;

		if (!set->named)
		{
			MUST(set->number[i - 1] < set->number[i]);
			continue;
		}
		a = node_pairs_name_of(set, i - 1, &alen);
		b = node_pairs_name_of(set, i, &blen);
		order = memcmp(a, b, alen < blen ? alen : blen);
		MUST(order < 0 || (order == 0 && alen < blen));
	}
}

/* Groups are by their lowest node, and no pair that cannot be is in one. */
static void
check_clusters(const NodePairs *set)
{
	uint32_t *cluster = malloc((set->nodes + 1) * sizeof(uint32_t));

	node_pairs_cluster(set, cluster);
	for (uint32_t i = 0; i < set->nodes; i++)
		MUST(cluster[i] <= i && cluster[cluster[i]] == cluster[i]);
	for (size_t i = 0; i < set->npairs; i++)
	{
		bool together = cluster[set->pairs[i].a] == cluster[set->pairs[i].b];

		MUST(set->weighed || together);
		MUST(set->pairs[i].weight != NODE_PAIR_CANNOT || !together);
	}
	free(cluster);
}

static void
check_changed_bytes(const char *bytes, size_t len)
{
	char *changed = malloc(len);

	for (int i = 0; i < 50; i++)
	{
		size_t n = unit_below(len);
		char *cut = malloc(n == 0 ? 1 : n);
		NodePairs *set;

		memcpy(cut, bytes, n); /* of its own, so that the sanitizer sees its end */
		MUST(node_pairs_decode(&host, cut, n) == NULL);
		free(cut);
		memcpy(changed, bytes, len);
		changed[unit_below(unit_below(2) == 0 && len > 30 ? 30 : len)] ^= 1 << unit_below(8);
		set = node_pairs_decode(&host, changed, len);
		if (set == NULL)
			continue;
		node_pairs_settle(set);
		check_order(set);
		check_clusters(set);
		node_pairs_free(set);
	}
	free(changed);
}

/* Bytes of which each part is sound, but not the whole. */
static void
test_contradictions(void)
{
	NodePairs *set = node_pairs_create(&host, true, true);
	char *bytes;
	size_t len;

	MUST(node_pairs_name(set, "a", 1) == 0 && node_pairs_name(set, "b", 1) == 1);
	MUST(node_pairs_add(set, 0, 1, 5));
	bytes = bytes_of(set, &len);
	node_pairs_free(set);
	bytes[len - 17] = 'a'; /* the same name twice */
	MUST(node_pairs_decode(&host, bytes, len) == NULL);
	bytes[len - 17] = 'c';
	bytes[15] = 0; /* fewer rows than pairs */
	MUST(node_pairs_decode(&host, bytes, len) == NULL);
	bytes[15] = 1;
	bytes[len - 4] = 1; /* more weight than so many rows can have */
	MUST(node_pairs_decode(&host, bytes, len) == NULL);
	bytes[len - 4] = 0;
	set = node_pairs_decode(&host, bytes, len);
	MUST(set != NULL && set->nodes == 2 && set->npairs == 1 && set->pairs[0].weight == 5);
	node_pairs_free(set);
	free(bytes);
}

static void
test_splits(int cases)
{
	for (int i = 0; i < cases; i++)
	{
		int nodes = 1 + (int) unit_below(30);
		int n = (int) unit_below(i % 10 == 0 ? MAX_ROWS : 200);
		bool named = unit_below(2) == 0;
		bool weighed = unit_below(3) > 0;
		NodePairs *one;
		NodePairs *other;
		size_t len;
		size_t other_len;
		char *bytes;
		char *other_bytes;

		for (int r = 0; r < n; r++)
			rows[r] = (Row){(int) unit_below(nodes), (int) unit_below(nodes), draw_weight()};
		one = gather(n, named, weighed, 1);
		shuffle_rows(n);
		other = gather(n, named, weighed, 1 + (int) unit_below(MAX_SETS));
		bytes = bytes_of(one, &len);
		other_bytes = bytes_of(other, &other_len);
		MUST(len == other_len && memcmp(bytes, other_bytes, len) == 0);
		check_order(one);
		check_clusters(one);
		check_changed_bytes(bytes, len);
		if (weighed)
			check_pairs(one, n, nodes);
		free(bytes);
		free(other_bytes);
		node_pairs_free(one);
		node_pairs_free(other);
		MUST(in_use == 0);
	}
}

/* The same pairs again and again take no more memory, nor do nodes that are connected. */
static void
test_memory(bool weighed)
{
	NodePairs *set = node_pairs_create(&host, false, weighed);

	for (int i = 0; i < 1000000; i++)
	{
		int a = (int) unit_below(1000);
		int b = weighed ? (a + 1 + (int) unit_below(10)) % 1000 : (int) unit_below(1000);

		MUST(node_pairs_add(set, node_pairs_number(set, a), node_pairs_number(set, b), 1));
	}
	MUST(set->npairs < (weighed ? 33000 : 4100));
	MUST(in_use < 1100000);
	node_pairs_settle(set);
	MUST(set->npairs == (weighed ? 10000 : 999));
	node_pairs_free(set);
}

int
main(void)
{
	test_contradictions();
	test_splits(1500);
	test_memory(true);
	test_memory(false);
	MUST(in_use == 0);
	return 0;
}
