-- Risk: who needs attention first, on two axes; and that a score decides nothing.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- thousands of small queries: not compiled, and in parallel only where that is what is tested
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT setup();
UPDATE policy SET refit_every = NULL;
SELECT adopt_risk_factors();
CREATE TABLE clock AS SELECT now() AS at;

-- 300 callers, of which each has 1 to 24 contacts in the last 150 days: codes, qualifiers, classes and what became of a
-- call as a plain generator of random numbers has it, some of them not known, some contacts that do not count
CREATE TABLE draw AS
WITH RECURSIVE lcg(p, n, x) AS (
	SELECT p, 0, (48271 * (p + 7919::bigint)) % 2147483647 FROM generate_series(1, 300) p
	UNION ALL
	SELECT p, n + 1, x * 48271 % 2147483647 FROM lcg WHERE n < (p * 7) % 24
)
SELECT p, n, (x / 16)::integer AS x FROM lcg;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, opening_code, closing_code, qualifiers, subject, demand_class, grade,
	handling_seconds, disconnected, spoke_to_service, confirmed_safe, direction, duplicate_of, callback_of)
SELECT 'acd', format('%s/%s', p, n), at - (7 + CASE WHEN p % 3 = 0 THEN n * 100 + x % 60 ELSE x % 216000 END) * interval '1 minute',
	(ARRAY['999_voice', '101_voice', 'email', 'sms_999', 'live_chat']::contact_channel[])[1 + x % 5], format('07700 900%s', lpad(p::text, 3, '0')),
	CASE WHEN x % 7 > 0 THEN 'O' || x % 4 END, CASE WHEN x % 5 > 1 THEN 'C' || x % 6 END,
	CASE x % 6 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN '{mental health}' WHEN 3 THEN ARRAY['domestic', NULL] WHEN 4 THEN '{domestic, knife}' ELSE '{alcohol}' END::text[],
	CASE WHEN x % 8 > 0 THEN 'subject ' || x % 3 END, CASE WHEN x % 9 > 0 THEN (ARRAY['policing', 'partner_duty', 'avoidable_policing', 'non_policing'])[1 + (p + x % 2) % 4] END,
	CASE WHEN x % 10 > 0 THEN 'grade ' || x % 4 END, CASE WHEN x % 11 > 0 THEN (x % 1800)::integer END,
	CASE x % 4 WHEN 0 THEN true WHEN 1 THEN NULL ELSE false END, CASE x % 3 WHEN 0 THEN true WHEN 1 THEN NULL ELSE false END, CASE x % 13 WHEN 0 THEN true WHEN 1 THEN NULL ELSE false END,
	CASE WHEN x % 17 = 0 THEN 'outbound' ELSE 'inbound' END::contact_direction, CASE WHEN x % 19 = 0 THEN 1 END, CASE WHEN x % 23 = 0 THEN 1 END
FROM draw, clock;
CALL refresh();
SELECT scored = (SELECT count(*) FROM caller WHERE contacts > 0) AS all_scored, scored > 290 AS hundreds FROM refresh_run;
CREATE FUNCTION who(p integer) RETURNS bigint LANGUAGE sql RETURN (SELECT min(x.caller_id) FROM engage.persona x WHERE x.number = '+447700900' || lpad(p::text, 3, '0'));
-- callers as the last digits of their numbers
CREATE FUNCTION digits(caller bigint) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(right(x.number, 3), ' ' ORDER BY x.number) FROM engage.persona x WHERE x.caller_id = caller);
SELECT count(mark_caller(c.caller_id, k.marker, 'case ' || n)) AS markers
FROM generate_series(1, 200) n, LATERAL (SELECT who(1 + n * 37 % 120) AS caller_id) c, LATERAL (SELECT (ARRAY['repeat_victim', 'vulnerable', 'child', 'weapons', 'hoax', 'mental_health', 'professional'])[1 + n % 7] AS marker) k
WHERE EXISTS (SELECT FROM caller_risk r WHERE r.caller_id = c.caller_id);
UPDATE clock SET at = now();
INSERT INTO harm_weight (scheme, code, weight) VALUES ('cchi', 'C2', 10), ('cchi', 'C3', 365.25), ('cchi', 'O1', 1.5), ('ons', 'C2', 7), ('ons', 'C4', 0.1), ('ons', 'O1', 99), ('ons', 'O2', 0.2), ('unused', 'C5', 1000);

