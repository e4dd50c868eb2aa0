/*-------------------------------------------------------------------------
 * node_pairs.c
 *	  Pairs of nodes, collected in any order and in parts, for clusters.c.
 *
 * Pairs collect in an array.  When it is full, those given several times are
 * added up; where only connections count, what is left is a pair of each node
 * with the lowest that it is connected to.  The array grows only if more than
 * half of it is still needed.
 *
 * Encoded:
 *
 *		version, named, weighed		a byte each
 *		nodes, pairs, rows			4, 8 and 8 bytes
 *		nodes						numbers of 8 bytes; or all lengths of 4 bytes,
 *									then all names
 *		pairs						a and b of 4 bytes, weight of 8 if weighed
 *
 * in the byte order of the machine: it never leaves it.
 *-------------------------------------------------------------------------
 */
#include "core/identity/node_pairs.h"

#include <string.h>

#include "core/time/contact_sort.h"

#define VERSION 1
#define HEADER (3 + 4 + 8 + 8)
#define FIRST_NODES 64
#define FIRST_PAIRS 64
#define PAUSE_STEPS 4096

/* ----------------------------------------------------------------- nodes */

NodePairs *
node_pairs_create(const Host *host, bool named, bool weighed)
{
	NodePairs *set = host->alloc(sizeof(NodePairs));

	memset(set, 0, sizeof(NodePairs));
	set->host = host;
	set->named = named;
	set->weighed = weighed;
	set->max_nodes = FIRST_NODES;
	if (named)
	{
		set->name = host->alloc((FIRST_NODES + 1) * sizeof(size_t));
		set->name[0] = 0;
		set->max_bytes = 16 * FIRST_NODES;
		set->bytes = host->alloc(set->max_bytes);
	}
	else
		set->number = host->alloc(FIRST_NODES * sizeof(int64_t));
	slots_lay(host, &set->slots, FIRST_NODES);
	set->max_pairs = FIRST_PAIRS;
	set->pairs = host->alloc(set->max_pairs * sizeof(ClusterPair));
	return set;
}

void
node_pairs_free(NodePairs *set)
{
	const Host *host = set->host;

	if (set->named)
	{
		host->release(set->name);
		host->release(set->bytes);
	}
	else
		host->release(set->number);
	slots_release(host, &set->slots);
	host->release(set->pairs);
	host->release(set);
}

const char *
node_pairs_name_of(const NodePairs *set, uint32_t node, size_t *len)
{
	*len = set->name[node + 1] - set->name[node];
	return set->bytes + set->name[node];
}

static uint64_t
hash_name(const char *name, size_t len)
{
	uint64_t hash = len;
	uint64_t word = 0;

	for (; len >= 8; name += 8, len -= 8)
	{
		memcpy(&word, name, 8);
		hash = spread_bits(hash ^ word);
	}
	word = 0;
	memcpy(&word, name, len);
	return spread_bits(hash ^ word);
}

static uint64_t
hash_node(const NodePairs *set, uint32_t node)
{
	const char *name;
	size_t len;

	if (!set->named)
		return spread_bits((uint64_t) set->number[node]);
	name = node_pairs_name_of(set, node, &len);
	return hash_name(name, len);
}

