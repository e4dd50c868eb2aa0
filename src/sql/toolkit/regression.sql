/*
 * Regression: what is likely to happen, and how good predictions were.
 */

-- ------------------------------------------------------------------ logistic

CREATE TYPE engage.logistic_model AS (
	weights double precision[],
	standard_errors double precision[],
	observations bigint,
	events bigint,
	log_likelihood double precision,
	iterations integer,
	converged boolean
);
COMMENT ON TYPE engage.logistic_model IS
	'A logistic regression: weights (log odds per unit of each measure, the intercept first), their standard errors (NULL for a measure that is constant or repeats others, and for all if not converged), observations, events among them, log likelihood without the penalty, Newton steps, and whether the fit converged. If it did not, a measure separates events from the rest: use a penalty. Weights are NULL if everything or nothing was an event.';

CREATE FUNCTION engage_internal.outcomes_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_outcomes_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.outcomes_combinefn(internal, internal) IS 'Combines partial states of logistic_agg(), prediction_quality(), reliability() and top_share().';

CREATE FUNCTION engage_internal.outcomes_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_outcomes_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.outcomes_serialfn(internal) IS 'Serializes a partial state of logistic_agg(), prediction_quality(), reliability() and top_share().';

CREATE FUNCTION engage_internal.outcomes_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_outcomes_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.outcomes_deserialfn(bytea, internal) IS 'Reads a partial state of logistic_agg(), prediction_quality(), reliability() and top_share().';

