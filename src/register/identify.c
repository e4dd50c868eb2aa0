/*-------------------------------------------------------------------------
 * identify.c
 *	  What two personas have in common, and who somebody may be.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "core/identity/linkage.h"
#include "engage.h"
#include "register/persona_reader.h"
#include "toolkit/row.h"

#define MOST_BITS 500 /* above which probabilities are 1 */
#define LEAST_TOLD 50 /* fewest thousandths of a bit that get a row */

/* ------------------------------------------------------------ explaining */

static void
put_weight(FunctionCallInfo fcinfo, const char *detail, const char *level, int64 weight, int64 *running)
{
	Row row;

	*running += weight;
	row_begin(&row, 0);
	row_add_text(&row, detail);
	row_add_text(&row, level);
	row_add_number(&row, (double) weight / MILLIBITS);
	row_add_number(&row, (double) *running / MILLIBITS);
	row_put(fcinfo, &row);
}

/*
 * compare_personas(model_id integer, a uuid, b uuid) RETURNS SETOF record
 *		What makes two personas one person, or not, in bits; the prior first.
 */
ENGAGE_FUNCTION(engage_compare_personas);
Datum
engage_compare_personas(PG_FUNCTION_ARGS)
{
	int model_id = PG_GETARG_INT32(0);
	Personas *p = personas_start(personas_model(model_id), model_id);
	pg_uuid_t pair[2] = {*PG_GETARG_UUID_P(1), *PG_GETARG_UUID_P(2)};
	ClusterEvidence evidence;
	signed char level[FS_MAX_COMPARISONS];
	int64 running = 0;
	bool swapped;

	InitMaterializedSRF(fcinfo, 0);
	personas_add_of(p, personas_uuid_array(pair, 2), true);
	if (p->n != 2)
		return (Datum) 0;
	personas_load_terms(p);
	swapped = link_evidence(p->store, 0, 1, &evidence, level);
	put_weight(fcinfo, "prior", NULL, link_prior(p->model), &running);
	for (int i = 0; i < p->model->fs.ncomparisons; i++)
	{
		const LinkComparison *c = &p->model->comparison[i];
		bool is_name = c->role == LINK_GIVEN_NAME || c->role == LINK_FAMILY_NAME;

		if (evidence.present >> i & 1)
			put_weight(fcinfo, c->name, swapped && is_name ? "names exchanged" : link_level_name(c->kind, level[i]),
					   evidence.weight[i], &running);
	}
	if (evidence.adjustment <= -LEAST_TOLD)
		put_weight(fcinfo, "household", "may share this", evidence.adjustment, &running);
	return (Datum) 0;
}

/* ----------------------------------------------------------- identifying */

/* The details of the person to identify, as a row of PERSONA_COLUMNS. */
#define UNKNOWN_PERSON \
	"SELECT '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid AS persona_key, false AS own_number, false AS is_organisation, EXISTS (SELECT FROM engage.shared_number s" \
	" WHERE s.number OPERATOR(pg_catalog.=) $1) AS shared_number, NULL::pg_catalog.int8 AS caller_id, NULL::pg_catalog.uuid AS component, $10 AS identity_details," \
	" CASE WHEN EXISTS (SELECT FROM engage.known_number k WHERE k.number OPERATOR(pg_catalog.=) $1" \
	" AND" STANDS_FOR_NOBODY ") THEN NULL ELSE $1 END AS number," \
	" $2 AS given_name, $3 AS family_name, $4 AS date_of_birth, $5 AS address, $6 AS postcode, $7 AS email, $8 AS imei, $9 AS nominal_ref"

typedef struct Suspect
{
	int64 caller;
	uint32 personas;
	double score;
	double household;
	ClusterSums sums;
} Suspect;

