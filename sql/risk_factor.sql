-- Risk factors: what counts for a score, by versions that never change.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- before anything is there
SELECT pg_temp.refused(statement)
FROM (VALUES ($$SELECT engage.adopt_risk_factors()$$), ($$SELECT engage.adopt_risk_factors('none')$$), ($$SELECT engage.adopt_risk_factors(NULL)$$), ($$SELECT engage.set_risk_factor('recent', weight => 1)$$), ($$SELECT engage.adopt_risk_model(1)$$), ($$SELECT engage.fit_risk()$$), ($$SELECT engage.explain_risk(1)$$)) AS t(statement);
SELECT current_risk_model(), scores_are_due(), fit_is_due();
SELECT setup();
SELECT measure, axes, place, takes FROM risk_measure ORDER BY place, measure COLLATE "C";
-- none are there until somebody adopts some: refresh scores nobody
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, closing_code)
SELECT 'acd', n::text, now() - n * interval '30 hours', '101_voice', '07700 900001', 'C' || n FROM generate_series(1, 3) n;
CALL refresh();
SELECT scores_are_due(), (SELECT scored FROM refresh_run), (SELECT count(*) FROM caller_risk) AS scores, (SELECT count(*) FROM dirty) AS queued;
UPDATE policy SET refit_every = NULL;
SELECT adopt_risk_factors();
SELECT code, axis, measure, matches, weight, at_most, within, share, is_sensitive, condition, enabled, thrive FROM current_risk_factor ORDER BY axis, code;
SELECT model_id, demand IS NULL AS no_demand, horizon, fitted_as_of, report, origin, created_by = session_user AS by_me FROM risk_model;
SELECT subject, cause FROM dirty;
CALL refresh();
SELECT scored FROM refresh_run ORDER BY run_id DESC LIMIT 1;

-- each change is a version of its own, and the others are as they were
SELECT set_risk_factor('recent', weight => 1.5);
SELECT set_risk_factor('chases', axis => 'nature', measure => 'subject', matches => '{chaser}', weight => 4, within => '28 days', share => 0.75, label => 'Chases');
SELECT set_risk_factor('emergency', enabled => false);
SELECT a.model_id, b.code, a.weight AS was, b.weight, a.enabled AS was_on, b.enabled FROM risk_factor a FULL JOIN risk_factor b ON b.code = a.code AND b.model_id = a.model_id + 1
WHERE b.model_id > 1 AND a IS DISTINCT FROM b AND (a.model_id IS NULL OR (a.weight, a.enabled) IS DISTINCT FROM (b.weight, b.enabled)) ORDER BY b.model_id;
SELECT m.model_id, m.origin, count(*) AS factors, md5(string_agg((to_jsonb(f) - 'model_id')::text, '' ORDER BY f.code COLLATE "C")) = lag(md5(string_agg((to_jsonb(f) - 'model_id')::text, '' ORDER BY f.code COLLATE "C"))) OVER (ORDER BY m.model_id) AS same_as_before
FROM risk_model m JOIN risk_factor f USING (model_id) GROUP BY m.model_id ORDER BY 1;
-- back to an earlier one, and from there on
SELECT adopt_risk_model(1);
SELECT count(*) AS factors, count(*) FILTER (WHERE (a.weight, a.enabled, a.matches, a.at_most, a.within) IS DISTINCT FROM (b.weight, b.enabled, b.matches, b.at_most, b.within)) AS differ
FROM risk_factor a FULL JOIN risk_factor b ON b.code = a.code AND b.model_id = 5 WHERE a.model_id = 1;
SELECT model_id, origin FROM risk_model ORDER BY model_id;
CALL refresh();
SELECT DISTINCT k.model_id, s.model_id FROM caller_risk k, risk_state s;
-- a version cannot be changed, nor deleted
SELECT pg_temp.refused(statement)
FROM (VALUES ($$UPDATE engage.risk_factor SET weight = 9 WHERE model_id = 1$$), ($$DELETE FROM engage.risk_factor WHERE model_id = 1$$), ($$UPDATE engage.risk_model SET origin = 'mine'$$), ($$DELETE FROM engage.risk_model$$)) AS t(statement);

-- what a measure can be for, and takes: every one on every axis
SELECT m.measure, string_agg(CASE WHEN valid_risk_matches(m.measure, a.axis, NULL) THEN a.axis::text END, ' ' ORDER BY a.axis) AS without, string_agg(CASE WHEN valid_risk_matches(m.measure, a.axis, '{x}') THEN a.axis::text END, ' ' ORDER BY a.axis) AS with_matches,
	bool_or(valid_risk_matches(m.measure, a.axis, '{}') OR valid_risk_matches(m.measure, a.axis, '{x,NULL}')) AS with_none
