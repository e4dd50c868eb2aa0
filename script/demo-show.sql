-- What script/demo prints.
SET timezone = 'Europe/London';
SET search_path = engage, public;
\pset footer off

\echo
\echo 'Who is flagged now, the most frequent first (SELECT * FROM engage.repeat_caller):'
\echo
SELECT c.identity_key AS number, string_agg(DISTINCT r.rule || ' ' || r.rule_version, ', ') AS rules,
	to_char(min(r.flagged_since), 'DD Mon YYYY HH24:MI') AS flagged_since, max(r.contacts) AS contacts, max(r.peak) AS peak,
	sparkline(c.timeline, 28, now() - interval '84 days', now()) AS last_12_weeks
FROM repeat_caller r
JOIN caller c USING (caller_id)
GROUP BY c.caller_id
ORDER BY max(r.contacts) DESC, min(r.flagged_since)
LIMIT 20;

SELECT count(DISTINCT caller_id) AS callers_flagged, count(*) AS flags,
	(SELECT count(*) FROM caller) AS all_callers, (SELECT count(*) FROM contact) AS all_contacts
FROM repeat_caller;

SELECT c.identity_key AS top_number, heatmap(c.timeline, 'Europe/London') AS heat_map
FROM caller c
LEFT JOIN repeat_caller r USING (caller_id)
ORDER BY r.contacts DESC NULLS LAST, c.contacts DESC
LIMIT 1 \gset

\echo 'When' :top_number 'calls (Europe/London, a column an hour from 00 to 23, and the total of the day):'
\echo
\echo :heat_map
\echo
\echo 'How engage is doing (SELECT * FROM engage.health()):'
\echo
SELECT item, status, value FROM health();