-- a factor of every kind, with and without a limit, an age, and a share
SELECT count(set_risk_factor(code, weight, axis => axis::risk_axis, measure => measure, matches => matches, at_most => at_most, within => within::interval, share => share, label => code)) AS added
FROM (VALUES ('h_qualifier', 1.25, 'harm', 'qualifier', '{domestic, knife}'::text[], NULL::float8, NULL, NULL::float8), ('h_qualifier_late', 0.333, 'harm', 'qualifier', '{alcohol}', 2, '30 days', NULL),
	('h_opening', 0.5, 'harm', 'opening_code', '{O1, O3}', NULL, NULL, NULL), ('h_closing', -0.75, 'harm', 'closing_code', '{C2}', 3, NULL, NULL), ('h_subject', 0.111, 'harm', 'subject', '{subject 1}', NULL, '60 days', NULL),
	('h_grade', 2, 'harm', 'grade', '{grade 1, grade 2}', 1.5, '14 days', NULL), ('h_class', 0.2, 'harm', 'demand_class', '{partner_duty}', NULL, NULL, NULL), ('h_channel', 0.05, 'harm', 'channel', '{999_voice, sms_999}', NULL, NULL, NULL),
	('h_abandoned', 0.7, 'harm', 'abandoned', NULL, NULL, NULL, NULL), ('h_severity', 1.1, 'harm', 'harm_weight', '{cchi, ons}', NULL, NULL, NULL), ('h_severity_late', 0.9, 'harm', 'harm_weight', '{ons}', 3, '45 days', NULL),
	('latest', 0.4, 'demand', 'latest', NULL, NULL, NULL, NULL), ('usual', 0.3, 'demand', 'usual', NULL, NULL, NULL, NULL), ('peak', 0.6, 'demand', 'peak', NULL, NULL, NULL, NULL), ('met', -0.2, 'demand', 'met', NULL, NULL, NULL, NULL), ('active', 1, 'demand', 'active', NULL, NULL, NULL, NULL),
	('n_domestic', 3, 'nature', 'qualifier', '{domestic}', NULL, NULL, NULL), ('n_night', 2, 'nature', 'subject', '{subject 2}', NULL, NULL, 0.4), ('n_abandoned', 1, 'nature', 'abandoned', NULL, NULL, '28 days', 0.25), ('n_grade', 2, 'nature', 'grade', '{grade 3}', NULL, '90 days', NULL)
	) AS f(code, weight, axis, measure, matches, at_most, within, share);
CALL refresh();

-- contact_facts() against plain SQL, of all callers and of some, now and as it would have been 40 days ago
CREATE FUNCTION counts(c contact, measure text, matches text[]) RETURNS boolean LANGUAGE sql
RETURN COALESCE(CASE measure
	WHEN 'qualifier' THEN EXISTS (SELECT FROM unnest(c.qualifiers) q WHERE q IN (SELECT unnest(matches)))
	WHEN 'emergency' THEN c.channel IN (SELECT h.channel FROM channel h WHERE h.is_emergency)
	WHEN 'abandoned' THEN c.disconnected AND NOT COALESCE(c.spoke_to_service, false) AND NOT COALESCE(c.confirmed_safe, false)
	ELSE to_jsonb(c) ->> measure IN (SELECT unnest(matches)) END, false);
CREATE TABLE instants AS SELECT at AS as_of FROM clock UNION ALL SELECT at - interval '40 days' FROM clock;
CREATE TABLE counted AS
SELECT i.as_of, p.caller_id, f.code, f.axis, f.measure, f.weight, f.share, f.at_most, counts(c, f.measure, f.matches) AS matches, c.handling_seconds, c.occurred_at,
	COALESCE((SELECT w.weight FROM harm_weight w WHERE w.code = c.closing_code AND w.scheme = ANY (f.matches) ORDER BY w.scheme LIMIT 1),
		(SELECT w.weight FROM harm_weight w WHERE w.code = c.opening_code AND w.scheme = ANY (f.matches) ORDER BY w.scheme LIMIT 1), 0) AS harm
FROM instants i, current_risk_factor f, contact c JOIN persona p USING (persona_key)
WHERE f.enabled AND f.axis <> 'demand' AND f.measure <> 'marker' AND c.direction = 'inbound' AND c.duplicate_of IS NULL AND c.callback_of IS NULL
	AND c.occurred_at <= i.as_of AND (f.within IS NULL OR c.occurred_at > i.as_of - f.within);