FROM (SELECT measure FROM risk_measure UNION SELECT 'height') m, unnest(enum_range(NULL::risk_axis)) a(axis) GROUP BY m.measure ORDER BY m.measure COLLATE "C";
SELECT count(*) AS catalogue_differs FROM risk_measure m, unnest(enum_range(NULL::risk_axis)) a(axis)
WHERE valid_risk_matches(m.measure, a.axis, CASE WHEN m.takes IS NOT NULL THEN '{x}'::text[] END) <> (a.axis = ANY (m.axes));

-- what is refused, and leaves no version behind
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refused('SELECT engage.' || statement)
FROM (VALUES ($$set_risk_factor('new', weight => 1)$$), ($$set_risk_factor(NULL, weight => 1)$$), ($$adopt_risk_model(99)$$), ($$adopt_risk_model(NULL)$$), ($$adopt_risk_factors('none')$$), ($$fit_risk('infinity')$$), ($$fit_risk(NULL)$$), ($$fit_risk(now() + interval '1 day')$$)) AS t(statement);
SELECT split_part(pg_temp.refused('SELECT engage.set_risk_factor(' || arguments || ')'), E'\n', 1)
FROM (VALUES ($$'Not so', 1, axis => 'harm', measure => 'abandoned', label => 'x'$$), ($$'new', 1, axis => 'demand', measure => 'recent', label => 'a second of its measure'$$), ($$'new', 1, axis => 'demand', measure => 'subject', matches => '{x}', label => 'x'$$), ($$'new', 1, axis => 'nature', measure => 'marker', matches => '{hoax}', label => 'x'$$),
	($$'new', 1, axis => 'harm', measure => 'height', matches => '{x}', label => 'x'$$), ($$'new', 1, axis => 'harm', measure => 'subject', label => 'x'$$), ($$'new', 1, axis => 'harm', measure => 'subject', matches => '{x}', share => 0.5, label => 'x'$$), ($$'new', 1, axis => 'harm', measure => 'marker', matches => '{hoax}', within => '1 day', label => 'x'$$),
	($$'new', 0, axis => 'nature', measure => 'subject', matches => '{x}', label => 'x'$$), ($$'new', 1, axis => 'nature', measure => 'subject', matches => '{x}', at_most => 3, label => 'x'$$), ($$'new', 1, axis => 'nature', measure => 'subject', matches => '{x}', share => 1.1, label => 'x'$$),
	($$'recent', 'NaN'$$), ($$'recent', 'Infinity'$$), ($$'recent', 1e9$$), ($$'recent', at_most => 3$$), ($$'recent', within => '1 day'$$), ($$'recent', is_sensitive => true, condition => 'x'$$), ($$'emergency', at_most => 0$$), ($$'emergency', at_most => 'NaN'$$), ($$'emergency', at_most => 'Infinity'$$), ($$'emergency', within => '0'$$), ($$'emergency', within => '-1 day'$$), ($$'nuisance', share => 'NaN'$$)) AS t(arguments);
SELECT pg_temp.refused($$INSERT INTO engage.harm_weight VALUES ('cchi', 'C1', -1)$$) LIKE '23514%', pg_temp.refused($$INSERT INTO engage.harm_weight VALUES ('cchi', 'C1', 'NaN')$$) LIKE '23514%', pg_temp.refused($$INSERT INTO engage.harm_weight VALUES ('cchi', 'C1', 'Infinity')$$) LIKE '23514%';
\pset tuples_only off
\pset format aligned
SELECT count(*) AS versions FROM risk_model;

