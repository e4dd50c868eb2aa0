-- Risk factors fitted to a simulated force, and predictions held against weeks
-- that nothing was learnt from.  The force is over, so that all is fixed.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
-- a database as it is at first
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;
CREATE EXTENSION engage_demo;

-- nothing works before there is what it needs
SELECT setup();
SELECT pg_temp.refused($$SELECT engage.fit_risk()$$);
SELECT pg_temp.refused($$SELECT engage.evaluate_risk('2025-06-09')$$);

SELECT persons, contacts FROM engage_demo.simulate(people => 8000, days => 196, start_on => '2025-02-03');
SELECT engage_demo.load();
UPDATE policy SET refit_every = NULL;
CALL refresh();
SELECT adopt_risk_factors();

-- arguments
SELECT pg_temp.refused($$SELECT engage.fit_risk(NULL)$$);
SELECT pg_temp.refused($$SELECT engage.fit_risk('infinity')$$);
SELECT pg_temp.refused($$SELECT engage.fit_risk(now() + interval '1 minute')$$);
SELECT pg_temp.refused($$SELECT engage.evaluate_risk(NULL)$$);
SELECT pg_temp.refused($$SELECT engage.evaluate_risk('-infinity')$$);
SELECT pg_temp.refused($$SELECT engage.evaluate_risk(now() - interval '27 days')$$);
SELECT pg_temp.refused($$SELECT engage.evaluate_risk('2025-03-01')$$);

-- ------------------------------------------------------- held-back weeks
-- The last four fortnights whose horizon is over, each by what was there then.
SELECT to_char(d, 'YYYY-MM-DD') AS as_of, e.callers, e.happened, round(e.brier::numeric, 5) AS brier, round(e.brier_by_count::numeric, 5) AS by_count,
	round(e.auc::numeric, 3) AS auc, round(e.auc_by_count::numeric, 3) AS by_count
FROM generate_series(timestamptz '2025-06-09', '2025-07-21', '14 days') d, evaluate_risk(d) e ORDER BY d;
SELECT bool_and(brier < brier_by_count) AS brier_beats_count, bool_and(auc > auc_by_count) AS auc_beats_count, bool_and(brier < brier_reference) AS better_than_none
FROM risk_accuracy WHERE rule_id IS NULL AND district IS NULL;
SELECT to_char(as_of, 'YYYY-MM-DD') AS as_of, count(*) AS bins, count(*) FILTER (WHERE within) AS within, count(*) FILTER (WHERE within) >= 9 AS calibrated
FROM risk_reliability WHERE rule_id IS NULL AND district IS NULL GROUP BY 1 ORDER BY 1;
SELECT bin, predictions, round(mean_predicted::numeric, 4) AS mean_predicted, happened, round(share::numeric, 4) AS share, round(lower::numeric, 4) AS lower,
	round(upper::numeric, 4) AS upper, within
FROM risk_reliability WHERE rule_id IS NULL AND district IS NULL AND as_of = '2025-07-21' ORDER BY bin;

-- the views against plain SQL over the predictions
SELECT bool_and(abs(a.brier - b.brier) < 1e-12 AND abs(a.brier_by_count - b.by_count) < 1e-12 AND a.callers = b.n AND a.happened = b.h) AS brier_as_defined
FROM risk_accuracy a
JOIN (
	SELECT evaluation_id, count(*) AS n, count(*) FILTER (WHERE rules_met <> '{}') AS h, avg((probability - (rules_met <> '{}')::integer) ^ 2) AS brier,
		avg((probability_by_count - (rules_met <> '{}')::integer) ^ 2) AS by_count
	FROM risk_prediction GROUP BY 1
) b USING (evaluation_id)
WHERE rule_id IS NULL AND district IS NULL;
WITH one AS (
	SELECT * FROM risk_prediction WHERE evaluation_id = 4
), ranked AS (
	SELECT o.*, rank() OVER (ORDER BY contacts) + (count(*) OVER (PARTITION BY contacts) - 1) / 2.0 AS place FROM one o
)
SELECT abs(a.auc_by_count - (SELECT (sum(place) FILTER (WHERE rules_met <> '{}') - a.happened * (a.happened + 1) / 2.0) / (a.happened * (a.callers - a.happened)) FROM ranked)::float8) < 1e-9
	AS auc_by_count_is_of_the_ranking
