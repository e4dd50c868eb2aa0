-- What script/demo prints.
SET timezone = 'Europe/London';
SET search_path = engage, public;
\pset footer off

-- Of each caller: the number used most, and how many.
CREATE TEMPORARY VIEW most_used AS
SELECT DISTINCT ON (caller_id) caller_id, number, count(*) OVER (PARTITION BY caller_id) AS numbers
FROM caller_number
ORDER BY caller_id, contacts DESC, number;

\echo
\echo 'Who is flagged now, the most frequent first (SELECT * FROM engage.repeat_caller):'
\echo
SELECT c.caller_id, COALESCE(n.number, 'without a number') AS most_used_number, COALESCE(n.numbers, 0) AS numbers,
	string_agg(DISTINCT r.rule || ' ' || r.rule_version, ', ') AS rules,
	to_char(min(r.flagged_since), 'DD Mon YYYY HH24:MI') AS flagged_since, max(r.contacts) AS contacts, max(r.peak) AS peak,
	sparkline(c.timeline, 28, now() - interval '84 days', now()) AS last_12_weeks
FROM repeat_caller r
JOIN caller c USING (caller_id)
LEFT JOIN most_used n USING (caller_id)
GROUP BY c.caller_id, n.number, n.numbers
ORDER BY max(r.contacts) DESC, min(r.flagged_since)
LIMIT 20;

SELECT count(DISTINCT caller_id) AS callers_flagged, count(*) AS flags,
	(SELECT count(*) FROM caller WHERE contacts > 0) AS all_callers, (SELECT count(*) FROM contact) AS all_contacts
FROM repeat_caller;

\echo 'Who should be looked at first, on two axes (SELECT * FROM engage.risk), and whether they escalate:'
\echo
SELECT r.tier, r.caller_id, round(r.probability::numeric, 2) AS flagged_in_28_days, round(r.expected_contacts::numeric) AS expected_contacts,
	round(r.expected_hours::numeric, 1) AS expected_hours, round(r.harm_points, 1) AS harm_points, array_to_string(r.natures, ', ') AS natures,
	CASE WHEN e.caller_id IS NOT NULL THEN round(e.ratio::numeric, 1) || ' times as often' END AS escalates
FROM risk r
LEFT JOIN escalating_caller e USING (caller_id)
ORDER BY r.tier, r.harm_points DESC, r.probability DESC
LIMIT 10;

SELECT caller_id AS example FROM risk ORDER BY tier, harm_points DESC, probability DESC LIMIT 1 \gset

\echo 'What the scores of caller' :example 'are made of (engage.explain_risk):'
\echo
SELECT axis, label, round(value::numeric, 2) AS value, weight, contribution FROM explain_risk(:example) WHERE contribution <> 0;

\echo 'Callers with the most numbers (SELECT * FROM engage.caller_number):'
\echo
SELECT n.caller_id, count(*) AS numbers, sum(n.contacts) AS contacts, min(n.number) AS one_number, max(n.number) AS another
FROM caller_number n
GROUP BY n.caller_id
ORDER BY count(*) DESC, sum(n.contacts) DESC, n.caller_id
LIMIT 5;

SELECT n.caller_id AS example, min(n.number) AS one_number, max(n.number) AS another
FROM caller_number n
WHERE n.contacts > 1 AND n.other_callers = 0
GROUP BY n.caller_id
HAVING count(*) > 1
ORDER BY sum(n.contacts) DESC, n.caller_id
LIMIT 1 \gset

\echo 'Why' :one_number 'and' :another 'are one of them (engage.explain_identity), in bits, of which each doubles the odds:'
\echo
SELECT step, from_identifier, to_identifier, detail, level, round(weight::numeric, 1) AS bits, round(running::numeric, 1) AS running
FROM explain_identity(:'one_number', :'another');

SELECT COALESCE(n.number, 'caller ' || c.caller_id) AS top_number, heatmap(c.timeline, 'Europe/London') AS heat_map
FROM caller c
LEFT JOIN repeat_caller r USING (caller_id)
LEFT JOIN most_used n USING (caller_id)
ORDER BY r.contacts DESC NULLS LAST, c.contacts DESC
LIMIT 1 \gset

\echo 'When' :top_number 'calls (Europe/London, a column an hour from 00 to 23, and the total of the day):'
\echo
\echo :heat_map
\echo
\echo 'How engage is doing (SELECT * FROM engage.health()):'
\echo
SELECT item, status, value FROM health();
