/*-------------------------------------------------------------------------
 * linkage_model.c
 *	  A linkage model as jsonb: read with every check, and written.
 *
 *	{"lambda": 0.000001, "household": 0.000002, "threshold": 0, "block": 100,
 *	 "comparisons": [{"detail": "given_name", "kind": "name", "role": "given_name",
 *					  "household": false, "by_term": true, "people": 1000, "sharing": 7,
 *					  "m": [...], "u": [...]}, ...],
 *	 "blocking": [["number"], ["given_name:sound", "family_name:sound"], ...]}
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "engage.h"
#include "register/linkage_model.h"

/* By LinkRole. */
static const char *const roles[] = {"", "given_name", "family_name", "date_of_birth"};

#define MAX_BLOCK 1000

#define bad_model(...) \
	ereport(ERROR, \
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), \
			 errmsg("invalid linkage model"), errdetail(__VA_ARGS__), \
			 errhint("preset_linkage_model has one to start from.")))

/* --------------------------------------------------------------- reading */

static JsonbValue *
find_key(JsonbContainer *object, const char *key)
{
	JsonbValue name;

	if (!JsonContainerIsObject(object))
		bad_model("An object is expected where \"%s\" should be.", key);
	name.type = jbvString;
	name.val.string.val = unconstify(char *, key);
	name.val.string.len = strlen(key);
	return findJsonbValueFromContainer(object, JB_FOBJECT, &name);
}

static double
read_number(JsonbContainer *object, const char *key, double otherwise, double least, double most)
{
	JsonbValue *value = find_key(object, key);
	double number;

	if (value == NULL)
		return otherwise;
	if (value->type != jbvNumeric)
		bad_model("\"%s\" is not a number.", key);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(number >= least && number <= most))
		bad_model("\"%s\" is not between %g and %g.", key, least, most);
	return number;
}

static bool
read_bool(JsonbContainer *object, const char *key, bool otherwise)
{
	JsonbValue *value = find_key(object, key);

	if (value == NULL)
		return otherwise;
	if (value->type != jbvBool)
		bad_model("\"%s\" is neither true nor false.", key);
	return value->val.boolean;
}

/* A text into a buffer; empty if the key is missing. */
static void
copy_string(const JsonbValue *value, const char *key, char *out, size_t size)
{
	out[0] = '\0';
	if (value == NULL)
		return;
	if (value->type != jbvString || value->val.string.len >= (int) size)
		bad_model("\"%s\" is not text, or is too long for a name.", key);
	memcpy(out, value->val.string.val, value->val.string.len);
	out[value->val.string.len] = '\0';
}

static JsonbContainer *
read_array(JsonbContainer *object, const char *key)
{
	JsonbValue *value = find_key(object, key);

	if (value == NULL)
		return NULL;
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		bad_model("\"%s\" is not an array.", key);
	return value->val.binary.data;
}

/* Shares of levels, which add up to 1. */
static void
read_shares(JsonbContainer *object, const char *key, int levels, double *share)
{
	JsonbContainer *array = read_array(object, key);
	double sum = 0;

	if (array == NULL)
	{
		for (int i = 0; i < levels; i++)
			share[i] = 1.0 / levels;
		return;
	}
	if ((int) JsonContainerSize(array) != levels)
		bad_model("\"%s\" has %d levels where the kind has %d.", key, (int) JsonContainerSize(array), levels);
	for (int i = 0; i < levels; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);

		if (value->type != jbvNumeric)
			bad_model("\"%s\" contains something that is not a number.", key);
		share[i] = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
		if (!(share[i] >= 1e-12 && share[i] <= 1))
			bad_model("\"%s\" has a share that is not above 0 and at most 1.", key);
		sum += share[i];
	}
	if (fabs(sum - 1) > 1e-3)
		bad_model("The shares of \"%s\" add up to %g, not to 1.", key, sum);
}

static void
read_comparison(LinkModel *model, int i, JsonbContainer *object)
{
	LinkComparison *c = &model->comparison[i];
	char name[LINK_MAX_NAME];

	copy_string(find_key(object, "detail"), "detail", c->name, sizeof(c->name));
	if (c->name[0] == '\0')
		bad_model("A comparison has no \"detail\".");
	for (int j = 0; j < i; j++)
		if (strcmp(model->comparison[j].name, c->name) == 0)
			bad_model("\"%s\" is compared twice.", c->name);
	copy_string(find_key(object, "kind"), "kind", name, sizeof(name));
	if (!link_kind_of(name, &c->kind))
		bad_model("\"%s\" is not a kind of detail.", name);
	copy_string(find_key(object, "role"), "role", name, sizeof(name));
	c->role = LINK_ANY;
	for (int role = 0; role < (int) lengthof(roles); role++)
		if (strcmp(roles[role], name) == 0)
			c->role = role;
	if (c->role == LINK_ANY && name[0] != '\0')
		bad_model("\"%s\" is not a role.", name);
	c->household = read_bool(object, "household", false);
	c->by_term = read_bool(object, "by_term", false);
	c->people = read_number(object, "people", 1, 0, 1e12);
	c->sharing = read_number(object, "sharing", 0, 0, 1e12);
	model->fs.nlevels[i] = link_levels(c->kind);
	read_shares(object, "m", model->fs.nlevels[i], model->fs.m[i]);
	read_shares(object, "u", model->fs.nlevels[i], model->fs.u[i]);
}