CREATE TABLE wanted AS
SELECT i.as_of, c.caller_id, f.code, f.axis, f.measure, f.weight, f.share,
	LEAST(CASE WHEN f.measure = 'harm_weight' THEN ln(1 + COALESCE(x.harm, 0)) ELSE COALESCE(x.matching, 0) END, f.at_most) AS value,
	COALESCE(x.matching >= f.weight AND x.matching >= COALESCE(f.share, 0) * x.contacts, false) AS is_so
FROM instants i CROSS JOIN caller c CROSS JOIN current_risk_factor f
LEFT JOIN (SELECT as_of, caller_id, code, count(*) AS contacts, count(*) FILTER (WHERE matches) AS matching, sum(harm) AS harm FROM counted GROUP BY 1, 2, 3) x
	ON (x.as_of, x.caller_id, x.code) = (i.as_of, c.caller_id, f.code)
WHERE f.enabled AND f.axis <> 'demand' AND f.measure <> 'marker' AND c.contacts > 0;
RESET max_parallel_workers_per_gather;
CREATE TABLE facts AS
SELECT i.as_of, 'all' AS of, x.* FROM instants i, contact_facts(current_risk_model(), i.as_of, ARRAY(SELECT caller_id FROM caller)) x
UNION ALL SELECT i.as_of, 'some', x.* FROM instants i, contact_facts(current_risk_model(), i.as_of, ARRAY(SELECT caller_id FROM caller WHERE caller_id % 2 = 0)) x;
CREATE TABLE in_parallel AS SELECT r.* FROM clock, risk_of(current_risk_model(), at) r;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FILTER (WHERE r IS DISTINCT FROM p) AS differ FROM clock, risk_of(current_risk_model(), at) r FULL JOIN in_parallel p USING (caller_id);
DROP TABLE in_parallel;
SELECT w.measure, count(*) AS compared, count(*) FILTER (WHERE w.value > 0) > 50 AS many, count(*) FILTER (WHERE abs(w.value - COALESCE(f.harm[n.place], 0)) > 1e-9) AS wrong
FROM (VALUES ('all'), ('some')) o(of) CROSS JOIN wanted w JOIN harm_factors(current_risk_model()) n ON n.code = w.code AND n.of_contacts
LEFT JOIN facts f ON (f.of, f.as_of, f.caller_id) = (o.of, w.as_of, w.caller_id)
WHERE w.axis = 'harm' AND (o.of = 'all' OR w.caller_id % 2 = 0) GROUP BY 1 ORDER BY 1;
-- all callers in one pass, as a refresh scores them, and by their ids
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE (a.handling_seconds, a.handled, a.harm_points, a.natures) IS DISTINCT FROM (s.handling_seconds, s.handled, s.harm_points, s.natures)) AS differ
FROM (SELECT i.as_of, x.* FROM instants i, contact_scores(current_risk_model(), i.as_of, NULL) x) a
FULL JOIN (SELECT i.as_of, x.* FROM instants i, contact_scores(current_risk_model(), i.as_of, ARRAY(SELECT caller_id FROM caller)) x) s USING (as_of, caller_id);
SELECT w.code, bool_or(w.is_so) AND NOT bool_and(w.is_so) AS some, count(*) FILTER (WHERE w.is_so <> COALESCE(w.code = ANY (f.natures), false)) AS wrong
FROM (VALUES ('all'), ('some')) o(of) CROSS JOIN wanted w LEFT JOIN facts f ON (f.of, f.as_of, f.caller_id) = (o.of, w.as_of, w.caller_id)
WHERE w.axis = 'nature' AND (o.of = 'all' OR w.caller_id % 2 = 0) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS compared, count(*) FILTER (WHERE (f.handling_seconds, NULLIF(f.handled, 0)) IS DISTINCT FROM (h.seconds, h.handled)) AS wrong
FROM facts f LEFT JOIN (SELECT as_of, caller_id, sum(handling_seconds)::float8 AS seconds, count(handling_seconds) AS handled FROM counted WHERE code = 'h_channel' AND occurred_at > as_of - interval '90 days' AND handling_seconds IS NOT NULL GROUP BY 1, 2) h USING (as_of, caller_id);
-- whatever the session writes dates like
SET datestyle = 'SQL, DMY';
SET timezone = 'Asia/Kolkata';
SELECT count(*) AS differ FROM clock, contact_facts(current_risk_model(), at, ARRAY(SELECT caller_id FROM caller)) n FULL JOIN (SELECT * FROM facts WHERE of = 'all' AND as_of = (SELECT at FROM clock)) f USING (caller_id) WHERE n.harm IS DISTINCT FROM f.harm OR n.natures IS DISTINCT FROM f.natures;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';