CREATE FUNCTION engage_internal.logistic_transfn(internal, boolean, double precision[], double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_logistic_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.logistic_transfn(internal, boolean, double precision[], double precision) IS 'Transition of logistic_agg().';

CREATE FUNCTION engage_internal.logistic_finalfn(internal) RETURNS engage.logistic_model
	AS 'MODULE_PATHNAME', 'engage_logistic_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.logistic_finalfn(internal) IS 'Result of logistic_agg().';

CREATE AGGREGATE engage.logistic_agg(happened boolean, measures double precision[], penalty double precision) (
	SFUNC = engage_internal.logistic_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.outcomes_combinefn,
	SERIALFUNC = engage_internal.outcomes_serialfn, DESERIALFUNC = engage_internal.outcomes_deserialfn,
	FINALFUNC = engage_internal.logistic_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.logistic_agg(boolean, double precision[], double precision) IS
	'Logistic regression of an event on up to 31 measures. penalty is the ridge strength: the log likelihood loses penalty / 2 times the sum of squared weights, of measures with standard deviation 1, without the intercept; 0 is plain maximum likelihood. Rows with a NULL outcome or measure are skipped; no rows give NULL. Refused: rows with different numbers of measures, NaN and infinities, a penalty that is negative or differs between rows (22023), a NULL penalty (22004).';

CREATE FUNCTION engage.logistic_probability(weights double precision[], measures double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_logistic_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.logistic_probability(double precision[], double precision[]) IS
	'The probability that a logistic_model''s weights (the intercept first) give to measures: 1 / (1 + exp(-(w0 + w1 m1 + ...))). NULL if an argument or a measure is NULL. Refused: numbers of weights and measures that do not match, NaN, infinities (22023), a NULL weight (22004), log odds beyond double precision (22003).';

-- --------------------------------------------------------------- predictions

CREATE TYPE engage.prediction_quality AS (
	predictions bigint,
	events bigint,
	mean_predicted double precision,
	brier double precision,
	brier_reference double precision,
	skill double precision,
	auc double precision,
	log_loss double precision
);
COMMENT ON TYPE engage.prediction_quality IS
	'How good predicted probabilities were: number, events, mean; Brier score (mean squared error, 0 is perfect), that of always predicting the share of events, and skill = 1 - brier / brier_reference (0: no better, 1: perfect); auc, the probability that an event was ranked above a non-event (ties count half); log loss (Infinity if something happened that had probability 0). skill and auc are NULL if everything or nothing was an event.';

CREATE FUNCTION engage_internal.prediction_quality_transfn(internal, double precision, boolean) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_prediction_quality_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.prediction_quality_transfn(internal, double precision, boolean) IS 'Transition of prediction_quality().';

CREATE FUNCTION engage_internal.prediction_quality_finalfn(internal) RETURNS engage.prediction_quality
	AS 'MODULE_PATHNAME', 'engage_prediction_quality_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.prediction_quality_finalfn(internal) IS 'Result of prediction_quality().';

CREATE AGGREGATE engage.prediction_quality(predicted double precision, happened boolean) (
	SFUNC = engage_internal.prediction_quality_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.outcomes_combinefn,
	SERIALFUNC = engage_internal.outcomes_serialfn, DESERIALFUNC = engage_internal.outcomes_deserialfn,
	FINALFUNC = engage_internal.prediction_quality_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.prediction_quality(double precision, boolean) IS
	'How good predicted probabilities were, once it is known what happened. Rows with a NULL are skipped; no rows give NULL; a value that is not a probability is refused (22023). Brier, Monthly Weather Review 78 (1950) 1; the area under the receiver operating characteristic is Mann and Whitney''s U over the number of pairs.';

CREATE TYPE engage.reliability_bin AS (
	bin integer,
	predictions bigint,
	mean_predicted double precision,
	happened bigint,
	share double precision,
	lower double precision,
	upper double precision,
	within boolean
);
COMMENT ON TYPE engage.reliability_bin IS
	'A bin of neighbouring predictions: its number (1 has the lowest), how many, their mean; how many came true, that share, its 95% interval (Clopper and Pearson 1934), and whether the mean prediction lies within it.';

CREATE FUNCTION engage_internal.reliability_transfn(internal, double precision, boolean, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_reliability_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.reliability_transfn(internal, double precision, boolean, integer) IS 'Transition of reliability().';

CREATE FUNCTION engage_internal.reliability_finalfn(internal) RETURNS engage.reliability_bin[]
	AS 'MODULE_PATHNAME', 'engage_reliability_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.reliability_finalfn(internal) IS 'Result of reliability().';

CREATE AGGREGATE engage.reliability(predicted double precision, happened boolean, bins integer) (
	SFUNC = engage_internal.reliability_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.outcomes_combinefn,
	SERIALFUNC = engage_internal.outcomes_serialfn, DESERIALFUNC = engage_internal.outcomes_deserialfn,
	FINALFUNC = engage_internal.reliability_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.reliability(double precision, boolean, integer) IS
	'A reliability table: did 20% of what was predicted at 20% come true? One row per bin of about equally many predictions, in ascending order: SELECT (unnest(engage.reliability(predicted, happened, 10))).*. Equal predictions stay in one bin, so there may be fewer bins. Rows with a NULL prediction or outcome are skipped; no rows give NULL. Refused: a value that is not a probability, bins outside 1 to 10000 or that differ between rows (22023), NULL bins (22004).';

CREATE FUNCTION engage_internal.top_share_transfn(internal, double precision, boolean, bigint) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_top_share_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_share_transfn(internal, double precision, boolean, bigint) IS 'Transition of top_share().';

CREATE FUNCTION engage_internal.top_share_finalfn(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_top_share_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_share_finalfn(internal) IS 'Result of top_share().';

CREATE AGGREGATE engage.top_share(score double precision, happened boolean, n bigint) (
	SFUNC = engage_internal.top_share_transfn, STYPE = internal, SSPACE = 65536,
	COMBINEFUNC = engage_internal.outcomes_combinefn,
	SERIALFUNC = engage_internal.outcomes_serialfn, DESERIALFUNC = engage_internal.outcomes_deserialfn,
	FINALFUNC = engage_internal.top_share_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.top_share(double precision, boolean, bigint) IS
	'The share of events among the n highest scores (precision at n), or among all if there are fewer. If several scores tie for the last places, each of them counts in part: the share that a random choice among them would give on average. Rows with a NULL score or outcome are skipped; no rows give NULL. Refused: NaN and infinite scores, n below 1 or that differs between rows (22023), NULL n (22004).';

-- --------------------------------------------------- interrupted time series

CREATE TYPE engage.interrupted_time_series AS (
	level_ratio double precision,
	level_lower double precision,
	level_upper double precision,
	slope_ratio double precision,
	slope_lower double precision,
	slope_upper double precision,
	trend_ratio double precision,
	dispersion double precision,
	autocorrelation double precision,
	periods_before bigint,
	periods_after bigint,
	p_level double precision,
	p_slope double precision,
	warnings text[]
);
COMMENT ON TYPE engage.interrupted_time_series IS
	'How a series of counts changed: level_ratio, contacts in the first period of the change over what the earlier trend led to; slope_ratio, growth per period after over growth per period before; each with its 95% interval and p-value. trend_ratio is the growth per period before; dispersion is Pearson''s (1: Poisson); autocorrelation is that of neighbouring residuals; then the number of periods on each side, and warnings. NULL where it cannot be estimated.';

CREATE FUNCTION engage_internal.series_transfn(internal, bigint, integer, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_series_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.series_transfn(internal, bigint, integer, integer) IS 'Transition of interrupted_time_series().';

CREATE FUNCTION engage_internal.series_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_series_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.series_combinefn(internal, internal) IS 'Combines partial states of interrupted_time_series().';

CREATE FUNCTION engage_internal.series_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_series_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.series_serialfn(internal) IS 'Serializes a partial state of interrupted_time_series().';

CREATE FUNCTION engage_internal.series_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_series_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.series_deserialfn(bytea, internal) IS 'Reads a partial state of interrupted_time_series().';

CREATE FUNCTION engage_internal.series_finalfn(internal) RETURNS engage.interrupted_time_series
	AS 'MODULE_PATHNAME', 'engage_series_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.series_finalfn(internal) IS 'Result of interrupted_time_series().';

CREATE AGGREGATE engage.interrupted_time_series(contacts bigint, period integer, change integer) (
	SFUNC = engage_internal.series_transfn, STYPE = internal, SSPACE = 4096,
	COMBINEFUNC = engage_internal.series_combinefn,
	SERIALFUNC = engage_internal.series_serialfn, DESERIALFUNC = engage_internal.series_deserialfn,
	FINALFUNC = engage_internal.series_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.interrupted_time_series(bigint, integer, integer) IS
	'Whether a series of counts changed from period change on, by segmented quasi-Poisson regression (Lopez Bernal, Cummins and Gasparrini 2017, International Journal of Epidemiology 46, 348), corrected for autocorrelation. Rows of one period are added up; a missing period is not a 0. Seasons are not modelled. Rows with NULL contacts or period are skipped; no rows give NULL. Refused: negative contacts, change that differs between rows (22023), NULL change (22004), a sum beyond bigint (22003).';