FROM risk_accuracy a WHERE evaluation_id = 4 AND rule_id IS NULL AND district IS NULL;
SELECT count(*) > 1 AS districts, sum(d.callers) = max(a.callers) AS all_callers, sum(d.happened) = max(a.happened) AS all_events
FROM risk_accuracy a JOIN risk_accuracy d USING (evaluation_id)
WHERE evaluation_id = 4 AND a.rule_id IS NULL AND d.rule_id IS NULL AND a.district IS NULL AND d.district IS NOT NULL;
-- a caller's district is the one of most contacts by then, as on the roster
WITH most AS (
	SELECT DISTINCT ON (x.caller_id) x.caller_id, district FROM contact c JOIN persona x USING (persona_key) LEFT JOIN district d USING (district)
	WHERE c.district IS NOT NULL AND c.occurred_at <= (SELECT as_of FROM risk_evaluation WHERE evaluation_id = 4) AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
	GROUP BY x.caller_id, district, d.district_key ORDER BY x.caller_id, d.district_key IS NULL, count(*) DESC, d.district_key, district)
SELECT count(DISTINCT p.district) > 1 AS several, count(*) FILTER (WHERE p.district IS DISTINCT FROM m.district) AS different
FROM risk_prediction p LEFT JOIN most m USING (caller_id) WHERE p.evaluation_id = 4;
SELECT count(*) FILTER (WHERE rule_id IS NULL) = count(*) FILTER (WHERE rule_id IS NOT NULL) AS any_and_each FROM judged_prediction;
SELECT DISTINCT rule_ids = (SELECT array_agg(rule_id) FROM rule) AS rules, horizon FROM risk_evaluation;

-- ------------------------------------------------------------ the oracle
-- Examples, labels and measures from contacts alone.
CREATE TEMP TABLE call AS
	SELECT p.caller_id, c.occurred_at AS at FROM contact c JOIN persona p USING (persona_key)
	WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL AND p.caller_id IS NOT NULL;
CREATE INDEX ON call (caller_id, at);
ANALYZE call;
SELECT criteria FROM rule;	-- six in seven days is met whenever six in a day is
CREATE TEMP TABLE meeting AS
	SELECT caller_id, at FROM (
		SELECT caller_id, at, count(*) OVER (PARTITION BY caller_id ORDER BY at RANGE interval '167:59:59.999999' PRECEDING) AS n FROM call
	) c WHERE n >= 6;
CREATE TEMP TABLE model AS SELECT demand_model_agg(t, timestamptz '2025-07-21', interval '1 day') AS m
	FROM (SELECT timeline_agg(at) AS t FROM call WHERE at <= '2025-07-21' GROUP BY caller_id) c;
CREATE TEMP TABLE example AS
	SELECT cutoff, c.caller_id, EXISTS (SELECT FROM meeting m WHERE m.caller_id = c.caller_id AND m.at > cutoff AND m.at <= cutoff + interval '672 hours') AS happened,
		ln(1 + count(*) FILTER (WHERE at > cutoff - interval '672 hours'))::float8 AS latest,
		ln(1 + sum(2 ^ (extract(epoch FROM at - cutoff)::float8 / (7 * 86400))))::float8 AS recent,
		ln(1 + expected_contacts(timeline_agg(at), (SELECT m FROM model), cutoff, interval '28 days')) AS expected,
		LEAST(2, GREATEST(count(*) FILTER (WHERE at > cutoff - interval '24 hours'), count(*) FILTER (WHERE at > cutoff - interval '168 hours')) / 6.0::float8) AS nearness
	FROM unnest('{2025-06-23,2025-05-26,2025-04-28,2025-07-21}'::timestamptz[]) cutoff JOIN call c ON c.at <= cutoff
	GROUP BY cutoff, c.caller_id;
SELECT model_id, callers, events, demand_fitted, weights_fitted, round(auc::numeric, 3) AS auc FROM fit_risk('2025-07-21');
CREATE TEMP TABLE fitted AS
	SELECT logistic_agg(happened, ARRAY[recent, expected, nearness], 1) AS m, logistic_agg(happened, ARRAY[latest], 1) AS by_count FROM example WHERE cutoff < '2025-07-21';
SELECT f.measure, f.weight, f.weight = round((m).weights[place]::numeric, 3) AS as_by_plain_sql
FROM fitted, current_risk_factor f JOIN (VALUES ('base', 1), ('recent', 2), ('expected', 3), ('nearness', 4)) v (measure, place) USING (measure) ORDER BY place;
SELECT (m).events = (report ->> 'events')::bigint AS events, (m).observations = (report ->> 'observations')::bigint AS observations,
	report -> 'cutoffs' AS cutoffs, (SELECT m FROM model) = demand AS demand_model
