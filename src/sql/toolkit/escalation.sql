/*
 * Does a caller contact more often than before, allowing for bursts?
 */

CREATE TYPE engage.escalation_prior AS (
	callers bigint,
	occasions bigint,
	recent interval,
	mean double precision,
	shape double precision,
	dispersion double precision,
	dispersions double precision[],
	weights double precision[]
);
COMMENT ON TYPE engage.escalation_prior IS
	'What escalation_prior() learnt about a population: callers; occasions in all baselines; the recent window; mean and shape of the gamma distribution of callers'' rates (occasions a day); the pooled dispersion of occasions by window; the dispersions that a caller may have, and the share of each (column) among callers of each of 18 classes (row): six by occasions in the baseline, each divided into three by how often two occasions fall on one day.';

CREATE FUNCTION engage_internal.escalation_prior_transfn(internal, engage.timeline, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_transfn(internal, engage.timeline, timestamptz) IS 'Transition of escalation_prior().';

CREATE FUNCTION engage_internal.escalation_prior_transfn(internal, engage.timeline, timestamptz, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_transfn(internal, engage.timeline, timestamptz, interval) IS 'Transition of escalation_prior().';

CREATE FUNCTION engage_internal.escalation_prior_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_combinefn(internal, internal) IS 'Combines partial states of escalation_prior().';

CREATE FUNCTION engage_internal.escalation_prior_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_serialfn(internal) IS 'Serializes a partial state of escalation_prior().';

CREATE FUNCTION engage_internal.escalation_prior_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_deserialfn(bytea, internal) IS 'Reads a partial state of escalation_prior().';

CREATE FUNCTION engage_internal.escalation_prior_finalfn(internal) RETURNS engage.escalation_prior
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.escalation_prior_finalfn(internal) IS 'Result of escalation_prior().';

CREATE AGGREGATE engage.escalation_prior(t engage.timeline, as_of timestamptz) (
	SFUNC = engage_internal.escalation_prior_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.escalation_prior_combinefn,
	SERIALFUNC = engage_internal.escalation_prior_serialfn, DESERIALFUNC = engage_internal.escalation_prior_deserialfn,
	FINALFUNC = engage_internal.escalation_prior_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.escalation_prior(engage.timeline, timestamptz) IS
	'The rates and bursts of a population''s callers in the 12 weeks before the last 7 days up to as_of, from one timeline per caller; for escalation(). Does not use the recent window itself. The bytes are the same for every order and split of the input. Rows with a NULL are skipped, no rows give NULL. Refused: an as_of that changes from row to row (22023) or is infinite (22008). Method: docs/reference/escalation.md.';

CREATE AGGREGATE engage.escalation_prior(t engage.timeline, as_of timestamptz, recent interval) (
	SFUNC = engage_internal.escalation_prior_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.escalation_prior_combinefn,
	SERIALFUNC = engage_internal.escalation_prior_serialfn, DESERIALFUNC = engage_internal.escalation_prior_deserialfn,
	FINALFUNC = engage_internal.escalation_prior_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.escalation_prior(engage.timeline, timestamptz, interval) IS
	'Does what escalation_prior(t, as_of) does, for another recent window than 7 days: an exact duration of an hour or more, the same in every row (22023). The baseline is the 12 windows of that width before it.';

CREATE FUNCTION engage.escalation(t engage.timeline, as_of timestamptz, prior engage.escalation_prior DEFAULT NULL,
		dispersion double precision DEFAULT NULL, recent interval DEFAULT NULL, level double precision DEFAULT 0.95,
		OUT recent_contacts bigint, OUT baseline_contacts bigint, OUT recent_occasions bigint, OUT baseline_occasions bigint,
		OUT recent_per_day double precision, OUT baseline_per_day double precision, OUT ratio double precision,
		OUT lower double precision, OUT upper double precision, OUT p_value double precision, OUT dispersion double precision)
	AS 'MODULE_PATHNAME', 'engage_escalation' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION engage.escalation(engage.timeline, timestamptz, engage.escalation_prior, double precision, interval, double precision) IS
	'Whether the caller contacts more often in the recent window (as_of - recent, as_of], by default 7 days, than in the 12 such windows before it, the baseline: contacts and occasions in each, rates per day, their ratio with limits, the one-sided p-value, and the dispersion allowed for. A NULL timeline, as_of or level gives NULL. Refused: an invalid prior or one of another window, a dispersion below 1, a level outside (0, 1), a window with months or below an hour (22023); an infinite as_of (22008).';