-- explain_risk() adds up to both scores exactly, for everybody, and says what the plain values are
CREATE FUNCTION sums() RETURNS TABLE (callers bigint, factors bigint, demand_differs bigint, harm_differs bigint, not_of_version bigint) LANGUAGE sql
BEGIN ATOMIC
	SELECT count(*), sum(x.factors)::bigint, count(*) FILTER (WHERE x.demand <> k.demand_score), count(*) FILTER (WHERE x.harm <> k.harm_points), count(*) FILTER (WHERE x.other)
	FROM caller_risk k, LATERAL (
		SELECT count(*) AS factors, COALESCE(sum(e.contribution) FILTER (WHERE e.axis = 'demand'), 0) AS demand, COALESCE(sum(e.contribution) FILTER (WHERE e.axis = 'harm'), 0) AS harm,
			bool_or(e.model_id <> k.model_id OR e.as_of <> k.as_of) AS other
		FROM explain_risk(k.caller_id) e
	) x;
END;
SELECT s.callers = (SELECT count(*) FROM caller WHERE contacts > 0) AS everybody, s.factors / s.callers AS factors, s.demand_differs, s.harm_differs, s.not_of_version FROM sums() s;
SELECT count(DISTINCT demand_score) > 100 AS demand_varies, count(DISTINCT harm_points) > 100 AS harm_varies, bool_and(abs(probability - 1 / (1 + exp(-demand_score::float8))) < 1e-12) AS logistic,
	bool_and(expected_contacts IS NULL AND expected_hours IS NULL AND probability_active IS NULL) AS no_model_yet FROM caller_risk;
-- as of the instant that the plain values are of
UPDATE caller_risk SET as_of = at FROM clock;
CREATE TABLE explained AS SELECT k.caller_id, e.code, e.axis, e.value, e.weight, e.contribution FROM caller_risk k, explain_risk(k.caller_id) e;
SELECT count(*) > 3000 AS thousands, count(*) FILTER (WHERE abs(e.value - w.value) > 1e-9) AS wrong FROM explained e JOIN wanted w USING (caller_id, code) JOIN clock ON at = as_of;
SELECT e.code, bool_or(e.value > 0) AS some, count(*) FILTER (WHERE e.value <> LEAST((SELECT count(*) FROM marker m WHERE m.caller_id = e.caller_id AND m.marker = ANY (f.matches)), f.at_most)) AS wrong
FROM explained e JOIN current_risk_factor f USING (code) WHERE f.measure = 'marker' GROUP BY 1 ORDER BY 1;