FROM fitted, risk_model WHERE model_id = current_risk_model();
-- what was foretold, from the oracle's measures and weights; and what happened
SELECT count(*) AS predictions, max(abs(p.probability - logistic_probability((m).weights, ARRAY[recent, expected, nearness]))) < 1e-9 AS probability,
	max(abs(p.probability_by_count - logistic_probability((by_count).weights, ARRAY[latest]))) < 1e-9 AS by_count,
	bool_and((p.rules_met <> '{}') = e.happened) AS labels, max(abs(p.expected_contacts - (exp(e.expected) - 1))) < 1e-6 AS expected
FROM risk_prediction p JOIN example e ON e.caller_id = p.caller_id AND e.cutoff = '2025-07-21', fitted WHERE p.evaluation_id = 4;
SELECT (SELECT count(*) FROM example WHERE cutoff = '2025-07-21') = (SELECT count(*) FROM risk_prediction WHERE evaluation_id = 4) AS everybody;
SELECT bool_and(p.contacts = n.before AND p.later_contacts = n.after) AS counts
FROM risk_prediction p, LATERAL (SELECT count(*) FILTER (WHERE at <= '2025-07-21') AS before, count(*) FILTER (WHERE at > '2025-07-21') AS after
	FROM call c WHERE c.caller_id = p.caller_id AND at > timestamptz '2025-07-21' - interval '672 hours' AND at <= timestamptz '2025-07-21' + interval '672 hours') n
WHERE p.evaluation_id = 4;
-- labels are those of back_test()
SELECT count(*) FILTER (WHERE b.caller_id IS NULL OR p.rules_met = '{}') AS different
FROM (SELECT * FROM risk_prediction WHERE evaluation_id = 4 AND rules_met <> '{}') p
FULL JOIN (
	SELECT DISTINCT b.caller_id FROM back_test((SELECT criteria FROM rule), timestamptz '2025-07-21' + interval '1 microsecond', timestamptz '2025-08-18' + interval '1 microsecond') b
		JOIN caller c ON c.caller_id = b.caller_id AND c.first_at <= '2025-07-21'
) b USING (caller_id);

-- --------------------------------------------------------- no look-ahead
CREATE TEMP TABLE foretold AS SELECT caller_id, contacts, probability, probability_by_count, expected_contacts FROM risk_prediction WHERE evaluation_id = 3;
CREATE TEMP TABLE learnt AS SELECT * FROM learn_risk('2025-07-07', '28 days', demand_places(1));
-- all later contacts gone
BEGIN;
DELETE FROM caller WHERE first_at > '2025-07-07';
UPDATE caller SET timeline = slice(timeline, '-infinity', timestamptz '2025-07-07' + interval '1 microsecond'), last_at = LEAST(last_at, '2025-07-07')
	WHERE last_at > '2025-07-07';
DELETE FROM contact WHERE occurred_at > '2025-07-07';
SELECT count(*) AS differences FROM (
	(TABLE learnt EXCEPT SELECT * FROM learn_risk('2025-07-07', '28 days', demand_places(1)))
) x;
SELECT callers, happened FROM evaluate_risk('2025-07-07');
SELECT count(*) AS differences FROM (
	(TABLE foretold EXCEPT SELECT caller_id, contacts, probability, probability_by_count, expected_contacts FROM risk_prediction WHERE evaluation_id = 5)
	UNION ALL (SELECT caller_id, contacts, probability, probability_by_count, expected_contacts FROM risk_prediction WHERE evaluation_id = 5 EXCEPT TABLE foretold)
) x;
ROLLBACK;

-- many more of them
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
	SELECT 'more', n.number || ' ' || i, timestamptz '2025-07-07' + i * interval '1 second', '101_voice', n.number
	FROM (SELECT DISTINCT ON (caller_id) number FROM persona WHERE number IS NOT NULL AND caller_id % 40 = 0 ORDER BY caller_id, number) n,
		generate_series(1, 20) i;