/* One part of a block: a detail, and after a colon its form. */
static void
read_part(LinkModel *model, LinkRule *rule, const JsonbValue *value)
{
	char text[LINK_MAX_NAME + 16];
	char *form;
	int comparison;
	int part = rule->parts++;

	copy_string(value, "blocking", text, sizeof(text));
	form = strrchr(text, ':');
	if (form != NULL)
		*form++ = '\0';
	for (comparison = 0; comparison < model->fs.ncomparisons; comparison++)
		if (strcmp(model->comparison[comparison].name, text) == 0)
			break;
	if (comparison == model->fs.ncomparisons)
		bad_model("Blocking is by \"%s\", which is not compared.", text);
	rule->part[part].comparison = comparison;
	rule->part[part].form = LINK_WHOLE;
	if (form != NULL && !link_form_of(form, model->comparison[comparison].kind, &rule->part[part].form))
		bad_model("\"%s\" has no form \"%s\" to block by.", text, form);
}

static void
read_rules(LinkModel *model, JsonbContainer *rules)
{
	if (JsonContainerSize(rules) > LINK_MAX_RULES)
		bad_model("There are more than %d rules of blocking.", LINK_MAX_RULES);
	for (int r = 0; r < (int) JsonContainerSize(rules); r++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(rules, r);
		LinkRule *rule = &model->rule[model->nrules++];
		JsonbContainer *parts;

		if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
			bad_model("A rule of blocking is not an array.");
		parts = value->val.binary.data;
		if (JsonContainerSize(parts) < 1 || JsonContainerSize(parts) > lengthof(rule->part))
			bad_model("A rule of blocking has %d parts.", (int) JsonContainerSize(parts));
		for (int p = 0; p < (int) JsonContainerSize(parts); p++)
			read_part(model, rule, getIthJsonbValueFromContainer(parts, p));
		link_prepare_rule(model, rule);
	}
}

/*
 * Personas with a number and nothing else are joined by it, so pairs are
 * always searched by the number, even if the model has no such block.
 */
static void
need_number_rule(LinkModel *model)
{
	int number = -1;

	for (int i = 0; i < model->fs.ncomparisons && number < 0; i++)
		if (model->comparison[i].kind == LINK_NUMBER)
			number = i;
	if (number < 0)
		return;
	for (int r = 0; r < model->nrules; r++)
		if (model->rule[r].parts == 1 && model->rule[r].part[0].comparison == number)
			return;
	if (model->nrules == LINK_MAX_RULES)
		bad_model("Blocking has %d rules, and none by \"%s\" alone.", LINK_MAX_RULES, model->comparison[number].name);
	memset(&model->rule[model->nrules], 0, sizeof(LinkRule));
	model->rule[model->nrules].parts = 1;
	model->rule[model->nrules].part[0].comparison = number;
	link_prepare_rule(model, &model->rule[model->nrules++]);
}

/* A model from jsonb, in the current memory context; an error if it is invalid. */
LinkModel *
linkage_model_read(Jsonb *json)
{
	LinkModel *model = palloc0(sizeof(LinkModel));
	JsonbContainer *root = &json->root;
	JsonbContainer *comparisons;
	JsonbContainer *rules;

	if (!JB_ROOT_IS_OBJECT(json))
		bad_model("It is not an object.");
	model->fs.lambda = read_number(root, "lambda", 1e-6, 1e-15, 0.5);
	model->household = read_number(root, "household", 0, 0, 0.5);
	model->threshold = read_number(root, "threshold", 0, -50, 50);
	model->block = read_number(root, "block", 100, 2, MAX_BLOCK);
	comparisons = read_array(root, "comparisons");
	if (comparisons == NULL || JsonContainerSize(comparisons) == 0 ||
		JsonContainerSize(comparisons) > FS_MAX_COMPARISONS)
		bad_model("There must be 1 to %d \"comparisons\".", FS_MAX_COMPARISONS);
	for (int i = 0; i < (int) JsonContainerSize(comparisons); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(comparisons, i);

		if (value->type != jbvBinary)
			bad_model("A comparison is not an object.");
		read_comparison(model, i, value->val.binary.data);
		model->fs.ncomparisons++;
	}
	rules = read_array(root, "blocking");
	if (rules != NULL)
		read_rules(model, rules);
	need_number_rule(model);
	return model;
}