-- each weight in turn, up or far down: for everybody both scores change by that factor's contribution and nothing else
CREATE TABLE changes (code text, changed bigint, others bigint, natures bigint);
CREATE TABLE before AS SELECT r.caller_id, r.demand_score, r.harm_points, r.natures FROM clock, risk_of(current_risk_model(), at) r;
\set ECHO none
\o /dev/null
SELECT format('SELECT set_risk_factor(%L, weight => %s)', f.code, f.changed),
	format('INSERT INTO changes SELECT %L, count(*) FILTER (WHERE (r.demand_score, r.harm_points, r.natures) IS DISTINCT FROM (b.demand_score, b.harm_points, b.natures)),
		count(*) FILTER (WHERE r.demand_score - b.demand_score <> CASE WHEN e.axis = ''demand'' THEN c.by ELSE 0 END OR r.harm_points - b.harm_points <> CASE WHEN e.axis = ''harm'' THEN c.by ELSE 0 END),
		count(*) FILTER (WHERE array_remove(r.natures, %L) <> array_remove(b.natures, %L))
		FROM clock, risk_of(current_risk_model(), at) r JOIN before b USING (caller_id) LEFT JOIN explained e ON e.caller_id = r.caller_id AND e.code = %L,
			LATERAL (SELECT COALESCE(round(e.value::numeric * %s, 3) - e.contribution, 0)) c(by)', f.code, f.code, f.code, f.code, f.changed),
	format('SELECT set_risk_factor(%L, weight => %s)', f.code, f.weight)
FROM (SELECT *, CASE WHEN axis = 'nature' THEN weight + 2 WHEN row_number() OVER (ORDER BY axis, code COLLATE "C") % 2 = 0 THEN weight + 2 ELSE -1000 END AS changed FROM current_risk_factor WHERE enabled) f ORDER BY axis, code COLLATE "C"
\gexec
\o
\set ECHO all
SELECT code, changed > 0 AS changed, others, natures FROM changes ORDER BY code COLLATE "C";
CALL refresh();
SELECT s.demand_differs, s.harm_differs FROM sums() s;
DROP TABLE draw, instants, counted, wanted, facts, explained, changes, before;

-- no status changes because of a score: not by extreme weights, fits, other tiers
SELECT referral_id FROM refer('Calls every day', number => '07700 900003');
SELECT confirm_link('07700 900021', '07700 900024', 'One voice') > 0 AS linked;
CALL refresh();
CREATE FUNCTION statuses() RETURNS TABLE (relation text, rows bigint, hash text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH relation IN ARRAY '{flag, link_decision, link, referral, marker, caller, persona, persona_timeline, merge_event, rule, known_number, contact, shared_number}'::text[] LOOP
		RETURN QUERY EXECUTE format('SELECT %L, count(*), md5(string_agg(t::text, '' '' ORDER BY t::text)) FROM engage.%I t', relation, relation);
	END LOOP;
	RETURN QUERY SELECT 'policy', count(*), md5(string_agg((to_jsonb(o) - '{demand_bands, harm_bands, tier_matrix}'::text[])::text, '')) FROM engage.policy o;
END $$;
CREATE TABLE status_before AS SELECT * FROM statuses();
CREATE TABLE tiers_before AS SELECT caller_id, tier FROM risk;
SELECT relation, rows > 0 AS some FROM status_before WHERE relation NOT IN ('known_number', 'shared_number') ORDER BY relation;
SELECT set_risk_factor('base', weight => 500) > 0, set_risk_factor('emergency', weight => 100000) > 0, set_risk_factor('nuisance', weight => 0.001, share => 0.001) > 0;
CALL refresh();
SELECT relation FROM statuses() EXCEPT SELECT relation FROM (SELECT * FROM statuses() INTERSECT SELECT * FROM status_before) x;
SELECT set_risk_factor('base', weight => -999999) > 0, set_risk_factor('emergency', weight => -100000) > 0;
SELECT model_id > 0 AS fitted FROM fit_risk();
CALL refresh();
UPDATE policy SET tier_matrix = '{{1,1,1,1},{1,1,1,1},{9,9,9,9},{9,9,9,9}}', demand_bands = '{0.1, 0.2, 0.9}';
CALL refresh();
SELECT * FROM statuses() EXCEPT SELECT * FROM status_before;
SELECT count(*) > 100 AS other_tiers FROM risk r JOIN tiers_before b USING (caller_id) WHERE r.tier <> b.tier;
SELECT * FROM verify();
DROP TABLE status_before, tiers_before;

-- tiers: every cell of the matrix, and both sides of where a band begins
UPDATE policy SET demand_bands = '{0.05, 0.2, 0.5}', harm_bands = '{2, 5, 10}', tier_matrix = '{{5, 4, 3, 3}, {4, 3, 3, 2}, {3, 3, 2, 1}, {2, 2, 1, 1}}';
BEGIN;
CREATE TEMP TABLE cell AS SELECT row_number() OVER () AS n, p, h FROM unnest('{0, 0.0499, 0.05, 0.1999, 0.2, 0.4999, 0.5, 1}'::float8[]) p, unnest('{-5, 1.999, 2, 4.999, 5, 9.999, 10, 1000}'::numeric[]) h;
UPDATE caller_risk k SET probability = p, harm_points = h FROM cell c JOIN (SELECT caller_id, row_number() OVER (ORDER BY caller_id) AS n FROM caller_risk) x USING (n) WHERE k.caller_id = x.caller_id;
SELECT r.harm_points, string_agg(format('%s/%s: %s', r.harm_band, r.demand_band, r.tier), '  ' ORDER BY r.probability) AS bands_and_tier_by_probability
FROM (SELECT * FROM risk ORDER BY caller_id LIMIT 64) r GROUP BY 1 ORDER BY 1;
ROLLBACK;
SELECT split_part(pg_temp.refused('UPDATE engage.policy SET ' || setting), E'\n', 1) AS refused
FROM (VALUES ($$tier_matrix = '{}'$$), ($$tier_matrix = '{1,2,3}'$$), ($$tier_matrix = '{{1,2,3},{1,2,3},{1,2,3},{1,2,3}}'$$), ($$tier_matrix = '{{1,2,3,4},{1,2,3,4},{1,2,3,4}}'$$), ($$tier_matrix = '{{5,4,3,3},{4,3,3,2},{3,3,2,1},{2,2,1,0}}'$$),
	($$tier_matrix = '{{5,4,3,3},{4,3,3,2},{3,3,2,1},{2,2,1,NULL}}'$$), ($$tier_matrix = NULL$$), ($$demand_bands = '{0.5,0.2,0.05}'$$), ($$demand_bands = '{0.05,0.05,0.5}'$$), ($$demand_bands = '{0.1,0.2}'$$), ($$demand_bands = '{0.1,0.2,NULL}'$$), ($$harm_bands = '{2,10,5}'$$), ($$harm_bands = '{2,5,5}'$$),
	($$risk_horizon = '1 hour'$$), ($$rescore_every = '0'$$), ($$refit_every = '0'$$)) AS v(setting);

-- who is never a nuisance: everybody here calls twelve times in a day about what is not for the police
SELECT adopt_risk_factors() > 0 AS adopted, set_risk_factor('repeat_victim', axis => 'nature', measure => 'qualifier', matches => '{dv}', weight => 2, label => 'Victim') > 0 AS added;
CREATE FUNCTION calls(p integer, contacts integer, class text, qualifier text DEFAULT NULL) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, demand_class, qualifiers)
	SELECT 'acd', format('%s %s %s', calls.p, calls.class, n), now() - n * interval '20 minutes', '101_voice', format('07700 900%s', lpad(calls.p::text, 3, '0')), calls.class, ARRAY[calls.qualifier] FROM generate_series(1, calls.contacts) n;
END;
SELECT calls(p, 12, 'non_policing') FROM generate_series(601, 610) p;
SELECT calls(602, 12, 'avoidable_policing'), calls(611, 5, 'policing'), calls(611, 4, 'non_policing'), calls(612, 12, 'policing'), calls(613, 12, 'non_policing', 'dv');
CALL refresh();
INSERT INTO marker_kind VALUES ('fgm', 'Honour-based abuse', 'repeat_victim', true);
SELECT mark_caller(who(603), 'repeat_victim', 'crime 1'), mark_caller(who(604), 'domestic_abuse', 'crime 2'), mark_caller(who(605), 'professional', 'ward'), mark_caller(who(606), 'service_failure', 'complaint'),
	mark_caller(who(607), 'fgm', 'crime 3'), mark_caller(who(608), 'vulnerable', 'visit'), mark_caller(who(609), 'repeat_victim', 'crime 4', valid_to => now() + interval '1 hour'), mark_caller(who(612), 'hoax', 'log') IS NOT NULL AS marked;
-- a victim who turns out to be the caller of another number, too
SELECT confirm_link('07700 900609', '07700 900610', 'One voice') > 0 AS linked;
CALL refresh();
SELECT digits(r.caller_id) AS caller, r.natures, EXISTS (SELECT FROM repeat_caller f WHERE f.caller_id = r.caller_id) AS flagged, EXISTS (SELECT FROM nuisance_candidate n WHERE n.caller_id = r.caller_id) AS candidate
FROM risk r WHERE r.caller_id IN (SELECT who(p) FROM generate_series(601, 613) p) ORDER BY 1;
SELECT count(*) AS protected_candidates FROM nuisance_candidate n WHERE EXISTS (SELECT FROM marker_now m WHERE m.caller_id = n.caller_id AND m.nature IN ('repeat_victim', 'professional', 'service_failure'));

-- changes reach scores in proportion: who is scored anew, and how many the run says
CREATE TABLE scored_before AS SELECT caller_id, as_of FROM caller_risk;
CREATE FUNCTION scored() RETURNS TABLE (callers text, run bigint, problems bigint) LANGUAGE sql
BEGIN ATOMIC
	SELECT (SELECT string_agg(COALESCE(digits(COALESCE(k.caller_id, b.caller_id)), 'gone'), ', ' ORDER BY digits(COALESCE(k.caller_id, b.caller_id))) FROM caller_risk k FULL JOIN scored_before b USING (caller_id) WHERE k.as_of IS DISTINCT FROM b.as_of),
		(SELECT r.scored FROM refresh_run r ORDER BY r.run_id DESC LIMIT 1), (SELECT count(*) FROM verify());
END;
CREATE PROCEDURE remember() LANGUAGE sql BEGIN ATOMIC DELETE FROM scored_before; INSERT INTO scored_before SELECT caller_id, as_of FROM caller_risk; END;
CALL refresh();
SELECT * FROM scored();
SELECT calls(620, 1, 'policing'), calls(601, 1, 'policing');
CALL refresh();
SELECT * FROM scored();
CALL remember();
UPDATE contact SET closing_code = 'C2', qualifiers = '{domestic}' WHERE source_ref = '601 non_policing 1';
CALL refresh();
SELECT * FROM scored();
CALL remember();
DELETE FROM contact WHERE source_ref LIKE '620 %' OR source_ref = '602 non_policing 1';
CALL refresh();
SELECT * FROM scored();
CALL remember();
SELECT mark_caller(who(601), 'weapons', 'log') > 0 AS marked;
CALL refresh();
SELECT * FROM scored();
CALL remember();
SELECT end_marker(max(marker_id), 'Not so') FROM marker;
CALL refresh();
SELECT * FROM scored();
CALL remember();
SELECT confirm_link('07700 900601', '07700 900602', 'One voice') > 0 AS linked;
CALL refresh();
SELECT * FROM scored();
CALL remember();
SELECT revoke_decision(max(decision_id), 'Two voices') FROM link_decision;
CALL refresh();
SELECT * FROM scored();

-- a score that nobody computed is found
BEGIN;
UPDATE caller_risk SET harm_points = harm_points + 0.001 WHERE caller_id = who(601);
UPDATE caller_risk SET natures = natures || '{nuisance}' WHERE caller_id = who(612);
UPDATE caller_risk SET as_of = as_of - interval '1 day' WHERE caller_id = who(605);
DELETE FROM caller_risk WHERE caller_id = who(603);
INSERT INTO caller_risk SELECT -1, model_id, as_of, demand_score, probability, expected_contacts, expected_hours, probability_active, harm_points, natures FROM caller_risk LIMIT 1;
SELECT subject, COALESCE(digits(key::bigint), 'nobody') AS caller, problem FROM verify() ORDER BY 2;
ROLLBACK;
CALL rebuild();
SELECT * FROM verify();

-- who has none
SELECT pg_temp.refused('SELECT engage.explain_risk(-1)');
SELECT pg_temp.refused('SELECT engage.explain_risk(NULL)');
-- who may
CREATE ROLE regress_analyst LOGIN IN ROLE engage_analyst;
CREATE ROLE regress_identity LOGIN IN ROLE engage_identity;
CREATE ROLE regress_bi LOGIN IN ROLE engage_bi;
SET SESSION AUTHORIZATION regress_analyst;
SELECT count(*) > 200 AS callers, bool_and(tier BETWEEN 1 AND 5) AS tiers FROM engage.risk;
SELECT count(*) AS factors FROM (SELECT caller_id FROM engage.risk ORDER BY caller_id LIMIT 1) r, engage.explain_risk(r.caller_id);
SELECT count(*) > 0 AS candidates FROM engage.nuisance_candidate;
SELECT count(*) FROM engage.marker;
SELECT engage_internal.contact_facts(1, now(), '{1}');
UPDATE engage.caller_risk SET harm_points = 0;
SET SESSION AUTHORIZATION regress_identity;
SELECT count(*) AS sensitive FROM engage.marker_now WHERE is_sensitive AND marker = 'fgm';
SELECT count(*) > 200 AS callers FROM engage.risk;
SET SESSION AUTHORIZATION regress_bi;
SELECT count(*) FROM engage.risk;
SELECT count(*) FROM engage.caller_risk;
SELECT engage.explain_risk(1);
RESET SESSION AUTHORIZATION;
DROP ROLE regress_analyst, regress_identity, regress_bi;

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