CALL refresh();
SELECT happened > 100 AS many_more_events FROM evaluate_risk('2025-07-07');
SELECT count(*) AS differences FROM (
	(TABLE foretold EXCEPT SELECT caller_id, contacts, probability, probability_by_count, expected_contacts FROM risk_prediction WHERE evaluation_id = (SELECT max(evaluation_id) FROM risk_evaluation))
	UNION ALL (SELECT caller_id, contacts, probability, probability_by_count, expected_contacts FROM risk_prediction WHERE evaluation_id = (SELECT max(evaluation_id) FROM risk_evaluation) EXCEPT TABLE foretold)
) x;
DELETE FROM contact WHERE source = 'more';
CALL refresh();
SELECT count(*) AS differences FROM ((TABLE learnt EXCEPT SELECT * FROM learn_risk('2025-07-07', '28 days', demand_places(1)))) x;
-- nor does it depend on the session's time zone: days have 24 hours
SET timezone = 'Europe/London';
SELECT count(*) AS differences FROM ((TABLE learnt EXCEPT SELECT * FROM learn_risk('2025-07-07 01:00', '28 days', demand_places(1)))) x;
SET timezone = 'UTC';

-- ---------------------------------------------- what cannot be learnt
-- before any contact: neither; weights stay
SELECT callers, events, demand_fitted, weights_fitted, auc FROM fit_risk('2025-01-01');
SELECT count(*) AS changed FROM current_risk_factor f JOIN risk_factor o ON o.model_id = f.model_id - 1 AND o.code = f.code WHERE o.weight <> f.weight;
-- ten weeks: one earlier instant, and a demand model that does not converge yet
SELECT callers, events, demand_fitted, weights_fitted, round(auc::numeric, 3) AS auc FROM fit_risk('2025-04-10');
SELECT report ->> 'weights_fitted' AS weights_fitted, jsonb_array_length(report -> 'cutoffs') AS cutoffs, demand IS NULL AS no_demand FROM risk_model WHERE model_id = current_risk_model();
-- too few who met a rule: the demand model alone
BEGIN;
UPDATE rule SET valid_to = '2025-01-01';
INSERT INTO rule (name, version, kind, criteria, channels, description) VALUES ('hard', 1, 'criteria', '{30 in 7 days}', NULL, 'Hard to meet');
SELECT callers, events, demand_fitted, weights_fitted, auc FROM fit_risk('2025-07-21');
SELECT pg_temp.refused($$SELECT engage.evaluate_risk('2025-07-21')$$);
ROLLBACK;
-- a rule is learnt from weeks before it was there; which rules count is as of then
BEGIN;
UPDATE rule SET valid_to = '2025-07-20';
INSERT INTO rule (name, version, kind, criteria, channels, valid_from, description) VALUES ('new', 1, 'criteria', '{6 in 7 days}', NULL, '2025-07-20', 'New');
SELECT (l.fitted).events, abs((l.fitted).weights[1] - (m).weights[1]) < 1e-6 AND abs((l.fitted).weights[4] - (m).weights[4]) < 1e-6 AS as_the_old FROM learn_risk('2025-07-21', '28 days', demand_places(1)) l, fitted;
SELECT count(*) AS met, min(rule_ids) = ARRAY[(SELECT rule_id FROM rule WHERE name = 'new')] AS the_new FROM met_rules('2025-07-21', '2025-06-01', '2025-06-29');
SELECT count(*) AS met, min(rule_ids) = ARRAY[(SELECT rule_id FROM rule WHERE name = 'kent')] AS the_old FROM met_rules('2025-07-19', '2025-06-01', '2025-06-29');
ROLLBACK;

-- no demand model: all are alike, every day, or every other day; what needs one is left out
BEGIN;
DELETE FROM caller;
INSERT INTO caller (timeline, contacts, first_at, last_at)
	SELECT timeline_agg(at), count(*), min(at), max(at)
	FROM (SELECT i, timestamptz '2025-03-01' + g * interval '1 day' * (1 + i % 2) + i * interval '1 second' AS at FROM generate_series(1, 60) i, generate_series(0, 90) g) c
	GROUP BY i;
SELECT places, (demand IS NULL) AS no_demand, (fitted).events, cardinality((fitted).weights) AS weights, (fitted).converged FROM learn_risk('2025-06-01', '28 days', '{3,5,7,9}');
SELECT callers, events, demand_fitted, weights_fitted FROM fit_risk('2025-06-01');
SELECT f.code, f.weight <> o.weight AS learnt FROM current_risk_factor f JOIN risk_factor o ON o.model_id = 4 AND o.code = f.code WHERE f.axis = 'demand' ORDER BY 1;
SELECT bool_and(expected_contacts IS NULL AND probability_active IS NULL AND probability BETWEEN 0 AND 1) AS scored_without FROM risk_of(current_risk_model(), '2025-06-01');
SELECT callers, happened, brier < 0.01 AS easily_told FROM evaluate_risk('2025-05-01');
SELECT demand IS NULL AS no_demand, bool_and(expected_contacts IS NULL) AS none_expected
FROM risk_evaluation e JOIN risk_prediction p USING (evaluation_id) WHERE evaluation_id = (SELECT max(evaluation_id) FROM risk_evaluation) GROUP BY 1;
ROLLBACK;

