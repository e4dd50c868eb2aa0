/*-------------------------------------------------------------------------
 * linkage.h
 *	  Which personas are one person: comparisons, blocks, groups.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *
 * A LinkModel says which details are compared, what agreement is worth and by
 * which details pairs are found.  A LinkStore holds personas, their details
 * normalised and each value kept once.
 *-------------------------------------------------------------------------
 */
#ifndef LINKAGE_H
#define LINKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host.h"
#include "core/identity/clusters.h"
#include "core/identity/fellegi_sunter.h"

#define LINK_MAX_RULES 32
#define LINK_MAX_NAME 64
#define LINK_MAX_VALUE 256 /* bytes of a normalised value; the rest is cut */

/* A number with this many different names does not belong to one person. */
#define LINK_SHARED_NAMES 5

/*
 * In a block with too many personas each of them is compared only with the
 * block's hubs: this many of lowest rank, which is random.
 */
#define LINK_HUBS 20

/* Personas that one number, identifier or e-mail address may bring together. */
#define LINK_IDENTIFIER_BLOCK 1000

typedef enum LinkKind
{
	LINK_NUMBER, /* a telephone number in E.164 */
	LINK_NAME,
	LINK_DATE,
	LINK_POSTCODE,
	LINK_EMAIL,
	LINK_TEXT, /* words */
	LINK_ADDRESS, /* words of an address */
	LINK_IDENTIFIER, /* letters and digits that identify one person or thing */
	LINK_CATEGORY /* one of a few values */
} LinkKind;

#define LINK_KINDS 9

/* The special comparisons: names may be swapped, and may contradict. */
typedef enum LinkRole
{
	LINK_ANY,
	LINK_GIVEN_NAME,
	LINK_FAMILY_NAME,
	LINK_BIRTH
} LinkRole;

/* The part of a value from which a block is made. */
typedef enum LinkForm
{
	LINK_WHOLE,
	LINK_SOUND, /* of a name */
	LINK_YEAR,
	LINK_DAY, /* day and month */
	LINK_DISTRICT, /* of a postcode */
	LINK_LOCAL, /* of an e-mail address, before the @ */
	LINK_DOMAIN,
	LINK_START /* the first five letters */
} LinkForm;

#define LINK_FORMS 8

typedef struct LinkComparison
{
	char name[LINK_MAX_NAME]; /* a detail: a column, or details.KEY */
	LinkKind kind;
	LinkRole role;
	bool household; /* a household shares it, like a number */
	bool by_term; /* a common value is worth less than a rare one */
	double people; /* people who have a value, and how many others share ... */
	double sharing; /* ... that of one of them, on average */
} LinkComparison;

typedef struct LinkRule
{
	int parts;
	struct
	{
		int comparison;
		LinkForm form;
		uint64_t seed; /* of its share of a key: link_prepare_rule */
	} part[2];
	bool may_swap; /* given and family name, in the same form: in either order */
} LinkRule;

typedef struct LinkModel
{
	FsModel fs; /* m, u, lambda; level 0 is the same value */
	LinkComparison comparison[FS_MAX_COMPARISONS];
	double household; /* share of pairs of different people who share a household */
	double threshold; /* bits of evidence, prior included, that join */
	int block; /* most personas of other blocks */
	int nrules;
	LinkRule rule[LINK_MAX_RULES];
} LinkModel;

typedef struct LinkText
{
	const char *bytes; /* NULL for a detail that is missing */
	size_t len;
} LinkText;

typedef struct LinkStore LinkStore;

typedef struct LinkKey
{
	uint64_t key;
	uint32_t persona;
} LinkKey;

/* Keys of blocks with too many personas, and the rank of each one's last hub. */
typedef struct LinkKeySet
{
	uint64_t *slots; /* 0 for none; a key of 0 is never used */
	int64_t *last; /* rank of the last hub */
	size_t nslots;
	size_t n;
} LinkKeySet;

/* Names and levels, as in the model's text. */
extern const char *link_kind_name(LinkKind kind);
extern bool link_kind_of(const char *name, LinkKind *kind);
extern const char *link_form_name(LinkForm form);
extern bool link_form_of(const char *name, LinkKind kind, LinkForm *form);
extern bool link_form_fits(LinkForm form, LinkKind kind);
extern int link_levels(LinkKind kind);
extern const char *link_level_name(LinkKind kind, int level);

