/*
 * What agreement between two records is worth, learnt from pairs.
 */

CREATE TYPE engage.match_weights AS (
	lambda double precision,
	m double precision[],
	u double precision[],
	levels integer[],
	patterns bigint,
	pairs double precision,
	iterations integer,
	converged boolean,
	log_likelihood double precision,
	warnings text[]
);
COMMENT ON TYPE engage.match_weights IS
	'What match_weights_agg() learnt: lambda, the share (0 to 1) of pairs that match; m and u, for each comparison (row) and level (column, from level 0; NULL beyond its last) the share of matches and of other pairs at that level, among those that have a value; the number of levels of each comparison; distinct patterns and pairs learnt from; iterations of the fit, whether it converged, the log likelihood; and warnings.';

CREATE FUNCTION engage_internal.match_weights_transfn(internal, integer[], bigint) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_match_weights_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.match_weights_transfn(internal, integer[], bigint) IS 'Transition of match_weights_agg().';

CREATE FUNCTION engage_internal.match_weights_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_match_weights_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.match_weights_combinefn(internal, internal) IS 'Combines partial states of match_weights_agg().';

CREATE FUNCTION engage_internal.match_weights_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_match_weights_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.match_weights_serialfn(internal) IS 'Serializes a partial state of match_weights_agg().';

CREATE FUNCTION engage_internal.match_weights_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_match_weights_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.match_weights_deserialfn(bytea, internal) IS 'Reads a partial state of match_weights_agg().';

CREATE FUNCTION engage_internal.match_weights_finalfn(internal) RETURNS engage.match_weights
	AS 'MODULE_PATHNAME', 'engage_match_weights_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.match_weights_finalfn(internal) IS 'Result of match_weights_agg().';

CREATE AGGREGATE engage.match_weights_agg(pattern integer[], n bigint) (
	SFUNC = engage_internal.match_weights_transfn, STYPE = internal, SSPACE = 8192,
	COMBINEFUNC = engage_internal.match_weights_combinefn,
	SERIALFUNC = engage_internal.match_weights_serialfn, DESERIALFUNC = engage_internal.match_weights_deserialfn,
	FINALFUNC = engage_internal.match_weights_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.match_weights_agg(integer[], bigint) IS
	'Weights of agreement, learnt without knowing which pairs match: n pairs of records show the pattern, one level per comparison, 0 (best agreement) to 7, -1 or NULL if missing. Rows with a NULL, or with n 0, are skipped; no rows give NULL. Errors: 22023 for a level outside -1 to 7 or negative n, 2202E for patterns of different or invalid length, 54000 beyond a million patterns, 22003 beyond bigint. Method: Fellegi and Sunter (1969) by expectation and maximisation, half a pseudo-count per level.';

CREATE FUNCTION engage.match_weight(pattern integer[], model engage.match_weights) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_match_weight' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.match_weight(integer[], engage.match_weights) IS
	'The weight of a pattern in bits: log2 of the odds that its pairs match, including the prior (log2 of the odds of lambda). A level that is -1 or NULL adds nothing; a NULL argument gives NULL. Refused: a pattern that match_weights_agg() refuses, a level that the model does not know, an invalid model (22023); another number of comparisons than the model has (2202E). Method: Fellegi and Sunter (1969).';

CREATE FUNCTION engage.match_probability(pattern integer[], model engage.match_weights) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_match_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.match_probability(integer[], engage.match_weights) IS
	'The probability (0 to 1) that a pair with this pattern matches: 1 / (1 + 2 to the power of -match_weight()). NULLs and errors as of match_weight().';

CREATE FUNCTION engage.match_weight_waterfall(pattern integer[], model engage.match_weights,
	OUT comparison integer, OUT level integer, OUT weight double precision, OUT running double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_match_weight_waterfall' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 8;
COMMENT ON FUNCTION engage.match_weight_waterfall(integer[], engage.match_weights) IS
	'How match_weight() comes about: first the prior as comparison 0, then each comparison from 1 with its level (NULL if missing), its weight in bits, and the running sum, which ends at match_weight(). A NULL argument gives no rows; errors as for match_weight().';
