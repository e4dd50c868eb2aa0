/*
 * Risk factors fitted to the force's own history, and predictions compared
 * with what happened.
 *
 * Nothing here looks ahead: what is learnt as of a time is learnt from contacts
 * up to that time, and judged by those after it.
 */

CREATE FUNCTION engage_internal.met_rules(rules_at timestamptz, after timestamptz, up_to timestamptz, OUT caller_id bigint, OUT rule_ids integer[]) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT m.caller_id, array_agg(m.rule_id ORDER BY m.rule_id)
	FROM (
		-- back_test() counts from its first time up to but not including its last
		SELECT DISTINCT b.caller_id, r.rule_id
		FROM engage.rule r, LATERAL engage.back_test(r.criteria, met_rules.after + '1 microsecond'::interval, met_rules.up_to + '1 microsecond'::interval, r.channels) b
		WHERE r.kind = 'criteria' AND engage_internal.is_in_force(r.valid_from, r.valid_to, met_rules.rules_at)
	) m
	GROUP BY m.caller_id;
END;
COMMENT ON FUNCTION engage_internal.met_rules(timestamptz, timestamptz, timestamptz) IS
	'Who met which of the rules in force at rules_at, after one time and up to another, even before those rules were in force.';

CREATE FUNCTION engage_internal.demand_places(model_id integer) RETURNS integer[]
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(
	SELECT m.place FROM engage.risk_factor f JOIN engage.risk_measure m ON m.measure = f.measure
	WHERE f.model_id = demand_places.model_id AND f.axis = 'demand' AND f.enabled
		AND f.measure <> 'base'
	ORDER BY m.place);
COMMENT ON FUNCTION engage_internal.demand_places(integer) IS
	'The elements of demand_measures() that the active factors of a version use, other than base.';

CREATE FUNCTION engage_internal.training_cutoffs(as_of timestamptz, horizon interval) RETURNS SETOF timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
	SELECT training_cutoffs.as_of - n * training_cutoffs.horizon
	FROM generate_series(1, 3) n
	WHERE training_cutoffs.as_of - (n + 1) * training_cutoffs.horizon >= (
		SELECT min(c.first_at) FROM engage.caller c WHERE c.first_at >= (SELECT engage.first_plausible()));
END;
COMMENT ON FUNCTION engage_internal.training_cutoffs(timestamptz, interval) IS
	'The times after which outcomes are learnt from: one, two and three horizons before as_of, if callers are known for another horizon before them.';

-- as_of: later contacts are ignored; days have 24 hours
CREATE FUNCTION engage_internal.learn_risk(as_of timestamptz, horizon interval, INOUT places integer[],
		OUT demand engage.demand_model, OUT handling_seconds double precision, OUT fitted engage.logistic_model,
		OUT by_count engage.logistic_model, OUT sampled double precision, OUT cutoffs timestamptz[], OUT quality engage.prediction_quality)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
	criteria constant engage.criterion[] := engage_internal.current_criteria(as_of);
	wanted constant double precision := 200000;
	-- a wrong time near zero would turn a caller of some months into one of half a century
	since constant timestamptz := engage.first_plausible();
	learnt record;
