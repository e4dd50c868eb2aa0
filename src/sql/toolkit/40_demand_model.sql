/*
 * How often somebody will get in touch, and whether they have stopped.
 */

CREATE TYPE engage.demand_model AS (
	r double precision,
	alpha double precision,
	a double precision,
	b double precision,
	occasion interval,
	contacts_per_occasion double precision,
	occasion_weight double precision,
	callers bigint,
	log_likelihood double precision,
	iterations integer,
	converged boolean
);
COMMENT ON TYPE engage.demand_model IS
	'A BG/NBD model of occasions. r and alpha: gamma distribution of rates; a and b: beta distribution of the chance of stopping after an occasion; alpha is in days if the model was made from timelines. Then the least length of an occasion, its mean number of contacts, and how many occasions that mean counts for beside a caller''s own (NULL for a model made from summaries). Callers, log likelihood and iterations of the fit; converged only at a maximum of the likelihood.';

CREATE FUNCTION engage_internal.demand_model_transfn(internal, engage.timeline, timestamptz, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_demand_model_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_transfn(internal, engage.timeline, timestamptz, interval) IS 'Transition of demand_model_agg().';

CREATE FUNCTION engage_internal.demand_model_summary_transfn(internal, bigint, double precision, double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_demand_model_summary_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_summary_transfn(internal, bigint, double precision, double precision) IS 'Transition of demand_model_agg() over summaries.';

CREATE FUNCTION engage_internal.demand_model_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_demand_model_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_combinefn(internal, internal) IS 'Combines partial states of demand_model_agg().';

CREATE FUNCTION engage_internal.demand_model_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_demand_model_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_serialfn(internal) IS 'Serializes a partial state of demand_model_agg().';

CREATE FUNCTION engage_internal.demand_model_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_demand_model_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_deserialfn(bytea, internal) IS 'Reads a partial state of demand_model_agg().';

CREATE FUNCTION engage_internal.demand_model_finalfn(internal) RETURNS engage.demand_model
	AS 'MODULE_PATHNAME', 'engage_demand_model_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.demand_model_finalfn(internal) IS 'Result of demand_model_agg().';

CREATE AGGREGATE engage.demand_model_agg(t engage.timeline, as_of timestamptz, occasion interval) (
	SFUNC = engage_internal.demand_model_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.demand_model_combinefn,
	SERIALFUNC = engage_internal.demand_model_serialfn, DESERIALFUNC = engage_internal.demand_model_deserialfn,
	FINALFUNC = engage_internal.demand_model_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.demand_model_agg(engage.timeline, timestamptz, interval) IS
	'The BG/NBD model of a population by maximum likelihood (Fader, Hardie and Lee 2005, Marketing Science 24, 275-284), from one timeline per caller up to as_of, which may differ between callers. A contact at least occasion after the start of the current occasion starts the next. Callers without a contact, and rows with a NULL, are skipped; no caller gives NULL. Refused: an occasion that is not positive, has months or differs between rows (22023), an infinite as_of (22008).';

CREATE AGGREGATE engage.demand_model_agg(frequency bigint, recency double precision, age double precision) (
	SFUNC = engage_internal.demand_model_summary_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.demand_model_combinefn,
	SERIALFUNC = engage_internal.demand_model_serialfn, DESERIALFUNC = engage_internal.demand_model_deserialfn,
	FINALFUNC = engage_internal.demand_model_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.demand_model_agg(bigint, double precision, double precision) IS
	'Does the same from one summary per caller: occasions after the first, the time from the first to the last (0 without a repeat) and to now, in any one unit. Rows with a NULL are skipped, no caller gives NULL. Refused (22023): a frequency below 0 or above 1000000000, an age that is neither zero nor from 1e-100 to 1e100, a recency beyond the age or without a repeat.';

CREATE FUNCTION engage.demand_summary(t engage.timeline, as_of timestamptz, occasion interval,
		OUT frequency bigint, OUT recency double precision, OUT age double precision, OUT contacts bigint) RETURNS record
	AS 'MODULE_PATHNAME', 'engage_demand_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.demand_summary(engage.timeline, timestamptz, interval) IS
	'What demand_model_agg() makes of a timeline: occasions after the first, days from the first to the last and to as_of, and contacts, all up to as_of. NULL without a contact.';

CREATE FUNCTION engage.expected_contacts(t engage.timeline, model engage.demand_model, as_of timestamptz, horizon interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_expected_contacts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.expected_contacts(engage.timeline, engage.demand_model, timestamptz, interval) IS
	'Number of contacts to expect from a caller within the horizon after as_of: expected occasions times (occasion_weight * contacts_per_occasion + contacts) / (occasion_weight + occasions). NULL without a contact up to as_of; a model made from summaries is refused (22023).';

CREATE FUNCTION engage.expected_occasions(t engage.timeline, model engage.demand_model, as_of timestamptz, horizon interval) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_expected_occasions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.expected_occasions(engage.timeline, engage.demand_model, timestamptz, interval) IS
	'Number of occasions to expect from a caller within the horizon after as_of (Fader, Hardie and Lee 2005, equation 10). NULL without a contact up to as_of; a model made from summaries is refused (22023).';

CREATE FUNCTION engage.expected_occasions(frequency bigint, recency double precision, age double precision, model engage.demand_model, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_expected_occasions_of_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.expected_occasions(bigint, double precision, double precision, engage.demand_model, double precision) IS
	'Does the same from a summary, with times and horizon in the unit of the model. A summary that demand_model_agg() refuses is refused here, as is a horizon that is not above zero (22023).';

CREATE FUNCTION engage.expected_occasions(model engage.demand_model, horizon double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_expected_occasions_of_new' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.expected_occasions(engage.demand_model, double precision) IS
	'Number of repeat occasions to expect from a new caller within the horizon after the first, in the unit of the model, which is days if it was made from timelines (Fader, Hardie and Lee 2005, equation 9).';

CREATE FUNCTION engage.probability_active(t engage.timeline, model engage.demand_model, as_of timestamptz) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_probability_active' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.probability_active(engage.timeline, engage.demand_model, timestamptz) IS
	'Probability that a caller has not stopped for good by as_of; 1 after a single occasion, since in the model nobody stops before a repeat. NULL without a contact up to as_of; a model made from summaries is refused (22023).';

CREATE FUNCTION engage.probability_active(frequency bigint, recency double precision, age double precision, model engage.demand_model) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_probability_active_of_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.probability_active(bigint, double precision, double precision, engage.demand_model) IS
	'Does the same from a summary, in the unit of the model. A summary that demand_model_agg() refuses is refused here (22023).';
