/*
 * Does a caller contact more often than before, bursts allowed for?
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
	'What escalation_prior() learnt of a population: callers; occasions in all baselines; the recent window; mean and shape of the gamma distribution of callers'' rates (occasions a day; the shape is Infinity if all are alike, NULL if there is no occasion); the pooled dispersion of occasions by window (Pearson''s chi-squared over degrees of freedom, NULL if there is no occasion); the dispersions that a caller may have, and the share of each (column) among callers of each of 18 classes (row): six by occasions in the baseline (up to 3, 7, 15, 31, 63, more), in each of them three by how often two occasions fall on one day (up to 2 times as often as by chance, up to 6, more).';

CREATE FUNCTION engage.escalation_prior_transfn(internal, engage.timeline, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_transfn(internal, engage.timeline, timestamptz) IS 'Transition of escalation_prior().';

CREATE FUNCTION engage.escalation_prior_transfn(internal, engage.timeline, timestamptz, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_transfn(internal, engage.timeline, timestamptz, interval) IS 'Transition of escalation_prior().';

CREATE FUNCTION engage.escalation_prior_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_combinefn(internal, internal) IS 'Combines partial states of escalation_prior().';

CREATE FUNCTION engage.escalation_prior_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_serialfn(internal) IS 'Serializes a partial state of escalation_prior().';

CREATE FUNCTION engage.escalation_prior_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_deserialfn(bytea, internal) IS 'Reads a partial state of escalation_prior().';

CREATE FUNCTION engage.escalation_prior_finalfn(internal) RETURNS engage.escalation_prior
	AS 'MODULE_PATHNAME', 'engage_escalation_prior_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.escalation_prior_finalfn(internal) IS 'Result of escalation_prior().';

CREATE AGGREGATE engage.escalation_prior(t engage.timeline, as_of timestamptz) (
	SFUNC = engage.escalation_prior_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage.escalation_prior_combinefn,
	SERIALFUNC = engage.escalation_prior_serialfn, DESERIALFUNC = engage.escalation_prior_deserialfn,
	FINALFUNC = engage.escalation_prior_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.escalation_prior(engage.timeline, timestamptz) IS
	'What a population says of its callers'' rates and bursts in the 12 weeks before the last 7 days up to as_of, from one timeline a caller; for escalation(). The recent window itself is not looked at. The same bytes for every order and split of the input. Rows with a NULL are skipped, no row gives NULL. Refused: an as_of that changes from row to row (22023) or is infinite (22008). Method: the weights of dispersions by expectation and maximisation of Dirichlet-multinomial likelihoods, in classes that start from what is found in wider ones; rates by moments.';

CREATE AGGREGATE engage.escalation_prior(t engage.timeline, as_of timestamptz, recent interval) (
	SFUNC = engage.escalation_prior_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage.escalation_prior_combinefn,
	SERIALFUNC = engage.escalation_prior_serialfn, DESERIALFUNC = engage.escalation_prior_deserialfn,
	FINALFUNC = engage.escalation_prior_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.escalation_prior(engage.timeline, timestamptz, interval) IS
	'As escalation_prior(t, as_of), for another recent window than 7 days: an exact duration of an hour or more, the same in every row (22023). The baseline is the 12 windows of that width before it.';

CREATE FUNCTION engage.escalation(t engage.timeline, as_of timestamptz, prior engage.escalation_prior DEFAULT NULL,
		dispersion double precision DEFAULT NULL, recent interval DEFAULT NULL, level double precision DEFAULT 0.95,
		OUT recent_contacts bigint, OUT baseline_contacts bigint, OUT recent_occasions bigint, OUT baseline_occasions bigint,
		OUT recent_per_day double precision, OUT baseline_per_day double precision, OUT ratio double precision,
		OUT lower double precision, OUT upper double precision, OUT p_value double precision, OUT dispersion double precision)
	AS 'MODULE_PATHNAME', 'engage_escalation' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION engage.escalation(engage.timeline, timestamptz, engage.escalation_prior, double precision, interval, double precision) IS
	'Does the caller contact more often in the recent window (as_of - recent, as_of], 7 days unless the prior or the argument says otherwise, than in the 12 such windows before it, the baseline? Contacts and occasions in each; an occasion is a contact and what follows it within 1/84 of the window (2 hours, of 7 days). Occasions a day in each, the baseline''s drawn towards the population''s mean by a quarter at most, and their ratio; the limits of the ratio at the level; the p-value, one-sided, of so many recent occasions if nothing had changed; the dispersion of occasions that was allowed for. The p-value is at most (1 - level) / 2 where the lower limit is at least 1. Without a prior all dispersions are held equally likely; with a dispersion (1 or more, 1 is Poisson) it is taken as known. The ratio is Infinity where the baseline is 0, NULL where both are; the upper limit is Infinity where the baseline has no occasion. NULL timeline, as_of or level gives NULL. Refused: a prior made otherwise or of another window, a dispersion below 1, a level outside (0, 1), a window with months or below an hour (22023); an infinite as_of (22008). Method: of all occasions, the share of the recent window is beta-binomial with mean 1/13 and concentration n / (dispersion - 1), mixed over the dispersions that the baseline and the population allow.';