BEGIN
	demand := (SELECT engage.demand_model_agg(
			CASE WHEN c.first_at < since THEN engage.slice(c.timeline, since, 'infinity') ELSE c.timeline END,
			learn_risk.as_of, interval '1 day')
		FROM engage.caller c WHERE c.first_at <= learn_risk.as_of);
	IF demand.converged IS NOT TRUE THEN
		demand := NULL;
		places := ARRAY(SELECT m.place FROM engage.risk_measure m WHERE m.place = ANY (places) AND m.measure NOT IN ('expected', 'active') ORDER BY m.place);
	END IF;
	SELECT avg(c.handling_seconds) INTO handling_seconds
	FROM engage_internal.counted_contact c
	WHERE c.occurred_at <= learn_risk.as_of;

	cutoffs := ARRAY(SELECT t FROM engage_internal.training_cutoffs(learn_risk.as_of, learn_risk.horizon) t);
	SELECT LEAST(1, wanted / GREATEST(count(*), 1)) INTO sampled
	FROM unnest(cutoffs) t JOIN engage.caller c ON c.first_at <= t;
	WITH met AS MATERIALIZED (
		SELECT t AS cutoff, m.caller_id
		FROM unnest(cutoffs) t, LATERAL engage_internal.met_rules(learn_risk.as_of, t, t + learn_risk.horizon) m
	), example AS MATERIALIZED (
		-- every caller who met a rule, and a sample of the others
		SELECT t AS cutoff, m.caller_id IS NOT NULL AS happened,
			CASE WHEN c.first_at < since THEN engage.slice(c.timeline, since, 'infinity') ELSE c.timeline END AS timeline
		FROM unnest(cutoffs) t
		JOIN engage.caller c ON c.first_at <= t
		LEFT JOIN met m ON m.cutoff = t AND m.caller_id = c.caller_id
		WHERE m.caller_id IS NOT NULL OR engage_internal.is_sampled(c.caller_id::text, sampled)
	), measured AS MATERIALIZED (
		SELECT e.happened, ARRAY(SELECT d.measures[p] FROM unnest(places) p) AS measures,
			ln(1 + engage.num_contacts(e.timeline, e.cutoff - learn_risk.horizon, e.cutoff)) AS latest
		FROM example e, LATERAL engage.demand_measures(e.timeline, e.cutoff, criteria, demand, learn_risk.horizon) d
	), model AS MATERIALIZED (
		SELECT engage.logistic_agg(m.happened, m.measures, 1) AS fitted, engage.logistic_agg(m.happened, ARRAY[m.latest], 1) AS by_count
		FROM measured m
	)
	SELECT l.fitted, l.by_count,
		(SELECT engage.prediction_quality(engage.logistic_probability((l.fitted).weights, m.measures), m.happened) FROM measured m) AS quality
	INTO learnt
	FROM model l;
	fitted := learnt.fitted;
	by_count := learnt.by_count;
	quality := learnt.quality;
	IF fitted.converged IS NOT TRUE OR by_count.converged IS NOT TRUE OR fitted.events < 20 THEN
		fitted.weights := NULL;
		fitted.standard_errors := NULL;
		by_count.weights := NULL;
		quality := NULL;
	ELSE
		-- only a share of the callers who met no rule was read
		fitted.weights[1] := fitted.weights[1] + ln(sampled);
		by_count.weights[1] := by_count.weights[1] + ln(sampled);
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.learn_risk(timestamptz, interval, integer[]) IS
	'Learns from the history up to as_of: the demand model; the mean handling time; and how well each of demand_measures() (places), taken at up to three earlier dates, predicted who then met a rule in force at as_of, by logistic regression with a small ridge penalty. by_count is the same from the number of contacts alone, for comparison. Weights are NULL if fewer than 20 callers met a rule, or the fit did not converge. Part of fit_risk() and evaluate_risk().';

-- definer: administrators and operators fit without rights on callers, and write versions only here
CREATE FUNCTION engage.fit_risk(as_of timestamptz DEFAULT now(), OUT model_id integer, OUT callers bigint, OUT events bigint,
		OUT demand_fitted boolean, OUT weights_fitted boolean, OUT auc double precision)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	old_id integer;
	horizon constant interval := (SELECT o.risk_horizon FROM engage.policy o);
	since constant timestamptz := engage.first_plausible();
	left_out bigint;
	learnt record;