static int
compare_suspects(const void *a, const void *b)
{
	const Suspect *x = a;
	const Suspect *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

static int
compare_callers(const void *a, const void *b)
{
	const Suspect *x = a;
	const Suspect *y = b;

	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

/* Evidence for each caller, from those of the caller's personas that were read. */
static uint32
sum_up_suspects(Personas *p, Suspect *suspects)
{
	uint32 n = 0;
	uint32 kept = 0;

	for (uint32 i = 1; i < p->n; i++)
	{
		ClusterEvidence evidence;
		Suspect *s;

		if (p->callers[i] == 0)
			continue;
		s = &suspects[n++];
		memset(s, 0, sizeof(Suspect));
		s->caller = p->callers[i];
		s->personas = 1;
		link_evidence(p->store, 0, i, &evidence, NULL);
		for (int c = 0; c < p->model->fs.ncomparisons; c++)
			if (evidence.present >> c & 1)
			{
				s->sums.weight[c] = evidence.weight[c];
				s->sums.best[c] = Max(evidence.weight[c], 0);
				s->sums.count[c] = 1;
			}
	}
	qsort(suspects, n, sizeof(Suspect), compare_callers);
	for (uint32 i = 0; i < n; i++)
	{
		Suspect *into = kept > 0 && suspects[kept - 1].caller == suspects[i].caller ? &suspects[kept - 1] : NULL;

		if (into == NULL)
		{
			suspects[kept++] = suspects[i];
			continue;
		}
		into->personas++;
		for (int c = 0; c < p->model->fs.ncomparisons; c++)
		{
			into->sums.weight[c] += suspects[i].sums.weight[c];
			into->sums.best[c] = Max(into->sums.best[c], suspects[i].sums.best[c]);
			into->sums.count[c] += suspects[i].sums.count[c];
		}
	}
	for (uint32 i = 0; i < kept; i++)
		suspects[i].score = Min(link_judge(p->model, &suspects[i].sums, &suspects[i].household) / MILLIBITS, MOST_BITS);
	qsort(suspects, kept, sizeof(Suspect), compare_suspects);
	return kept;
}

/* Evidence for and against a caller, strongest first, as text. */
static Datum
reasons_for(const LinkModel *model, const Suspect *s)
{
	Datum reason[FS_MAX_COMPARISONS + 1];
	double weight[FS_MAX_COMPARISONS];
	int order[FS_MAX_COMPARISONS];
	int n = 0;
	int reasons = 0;

	for (int c = 0; c < model->fs.ncomparisons; c++)
		if (s->sums.count[c] > 0)
		{
			int at = n++;

			weight[c] = link_field_evidence(model, &s->sums, c) / MILLIBITS;
			for (; at > 0 && fabs(weight[order[at - 1]]) < fabs(weight[c]); at--)
				order[at] = order[at - 1];
			order[at] = c;
		}
	for (int i = 0; i < n; i++)
		reason[reasons++] = CStringGetTextDatum(psprintf("%s %s (%+.1f)", model->comparison[order[i]].name,
														 weight[order[i]] >= 0 ? "agrees" : "differs", weight[order[i]]));
	if (s->household < -MILLIBITS)
		reason[reasons++] = CStringGetTextDatum(psprintf("a household may share this (%+.1f)", s->household / MILLIBITS));
	return PointerGetDatum(construct_array(reason, reasons, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * identify_personas(model_id integer, number text, given_name text, family_name text,
 *			date_of_birth date, address text, postcode text, email text, imei text, nominal_ref text,
 *			identity_details jsonb) RETURNS SETOF record
 *		Callers who may be this person, likeliest first.  Probabilities are
 *		those of exactly one of them, or somebody else, being it.
 */
ENGAGE_FUNCTION(engage_identify_personas);
Datum
engage_identify_personas(PG_FUNCTION_ARGS)
{
	Oid types[10] = {TEXTOID, TEXTOID, TEXTOID, DATEOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	Datum values[10];
	char nulls[10];
	int model_id;
	Personas *p;
	LinkKeySet large = {0};
	Suspect *suspects;
	uint32 n;
	double odds = 1;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	model_id = PG_GETARG_INT32(0);
	for (int i = 0; i < 10; i++)
	{
		values[i] = PG_ARGISNULL(i + 1) ? (Datum) 0 : PG_GETARG_DATUM(i + 1);
		nulls[i] = PG_ARGISNULL(i + 1) ? 'n' : ' ';
	}
	p = personas_start(personas_model(model_id), model_id);
	personas_add(p, UNKNOWN_PERSON, 10, types, values, nulls, true);
	personas_load_large(&large);
	personas_add_neighbours(p, &large);
	personas_load_terms(p);
	suspects = palloc(sizeof(Suspect) * (p->n + 1));
	n = sum_up_suspects(p, suspects);
	for (uint32 i = 0; i < n; i++)
		odds += exp2(suspects[i].score);
	for (uint32 i = 0; i < n; i++)
	{
		Row row;

		row_begin(&row, 0);
		row_add(&row, Int64GetDatum(suspects[i].caller));
		row_add_number(&row, suspects[i].score);
		row_add_number(&row, exp2(suspects[i].score) / odds);
		row_add(&row, Int32GetDatum(suspects[i].personas));
		row_add(&row, reasons_for(p->model, &suspects[i]));
		row_put(fcinfo, &row);
	}
	return (Datum) 0;
}
