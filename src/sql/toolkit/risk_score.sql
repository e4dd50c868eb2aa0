/*
 * A score that is the sum of what each measure contributes to it.
 */

CREATE FUNCTION engage.risk_score(measures double precision[], weights double precision[], OUT score numeric, OUT contributions numeric[])
	AS 'MODULE_PATHNAME', 'engage_risk_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.risk_score(double precision[], double precision[]) IS
	'A transparent additive score: each contribution is a measure times its weight, rounded to thousandths (halves away from zero), and the score is their exact sum, in the unit of the weights. A NULL measure is unknown and contributes 0; a NULL array gives NULL. Refused: arrays of different length or of more than one dimension, NaN, infinities (22023), a NULL weight (22004), a contribution or score beyond 9.2e15 (22003).';

CREATE FUNCTION engage.total_risk_score(measures double precision[], weights double precision[]) RETURNS numeric
	AS 'MODULE_PATHNAME', 'engage_total_risk_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.total_risk_score(double precision[], double precision[]) IS
	'The score of risk_score() without its contributions, for many callers; the same NULLs and errors.';