BEGIN
	-- a setting changed while this learns must not be lost
	LOCK TABLE engage.risk_model IN SHARE ROW EXCLUSIVE MODE;
	old_id := engage.current_risk_model();
	IF old_id IS NULL THEN
		RAISE EXCEPTION 'there are no risk factors yet'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.adopt_risk_factors();';
	END IF;
	IF as_of IS NULL OR NOT isfinite(as_of) OR as_of > now() THEN
		RAISE EXCEPTION 'as_of must be a time in the past'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM engage.fit_risk();';
	END IF;
	SELECT * INTO learnt FROM engage_internal.learn_risk(as_of, horizon, engage_internal.demand_places(old_id));
	demand_fitted := (learnt.demand).converged IS TRUE;
	weights_fitted := (learnt.fitted).weights IS NOT NULL;
	callers := (SELECT count(*) FROM engage.caller c WHERE c.first_at <= fit_risk.as_of);
	left_out := (SELECT count(*) FROM engage.caller c WHERE c.first_at < since);
	IF left_out > 0 THEN
		RAISE WARNING 'contacts before % are left out: % callers have some', since::date, left_out
			USING HINT = 'SELECT * FROM engage.contact_problem WHERE problem IN (''time_of_zero'', ''long_before_others'') lists them.';
	END IF;
	events := (learnt.fitted).events;
	auc := (learnt.quality).auc;
	INSERT INTO engage.risk_model (demand, horizon, handling_seconds, fitted_as_of, origin, report)
	VALUES (learnt.demand, horizon, learnt.handling_seconds, as_of, 'fitted', jsonb_build_object(
		'demand_fitted', demand_fitted, 'weights_fitted', weights_fitted, 'cutoffs', learnt.cutoffs, 'sampled', learnt.sampled,
		'observations', (learnt.fitted).observations, 'events', events, 'log_likelihood', (learnt.fitted).log_likelihood,
		'iterations', (learnt.fitted).iterations, 'auc', auc, 'brier', (learnt.quality).brier,
		'standard_errors', (learnt.fitted).standard_errors, 'left_out', left_out))
	RETURNING risk_model.model_id INTO model_id;
	-- without the base the other weights would not add up to a probability
	INSERT INTO engage.risk_factor
	SELECT fit_risk.model_id, f.code, f.axis, f.measure, f.matches,
		CASE WHEN f.axis = 'demand' AND (f.enabled OR f.measure = 'base') AND weights_fitted
			THEN COALESCE((learnt.fitted).weights[CASE WHEN f.measure = 'base' THEN 1 ELSE 1 + array_position(learnt.places, m.place) END]::numeric(12, 3), f.weight)
			ELSE f.weight END,
		f.at_most, f.within, f.share, f.is_sensitive, f.condition, f.enabled OR f.measure = 'base' AND weights_fitted, f.thrive, f.label
	FROM engage.risk_factor f JOIN engage.risk_measure m ON m.measure = f.measure
	WHERE f.model_id = old_id;
END
$$;
COMMENT ON FUNCTION engage.fit_risk(timestamptz) IS
	'Learns the demand model and the weights of the active demand factors from the force''s own contacts up to as_of, as a new version of the risk factors. Harm and natures stay as set; weights stay too if fewer than 20 callers met a rule. Turns on the factor base. Leaves out contacts before first_plausible(), with a warning. Returns the version, callers, callers who met a rule, and auc on the data it learnt from. Method: docs/methods/risk.md. Errors: 55000 without risk factors, 22023 for the future.';

CREATE VIEW engage.demand_fit WITH (security_barrier) AS
SELECT m.model_id, m.fitted_as_of, m.created_at, (m.demand).r, (m.demand).alpha, (m.demand).a, (m.demand).b,
	(m.demand).contacts_per_occasion, (m.demand).callers, (m.demand).log_likelihood, (m.demand).iterations, (m.demand).converged,
	m.handling_seconds, (m.report ->> 'events')::bigint AS events, (m.report ->> 'auc')::double precision AS auc,
	(m.report ->> 'weights_fitted')::boolean AS weights_fitted
FROM engage.risk_model m
WHERE m.fitted_as_of IS NOT NULL;
COMMENT ON VIEW engage.demand_fit IS 'How each fit of the risk factors went: parameters of the demand model (times in days) and its likelihood.';

-- Predictions and what happened.