static void
rebuild_slots(NodePairs *set)
{
	slots_lay(set->host, &set->slots, set->max_nodes);
	for (uint32_t i = 0; i < set->nodes; i++)
	{
		slots_put(&set->slots, hash_node(set, i), i);
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
}

/* Room for one more node: up to twice NODE_PAIRS_MAX. */
static void
grow_nodes(NodePairs *set)
{
	set->max_nodes *= 2;
	if (set->named)
		set->name = set->host->resize(set->name, ((size_t) set->max_nodes + 1) * sizeof(size_t));
	else
		set->number = set->host->resize(set->number, set->max_nodes * sizeof(int64_t));
	rebuild_slots(set);
}

/* The slot of a number, or where it should be. */
static size_t
number_slot(const NodePairs *set, int64_t number)
{
	const Slots *slots = &set->slots;
	size_t slot = slots_first(slots, spread_bits((uint64_t) number));

	while (slots->place[slot] != SLOT_FREE && set->number[slots->place[slot]] != number)
		slot = slots_next(slots, slot);
	return slot;
}

static size_t
name_slot(const NodePairs *set, const char *name, size_t len)
{
	const Slots *slots = &set->slots;
	size_t slot = slots_first(slots, hash_name(name, len));

	for (; slots->place[slot] != SLOT_FREE; slot = slots_next(slots, slot))
	{
		size_t other_len;
		const char *other = node_pairs_name_of(set, slots->place[slot], &other_len);

		if (other_len == len && memcmp(other, name, len) == 0)
			break;
	}
	return slot;
}

/* The node of this number. */
uint32_t
node_pairs_number(NodePairs *set, int64_t number)
{
	size_t slot = number_slot(set, number);

	if (set->slots.place[slot] != SLOT_FREE)
		return set->slots.place[slot];
	if (set->nodes == set->max_nodes)
	{
		grow_nodes(set);
		slot = number_slot(set, number);
	}
	set->number[set->nodes] = number;
	set->slots.place[slot] = set->nodes;
	return set->nodes++;
}

/* The node of this name. */
uint32_t
node_pairs_name(NodePairs *set, const char *name, size_t len)
{
	size_t slot = name_slot(set, name, len);
	size_t start;

	if (set->slots.place[slot] != SLOT_FREE)
		return set->slots.place[slot];
	if (set->nodes == set->max_nodes)
	{
		grow_nodes(set);
		slot = name_slot(set, name, len);
	}
	start = set->name[set->nodes];
	if (start + len > set->max_bytes)
	{
		while (start + len > set->max_bytes)
			set->max_bytes *= 2;
		set->bytes = set->host->resize(set->bytes, set->max_bytes);
	}
	memcpy(set->bytes + start, name, len);
	set->name[set->nodes + 1] = start + len;
	set->slots.place[slot] = set->nodes;
	return set->nodes++;
}

/* ----------------------------------------------------------------- pairs */

/* Combine a pair that was given twice. */
static int64_t
add_weights(int64_t x, int64_t y)
{
	if (x == NODE_PAIR_CANNOT || y == NODE_PAIR_CANNOT)
		return NODE_PAIR_CANNOT;
	if (x == NODE_PAIR_MUST || y == NODE_PAIR_MUST)
		return NODE_PAIR_MUST;
	return x + y;
}

/* Put pairs in the order of one of their nodes, leaving equal ones as they are. */
static void
sort_by_node(const NodePairs *set, const ClusterPair *from, ClusterPair *to, size_t *place, bool by_a)
{
	memset(place, 0, ((size_t) set->nodes + 1) * sizeof(size_t));
	for (size_t i = 0; i < set->npairs; i++)
	{
		place[(by_a ? from[i].a : from[i].b) + 1]++;
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
	for (uint32_t i = 0; i < set->nodes; i++)
		place[i + 1] += place[i];
	for (size_t i = 0; i < set->npairs; i++)
	{
		to[place[by_a ? from[i].a : from[i].b]++] = from[i];
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
}

/* Sort the pairs, and keep each once. */
static void
add_up_pairs(NodePairs *set)
{
	const Host *host = set->host;
	ClusterPair *scratch = host->alloc((set->npairs + 1) * sizeof(ClusterPair));
	size_t *place = host->alloc(((size_t) set->nodes + 1) * sizeof(size_t));
	size_t n = 0;

	sort_by_node(set, set->pairs, scratch, place, false);
	sort_by_node(set, scratch, set->pairs, place, true);
	host->release(place);
	host->release(scratch);
	for (size_t i = 0; i < set->npairs; i++)
	{
		const ClusterPair *p = &set->pairs[i];

		if (n > 0 && set->pairs[n - 1].a == p->a && set->pairs[n - 1].b == p->b)
			set->pairs[n - 1].weight = add_weights(set->pairs[n - 1].weight, p->weight);
		else
			set->pairs[n++] = *p;
		if (i % PAUSE_STEPS == 0)
			host->pause();
	}
	set->npairs = n;
}

/* Of connections, keep a pair of each node with the lowest that it is connected to. */
static void
keep_connections(NodePairs *set)
{
	uint32_t *component = set->host->alloc(((size_t) set->nodes + 1) * sizeof(uint32_t));

	clusters_components(set->host, set->nodes, set->pairs, set->npairs, component);
	set->npairs = 0;
	for (uint32_t i = 0; i < set->nodes; i++)
		if (component[i] != i)
			set->pairs[set->npairs++] = (ClusterPair){component[i], i, 0};
	set->host->release(component);
}

static void
reduce_pairs(NodePairs *set)
{
	if (set->weighed)
		add_up_pairs(set);
	else
		keep_connections(set);
}

/* Make room for one more pair; false if that is impossible. */
static bool
make_room(NodePairs *set)
{
	/* reducing visits all nodes, so it is not worth it while there are few pairs */
	if (set->max_pairs >= set->nodes)
		reduce_pairs(set);
	if (set->npairs <= set->max_pairs / 2)
		return true;
	if (set->max_pairs >= NODE_PAIRS_MAX)
		return set->npairs < set->max_pairs;
	set->max_pairs *= 2;
	set->pairs = set->host->resize(set->pairs, set->max_pairs * sizeof(ClusterPair));
	return true;
}

/* Add a pair; a pair of a node with itself means nothing. */
bool
node_pairs_add(NodePairs *set, uint32_t a, uint32_t b, int64_t weight)
{
	if (a == b)
		return true;
	if (set->rows >= NODE_PAIRS_MAX_ROWS || set->nodes > NODE_PAIRS_MAX)
		return false;
	if (set->npairs == set->max_pairs && !make_room(set))
		return false;
	set->rows++;
	INVARIANT(a != b && a < set->nodes && b < set->nodes && set->npairs < set->max_pairs);
	set->pairs[set->npairs++] = (ClusterPair){a < b ? a : b, a < b ? b : a, set->weighed ? weight : 0};
	return true;
}

/* Add another set of the same kind. */
bool
node_pairs_add_all(NodePairs *set, const NodePairs *other)
{
	const Host *host = set->host;
	uint32_t *node = host->alloc(((size_t) other->nodes + 1) * sizeof(uint32_t));
	uint64_t rows = set->rows + other->rows;
	bool fits = rows <= NODE_PAIRS_MAX_ROWS;

	for (uint32_t i = 0; i < other->nodes; i++)
	{
		size_t len;

		if (set->named)
		{
			const char *name = node_pairs_name_of(other, i, &len);

			node[i] = node_pairs_name(set, name, len);
		}
		else
			node[i] = node_pairs_number(set, other->number[i]);
		if (i % PAUSE_STEPS == 0)
			host->pause();
	}
	set->rows = 0; /* added up already */
	for (size_t i = 0; i < other->npairs && fits; i++)
	{
		const ClusterPair *p = &other->pairs[i];

		fits = node_pairs_add(set, node[p->a], node[p->b], p->weight);
		if (i % PAUSE_STEPS == 0)
			host->pause();
	}
	host->release(node);
	set->rows = rows;
	return fits;
}

/* ----------------------------------------------------------------- order */

static bool
comes_before(const NodePairs *set, uint32_t a, uint32_t b)
{
	size_t alen;
	size_t blen;
	const char *x;
	const char *y;
	int order;

	if (!set->named)
		return set->number[a] < set->number[b];
	x = node_pairs_name_of(set, a, &alen);
	y = node_pairs_name_of(set, b, &blen);
	order = memcmp(x, y, alen < blen ? alen : blen);
	return order != 0 ? order < 0 : alen < blen;
}

static void
merge_halves(const NodePairs *set, const uint32_t *from, size_t start, size_t middle, size_t end, uint32_t *to)
{
	size_t i = start;
	size_t j = middle;

	for (size_t k = start; k < end; k++)
	{
		if (j == end || (i < middle && !comes_before(set, from[j], from[i])))
			to[k] = from[i++];
		else
			to[k] = from[j++];
		if (k % PAUSE_STEPS == 0)
			set->host->pause();
	}
}

/* All nodes in their order. */
static uint32_t *
sort_nodes(const NodePairs *set)
{
	uint32_t *order = set->host->alloc(((size_t) set->nodes + 1) * sizeof(uint32_t));
	uint32_t *scratch = set->host->alloc(((size_t) set->nodes + 1) * sizeof(uint32_t));

	for (uint32_t i = 0; i < set->nodes; i++)
		order[i] = i;
	for (size_t width = 1; width < set->nodes; width *= 2)
	{
		uint32_t *swap = order;

		for (size_t start = 0; start < set->nodes; start += 2 * width)
		{
			size_t middle = start + width < set->nodes ? start + width : set->nodes;
			size_t end = middle + width < set->nodes ? middle + width : set->nodes;

			merge_halves(set, order, start, middle, end, scratch);
		}
		order = scratch;
		scratch = swap;
	}
	set->host->release(scratch);
	return order;
}

static void
order_numbers(NodePairs *set, const uint32_t *order)
{
	int64_t *number = set->host->alloc(set->max_nodes * sizeof(int64_t));

	for (uint32_t i = 0; i < set->nodes; i++)
		number[i] = set->number[order[i]];
	set->host->release(set->number);
	set->number = number;
}

static void
order_names(NodePairs *set, const uint32_t *order)
{
	size_t *name = set->host->alloc(((size_t) set->max_nodes + 1) * sizeof(size_t));
	char *bytes = set->host->alloc(set->max_bytes);

	name[0] = 0;
	for (uint32_t i = 0; i < set->nodes; i++)
	{
		size_t len;
		const char *from = node_pairs_name_of(set, order[i], &len);

		memcpy(bytes + name[i], from, len);
		name[i + 1] = name[i] + len;
	}
	set->host->release(set->name);
	set->host->release(set->bytes);
	set->name = name;
	set->bytes = bytes;
}

void
node_pairs_settle(NodePairs *set)
{
	uint32_t *order = sort_nodes(set);
	uint32_t *rank = set->host->alloc(((size_t) set->nodes + 1) * sizeof(uint32_t));

	for (uint32_t i = 0; i < set->nodes; i++)
		rank[order[i]] = i;
	for (size_t i = 0; i < set->npairs; i++)
	{
		ClusterPair *p = &set->pairs[i];
		uint32_t a = rank[p->a];
		uint32_t b = rank[p->b];

		p->a = a < b ? a : b;
		p->b = a < b ? b : a;
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
	if (set->named)
		order_names(set, order);
	else
		order_numbers(set, order);
	set->host->release(order);
	set->host->release(rank);
	rebuild_slots(set);
	reduce_pairs(set);
}

/* ---------------------------------------------------------------- groups */

static double
sum_of_weights(void *arg, const ClusterSums *sums)
{
	(void) arg;
	return (double) sums->weight[0];
}

/*
 * Pairs with evidence for their nodes, and all other pairs of nodes that these
 * connect, because groups stay within components.
 */
static size_t
choose_pairs(const NodePairs *set, ClusterPair *chosen, uint32_t *component)
{
	size_t n = 0;

	for (size_t i = 0; i < set->npairs; i++)
		if (set->pairs[i].weight > 0)
			chosen[n++] = set->pairs[i];
	clusters_components(set->host, set->nodes, chosen, n, component);
	n = 0;
	for (size_t i = 0; i < set->npairs; i++)
		if (component[set->pairs[i].a] == component[set->pairs[i].b])
			chosen[n++] = set->pairs[i];
	return n;
}

static size_t
count_pairs(const ClusterPair *pairs, size_t npairs, int64_t weight)
{
	size_t n = 0;

	for (size_t i = 0; i < npairs; i++)
		n += pairs[i].weight == weight;
	return n;
}

/* Separate the pairs of this weight from the others. */
static size_t
take_out(ClusterPair *pairs, size_t npairs, int64_t weight, ClusterPair *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < npairs; i++)
		if (pairs[i].weight == weight)
			*out++ = pairs[i];
		else
			pairs[kept++] = pairs[i];
	return kept;
}

/* Refused links as clusters takes them: both sides, by number. */
static ClusterTag *
tag_links(const Host *host, const ClusterPair *links, size_t n)
{
	ClusterTag *tags = host->alloc((2 * n + 1) * sizeof(ClusterTag));

	for (size_t i = 0; i < n; i++)
	{
		tags[2 * i] = (ClusterTag){links[i].a, (uint32_t) (2 * i)};
		tags[2 * i + 1] = (ClusterTag){links[i].b, (uint32_t) (2 * i + 1)};
	}
	return tags;
}

static void
cluster_weighed(const NodePairs *set, uint32_t *cluster)
{
	const Host *host = set->host;
	uint32_t *component = host->alloc(((size_t) set->nodes + 1) * sizeof(uint32_t));
	ClusterPair *pairs = host->alloc((set->npairs + 1) * sizeof(ClusterPair));
	size_t npairs = choose_pairs(set, pairs, component);
	size_t nmust = count_pairs(pairs, npairs, NODE_PAIR_MUST);
	size_t ncannot = count_pairs(pairs, npairs, NODE_PAIR_CANNOT);
	ClusterPair *must = host->alloc((nmust + 1) * sizeof(ClusterPair));
	ClusterPair *links = host->alloc((ncannot + 1) * sizeof(ClusterPair));
	ClusterTag *tags;
	ClusterProblem problem = {.host = host, .nodes = set->nodes, .fields = 1};

	npairs = take_out(pairs, npairs, NODE_PAIR_MUST, must);
	npairs = take_out(pairs, npairs, NODE_PAIR_CANNOT, links);
	tags = tag_links(host, links, ncannot);
	host->release(links);
	problem.threshold = 1; /* that is, above 0 */
	problem.pairs = pairs;
	problem.npairs = npairs;
	problem.must = must;
	problem.nmust = nmust;
	problem.cannot = tags;
	problem.ncannot = 2 * ncannot;
	problem.judge = sum_of_weights;
	clusters_find(&problem, component, cluster);
	host->release(component);
	host->release(pairs);
	host->release(must);
	host->release(tags);
}

void
node_pairs_cluster(const NodePairs *set, uint32_t *cluster)
{
	if (set->weighed)
		cluster_weighed(set, cluster);
	else
		clusters_components(set->host, set->nodes, set->pairs, set->npairs, cluster);
}

/* ----------------------------------------------------------------- bytes */

static size_t
pair_size(bool weighed)
{
	return weighed ? 16 : 8;
}

size_t
node_pairs_size(const NodePairs *set)
{
	size_t nodes = set->named ? set->nodes * sizeof(uint32_t) + set->name[set->nodes] :
								set->nodes * sizeof(int64_t);

	return HEADER + nodes + set->npairs * pair_size(set->weighed);
}

static char *
put(char *p, const void *value, size_t size)
{
	memcpy(p, value, size);
	return p + size;
}

static char *
put_nodes(char *p, const NodePairs *set)
{
	if (!set->named)
		return put(p, set->number, set->nodes * sizeof(int64_t));
	for (uint32_t i = 0; i < set->nodes; i++)
	{
		uint32_t len = set->name[i + 1] - set->name[i];

		p = put(p, &len, sizeof(len));
	}
	return put(p, set->bytes, set->name[set->nodes]);
}

/* node_pairs_size bytes. */
void
node_pairs_encode(const NodePairs *set, char *out)
{
	uint64_t npairs = set->npairs;
	char *p = out;

	*p++ = VERSION;
	*p++ = set->named;
	*p++ = set->weighed;
	p = put(p, &set->nodes, sizeof(uint32_t));
	p = put(p, &npairs, sizeof(uint64_t));
	p = put(p, &set->rows, sizeof(uint64_t));
	p = put_nodes(p, set);
	for (size_t i = 0; i < set->npairs; i++)
	{
		p = put(p, &set->pairs[i].a, sizeof(uint32_t));
		p = put(p, &set->pairs[i].b, sizeof(uint32_t));
		if (set->weighed)
			p = put(p, &set->pairs[i].weight, sizeof(int64_t));
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
}

/* Bytes that are not read yet. */
typedef struct Input
{
	const char *p;
	size_t left;
} Input;

static bool
take(Input *in, void *value, size_t size)
{
	if (in->left < size)
		return false;
	memcpy(value, in->p, size);
	in->p += size;
	in->left -= size;
	return true;
}

/* Read the nodes, each of which must occur once. */
static bool
take_numbers(Input *in, NodePairs *set, uint32_t nodes)
{
	if (in->left / sizeof(int64_t) < nodes)
		return false;
	for (uint32_t i = 0; i < nodes; i++)
	{
		int64_t number;

		if (!take(in, &number, sizeof(number)) || node_pairs_number(set, number) != i)
			return false;
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
	return true;
}

static bool
take_names(Input *in, NodePairs *set, uint32_t nodes)
{
	Input lengths = *in;

	if (in->left / sizeof(uint32_t) < nodes)
		return false;
	in->p += nodes * sizeof(uint32_t);
	in->left -= nodes * sizeof(uint32_t);
	for (uint32_t i = 0; i < nodes; i++)
	{
		uint32_t len;

		if (!take(&lengths, &len, sizeof(len)) || len > in->left || node_pairs_name(set, in->p, len) != i)
			return false;
		in->p += len;
		in->left -= len;
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
	return true;
}

/* Read a weight, which must be one that this many rows can add up to. */
static bool
is_possible(int64_t weight, uint64_t *rest)
{
	uint64_t size = weight < 0 ? -(uint64_t) weight : (uint64_t) weight;

	if (weight == NODE_PAIR_MUST || weight == NODE_PAIR_CANNOT)
		return true;
	if (size > *rest)
		return false;
	*rest -= size;
	return true;
}

static bool
take_pairs(Input *in, NodePairs *set, uint64_t npairs, uint64_t rows)
{
	uint64_t rest = rows * NODE_PAIR_MAX_WEIGHT;

	if (in->left != npairs * pair_size(set->weighed) || rows > NODE_PAIRS_MAX_ROWS || npairs > rows)
		return false;
	for (size_t i = 0; i < npairs; i++)
	{
		ClusterPair p = {0};

		if (!take(in, &p.a, sizeof(p.a)) || !take(in, &p.b, sizeof(p.b)) ||
			(set->weighed && !take(in, &p.weight, sizeof(p.weight))))
			return false;
		if (p.a >= p.b || p.b >= set->nodes || !is_possible(p.weight, &rest) ||
			!node_pairs_add(set, p.a, p.b, p.weight))
			return false;
		if (i % PAUSE_STEPS == 0)
			set->host->pause();
	}
	set->rows = rows;
	return true;
}

NodePairs *
node_pairs_decode(const Host *host, const char *bytes, size_t len)
{
	Input in = {bytes, len};
	NodePairs *set;
	unsigned char head[3];
	uint32_t nodes;
	uint64_t npairs;
	uint64_t rows;

	if (!take(&in, head, sizeof(head)) || head[0] != VERSION || head[1] > 1 || head[2] > 1 ||
		!take(&in, &nodes, sizeof(nodes)) || !take(&in, &npairs, sizeof(npairs)) ||
		!take(&in, &rows, sizeof(rows)) || npairs > in.left)
		return NULL;
	set = node_pairs_create(host, head[1], head[2]);
	if ((set->named ? take_names(&in, set, nodes) : take_numbers(&in, set, nodes)) &&
		take_pairs(&in, set, npairs, rows))
		return set;
	node_pairs_free(set);
	return NULL;
}