-- ------------------------------------------------- which factors are fitted
-- what is off is left out, and stays as it was; harm and natures stay
SELECT set_risk_factor('expected', enabled => false) IS NOT NULL AS off, set_risk_factor('emergency', weight => 7) IS NOT NULL AS weighed;
SELECT demand_places(current_risk_model());
SELECT weights_fitted FROM fit_risk('2025-07-21');
WITH plain AS (
	SELECT logistic_agg(happened, ARRAY[recent, nearness], 1) AS m FROM example WHERE cutoff < '2025-07-21'
)
SELECT f.measure, f.enabled, f.weight, f.weight = round((m).weights[place]::numeric, 3) AS as_by_plain_sql
FROM plain, current_risk_factor f JOIN (VALUES ('base', 1), ('recent', 2), ('nearness', 3), ('expected', NULL)) v (measure, place) USING (measure) ORDER BY place;
SELECT weight FROM current_risk_factor WHERE code = 'emergency';
-- all measures at once
SELECT set_risk_factor('expected', enabled => true) IS NOT NULL AS on,
	count(set_risk_factor(m.measure, 0, axis => 'demand', measure => m.measure, label => m.description)) AS added
FROM risk_measure m WHERE m.measure IN ('latest', 'usual', 'peak', 'met', 'active');
SELECT demand_places(current_risk_model());
SELECT weights_fitted, round(auc::numeric, 3) AS auc FROM fit_risk('2025-07-21');
SELECT count(*) FILTER (WHERE weight <> 0) AS weights FROM current_risk_factor WHERE axis = 'demand';
-- weights stand on the base: it is turned on
SELECT set_risk_factor('base', enabled => false) IS NOT NULL AS off;
SELECT weights_fitted FROM fit_risk('2025-07-21');
SELECT enabled, weight < -5 AS fitted FROM current_risk_factor WHERE code = 'base';

-- --------------------------------------------------------------- a sample
-- the same with at most 3,000 who met no rule: the first weight makes up for it
DO $$ BEGIN EXECUTE replace(replace(pg_get_functiondef('engage_internal.learn_risk'::regproc), 'learn_risk', 'learn_risk_sampled'), '200000', '3000'); END $$;
CREATE TEMP TABLE sample AS SELECT * FROM learn_risk_sampled('2025-07-21', '28 days', '{3,5,6}');
SELECT s.sampled = 3000.0 / n AS share, (s.fitted).events = (m).events AS all_events, (s.fitted).observations < 3500 AS few_others
FROM sample s, fitted, (SELECT count(*) AS n FROM example WHERE cutoff < '2025-07-21') e;
WITH plain AS (
	SELECT logistic_agg(happened, ARRAY[recent, expected, nearness], 1) AS m FROM example, sample
	WHERE cutoff < '2025-07-21' AND (happened OR is_sampled(caller_id::text, sampled))
)
SELECT abs((fitted).weights[1] - ((m).weights[1] + ln(sampled))) < 1e-9 AS first_corrected, abs((fitted).weights[2] - (m).weights[2]) < 1e-9
	AND abs((fitted).weights[4] - (m).weights[4]) < 1e-9 AS others_as_they_are, round(ln(sampled)::numeric, 3) AS correction
FROM plain, sample;
SELECT avg(logistic_probability((s.fitted).weights, ARRAY[recent, expected, nearness])) / avg(happened::integer) BETWEEN 0.8 AND 1.25 AS about_the_share,
	round((avg(logistic_probability((f.m).weights, ARRAY[recent, expected, nearness])) / avg(happened::integer)::float8)::numeric, 3) AS by_all
FROM example, sample s, fitted f WHERE cutoff < '2025-07-21';

-- versions
SELECT model_id, to_char(fitted_as_of, 'YYYY-MM-DD') AS fitted_as_of, r > 0 AND alpha > 0 AS has_parameters, callers, converged, events, weights_fitted, handling_seconds > 0 AS handling
FROM demand_fit WHERE model_id <= 4 ORDER BY model_id;
SELECT abs(m.handling_seconds - avg(c.handling_seconds)) < 1e-6 AS mean_handling
FROM risk_model m, contact c
WHERE m.model_id = current_risk_model() AND c.occurred_at <= m.fitted_as_of AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
GROUP BY m.handling_seconds;

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;