CREATE TABLE engage.risk_evaluation (
	evaluation_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	as_of timestamptz NOT NULL,
	horizon interval NOT NULL,
	rule_ids integer[] NOT NULL,
	demand engage.demand_model,
	weights double precision[] NOT NULL,
	weights_by_count double precision[] NOT NULL,
	made_at timestamptz NOT NULL DEFAULT now(),
	made_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.risk_evaluation IS
	'A past date at which demand was predicted from what was known by then, and compared with what happened. Made by evaluate_risk().';
COMMENT ON COLUMN engage.risk_evaluation.rule_ids IS 'The rules in force at that date.';
COMMENT ON COLUMN engage.risk_evaluation.weights_by_count IS 'Weights of the prediction from the number of contacts alone.';
SELECT pg_extension_config_dump('engage.risk_evaluation', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.risk_evaluation', 'evaluation_id')::regclass, '');

CREATE TABLE engage.risk_prediction (
	evaluation_id integer NOT NULL,
	caller_id bigint NOT NULL,
	district text,
	contacts bigint NOT NULL,
	probability double precision NOT NULL,
	probability_by_count double precision NOT NULL,
	expected_contacts double precision,
	later_contacts bigint NOT NULL,
	rules_met integer[] NOT NULL,
	PRIMARY KEY (evaluation_id, caller_id)
);
COMMENT ON TABLE engage.risk_prediction IS 'What was predicted for each caller, and what happened.';
COMMENT ON COLUMN engage.risk_prediction.district IS 'The district with most of the caller''s contacts by then, a listed one if there is any.';
COMMENT ON COLUMN engage.risk_prediction.contacts IS 'Contacts within the horizon before.';
COMMENT ON COLUMN engage.risk_prediction.expected_contacts IS 'Contacts predicted within the horizon after.';
COMMENT ON COLUMN engage.risk_prediction.later_contacts IS 'Contacts that came within the horizon after.';
COMMENT ON COLUMN engage.risk_prediction.rules_met IS 'The rules met within the horizon after.';
SELECT pg_extension_config_dump('engage.risk_prediction', '');

-- definer: analysts may not read the districts of a caller's contacts, and write evaluations only here
CREATE FUNCTION engage.evaluate_risk(as_of timestamptz, OUT evaluation_id integer, OUT callers bigint, OUT happened bigint,
		OUT brier double precision, OUT brier_by_count double precision, OUT auc double precision, OUT auc_by_count double precision)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	model_id constant integer := engage.current_risk_model();
	horizon constant interval := (SELECT o.risk_horizon FROM engage.policy o);
	criteria constant engage.criterion[] := engage_internal.current_criteria(as_of);
	learnt record;
BEGIN
	IF model_id IS NULL THEN
		RAISE EXCEPTION 'there are no risk factors yet'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.adopt_risk_factors();';
	END IF;
	IF as_of IS NULL OR NOT isfinite(as_of) OR as_of + horizon > now() THEN
		RAISE EXCEPTION 'the horizon after as_of is not over'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a time at least policy.risk_horizon ago.';
	END IF;
	SELECT * INTO learnt FROM engage_internal.learn_risk(as_of, horizon, engage_internal.demand_places(model_id));
	IF (learnt.fitted).weights IS NULL THEN
		RAISE EXCEPTION 'too few callers met a rule by then to learn from'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Give a later time; at least 20 callers must have met a rule within the three horizons before it.';
	END IF;
	INSERT INTO engage.risk_evaluation (as_of, horizon, rule_ids, demand, weights, weights_by_count)
	VALUES (evaluate_risk.as_of, horizon, ARRAY(SELECT r.rule_id FROM engage.rule r
			WHERE r.kind = 'criteria' AND engage_internal.is_in_force(r.valid_from, r.valid_to, evaluate_risk.as_of) ORDER BY r.rule_id),
		learnt.demand, (learnt.fitted).weights, (learnt.by_count).weights)
	RETURNING risk_evaluation.evaluation_id INTO evaluation_id;
	INSERT INTO engage.risk_prediction
	SELECT evaluate_risk.evaluation_id, c.caller_id, w.district, n.contacts,
		engage.logistic_probability((learnt.fitted).weights, ARRAY(SELECT d.measures[p] FROM unnest(learnt.places) p)),
		engage.logistic_probability((learnt.by_count).weights, ARRAY[ln(1 + n.contacts)]), d.expected_contacts, n.later_contacts,
		COALESCE(m.rule_ids, '{}')
	FROM engage.caller c
	CROSS JOIN LATERAL engage.demand_measures(c.timeline, evaluate_risk.as_of, criteria, learnt.demand, horizon) d
	CROSS JOIN LATERAL (SELECT
		engage.num_contacts(c.timeline, evaluate_risk.as_of - horizon, evaluate_risk.as_of) AS contacts,
		engage.num_contacts(c.timeline, evaluate_risk.as_of, evaluate_risk.as_of + horizon) AS later_contacts) n
	LEFT JOIN engage_internal.met_rules(evaluate_risk.as_of, evaluate_risk.as_of, evaluate_risk.as_of + horizon) m ON m.caller_id = c.caller_id
	LEFT JOIN LATERAL engage_internal.caller_district(c.caller_id, evaluate_risk.as_of) w ON true
	WHERE c.first_at <= evaluate_risk.as_of;
	SELECT a.callers, a.happened, a.brier, a.brier_by_count, a.auc, a.auc_by_count
	INTO callers, happened, brier, brier_by_count, auc, auc_by_count
	FROM engage.risk_accuracy a
	WHERE a.evaluation_id = evaluate_risk.evaluation_id AND a.rule_id IS NULL AND a.district IS NULL;
END
$$;
COMMENT ON FUNCTION engage.evaluate_risk(timestamptz) IS
	'What would have been predicted at a past time, with weights and demand model learnt from contacts up to then, compared with what happened within the horizon after it: stored for the views risk_accuracy and risk_reliability, and summed up. Callers are those of today''s personas. Errors: 22023 if the horizon is not over, 55000 if too few callers had met a rule by then.';

CREATE VIEW engage.judged_prediction WITH (security_barrier) AS
SELECT p.evaluation_id, r.rule_id, p.district, p.caller_id, p.contacts, p.probability, p.probability_by_count,
	CASE WHEN r.rule_id IS NULL THEN p.rules_met <> '{}' ELSE r.rule_id = ANY (p.rules_met) END AS happened
FROM engage.risk_prediction p
JOIN engage.risk_evaluation e ON e.evaluation_id = p.evaluation_id
CROSS JOIN LATERAL (SELECT NULL::integer UNION ALL SELECT unnest(e.rule_ids)) r (rule_id);
COMMENT ON VIEW engage.judged_prediction IS
	'Every prediction with whether it came true, for any rule (rule_id NULL) and for each.';

CREATE VIEW engage.risk_accuracy WITH (security_barrier) AS
SELECT j.evaluation_id, e.as_of, j.rule_id, j.district, j.callers, (j.of_model).events AS happened,
	(j.of_model).mean_predicted, (j.of_model).brier, (j.of_count).brier AS brier_by_count, (j.of_model).brier_reference,
	(j.of_model).auc, (j.of_count).auc AS auc_by_count, j.hits AS hits_in_top_10, j.hits_by_count AS hits_in_top_10_by_count
FROM (
	SELECT x.evaluation_id, x.rule_id, CASE WHEN GROUPING(x.district) = 0 THEN COALESCE(x.district, 'unknown') END AS district,
		count(*) AS callers,
		engage.prediction_quality(x.probability, x.happened) AS of_model,
		engage.prediction_quality(x.probability_by_count, x.happened) AS of_count,
		engage.top_share(x.probability, x.happened, 10) AS hits,
		engage.top_share(x.contacts::double precision, x.happened, 10) AS hits_by_count
	FROM engage.judged_prediction x
	GROUP BY GROUPING SETS ((x.evaluation_id, x.rule_id), (x.evaluation_id, x.rule_id, x.district))
) j
JOIN engage.risk_evaluation e ON e.evaluation_id = j.evaluation_id;
COMMENT ON VIEW engage.risk_accuracy IS
	'How good predictions were, at each evaluated date, for each rule and district: Brier score (lower is better; brier_reference: the same prediction for all), the area under the ROC curve, and how many of the top ten came true; beside the same from the number of contacts alone.';
COMMENT ON COLUMN engage.risk_accuracy.rule_id IS 'The rule; NULL: any rule in force at that date.';
COMMENT ON COLUMN engage.risk_accuracy.district IS 'The district; NULL: all districts.';

CREATE VIEW engage.risk_reliability WITH (security_barrier) AS
SELECT j.evaluation_id, e.as_of, j.rule_id, j.district, b.*
FROM (
	SELECT x.evaluation_id, x.rule_id, CASE WHEN GROUPING(x.district) = 0 THEN COALESCE(x.district, 'unknown') END AS district,
		engage.reliability(x.probability, x.happened, 10) AS bins
	FROM engage.judged_prediction x
	GROUP BY GROUPING SETS ((x.evaluation_id, x.rule_id), (x.evaluation_id, x.rule_id, x.district))
) j
JOIN engage.risk_evaluation e ON e.evaluation_id = j.evaluation_id
CROSS JOIN LATERAL unnest(j.bins) b;
COMMENT ON VIEW engage.risk_reliability IS
	'Whether predicted probabilities came true: callers in ten bands from the lowest to the highest prediction, the mean prediction of each, and the share that came true with its exact 95% interval.';
