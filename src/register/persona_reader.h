/*-------------------------------------------------------------------------
 * persona_reader.h
 *	  Personas of the register, read for linkage.
 *
 * Tables are read through SPI, under the snapshot of the statement that calls.
 * Personas are always read in order of their keys, so that decisions about
 * some of them do not depend on which others are read.
 *-------------------------------------------------------------------------
 */
#ifndef PERSONA_READER_H
#define PERSONA_READER_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/uuid.h"

#include "core/identity/linkage.h"

/*
 * engage_internal.is_impersonal() in words, because who calls may not use that schema.
 *
 * A persona as the core should see it, without numbers that identify no
 * person.  The columns from the eighth on are the details that have a column.
 */
#define PERSONA_START \
	"SELECT p.persona_key, COALESCE(k.sharing OPERATOR(pg_catalog.=) 'personal', false) AS own_number," /* who calls from an organisation and does not name a person is the organisation */ \
	" COALESCE(k.sharing OPERATOR(pg_catalog.=) 'organisation', false) AND (p.given_name IS NULL OR p.family_name IS NULL)" \
	" AND p.date_of_birth IS NULL AND p.nominal_ref IS NULL AS is_organisation,"
#define STANDS_FOR_NOBODY \
	" k.sharing OPERATOR(pg_catalog.=) ANY ('{communal,payphone,organisation}'::engage.number_sharing[])"
#define PERSONA_END \
	" AS number, p.given_name, p.family_name, p.date_of_birth, p.address, p.postcode, p.email, p.imei, p.nominal_ref" \
	" FROM engage.persona p LEFT JOIN engage.known_number k ON k.number OPERATOR(pg_catalog.=) p.number"
#define PERSONA_COLUMNS \
	PERSONA_START \
	" EXISTS (SELECT FROM engage.shared_number s WHERE s.number OPERATOR(pg_catalog.=) p.number) AS shared_number," \
	" p.caller_id, p.component, p.identity_details, CASE WHEN" STANDS_FOR_NOBODY " THEN NULL ELSE p.number END" PERSONA_END

/* The same with every number; shared_number has those that identify no person. */
#define BLOCK_COLUMNS \
	PERSONA_START " COALESCE(" STANDS_FOR_NOBODY ", false) AS shared_number, p.caller_id, p.component, p.identity_details," \
				  " p.number" PERSONA_END
#define PERSONA_ORDER " ORDER BY p.persona_key"

/* Where a row has the model's details. */
typedef struct DetailSource
{
	int column; /* of the row, or 0 */
	bool is_date;
	char *key; /* in its jsonb, or NULL */
} DetailSource;

/* The personas in progress. */
typedef struct Personas
{
	LinkModel *model;
	int model_id;
	LinkStore *store;
	DetailSource source[FS_MAX_COMPARISONS];
	bool has_sources;
	pg_uuid_t *keys;
	int64 *callers; /* 0 for none */
	pg_uuid_t *components; /* zeros for none */
	uint32 n;
	uint32 max;
	pg_uuid_t *left_out; /* sorted */
	uint32 nleft_out;
} Personas;

extern LinkModel *personas_model(int model_id);
extern Personas *personas_start(LinkModel *model, int model_id);
extern void personas_add(Personas *p, const char *query, int nargs, Oid *types, Datum *values, const char *nulls, bool leave_out_shared);
extern void personas_add_of(Personas *p, ArrayType *keys, bool leave_out_shared);
extern void personas_add_for_blocks(Personas *p, ArrayType *keys);
extern void personas_load_terms(Personas *p);
extern void personas_load_large(LinkKeySet *large);
extern void personas_add_neighbours(Personas *p, const LinkKeySet *large);
extern ArrayType *personas_uuid_array(pg_uuid_t *keys, uint32 n);

#endif /* PERSONA_READER_H */