/*
 * linkage_model_check(model jsonb) RETURNS boolean
 *		True; if it is not a valid model, an error that says what is wrong.
 */
ENGAGE_FUNCTION(engage_linkage_model_check);
Datum
engage_linkage_model_check(PG_FUNCTION_ARGS)
{
	linkage_model_read(PG_GETARG_JSONB_P(0));
	PG_RETURN_BOOL(true);
}

/* --------------------------------------------------------------- writing */

static void
write_shares(StringInfo out, const char *key, int levels, const double *share)
{
	appendStringInfo(out, ", \"%s\": [", key);
	for (int i = 0; i < levels; i++)
		appendStringInfo(out, "%s%.9g", i == 0 ? "" : ", ", Max(share[i], 1e-12));
	appendStringInfoChar(out, ']');
}

static void
write_comparison(StringInfo out, const LinkModel *model, int i)
{
	const LinkComparison *c = &model->comparison[i];

	appendStringInfoString(out, i == 0 ? "{\"detail\": " : ", {\"detail\": ");
	escape_json(out, c->name);
	appendStringInfo(out, ", \"kind\": \"%s\"", link_kind_name(c->kind));
	if (c->role != LINK_ANY)
		appendStringInfo(out, ", \"role\": \"%s\"", roles[c->role]);
	appendStringInfo(out, ", \"household\": %s, \"by_term\": %s, \"people\": %.6g, \"sharing\": %.6g",
					 c->household ? "true" : "false", c->by_term ? "true" : "false", c->people, c->sharing);
	write_shares(out, "m", model->fs.nlevels[i], model->fs.m[i]);
	write_shares(out, "u", model->fs.nlevels[i], model->fs.u[i]);
	appendStringInfoChar(out, '}');
}

static void
write_rule(StringInfo out, const LinkModel *model, const LinkRule *rule)
{
	appendStringInfoChar(out, '[');
	for (int p = 0; p < rule->parts; p++)
	{
		StringInfoData part;

		initStringInfo(&part);
		appendStringInfoString(&part, model->comparison[rule->part[p].comparison].name);
		if (rule->part[p].form != LINK_WHOLE)
			appendStringInfo(&part, ":%s", link_form_name(rule->part[p].form));
		if (p > 0)
			appendStringInfoString(out, ", ");
		escape_json(out, part.data);
	}
	appendStringInfoChar(out, ']');
}

static Datum
jsonb_of(StringInfo text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text->data));
}

Datum
linkage_model_write(const LinkModel *model)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"lambda\": %.9g, \"household\": %.9g, \"threshold\": %.9g, \"block\": %d, \"comparisons\": [",
					 model->fs.lambda, model->household, model->threshold, model->block);
	for (int i = 0; i < model->fs.ncomparisons; i++)
		write_comparison(&out, model, i);
	appendStringInfoString(&out, "], \"blocking\": [");
	for (int r = 0; r < model->nrules; r++)
	{
		if (r > 0)
			appendStringInfoString(&out, ", ");
		write_rule(&out, model, &model->rule[r]);
	}
	appendStringInfoString(&out, "]}");
	return jsonb_of(&out);
}

/* The report of a training, for people to read. */
Datum
linkage_training_write(const LinkModel *model, const LinkTraining *training, uint32 personas)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"personas\": %u, \"people\": %u, \"converged\": %s, \"iterations\": %d, \"largest_change\": %.3g",
					 personas, training->people, training->em.converged ? "true" : "false",
					 training->em.iterations, training->em.largest_change);
	appendStringInfo(&out, ", \"pairs\": %.0f, \"expected_matches\": %.0f, \"reached\": %.6g, \"one_block_in\": %u, \"blocking\": [",
					 training->pairs, training->matches, training->reached, training->sampled);
	for (int r = 0; r < model->nrules; r++)
	{
		appendStringInfoString(&out, r == 0 ? "{\"rule\": " : ", {\"rule\": ");
		write_rule(&out, model, &model->rule[r]);
		appendStringInfo(&out, ", \"gain\": %.4g, \"pairs\": %.0f}", training->rule_gain[r], training->rule_pairs[r]);
	}
	appendStringInfoString(&out, "], \"tells_nothing\": [");
	for (int i = 0, n = 0; i < model->fs.ncomparisons; i++)
		if (fs_tells_nothing(&model->fs, i))
		{
			if (n++ > 0)
				appendStringInfoString(&out, ", ");
			escape_json(&out, model->comparison[i].name);
		}
	appendStringInfoString(&out, "]}");
	return jsonb_of(&out);
}