-- sensitive data: off, and on with a condition alone
SELECT code, enabled, condition FROM current_risk_factor WHERE is_sensitive;
SELECT pg_temp.refused($$SELECT engage.set_risk_factor('health', enabled => true)$$);
SELECT pg_temp.refused($$SELECT engage.set_risk_factor('health', enabled => true, condition => ' ')$$) LIKE '23514%' AS still;
SELECT pg_temp.refused($$SELECT engage.set_risk_factor('weapons', is_sensitive => true)$$) LIKE '23514%' AS existing;
-- whatever is said of it, a factor that counts sensitive markers is sensitive
SELECT pg_temp.refused($$SELECT engage.set_risk_factor('ill', 3, true, axis => 'harm', measure => 'marker', matches => '{child, disability}', is_sensitive => false, label => 'Ill')$$) LIKE '23514%' AS new;
SELECT pg_temp.refused($$SELECT engage.set_risk_factor('weapons', matches => '{weapons, self_harm}')$$) LIKE '23514%' AS widened;
SELECT set_risk_factor('ill', 3, axis => 'harm', measure => 'marker', matches => '{child, disability}', label => 'Ill') > 0 AS added;
SELECT code, is_sensitive, enabled FROM current_risk_factor WHERE code = 'ill';
SELECT mark_caller(caller_id, 'self_harm', 'case 1') > 0 AND mark_caller(caller_id, 'weapons', 'case 1') > 0 AS marked FROM caller;
CALL refresh();
SELECT e.code, e.value, e.contribution FROM caller c, explain_risk(c.caller_id) e WHERE e.measure = 'marker' ORDER BY e.code;
SELECT set_risk_factor('health', enabled => true, condition => 'Schedule 8 paragraph 4: safeguarding of individuals at risk') > 0 AS switched_on;
CALL refresh();
SELECT e.code, e.value, e.contribution, e.is_sensitive FROM caller c, explain_risk(c.caller_id) e WHERE e.measure = 'marker' ORDER BY e.code;
SELECT code, enabled, condition FROM current_risk_factor WHERE code = 'health';
-- a kind of marker that becomes sensitive counts no more, and everybody is scored anew
UPDATE marker_kind SET is_sensitive = true WHERE marker = 'weapons';
SELECT subject FROM dirty;
CALL refresh();
SELECT e.code, e.value, e.contribution FROM caller c, explain_risk(c.caller_id) e WHERE e.measure = 'marker' ORDER BY e.code;
SELECT * FROM verify();

-- a channel that becomes an emergency line counts as one at once, and all callers are scored again
CREATE TABLE emergency_before AS SELECT sum(e.value) AS value FROM caller c, explain_risk(c.caller_id) e WHERE e.code = 'emergency';
UPDATE channel SET is_emergency = true WHERE channel = '101_voice';
SELECT subject FROM dirty;
CALL refresh();
SELECT sum(e.value) > (SELECT COALESCE(b.value, 0) FROM emergency_before b) AS more FROM caller c, explain_risk(c.caller_id) e WHERE e.code = 'emergency';
SELECT * FROM verify();
UPDATE channel SET is_emergency = false WHERE channel = '101_voice';
CALL refresh();

-- harm weights: of the closing code, or else the opening one, of any scheme that is listed
SELECT set_risk_factor('severity', 2, axis => 'harm', measure => 'harm_weight', matches => '{cchi}', label => 'Severity') > 0 AS added;
CALL refresh();
INSERT INTO harm_weight VALUES ('cchi', 'C1', 10, 'Cambridge Crime Harm Index 2020'), ('cchi', 'O2', 5, NULL), ('cchi', 'C2', 2.5, NULL), ('other', 'C3', 1000, NULL);
SELECT subject FROM dirty;
UPDATE contact SET opening_code = 'O2';
CALL refresh();
-- C1 10, C2 2.5, and C3 has none: its opening code has 5
SELECT e.value = ln(1 + 17.5::double precision) AS as_reckoned, e.contribution FROM caller c, explain_risk(c.caller_id) e WHERE e.code = 'severity';
DELETE FROM harm_weight;
CALL refresh();
SELECT e.value, e.contribution FROM caller c, explain_risk(c.caller_id) e WHERE e.code = 'severity';
TRUNCATE harm_weight;
SELECT count(*) AS queued FROM dirty WHERE subject = 'risk' AND caller_id IS NULL;

-- who may
CREATE ROLE regress_admin LOGIN INHERIT IN ROLE engage_admin;
CREATE ROLE regress_analyst LOGIN IN ROLE engage_analyst;
SET SESSION AUTHORIZATION regress_admin;
SELECT engage.set_risk_factor('recent', weight => 0.9) > 0 AS set, engage.adopt_risk_model(1) > 0 AS adopted, engage.adopt_risk_factors() > 0 AS adopted;
SELECT created_by FROM engage.risk_model ORDER BY model_id DESC LIMIT 1;
INSERT INTO engage.risk_model (horizon, origin) VALUES ('1 day', 'mine');
UPDATE engage.risk_factor SET weight = 1;
SET SESSION AUTHORIZATION regress_analyst;
SELECT count(*) AS factors FROM engage.current_risk_factor;
SELECT engage.set_risk_factor('recent', weight => 0.9);
SELECT engage.adopt_risk_model(1);
SELECT engage.adopt_risk_factors();
RESET SESSION AUTHORIZATION;
DROP ROLE regress_admin, regress_analyst;

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