/* Values. */
extern size_t link_normalise(LinkKind kind, const char *raw, size_t len, char *out);
extern size_t link_leave_out_words(char *text, size_t len, const char *words, size_t words_len);
extern uint64_t link_hash(const char *bytes, size_t len);
extern int link_compare_whole(LinkKind kind, const char *a, size_t alen, const char *b, size_t blen);
extern int link_own_level(LinkKind kind, const char *value, size_t len);
extern int link_compare(LinkKind kind, const char *a, size_t alen, const char *b, size_t blen);

/* Personas. */
extern LinkStore *link_store_create(const Host *host, const LinkModel *model);
extern void link_store_free(LinkStore *store);
extern uint32_t link_store_add(LinkStore *store, const LinkText *details, int64_t rank, bool number_is_own);
extern int64_t link_rank(const LinkStore *store, uint32_t persona);
extern uint32_t link_store_size(const LinkStore *store);
extern const char *link_value(const LinkStore *store, int comparison, uint32_t persona, size_t *len);
extern bool link_has(const LinkStore *store, int comparison, uint32_t persona);
extern bool link_is_part(const LinkStore *store, int comparison, uint32_t persona);
extern int32_t link_value_id(const LinkStore *store, int comparison, uint32_t persona);
extern uint32_t link_value_count(const LinkStore *store, int comparison);
extern uint64_t link_value_id_hash(const LinkStore *store, int comparison, int32_t id);
extern void link_set_term(LinkStore *store, int comparison, uint64_t hash, double people);
extern void link_set_weights(LinkStore *store);
extern uint32_t link_drop_shared_numbers(LinkStore *store, void (*found)(void *arg, uint32_t persona, uint32_t names), void *arg);
extern void link_mark_shared_number(LinkStore *store, uint32_t persona);
extern void link_mark_organisation(LinkStore *store, uint32_t persona);
extern bool link_number_is_shared(const LinkStore *store, uint32_t persona);
extern bool link_is_weak(const LinkStore *store, uint32_t persona);
extern bool link_tells_caller(const LinkStore *store, uint32_t persona);

/* Evidence. */
extern int link_level(LinkStore *store, int comparison, uint32_t a, uint32_t b);
extern bool link_evidence(LinkStore *store, uint32_t a, uint32_t b, ClusterEvidence *evidence, signed char *level);
extern int64_t link_prior(const LinkModel *model);
extern int64_t link_weight(LinkStore *store, uint32_t a, uint32_t b);
extern double link_field_evidence(const LinkModel *model, const ClusterSums *sums, int comparison);
extern double link_judge(const LinkModel *model, const ClusterSums *sums, double *household);
extern bool link_belongs(LinkStore *store, uint32_t a, uint32_t b);

/* Blocks. */
extern void link_forms(const LinkStore *store, uint32_t persona, uint64_t hash[][LINK_FORMS]);
extern void link_prepare_rule(const LinkModel *model, LinkRule *rule);
extern bool link_same_block(const LinkStore *store, const LinkRule *rule, uint32_t a, uint32_t b);
extern int link_rule_limit(const LinkModel *model, const LinkRule *rule);
extern uint64_t link_key(const LinkStore *store, const LinkRule *rule, uint32_t persona);
extern size_t link_keys(const LinkStore *store, uint32_t persona, uint64_t *keys);
extern void link_keyset_add(const Host *host, LinkKeySet *set, uint64_t key, int64_t last);
extern bool link_keyset_find(const LinkKeySet *set, uint64_t key, int64_t *last);
extern void link_keyset_free(const Host *host, LinkKeySet *set);
extern size_t link_find_pairs(LinkStore *store, LinkKeySet *large, bool sizes_are_known,
							  void (*visit)(void *arg, uint32_t a, uint32_t b), void *arg);

/* Groups. */
extern void link_kept_pairs(LinkStore *store, LinkKeySet *large, bool sizes_are_known,
							ClusterPair **pairs, size_t *npairs);
extern size_t link_cluster(LinkStore *store, const ClusterPair *pairs, size_t npairs,
						   const ClusterPair *must, size_t nmust, const ClusterTag *cannot, size_t ncannot,
						   void (*merged)(void *arg, const ClusterMerge *merge), void *arg,
						   uint32_t *component, uint32_t *cluster);

#endif /* LINKAGE_H */
