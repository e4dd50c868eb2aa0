/*
 * Did managing callers help, with regression to the mean removed?
 */

CREATE TYPE engage.gamma_prior AS (
	mean double precision,
	shape double precision,
	callers bigint,
	log_likelihood double precision,
	iterations integer,
	converged boolean
);
COMMENT ON TYPE engage.gamma_prior IS
	'How the rates of callers are spread: a gamma distribution with a mean (contacts per unit of exposure) and a shape (the variance of rates is mean ^ 2 / shape; Infinity: counts vary no more than by chance, so all callers have the same rate); callers learnt from; log likelihood; iterations of the fit, and whether it converged.';

CREATE FUNCTION engage_internal.gamma_prior_transfn(internal, bigint, double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_gamma_prior_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.gamma_prior_transfn(internal, bigint, double precision) IS 'Transition of gamma_prior_agg().';

CREATE FUNCTION engage_internal.gamma_prior_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_gamma_prior_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.gamma_prior_combinefn(internal, internal) IS 'Combines partial states of gamma_prior_agg().';

CREATE FUNCTION engage_internal.gamma_prior_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_gamma_prior_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.gamma_prior_serialfn(internal) IS 'Serializes a partial state of gamma_prior_agg().';

CREATE FUNCTION engage_internal.gamma_prior_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_gamma_prior_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.gamma_prior_deserialfn(bytea, internal) IS 'Reads a partial state of gamma_prior_agg().';

CREATE FUNCTION engage_internal.gamma_prior_finalfn(internal) RETURNS engage.gamma_prior
	AS 'MODULE_PATHNAME', 'engage_gamma_prior_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.gamma_prior_finalfn(internal) IS 'Result of gamma_prior_agg().';

CREATE AGGREGATE engage.gamma_prior_agg(contacts bigint, exposure double precision) (
	SFUNC = engage_internal.gamma_prior_transfn, STYPE = internal, SSPACE = 4096,
	COMBINEFUNC = engage_internal.gamma_prior_combinefn,
	SERIALFUNC = engage_internal.gamma_prior_serialfn, DESERIALFUNC = engage_internal.gamma_prior_deserialfn,
	FINALFUNC = engage_internal.gamma_prior_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.gamma_prior_agg(bigint, double precision) IS
	'The spread of all callers'' rates, from one row per caller: contacts, and the exposure in which they came (any unit, the same for all). Give all callers, those without contacts too, not only the chosen ones. The same rows give the same bytes in any order. Rows with a NULL are skipped, no rows give NULL. Refused (22023): contacts below 0 or above 2147483647, an exposure not above zero and finite. Method: the gamma-Poisson model by maximum likelihood (Lawless 1987).';

CREATE FUNCTION engage.empirical_bayes(observed double precision, exposure double precision, prior_mean double precision, prior_shape double precision,
	OUT weight double precision, OUT expected double precision, OUT sd double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'engage_empirical_bayes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.empirical_bayes(double precision, double precision, double precision, double precision) IS
	'The contacts to expect from somebody in an exposure, from those observed in it and gamma_prior_agg(): weight = 1 / (1 + prior_mean * exposure / prior_shape), expected = weight * prior_mean * exposure + (1 - weight) * observed, sd = sqrt((1 - weight) * expected). A NULL gives NULL. Refused (22023): observed or prior_mean negative, exposure or prior_shape not above zero, numbers that are not finite (prior_shape may be infinite). Method: empirical Bayes (Hauer 1997).';

CREATE FUNCTION engage.effect_size(observed double precision, expected double precision, variance double precision, level double precision DEFAULT 0.95,
	OUT effect double precision, OUT sd double precision, OUT lower double precision, OUT upper double precision, OUT p_value double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'engage_effect_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.effect_size(double precision, double precision, double precision, double precision) IS
	'How far an observed count differs from an expected one with this variance (0: Poisson): effect (1 none, 0.7 a fall of 30%) and its standard deviation as in Hauer (1997), an interval that covers the true effect at least as often as level says, and the two-sided p-value of no effect. observed 0 has effect and sd 0. A NULL gives NULL. Refused (22023): observed or variance negative, expected not above zero, numbers that are not finite, a level not between 0 and 1.';

CREATE FUNCTION engage.hours_saved(observed double precision, expected double precision, variance double precision, handling_seconds double precision, months double precision,
	handling_error double precision DEFAULT 0, level double precision DEFAULT 0.95,
	OUT contacts_fewer double precision, OUT hours_per_month double precision, OUT lower double precision, OUT upper double precision, OUT formula text) RETURNS record
	AS 'MODULE_PATHNAME', 'engage_hours_saved' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.hours_saved(double precision, double precision, double precision, double precision, double precision, double precision, double precision) IS
	'Avoided contacts, in hours per month: (expected - observed) * handling_seconds / 3600 / months, with an interval (Zou and Donner 2008); negative hours are extra hours. variance is of expected, handling_error is the standard error of handling_seconds, months the length of the time after. formula spells it out. A NULL gives NULL. Refused (22023): negative numbers, months 0, numbers that are not finite, a level not between 0 and 1.';

CREATE TYPE engage.before_after_result AS (
	callers bigint,
	managed bigint,
	before bigint,
	after bigint,
	naive_ratio double precision,
	prior_mean double precision,
	prior_shape double precision,
	expected_before double precision,
	comparison_ratio double precision,
	calibration double precision,
	expected_after double precision,
	expected_sd double precision,
	effect double precision,
	lower double precision,
	upper double precision,
	p_value double precision,
	power double precision,
	detectable double precision,
	dispersion double precision,
	comparable bigint,
	comparable_managed bigint,
	effect_comparable double precision,
	lower_comparable double precision,
	upper_comparable double precision,
	p_value_comparable double precision,
	warnings text[]
);
COMMENT ON TYPE engage.before_after_result IS
	'What before_after() found: callers and managed callers; contacts of the managed before and after, and their ratio, which misleads; the prior and what it leads to expect; the change of all callers and the persistence of rates, from the unmanaged; the contacts expected without management, and their standard deviation; the effect (1 none) with its 95% interval and p-value; power; dispersion; the comparison with matched callers; and warnings. docs/reference/before_after.md has every column.';

CREATE FUNCTION engage_internal.before_after_transfn(internal, bigint, bigint, boolean) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_before_after_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.before_after_transfn(internal, bigint, bigint, boolean) IS 'Transition of before_after().';

CREATE FUNCTION engage_internal.before_after_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_before_after_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.before_after_combinefn(internal, internal) IS 'Combines partial states of before_after().';

CREATE FUNCTION engage_internal.before_after_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_before_after_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.before_after_serialfn(internal) IS 'Serializes a partial state of before_after().';

CREATE FUNCTION engage_internal.before_after_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_before_after_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.before_after_deserialfn(bytea, internal) IS 'Reads a partial state of before_after().';

CREATE FUNCTION engage_internal.before_after_finalfn(internal) RETURNS engage.before_after_result
	AS 'MODULE_PATHNAME', 'engage_before_after_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.before_after_finalfn(internal) IS 'Result of before_after().';

CREATE AGGREGATE engage.before_after(before bigint, after bigint, managed boolean) (
	SFUNC = engage_internal.before_after_transfn, STYPE = internal, SSPACE = 8192,
	COMBINEFUNC = engage_internal.before_after_combinefn,
	SERIALFUNC = engage_internal.before_after_serialfn, DESERIALFUNC = engage_internal.before_after_deserialfn,
	FINALFUNC = engage_internal.before_after_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.before_after(bigint, bigint, boolean) IS
	'Whether managing callers helped, without regression to the mean: SELECT (engage.before_after(before, after, managed)).* over one row per caller of the whole population. before is the window by which the managed were chosen. Without unmanaged callers season and changing rates stay in; a warning says so. Rows with a NULL are skipped, no rows give NULL. Refused: counts below 0 or above 2147483647 (22023); a sum of squares beyond bigint (22003). Method: docs/methods/effect.md, after Hauer (1997).';
